//! Three small projects in JavaScript, each with a runner of its own.

pub mod jest;
pub mod node_test;
pub mod vitest;
