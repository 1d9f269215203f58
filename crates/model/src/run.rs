//! What a test runner reported: kept as evidence beside the record.

use serde::{Deserialize, Serialize};

/// What became of one test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CaseOutcome {
    /// It ran and held.
    Passed,
    /// An assertion or exception, in the test or in its fixtures.
    Failed,
    /// Its time limit ended it.
    TimedOut,
    /// The runner died while it ran.
    Crashed,
    /// It did not run, or it was expected to fail and did: it shows nothing.
    Skipped,
}

/// One test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Case {
    /// The runner's own id: can be given back to the runner to run this test alone.
    pub id: String,
    /// The file it is in, relative to the root of the worktree; absent when the runner does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What became of it.
    pub outcome: CaseOutcome,
    /// Assertion or exception in one line; of a pass what it said at first, if it passed only when the runner tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where it failed: the innermost place in the repository, as `path:function`, or `path` where the function is not
    /// known. No line number, so that it stays the same when lines move. Absent when the runner does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<String>,
    /// Seconds it took; of a test that ran several times, the mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// How many times it ran within this run, if more than once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RunEnd {
    /// The runner came to its own end.
    Finished,
    /// The time limit of the whole run.
    TimedOut,
    /// The runner died, or ended with a code that it does not use for results.
    Crashed,
    /// The user stopped it.
    Cancelled,
}

/// One run of a runner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Run {
    /// Name of the runner; `command` for a plain command.
    pub runner: String,
    /// What ran.
    pub command: Vec<String>,
    /// How it ended.
    pub end: RunEnd,
    /// Exit code, if it ended by itself.
    pub exit: Option<i32>,
    /// The tests; empty for a plain command whose tests cannot be counted.
    pub cases: Vec<Case>,
    /// Whether the tests could be counted at all.
    pub counted: bool,
    /// How many tests the runner itself says it ran; must agree with `cases`, or the run proves nothing.
    pub claimed: Option<u64>,
    /// Test files that could not be loaded (import, syntax or compile error), with the error in one line.
    pub not_loaded: Vec<(String, String)>,
    /// The end of what the runner printed, credentials and control characters removed.
    pub tail: String,
    /// Code from outside the place of the run was tested, or could have been: one sentence with what to do about it. The
    /// run then says nothing about the code, whatever its tests say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<String>,
    /// Wall time, milliseconds.
    pub elapsed_ms: u64,
}

impl Case {
    /// Whether it ran and did not pass.
    pub fn is_broken(&self) -> bool {
        !matches!(self.outcome, CaseOutcome::Passed | CaseOutcome::Skipped)
    }

    /// Whether it passed only when the runner tried it again.
    pub fn is_flaky(&self) -> bool {
        self.outcome == CaseOutcome::Passed && self.reason.is_some()
    }
}

impl Run {
    /// Tests that passed only when the runner tried them again.
    pub fn flaky(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(|case| case.is_flaky())
    }

    /// Tests that ran, whatever became of them.
    pub fn ran(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(|case| case.outcome != CaseOutcome::Skipped)
    }

    /// Tests that ran and did not pass.
    pub fn broken(&self) -> impl Iterator<Item = &Case> {
        self.ran().filter(|case| case.is_broken())
    }

    /// Whether something ran and nothing is broken.
    pub fn is_green(&self) -> bool {
        let something = !self.counted || self.ran().next().is_some();
        let clean = self.end == RunEnd::Finished && self.exit == Some(0) && self.not_loaded.is_empty();
        something && clean && self.foreign.is_none() && self.broken().next().is_none()
    }
}
