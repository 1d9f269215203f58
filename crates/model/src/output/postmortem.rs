//! The JSON of `postmortem`.

use serde::{Deserialize, Serialize};

/// What became of the Markdown file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PostmortemState {
    /// It was written.
    Written,
    /// Nobody had edited it, and it was brought up to date.
    Renewed,
    /// Somebody has edited it; it stays as it is.
    Kept,
}

/// `postmortem --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PostmortemOutput {
    /// The hotfix.
    pub id: String,
    /// What became of the Markdown file.
    pub state: PostmortemState,
    /// The Markdown file.
    pub path: String,
    /// The page.
    pub html: String,
    /// Required parts that are not filled yet.
    pub missing: Vec<String>,
    /// Commands to type next.
    pub next: Vec<String>,
}

/// `postmortem done --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PostmortemDoneOutput {
    /// The hotfix.
    pub id: String,
    /// Whether the debt is settled.
    pub settled: bool,
    /// The Markdown file.
    pub path: String,
    /// Required parts that are not filled; empty when it is settled.
    pub missing: Vec<String>,
    /// Commands to type next.
    pub next: Vec<String>,
}
