//! In-process tests of the organs, on real temporary repositories.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "a test fails by panicking; helpers outside #[test] need it said"
)]

mod config;
mod reader;
mod exec;
mod forge;
mod git;
mod lock;
mod looks;
mod message;
mod overlap;
mod proof;
mod record;
mod slot;
#[path = "style/mod.rs"]
mod style_with_python;
mod suite;
