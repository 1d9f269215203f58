//! What leaves the process: the record of a hotfix, its events, the JSON output of every command, exit codes and
//! the configuration. Only data and its serialisation: nothing here reads a file, a clock or the environment.
//!
//! Compatibility: fields are only ever added. Absent means "does not apply", `null` means "asked but not known".

pub mod attestation;
pub mod config;
pub mod event;
pub mod exit;
pub mod gate;
pub mod landing;
pub mod output;
pub mod period;
pub mod printed;
pub mod proof;
pub mod record;
pub mod review;
pub mod run;
pub mod step;

pub use event::{Actor, Digest, Event, Fact};
pub use exit::ExitCode;
pub use gate::{CheckReport, Finding, Skip, SuiteVerdict, TestReport};
pub use landing::{Job, JobState, Landing};
pub use period::Period;
pub use proof::{Proof, ProofVerdict, Side};
pub use record::{Base, MergeRequest, MergeRequestState, Owed, OwedKind, Postmortem, Record, Size, Stage};
pub use review::{Review, ReviewState, ReviewVerdict, Reviewed};
pub use run::{Case, CaseOutcome, Run, RunEnd};
pub use step::{Gate, Step};
