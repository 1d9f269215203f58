//! What can go wrong with a proof of somebody else's.

use hotfix_model::ExitCode;

use crate::error::Explain;

/// An error of showing or replaying a proof.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// There is no proof.
    #[error("{id} has no proof")]
    None {
        /// The hotfix.
        id: String,
    },
    /// Nothing was shown that could be shown again.
    #[error("the proof of {id} cannot be replayed")]
    NothingShown {
        /// The hotfix.
        id: String,
        /// What the proof says instead.
        why: String,
    },
    /// The commits are not in this clone.
    #[error("the commits of {id} are not in this clone")]
    NotHere {
        /// The hotfix.
        id: String,
    },
    /// The command comes from somebody else.
    #[error("the proof of {id} runs a command that {author} typed: {command}")]
    CommandOfOther {
        /// The hotfix.
        id: String,
        /// Who typed it.
        author: String,
        /// The command as a line of shell.
        command: String,
    },
}

impl Explain for ProofError {
    fn why(&self) -> String {
        match self {
            Self::None { .. } => "nobody has proven it, or it was written before".to_owned(),
            Self::NothingShown { why, .. } => why.clone(),
            Self::NotHere { .. } => "the remote does not answer, or has removed the branch".to_owned(),
            Self::CommandOfOther { .. } => {
                "what comes with a record may do anything your account may, so you decide".to_owned()
            }
        }
    }

    fn next(&self) -> String {
        match self {
            Self::None { id } | Self::NothingShown { id, .. } => format!("git hotfix review {id}"),
            Self::NotHere { id } => format!("git hotfix proof replay {id}  # once the remote answers"),
            Self::CommandOfOther { id, command, .. } => {
                format!("git hotfix proof replay {id} -- {command}  # if you want to run it")
            }
        }
    }

    fn exit(&self) -> ExitCode {
        match self {
            Self::None { .. } => ExitCode::USAGE,
            Self::NotHere { .. } => ExitCode::REMOTE,
            Self::NothingShown { .. } | Self::CommandOfOther { .. } => ExitCode::DECISION,
        }
    }
}
