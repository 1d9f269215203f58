//! The configuration, `hotfix.toml`. Every key has a default that works with no file at all; the defaults are the
//! readable file `defaults.toml` in the core crate.

use serde::{Deserialize, Serialize};

use crate::period::Period;

/// What a gate does when it says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum GateMode {
    /// Show, record, go on.
    Warn,
    /// Stop with exit code 1.
    Block,
}

/// How the fix gets into the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MergeMode {
    /// The forge merges by itself as soon as it may; a plain remote waits for somebody.
    Auto,
    /// Somebody merges.
    Manual,
    /// Target is fast-forwarded by the push, guarded by its old value.
    Direct,
}

/// The whole configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where a hotfix starts from.
    pub base: BaseConfig,
    /// The recycled worktrees.
    pub slot: SlotConfig,
    /// Red on base, green with the fix.
    pub prove: ProveConfig,
    /// Style of the changed lines.
    pub check: CheckConfig,
    /// Critical tests.
    pub test: TestConfig,
    /// The commit.
    pub commit: CommitConfig,
    /// Push and merge request.
    pub submit: SubmitConfig,
    /// What is owed afterwards.
    pub follow_up: FollowUpConfig,
    /// Who is told.
    pub notify: NotifyConfig,
}

/// `[base]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BaseConfig {
    /// Branch on the remote; empty for the remote's default branch.
    pub branch: String,
    /// Command that prints the commit or tag in production; empty for the newest state of the branch.
    pub deployed: String,
    /// What branches of releases are called, as `*` patterns.
    pub release: Vec<String>,
}

/// `[slot]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SlotConfig {
    /// Path template relative to the repository's folder; `{repo}` is its name. `-2`, `-3` … are appended.
    pub path: String,
    /// Commands that make a slot usable, run in it when it is new and when `setup_inputs` changed.
    pub setup: Vec<String>,
    /// Files whose change makes `setup` run again, as paths or `*` patterns.
    pub setup_inputs: Vec<String>,
    /// Command that warms caches while the slot is parked; empty for none.
    pub warm: String,
    /// Time limit of `warm`.
    pub warm_timeout: Period,
    /// Ignored files of the main worktree that a slot needs too, as patterns of `.gitignore`; those of
    /// `.worktreeinclude` are added.
    pub copy: Vec<String>,
    /// Most slots at a time; 0 for no limit.
    pub max: u32,
}

/// `[prove]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProveConfig {
    /// Whether `ship` stops without a proof.
    pub required: bool,
    /// How often each side runs.
    pub repeat: u32,
    /// Patterns of test files besides the runner's own, such as `spec/**`.
    pub test_patterns: Vec<String>,
    /// Time limit of one run of a side.
    pub timeout: Period,
    /// Time limit of one test, where the runner can be told.
    pub test_timeout: Period,
    /// Whether a red by import or compile error counts as red.
    pub accept_load_error: bool,
}

/// `[check]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CheckConfig {
    /// Commands that print `path:line[:column]: message`; the changed files are appended as arguments.
    pub commands: Vec<String>,
    /// Whether findings stop `ship`.
    pub gate: GateMode,
    /// Time limit of one linter.
    pub timeout: Period,
}

/// `[test]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TestConfig {
    /// Command that runs the critical tests; empty to find the runner from the repository.
    pub command: String,
    /// Test files that always run, as paths or `*` patterns.
    pub critical: Vec<String>,
    /// Time the critical tests may take.
    pub budget: Period,
    /// Whether newly broken tests stop `ship`.
    pub gate: GateMode,
    /// Whether tests that pass only when they are tried again stop it as well.
    pub flaky: GateMode,
    /// Whether the critical tests wait until the proof has run: for tests that share a port or a database.
    pub exclusive: bool,
}

/// `[commit]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CommitConfig {
    /// Type of the Conventional Commit.
    #[serde(rename = "type")]
    pub kind: String,
    /// Most lines a hotfix may add and remove; 0 for no limit.
    pub max_lines: u64,
    /// Most files a hotfix may change; 0 for no limit.
    pub max_files: u64,
    /// Time limit for hooks and signing together.
    pub timeout: Period,
}

/// `[submit]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SubmitConfig {
    /// Branch that takes the place of the default branch as the one to merge into; empty for none.
    pub target: String,
    /// Labels of the merge request.
    pub labels: Vec<String>,
    /// Who is asked to review.
    pub reviewers: Vec<String>,
    /// How the fix gets into the target.
    pub merge: MergeMode,
    /// Which adapter; empty to find it from the remote.
    pub forge: String,
    /// Address of the forge's API; empty for the usual place on the remote's host.
    pub api: String,
    /// Whether the merge request is made as a draft.
    pub draft: bool,
    /// File of the repository with a template of the merge request's text; empty for the built-in text.
    pub template: String,
    /// Whether the merged fix gets its version as a tag.
    pub tag: bool,
    /// Whether the forge makes a release of that tag.
    pub release: bool,
    /// Time limit of a push, hooks included.
    pub timeout: Period,
}

/// `[follow_up]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FollowUpConfig {
    /// When the review is due after the merge request.
    pub review_within: Period,
    /// When the post-mortem is due after the merge request.
    pub postmortem_within: Period,
    /// Where post-mortems are written, from the root of the repository; `{date}` and `{id}` are filled in.
    pub postmortem_path: String,
}

/// `[notify]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NotifyConfig {
    /// Address that is told of starts, merge requests and merges; empty for none.
    pub webhook: String,
}
