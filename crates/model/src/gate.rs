//! What the check and the test step found, and what was skipped.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::step::Gate;

/// A linter's message on a changed line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// Path relative to the root of the worktree.
    pub path: String,
    /// Line, counted from 1.
    pub line: u64,
    /// Column, counted from 1, when the linter says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    /// What the linter says, with its rule's code.
    pub message: String,
    /// Name of the linter.
    pub linter: String,
}

/// How one linter ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LinterOutcome {
    /// It ran and its messages were read.
    Ran,
    /// It is configured but not installed.
    Missing,
    /// It started and died, or ran past its deadline.
    Failed,
    /// The repository brings it and nobody has approved it yet.
    Untrusted,
}

/// One linter of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LinterReport {
    /// Its name.
    pub name: String,
    /// How it ended.
    pub outcome: LinterOutcome,
    /// What to do about it when it did not run, in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Wall time, milliseconds.
    pub elapsed_ms: u64,
}

/// The style of what changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckReport {
    /// The linters that apply to the changed files.
    pub linters: Vec<LinterReport>,
    /// Their messages on changed lines.
    pub findings: Vec<Finding>,
    /// How many messages were on lines the change does not touch.
    pub ignored_outside_change: u64,
    /// Files that `--fix` rewrote.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fixed: Vec<String>,
    /// The tree that was checked.
    pub tree: String,
}

/// What the gate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SuiteVerdict {
    /// Tests that bear on the change ran and passed; what failed fails on base as well, for the same reason.
    Passed,
    /// Something is newly broken, or the runner could not do its work.
    Failed,
    /// Nobody can tell: no test passed, or one nearest to the change could not say anything.
    Unknown,
}

/// A failing test and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Failure {
    /// The runner's own id of the test.
    pub test: String,
    /// Assertion or exception in one line.
    pub reason: String,
}

/// The critical tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TestReport {
    /// What the gate says.
    pub verdict: SuiteVerdict,
    /// The verdict explained in one sentence.
    pub why: String,
    /// Name of the runner.
    pub runner: String,
    /// Number of test files selected.
    pub selected: u64,
    /// Number of test files there are; `null` when the runner cannot tell.
    pub total: Option<u64>,
    /// Number of tests that ran.
    pub ran: Option<u64>,
    /// Number of tests that passed; `null` when they cannot be counted. Absent in records of older versions.
    #[serde(default)]
    pub passed: Option<u64>,
    /// Test files the budget cut off, nearest first.
    #[serde(default)]
    pub cut: Vec<String>,
    /// Test files near the change in which nothing passed, so that they cannot tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub could_not_tell: Vec<String>,
    /// Tests that fail with the fix and pass on base.
    pub failed: Vec<Failure>,
    /// Tests that fail on base as well, for the same reason; they do not block, and they did not pass.
    pub failed_on_base_too: Vec<String>,
    /// Tests that failed and then passed on a second run of the same tree; they do not block.
    #[serde(default)]
    pub flaky: Vec<String>,
    /// Settings of the user's by which less ran than defaults and the repository ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loosened: Vec<String>,
    /// Wall time, milliseconds.
    pub elapsed_ms: u64,
    /// The tree that was tested.
    pub tree: String,
}

/// A gate that somebody skipped, and why. It stays owed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Skip {
    /// Which gate.
    pub gate: Gate,
    /// Why, in the words of who skipped it.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}
