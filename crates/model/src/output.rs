//! The JSON each command prints with `--json`: one object, or an array for lists.

mod demo;
mod drill;
mod explain;
mod postmortem;
mod proof;
mod ready;
mod report;
mod review;
mod slot;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::gate::{CheckReport, Failure, Finding, LinterReport, SuiteVerdict, TestReport};
use crate::proof::{Proof, ProofVerdict, Side};
use crate::record::{Base, MergeRequest, MergeRequestState, OwedKind, Record, Size, Stage};
use crate::step::{Gate, Step};

pub use demo::{DemoComparison, DemoOutput, DemoStep};
pub use drill::{DrillCost, DrillOutput, DrillStepOutput};
pub use explain::{ExplainOutput, ExplainedFile};
pub use postmortem::{PostmortemDoneOutput, PostmortemOutput, PostmortemState};
pub use proof::{
    CheckOutcome, ExportOutput, ProofShowOutput, ReplayLine, ReplayOutput, VerifyLine, VerifyOutput,
};
pub use ready::{Readiness, ReadyLine, ReadyOutput, ScheduleFile, ScheduleOutput};
pub use report::{DebtState, ReportLine, ReportOutput, ReportTotals};
pub use review::ReviewOutput;
pub use slot::{
    CacheOutput, RefreshOutput, RefreshedSlot, RefreshedState, SlotListOutput, SlotRemovedOutput, SlotUse,
    WarmOutput,
};

/// Whether a slot was waiting or had to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SlotKind {
    /// A parked slot was taken.
    Warm,
    /// A new worktree was made.
    Cold,
}

/// The slot of a start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SlotOutput {
    /// Whether a slot was waiting or had to be made.
    pub kind: SlotKind,
}

/// `start --json`, and `resume --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StartOutput {
    /// The hotfix.
    pub id: String,
    /// Its branch, without `refs/heads/`.
    pub branch: String,
    /// Where to work.
    pub worktree: String,
    /// Where it starts from.
    pub base: Base,
    /// The branch it is merged into; `null` while somebody has to choose one.
    #[serde(default)]
    pub target: Option<String>,
    /// Branches to choose from, while none is chosen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub target_choices: Vec<String>,
    /// Whether the base was fetched from the remote just now.
    pub fresh: bool,
    /// Age of the base commit in seconds.
    pub base_age_seconds: i64,
    /// The slot.
    pub slot: SlotOutput,
    /// Wall time, milliseconds.
    pub elapsed_ms: u64,
    /// Things that did not go as one would wish, one line each.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// Commands to type next.
    pub next: Vec<String>,
}

/// `prove --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProveOutput {
    /// The hotfix.
    pub id: String,
    /// What the two sides showed together.
    pub verdict: ProofVerdict,
    /// The verdict explained in one sentence.
    pub why: String,
    /// Base with the test part of the change; `null` when it did not run.
    pub red: Option<Side>,
    /// The fix; `null` when it did not run.
    pub green: Option<Side>,
    /// Tests that were red on base and are green with the fix.
    pub flipped: Vec<String>,
    /// Tests that differed between two runs of the same files; they count for nothing.
    pub wavering: Vec<String>,
    /// Tests that fail with the fix and on plain base as well, for the same reason.
    pub failed_on_base_too: Vec<String>,
    /// Test files that the change deletes.
    pub removed_tests: Vec<String>,
    /// Tests in the proof's files that were skipped with the fix.
    pub skipped_tests: Vec<String>,
    /// The command that ran.
    pub command: Vec<String>,
    /// Commands to type next.
    pub next: Vec<String>,
}

impl ProveOutput {
    /// The output for a proof.
    pub fn new(id: &str, proof: &Proof, next: Vec<String>) -> Self {
        Self {
            id: id.to_owned(),
            verdict: proof.verdict,
            why: proof.why.clone(),
            red: proof.red.clone(),
            green: proof.green.clone(),
            flipped: proof.flipped.clone(),
            wavering: proof.wavering.clone(),
            failed_on_base_too: proof.failed_on_base_too.clone(),
            removed_tests: proof.removed_tests.clone(),
            skipped_tests: proof.skipped_tests.clone(),
            command: proof.command.clone(),
            next,
        }
    }
}

/// `check --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckOutput {
    /// The hotfix.
    pub id: String,
    /// The linters that apply to the changed files.
    pub linters: Vec<LinterReport>,
    /// Their messages on changed lines.
    pub findings: Vec<Finding>,
    /// How many messages were on lines the change does not touch.
    pub ignored_outside_change: u64,
    /// Files that `--fix` rewrote.
    pub fixed: Vec<String>,
}

