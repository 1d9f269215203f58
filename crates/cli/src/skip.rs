//! `--skip GATE --reason TEXT` and `--allow-secret REASON`, for the commands that pass the gates.

use clap::{Args, ValueEnum};
use hotfix_core::session::Skips;
use hotfix_model::Gate;

/// Gates to skip.
#[derive(Debug, Args)]
pub struct SkipArguments {
    /// Skip a gate; needs --reason, which is shown in the merge request and stays owed
    #[arg(long, value_name = "GATE", requires = "reason")]
    skip: Vec<GateName>,
    /// Why the gate is skipped
    #[arg(long, value_name = "TEXT", requires = "skip")]
    reason: Option<String>,
    /// Let lines through that look like secrets, and say why they are none
    #[arg(long, value_name = "WHY")]
    allow_secret: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum GateName {
    Prove,
    Check,
    Test,
    Size,
}

impl SkipArguments {
    /// The skips they stand for.
    pub fn skips(&self) -> Skips {
        let reason = self.reason.clone().unwrap_or_default();
        let named = self.skip.iter().map(|name| (name.gate(), reason.clone()));
        let secret = self.allow_secret.iter().map(|reason| (Gate::Secrets, reason.clone()));
        Skips(named.chain(secret).collect())
    }
}

impl GateName {
    fn gate(self) -> Gate {
        match self {
            Self::Prove => Gate::Prove,
            Self::Check => Gate::Check,
            Self::Test => Gate::Test,
            Self::Size => Gate::Size,
        }
    }
}
