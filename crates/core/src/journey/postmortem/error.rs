//! What stands in the way of a post-mortem.

use hotfix_model::ExitCode;

use crate::error::Explain;
use crate::message::quoted;

/// An error about the files of a post-mortem.
#[derive(Debug, thiserror::Error)]
pub enum PostmortemError {
    /// Production is as it was.
    #[error("hotfix {id} is not submitted yet")]
    NotShipped {
        /// The hotfix.
        id: String,
    },
    /// None was written.
    #[error("there is no post-mortem of {id} yet")]
    NotWritten {
        /// The hotfix.
        id: String,
    },
    /// There is one already, at another path.
    #[error("the post-mortem of {id} is {first}")]
    Second {
        /// The hotfix.
        id: String,
        /// Where the first is.
        first: String,
    },
    /// It was written, but is not in this worktree.
    #[error("the post-mortem of {id} is {path}, which is not in this worktree")]
    Elsewhere {
        /// The hotfix.
        id: String,
        /// Where it is, in the worktree of who wrote it.
        path: String,
        /// Who wrote it, and when.
        why: String,
    },
    /// The configured path leads out of the repository.
    #[error("post-mortems cannot be written to {path}")]
    Outside {
        /// The path.
        path: String,
    },
    /// There is no worktree to write to.
    #[error("there is no worktree to write the post-mortem to")]
    NoWorktree,
    /// Where the page is to be, something else is.
    #[error("{path} is there already, and is no page of ours or was edited")]
    Edited {
        /// The file.
        path: String,
    },
}

impl Explain for PostmortemError {
    fn why(&self) -> String {
        match self {
            Self::NotShipped { .. } => "nothing is known yet of how it ends".to_owned(),
            Self::NotWritten { .. } => "the debt is settled by what is written in it".to_owned(),
            Self::Second { .. } => "a hotfix has one, so that everybody finds the same".to_owned(),
            Self::Elsewhere { why, .. } => why.clone(),
            Self::Outside { .. } => "follow_up.postmortem_path has to stay in the repository".to_owned(),
            Self::NoWorktree => "the repository is bare".to_owned(),
            Self::Edited { .. } => "what people wrote is not overwritten".to_owned(),
        }
    }

    fn next(&self) -> String {
        match self {
            Self::NotShipped { id } => format!("git hotfix ship --id {id}"),
            Self::NotWritten { id } | Self::Second { id, .. } => format!("git hotfix postmortem {id}"),
            Self::Elsewhere { id, path, .. } => {
                format!("git hotfix postmortem {id} --path {}  # to write it anew", quoted(path))
            }
            Self::Outside { .. } => {
                "git hotfix postmortem --set follow_up.postmortem_path=docs/postmortems/{date}-{id}.md"
                    .to_owned()
            }
            Self::NoWorktree => "git hotfix postmortem --path FILE".to_owned(),
            Self::Edited { .. } => "git hotfix postmortem --html OTHER.html".to_owned(),
        }
    }

    fn exit(&self) -> ExitCode {
        match self {
            Self::NotWritten { .. } => ExitCode::USAGE,
            Self::Outside { .. } | Self::NoWorktree => ExitCode::SETUP,
            Self::NotShipped { .. } | Self::Second { .. } | Self::Elsewhere { .. } | Self::Edited { .. } => {
                ExitCode::DECISION
            }
        }
    }
}
