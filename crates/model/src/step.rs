//! The eight words of the flow and the gates among them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A step of the flow. The same word names the subcommand, the module, the test file and the manual page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Worktree from the freshly fetched base.
    Start,
    /// Red on base, green with the fix.
    Prove,
    /// Style of the changed lines.
    Check,
    /// Critical tests: the one gate that blocks.
    Test,
    /// `fix: …` on the hotfix branch.
    Commit,
    /// Push, merge request, urgent.
    Submit,
    /// The slot is given back.
    Cleanup,
    /// Review and post-mortem, owed until done.
    FollowUp,
}

impl Step {
    /// All steps in the order of the flow.
    pub const ALL: [Self; 8] = [
        Self::Start,
        Self::Prove,
        Self::Check,
        Self::Test,
        Self::Commit,
        Self::Submit,
        Self::Cleanup,
        Self::FollowUp,
    ];

    /// The word as typed on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Prove => "prove",
            Self::Check => "check",
            Self::Test => "test",
            Self::Commit => "commit",
            Self::Submit => "submit",
            Self::Cleanup => "cleanup",
            Self::FollowUp => "follow-up",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// A gate: what `ship` looks at before it commits, and what `--skip` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// The proof; blocks only if `prove.required`.
    Prove,
    /// The findings; block only if `check.gate = "block"`.
    Check,
    /// The critical tests; block unless `test.gate = "warn"`.
    Test,
    /// The scan of added lines for secrets; blocks unless allowed with a reason.
    Secrets,
    /// The size of the change; blocks only if `commit.max_lines` or `commit.max_files` is set.
    Size,
}

impl Gate {
    /// All gates, in the order they are looked at.
    pub const ALL: [Self; 5] = [Self::Prove, Self::Check, Self::Test, Self::Secrets, Self::Size];

    /// The word as typed after `--skip` and stored in the record.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Prove => "prove",
            Self::Check => "check",
            Self::Test => "test",
            Self::Secrets => "secrets",
            Self::Size => "size",
        }
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}
