//! The runners, one family per language or tool.

pub mod cmake;
pub mod go;
pub mod java;
pub mod node;
pub mod python;
pub mod rust;
pub mod shell;
