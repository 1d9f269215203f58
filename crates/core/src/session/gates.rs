//! The gates: what stands between the fix and its commit, and how each may be skipped.

use hotfix_model::config::{Config, GateMode};
use hotfix_model::{ExitCode, Gate, Record, Size, SuiteVerdict};

use crate::error::Explain;

/// Gates that somebody skips, with the reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skips(pub Vec<(Gate, String)>);

/// Looks at a record and says whether the fix may be committed.
#[derive(Clone, Copy, Debug)]
pub struct Gates<'a> {
    /// The configuration as of base.
    pub config: &'a Config,
    /// What is skipped.
    pub skips: &'a Skips,
}

/// A gate said no.
#[derive(Debug, thiserror::Error)]
pub enum Blocked {
    /// A proof is required.
    #[error("the fix is not proven")]
    NotProven {
        /// Why not.
        why: String,
    },
    /// Findings block here.
    #[error("{count} style findings on changed lines")]
    Findings {
        /// How many.
        count: usize,
    },
    /// Findings would block here, and nobody looked for any in what is to be committed.
    #[error("the style of this change has not been checked")]
    NotChecked,
    /// The critical tests fail.
    #[error("the critical tests do not pass")]
    Failing {
        /// What fails.
        why: String,
    },
    /// The critical tests cannot tell whether the fix breaks something.
    #[error("the critical tests cannot tell")]
    Unknown {
        /// Why not.
        why: String,
    },
    /// The critical tests did not run on what is to be committed.
    #[error("the critical tests have not run on this change")]
    NotTested,
    /// The change is larger than a hotfix may be.
    #[error("the change is larger than a hotfix may be")]
    TooLarge {
        /// The size and the limit.
        why: String,
    },
    /// The change adds what looks like a secret.
    #[error("the change adds what looks like a secret: {}", found.join("; "))]
    Secrets {
        /// Where and what, shortened.
        found: Vec<String>,
    },
}

impl Skips {
    /// Whether a gate is skipped.
    pub fn contains(&self, gate: Gate) -> bool {
        self.0.iter().any(|(skipped, _)| *skipped == gate)
    }
}

impl Gates<'_> {
    /// Whether what is recorded about `tree` lets it through; the first gate that does not is the error.
    pub fn pass(&self, record: &Record, tree: &str) -> Result<(), Blocked> {
        self.test(record, tree)?;
        self.prove(record, tree)?;
        self.check(record, tree)
    }

    /// Whether the change is small enough.
    pub fn size(&self, size: Size) -> Result<(), Blocked> {
        let limits = &self.config.commit;
        let lines = size.added + size.removed;
        let too_many_lines = limits.max_lines > 0 && lines > limits.max_lines;
        let too_many_files = limits.max_files > 0 && size.files > limits.max_files;
        if self.skips.contains(Gate::Size) || !(too_many_lines || too_many_files) {
            return Ok(());
        }
        let (max_lines, max_files) = (limits.max_lines, limits.max_files);
        let why =
            format!("{lines} lines in {} files; the limits are {max_lines} and {max_files}", size.files);
        Err(Blocked::TooLarge { why })
    }

    fn test(&self, record: &Record, tree: &str) -> Result<(), Blocked> {
        if self.skips.contains(Gate::Test) || self.config.test.gate == GateMode::Warn {
            return Ok(());
        }
        match &record.test {
            Some(report) if report.tree != tree => Err(Blocked::NotTested),
            Some(report) if report.verdict == SuiteVerdict::Passed => Ok(()),
            Some(report) if report.verdict == SuiteVerdict::Unknown => {
                Err(Blocked::Unknown { why: report.why.clone() })
            }
            Some(report) => Err(Blocked::Failing { why: report.why.clone() }),
            None => Err(Blocked::NotTested),
        }
    }

    fn prove(&self, record: &Record, tree: &str) -> Result<(), Blocked> {
        if self.skips.contains(Gate::Prove) || !self.config.prove.required {
            return Ok(());
        }
        match &record.proof {
            Some(proof) if !proof.holds() => Err(Blocked::NotProven { why: proof.why.clone() }),
            Some(proof) if proof.green.as_ref().is_some_and(|side| side.tree != tree) => {
                Err(Blocked::NotProven { why: "it was proven for an earlier state of the files".to_owned() })
            }
            Some(_) => Ok(()),
            None => Err(Blocked::NotProven { why: "it was never proven".to_owned() }),
        }
    }

    fn check(&self, record: &Record, tree: &str) -> Result<(), Blocked> {
        if self.skips.contains(Gate::Check) || self.config.check.gate == GateMode::Warn {
            return Ok(());
        }
        match &record.check {
            Some(report) if report.tree != tree => Err(Blocked::NotChecked),
            Some(report) if report.findings.is_empty() => Ok(()),
            Some(report) => Err(Blocked::Findings { count: report.findings.len() }),
            None => Err(Blocked::NotChecked),
        }
    }
}

impl Blocked {
    /// Which gate it is.
    pub fn gate(&self) -> Gate {
        match self {
            Self::NotProven { .. } => Gate::Prove,
            Self::Findings { .. } | Self::NotChecked => Gate::Check,
            Self::Failing { .. } | Self::Unknown { .. } | Self::NotTested => Gate::Test,
            Self::TooLarge { .. } => Gate::Size,
            Self::Secrets { .. } => Gate::Secrets,
        }
    }
}

impl Explain for Blocked {
    fn why(&self) -> String {
        match self {
            Self::NotProven { why }
            | Self::Failing { why }
            | Self::Unknown { why }
            | Self::TooLarge { why } => why.clone(),
            Self::Findings { .. } => "check.gate is \"block\"".to_owned(),
            Self::NotTested => "only what was tested may be committed".to_owned(),
            Self::NotChecked => {
                "check.gate is \"block\", and only what was checked may be committed".to_owned()
            }
            Self::Secrets { .. } => "what is pushed can no longer be kept secret".to_owned(),
        }
    }

    fn next(&self) -> String {
        let skip = format!("git hotfix ship --skip {} --reason \"WHY\"", self.gate());
        match self {
            Self::NotProven { .. } => {
                format!("git hotfix prove -- CMD  # or: git hotfix prove --waive \"WHY\"; or: {skip}")
            }
            Self::Findings { .. } => format!("git hotfix check --fix  # or: {skip}"),
            Self::Failing { .. } => format!("git hotfix ship  # once it is fixed; or: {skip}"),
            Self::Unknown { .. } => {
                format!("git hotfix ship  # once the tests have what they need; or: {skip}")
            }
            Self::NotTested => "git hotfix test".to_owned(),
            Self::NotChecked => "git hotfix check".to_owned(),
            Self::TooLarge { .. } => skip,
            Self::Secrets { .. } => "git hotfix ship  # once it is taken out; or: git hotfix ship --allow-secret \"WHY IT IS NONE\"".to_owned(),
        }
    }

    fn exit(&self) -> ExitCode {
        match self {
            Self::Unknown { .. } => ExitCode::DECISION,
            _ => ExitCode::GATE,
        }
    }
}
