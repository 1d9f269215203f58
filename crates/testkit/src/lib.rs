//! What the tests of git-hotfix stand on: sandboxes with real repositories, fake tools, a clock that tests can trust,
//! and the judge of the promise that the user's work stays untouched.
//!
//! Nothing here is part of the product. A helper that cannot do its work panics, which fails the test that called it.
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "tests spawn, read the environment and the time, and fail by panicking"
)]

pub mod auth;
mod binary;
mod clock;
mod filters;
pub mod forges;
mod program;
mod project;
mod recorder;
mod repo;
pub mod responder;
mod sandbox;
pub mod till;
pub mod tools;
#[cfg(target_os = "linux")]
pub mod trace;
pub mod web;
mod world;

pub use binary::{Binary, Output, Running};
pub use clock::FakeClock;
pub use program::write_program;
pub use recorder::Recorder;
pub use repo::Repo;
pub use responder::Responder;
pub use sandbox::Sandbox;
pub use web::{Answer, Call, Web};
pub use world::{DOCUMENTED_REFS, World};
