//! What `test --explain` prints.

use serde::{Deserialize, Serialize};

/// `test --explain --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExplainOutput {
    /// The hotfix.
    pub id: String,
    /// Name of the runner.
    pub runner: String,
    /// Number of test files that would run.
    pub selected: u64,
    /// Number of test files there are; `null` when the runner cannot tell.
    pub total: Option<u64>,
    /// Time the tests may take, seconds.
    pub budget_seconds: f64,
    /// Known time of all test files, seconds; `null` while that of one is not known.
    pub known_seconds: Option<f64>,
    /// All test files, the nearest first.
    pub files: Vec<ExplainedFile>,
}

/// A test file in its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExplainedFile {
    /// Relative to the root.
    pub path: String,
    /// Whether it would run; else the budget cuts it.
    pub selected: bool,
    /// Why it is in its place, the strongest reason first.
    pub why: Vec<String>,
    /// The sum of the weights of its reasons.
    pub score: u32,
    /// Known time, seconds; `null` if not known.
    pub seconds: Option<f64>,
}
