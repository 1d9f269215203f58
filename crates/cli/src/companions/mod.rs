//! The commands around the eight steps.

pub mod completions;
pub mod config;
pub mod demo;
pub mod drill;
pub mod init;
pub mod join;
pub mod list;
pub mod log;
pub mod man;
pub mod owed;
pub mod postmortem;
pub mod proof;
pub mod ready;
pub mod report;
pub mod resume;
pub mod review;
pub mod shell_init;
pub mod ship;
pub mod slot;
pub mod status;
pub mod tell;
pub mod trust;
pub mod undo;
