//! The real program from the outside, in real repositories: what it prints, how it ends, what it leaves behind, and
//! that the work of whoever runs it is untouched.
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    reason = "tests spawn, measure, and fail by panicking"
)]

mod bad_input;
mod beside_git;
mod case;
mod crash;
mod crowd;
mod drill;
mod exit_codes;
mod forge;
mod forge_secrets;
mod json;
#[cfg(target_os = "linux")]
mod kills;
mod parking;
mod ready;
mod report;
mod review;
mod secrets;
mod signals;
mod slots;
mod terminal;
mod watch;
