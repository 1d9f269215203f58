//! The runners, one family per language or tool.

pub mod python;
pub mod rust;
pub mod java;
