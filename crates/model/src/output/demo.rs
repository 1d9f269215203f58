//! The JSON of `demo`.

use serde::{Deserialize, Serialize};

use crate::record::MergeRequest;

/// `demo --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DemoOutput {
    /// The hotfix that was made.
    pub id: String,
    /// What the project was written in, for whatever this machine has: `python` or `shell`.
    pub language: String,
    /// The commands that were played, in order.
    pub steps: Vec<DemoStep>,
    /// The merge request.
    pub merge_request: MergeRequest,
    /// What somebody types who does the same by hand.
    pub by_hand: Vec<String>,
    /// Whether the work in progress is the same after as before. Always true: a difference is an error.
    pub untouched: bool,
    /// What was compared to tell.
    pub compared: Vec<DemoComparison>,
    /// Wall time, milliseconds.
    pub elapsed_ms: u64,
    /// The folder with the project, its remote and its worktrees; absent when it was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
    /// Commands to type next.
    pub next: Vec<String>,
}

/// One command that the demo played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DemoStep {
    /// The line as typed.
    pub command: String,
    /// Its exit code.
    pub exit: i32,
    /// Wall time, milliseconds.
    pub elapsed_ms: u64,
}

/// One part of the work in progress, before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DemoComparison {
    /// Which part, as in `9 files`.
    pub what: String,
    /// SHA-256 before, 64 hexadecimal digits.
    pub before: String,
    /// SHA-256 after.
    pub after: String,
}
