//! What spans several steps: ship, status, list, log, resume, undo, init, demo, slots kept ready; and what comes after:
//! proofs shown again, post-mortem, report.

pub mod approval;
pub mod demo;
pub mod drill;
pub mod init;
pub mod join;
pub mod log;
pub mod postmortem;
pub mod proof;
pub mod ready;
pub mod refresh;
pub mod report;
pub mod resume;
pub mod settings;
pub mod ship;
pub mod slots;
pub mod status;
pub mod undo;
pub mod watch;
