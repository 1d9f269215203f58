//! The proof that a fix fixes: red on base, green with the fix.

use serde::{Deserialize, Serialize};

/// What the two sides showed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProofVerdict {
    /// Red on base, green with the fix, the same tests each time.
    Proven,
    /// Red, and no source has changed yet: the bug is reproduced.
    RedOnly,
    /// The command passes on base: it does not show the bug.
    NotRed,
    /// Red on base, but still red with the fix.
    NotGreen,
    /// No verdict: nothing ran, results changed between runs, the runner could not start, tests changed the tree.
    Invalid,
    /// No test can show it; somebody said why.
    Waived,
}

/// Why a side came out as it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SideOutcome {
    /// Tests ran and all passed.
    Passed,
    /// Tests ran and some failed by assertion or exception.
    Failed,
    /// The test code could not be loaded: import or compile error. Counts as red only when said so.
    NotLoaded,
    /// A time limit ended a test or the whole run.
    TimedOut,
    /// The runner itself died.
    Crashed,
    /// Nothing ran: no test selected, all skipped, or the command was not found.
    NothingRan,
    /// Two runs of the same inputs disagreed.
    Flaky,
}

/// One side of a proof: a tree on which the command ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Side {
    /// The commit the side is built on: base for red, base of the fix for green.
    pub commit: String,
    /// The Git tree that was tested, including the overlaid or uncommitted files.
    pub tree: String,
    /// What happened.
    pub outcome: SideOutcome,
    /// Exit code of the last run; absent when it was ended by a signal or a deadline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// Ids of the tests that failed (red side) or of the same tests passing (green side).
    pub tests: Vec<String>,
    /// The reason in one line: the assertion or exception of the first failing test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Number of tests that really ran; `null` for a plain command, whose tests cannot be counted.
    pub ran: Option<u64>,
    /// How many times the side ran; a run that repeats tests in one process counts as many times as it ran them.
    pub runs: u32,
    /// Wall time of all runs, milliseconds.
    pub elapsed_ms: u64,
    /// True when the result of an earlier run with the same tree and command was taken; false since proofs are always run.
    #[serde(default)]
    pub reused: bool,
}

/// The proof of one hotfix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Proof {
    /// What the two sides showed together.
    pub verdict: ProofVerdict,
    /// The verdict explained in one sentence.
    pub why: String,
    /// The command that ran, as an argument list.
    pub command: Vec<String>,
    /// Name of the runner whose results were read: `pytest`, `go test`, `command`; several are joined by ` + `.
    pub runner: String,
    /// Base with the test part of the change.
    pub red: Option<Side>,
    /// The fix.
    pub green: Option<Side>,
    /// Tests that were red on base and are green with the fix.
    pub flipped: Vec<String>,
    /// Tests that differed between two runs of the same files. They count for nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wavering: Vec<String>,
    /// Tests that fail with the fix and fail on plain base as well, for the same reason.
    #[serde(default)]
    pub failed_on_base_too: Vec<String>,
    /// Files that make up the test part of the change, as far as they exist with the fix.
    pub test_files: Vec<String>,
    /// Test files that the change deletes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed_tests: Vec<String>,
    /// Tests in the proof's files that were skipped with the fix.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped_tests: Vec<String>,
    /// Where it ran; absent where nothing ran, or where an older version ran it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Machine>,
}

/// What of the machine may make a difference to tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Machine {
    /// `linux`, `macos`.
    pub system: String,
    /// `x86_64`, `aarch64`.
    pub architecture: String,
    /// Version of git-hotfix.
    pub version: String,
}

impl Proof {
    /// Whether the proof satisfies a gate that requires one.
    pub fn holds(&self) -> bool {
        matches!(self.verdict, ProofVerdict::Proven | ProofVerdict::Waived)
    }
}