impl CheckOutput {
    /// The output for a check.
    pub fn new(id: &str, report: &CheckReport) -> Self {
        Self {
            id: id.to_owned(),
            linters: report.linters.clone(),
            findings: report.findings.clone(),
            ignored_outside_change: report.ignored_outside_change,
            fixed: report.fixed.clone(),
        }
    }
}

/// `test --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TestOutput {
    /// The hotfix.
    pub id: String,
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
    /// Number of tests that ran; `null` for a plain command.
    pub ran: Option<u64>,
    /// Number of tests that passed; `null` for a plain command.
    pub passed: Option<u64>,
    /// Test files the budget cut off, nearest first.
    pub cut: Vec<String>,
    /// Test files near the change in which nothing passed, so that they cannot tell.
    pub could_not_tell: Vec<String>,
    /// Tests that fail with the fix and pass on base.
    pub failed: Vec<Failure>,
    /// Tests that fail on base as well, for the same reason.
    pub failed_on_base_too: Vec<String>,
    /// Tests that passed on a second run of the same tree.
    pub flaky: Vec<String>,
    /// Wall time, milliseconds.
    pub elapsed_ms: u64,
}

impl TestOutput {
    /// The output for a run of the critical tests.
    pub fn new(id: &str, report: &TestReport) -> Self {
        Self {
            id: id.to_owned(),
            verdict: report.verdict,
            why: report.why.clone(),
            runner: report.runner.clone(),
            selected: report.selected,
            total: report.total,
            ran: report.ran,
            passed: report.passed,
            cut: report.cut.clone(),
            could_not_tell: report.could_not_tell.clone(),
            failed: report.failed.clone(),
            failed_on_base_too: report.failed_on_base_too.clone(),
            flaky: report.flaky.clone(),
            elapsed_ms: report.elapsed_ms,
        }
    }
}

/// `commit --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CommitOutput {
    /// The hotfix.
    pub id: String,
    /// The commit.
    pub commit: String,
    /// Its subject line.
    pub subject: String,
    /// What it changes.
    pub size: Size,
    /// Commands to type next.
    pub next: Vec<String>,
}

/// `submit --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SubmitOutput {
    /// The hotfix.
    pub id: String,
    /// What became of it.
    pub state: MergeRequestState,
    /// The pushed commit.
    pub commit: String,
    /// The branch, without `refs/heads/`.
    pub branch: String,
    /// The branch it is merged into; `null` while somebody has to choose one.
    #[serde(default)]
    pub target: Option<String>,
    /// The merge request.
    pub merge_request: MergeRequest,
    /// What is owed from now on.
    pub owed: Vec<OwedOutput>,
    /// Commands to type next.
    pub next: Vec<String>,
}

/// `cleanup --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CleanupOutput {
    /// The hotfix.
    pub id: String,
    /// The slot that was given back; `null` when none was in use.
    pub worktree: Option<String>,
    /// Whether it is still being parked, by a process in the background. A start that needs it waits for it.
    #[serde(default)]
    pub in_background: bool,
    /// Files whose changes were discarded; they stay in the record.
    pub discarded: Vec<String>,
    /// Files that were not part of the fix and were saved before the slot was cleaned.
    pub saved: Vec<String>,
    /// Repositories in the slot that hold something that is nowhere else: they stay there, and the slot is not used again
    /// until that is gone.
    #[serde(default)]
    pub left: Vec<String>,
    /// Commands to type next.
    pub next: Vec<String>,
}

/// `ship --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShipOutput {
    /// The hotfix.
    pub id: String,
    /// What became of it; absent when a gate stopped it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<MergeRequestState>,
    /// The gate that stopped it; absent when it was shipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_by: Option<Gate>,
    /// The proof; `null` when the step was skipped.
    pub proof: Option<Proof>,
    /// The style; `null` when the step was skipped.
    pub check: Option<CheckReport>,
    /// The critical tests; `null` when the step was skipped.
    pub test: Option<TestReport>,
    /// The commit of the fix.
    pub commit: Option<String>,
    /// The branch, without `refs/heads/`.
    pub branch: String,
    /// The branch it is merged into; `null` while somebody has to choose one.
    #[serde(default)]
    pub target: Option<String>,
    /// The merge request.
    pub merge_request: Option<MergeRequest>,
    /// What is owed from now on.
    pub owed: Vec<OwedOutput>,
    /// Wall time, milliseconds.
    pub elapsed_ms: u64,
    /// Commands to type next.
    pub next: Vec<String>,
}

