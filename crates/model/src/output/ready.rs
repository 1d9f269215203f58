//! The JSON of `ready`.

use serde::{Deserialize, Serialize};

/// `ready --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReadyOutput {
    /// Whether nothing is missing; warnings do not count.
    pub ready: bool,
    /// What was looked at, in the order of the table.
    pub lines: Vec<ReadyLine>,
    /// What `--fix` did, one line each.
    pub fixed: Vec<String>,
    /// Wall time, milliseconds.
    pub elapsed_ms: u64,
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReadyLine {
    /// What was looked at: `git`, `identity`, `push` …
    pub name: String,
    /// How it stands.
    pub state: Readiness,
    /// What was found, in a few words.
    pub found: String,
    /// The command that repairs it; absent where there is nothing to repair.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repair: Option<String>,
    /// Wall time of the look, milliseconds.
    pub elapsed_ms: u64,
}

/// How one thing stands before an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    /// As it should be.
    Ok,
    /// Costs time or surprises, and stops nothing.
    Warning,
    /// Would stop a hotfix tonight.
    Missing,
}

/// `ready --schedule KIND --json`: files that make the system run `ready` by itself. Nothing is installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScheduleOutput {
    /// `systemd`, `launchd` or `hook`.
    pub kind: String,
    /// The files to write.
    pub files: Vec<ScheduleFile>,
    /// Commands to type once they are written.
    pub next: Vec<String>,
}

/// One file of a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScheduleFile {
    /// Where it belongs.
    pub path: String,
    /// Its text.
    pub content: String,
}
