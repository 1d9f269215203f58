//! The JSON of what commands print that is not about one hotfix: plans, scripts, pages.

use serde::{Deserialize, Serialize};

/// `--dry-run --json` of every command that has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlanOutput {
    /// What would be done, one line each.
    pub plan: Vec<String>,
}

/// `status --json` while no hotfix is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NoneOpenOutput {
    /// Always `null`.
    pub id: Option<String>,
    /// Commands to type next.
    pub next: Vec<String>,
}

/// `completions --json` and `shell-init --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScriptOutput {
    /// The shell it is for.
    pub shell: String,
    /// The script.
    pub script: String,
}

/// `man --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PageOutput {
    /// The manual page, in the language of `man`.
    pub page: String,
}