/// `status --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StatusOutput {
    /// The hotfix.
    pub id: String,
    /// How far it is.
    pub stage: Stage,
    /// The alert.
    pub alert: String,
    /// Where to work; `null` when no slot is in use.
    pub worktree: Option<String>,
    /// The branch, without `refs/heads/`.
    pub branch: String,
    /// Where it starts from.
    pub base: Base,
    /// The branch it is merged into; `null` while somebody has to choose one.
    #[serde(default)]
    pub target: Option<String>,
    /// Branches to choose from, while none is chosen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub target_choices: Vec<String>,
    /// When it was started.
    pub started_at: Timestamp,
    /// Verdict of the newest proof; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<ProofVerdict>,
    /// Number of findings of the newest check; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<u64>,
    /// Verdict of the newest run of the critical tests; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<SuiteVerdict>,
    /// The commit of the fix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The merge request; `null` before there is one.
    pub merge_request: Option<MergeRequest>,
    /// A step that was begun and not finished, by a process that is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interrupted: Option<Step>,
    /// What is owed.
    pub owed: Vec<OwedOutput>,
    /// Commands to type next.
    pub next: Vec<String>,
}

/// One line of `list --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ListOutput {
    /// The hotfix.
    pub id: String,
    /// How far it is.
    pub stage: Stage,
    /// The alert.
    pub alert: String,
    /// Who started it.
    pub author: String,
    /// When it was started.
    pub started_at: Timestamp,
    /// Where to work; `null` when no slot is in use here.
    pub worktree: Option<String>,
    /// How many things are owed.
    pub owed: u64,
}

/// One line of `owed --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OwedOutput {
    /// The hotfix.
    pub id: String,
    /// What `owed settle` calls it.
    pub key: String,
    /// What kind of debt.
    pub kind: OwedKind,
    /// What it is about, in one line.
    pub what: String,
    /// When it is due.
    pub due: Timestamp,
    /// Whether that has passed.
    pub overdue: bool,
}

impl OwedOutput {
    /// What a record still owes at the time `now`.
    pub fn of(record: &Record, now: Timestamp) -> Vec<Self> {
        let output = |owed: &crate::record::Owed| Self {
            id: record.id.clone(),
            key: owed.key.clone(),
            kind: owed.kind,
            what: owed.what.clone(),
            due: owed.due,
            overdue: owed.due < now,
        };
        record.outstanding().map(output).collect()
    }
}

/// `owed settle --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SettleOutput {
    /// The hotfix.
    pub id: String,
    /// The key of what was settled.
    pub key: String,
    /// What is still owed.
    pub owed: Vec<OwedOutput>,
}

/// `log --json`: the timeline of one hotfix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LogOutput {
    /// The hotfix.
    pub id: String,
    /// Whether every line carries the digest of the one before.
    pub intact: bool,
    /// What happened, oldest first.
    pub events: Vec<Event>,
}

/// `undo --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UndoOutput {
    /// The hotfix.
    pub id: String,
    /// The step that was taken back.
    pub undone: Step,
    /// What was changed, one line each.
    pub changes: Vec<String>,
    /// Commands to type next.
    pub next: Vec<String>,
}

/// `init --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InitOutput {
    /// Where the file is; `null` with `--print`.
    pub path: Option<String>,
    /// What the file holds.
    pub content: String,
    /// The test runner that was found; `null` when none was.
    pub runner: Option<String>,
    /// The linters that were found.
    pub linters: Vec<String>,
    /// The default branch; `null` when there is no remote to ask.
    pub branch: Option<String>,
    /// The remote; `null` when there is none.
    pub remote: Option<String>,
}

/// One line of `config --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SettingOutput {
    /// The key: `test.budget`.
    pub key: String,
    /// The value, as TOML.
    pub value: String,
    /// Where it comes from: a file, the command line, or `default`.
    pub origin: String,
}

/// `trust --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TrustOutput {
    /// Whether the commands below are approved.
    pub trusted: bool,
    /// What approval is bound to; goes into `HOTFIX_TRUST` for automation.
    pub digest: String,
    /// The commands the repository brings, with the key that names each.
    pub commands: Vec<TrustedCommand>,
}

/// A command the repository brings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TrustedCommand {
    /// The configuration key: `test.command`.
    pub key: String,
    /// The command.
    pub command: String,
}

/// What any command prints with `--json` when it fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ErrorOutput {
    /// The error.
    pub error: ErrorDetail,
}

/// What, why, and what to type next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ErrorDetail {
    /// What went wrong, one line.
    pub what: String,
    /// Why, one line.
    pub why: String,
    /// The next command to type, or what to do.
    pub next: String,
    /// The exit code.
    pub exit: u8,
}
