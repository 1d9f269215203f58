//! In-process tests of the eight steps, one file each, on real temporary repositories.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "a test fails by panicking; helpers outside #[test] need it said"
)]

mod start;
mod prove;
mod check;
mod test;
mod commit;
mod submit;
mod cleanup;
mod follow_up;
