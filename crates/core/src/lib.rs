//! The deeds of git-hotfix: an emergency production fix from the alert to the merge request.
//!
//! `flow` holds the eight steps; the organs (`slot`, `proof`, `style`, `suite`, `message`, `forge`, `record`) do the
//! work; `git` and `exec` are the only doors to Git and to processes. Dependencies point downwards only; a test reads
//! the `use` lines.

pub mod clock;
pub mod config;
pub mod ctx;
pub mod env;
pub mod error;
pub mod event;
pub mod exec;
pub mod failpoint;
pub mod flow;
pub mod forge;
pub mod git;
pub mod journey;
pub mod lock;
pub mod message;
pub mod page;
pub mod proof;
pub mod record;
pub mod session;
pub mod slot;
pub mod style;
pub mod suite;
