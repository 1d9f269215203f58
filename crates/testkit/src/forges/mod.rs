//! Forges for the tests.

pub mod fake;
