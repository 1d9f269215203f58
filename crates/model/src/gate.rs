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
    /// Every critical test that passes on base passes with the fix.
    Passed,
    /// Something is newly broken, or nothing could be run.
    Failed,
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
    /// Test files the budget cut off, nearest first.
    #[serde(default)]
    pub cut: Vec<String>,
    /// Tests that fail with the fix and pass on base.
    pub failed: Vec<Failure>,
    /// Tests that fail on base as well; they do not block.
    pub failed_on_base_too: Vec<String>,
    /// Tests that failed and then passed on a second run of the same tree; they do not block.
    #[serde(default)]
    pub flaky: Vec<String>,
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
