//! What can go wrong with an incident that somebody is on.

use hotfix_model::ExitCode;

use super::Claim;
use crate::error::Explain;
use crate::exec::sanitize_line;
use crate::message::quoted;

/// An error about an incident.
#[derive(Debug, thiserror::Error)]
pub enum IncidentError {
    /// Somebody is on it.
    #[error("{} is on {} already", sanitize_line(&claim.by.name), sanitize_line(&claim.incident))]
    Taken {
        /// Who, where and since when.
        claim: Box<Claim>,
    },
    /// Nobody is.
    #[error("nobody is on {incident}")]
    NotClaimed {
        /// The incident.
        incident: String,
    },
    /// Its record is not on the remote.
    #[error("{} is on {}, but has not shared anything yet", sanitize_line(&claim.by.name), sanitize_line(&claim.incident))]
    NotShared {
        /// Who, where and since when.
        claim: Box<Claim>,
    },
    /// There are edits in the slot, and the branch moved on the remote.
    #[error("the branch of {id} moved on the remote, and there are edits in {worktree}")]
    Edited {
        /// The hotfix.
        id: String,
        /// The slot.
        worktree: String,
    },
}

impl Explain for IncidentError {
    fn why(&self) -> String {
        match self {
            Self::Taken { claim } | Self::NotShared { claim } => {
                format!(
                    "on {} since {}",
                    sanitize_line(&claim.branch),
                    claim.at.strftime("%Y-%m-%d %H:%M UTC")
                )
            }
            Self::NotClaimed { .. } => {
                "the remote has no claim for it, or it is merged or given up".to_owned()
            }
            Self::Edited { .. } => "they would be in the way of what others pushed".to_owned(),
        }
    }

    fn next(&self) -> String {
        match self {
            Self::Taken { claim } => {
                format!("git hotfix join {}  # or start without --incident", quoted(&claim.incident))
            }
            Self::NotClaimed { incident } => {
                format!("git hotfix start \"ALERT\" --incident {}", quoted(incident))
            }
            Self::NotShared { claim } => {
                format!("git hotfix join {}  # in a moment", quoted(&claim.incident))
            }
            Self::Edited { id, .. } => format!("git hotfix commit --id {id}  # then join again"),
        }
    }

    fn exit(&self) -> ExitCode {
        match self {
            Self::NotClaimed { .. } => ExitCode::USAGE,
            Self::Taken { .. } | Self::NotShared { .. } | Self::Edited { .. } => ExitCode::DECISION,
        }
    }
}
