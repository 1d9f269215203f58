//! In-process tests of what spans several steps, on real temporary repositories.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "a test fails by panicking; helpers outside #[test] need it said"
)]

mod approval;
mod drill;
mod forks;
mod github;
mod incident;
mod init;
mod notify;
mod postmortem;
mod proof;
mod ready;
mod report;
mod resume;
mod review;
mod settings;
mod sharing;
mod ship;
mod status;
mod target;
mod undo;
mod with_browser;
