//! What can go wrong when something owed is to be settled.

use hotfix_model::ExitCode;

use crate::error::Explain;

/// An error of settling what is owed.
#[derive(Debug, thiserror::Error)]
pub enum FollowUpError {
    /// Nothing of that key is owed.
    #[error("{id} does not owe `{key}`")]
    NotOwed {
        /// The hotfix.
        id: String,
        /// The key.
        key: String,
        /// The keys of what it owes.
        keys: Vec<String>,
    },
    /// No hotfix owes it, or several do.
    #[error("{} owe `{key}`", if ids.is_empty() { "no hotfix is known to".to_owned() } else { ids.join(", ") })]
    WhichHotfix {
        /// The key.
        key: String,
        /// Those that owe it.
        ids: Vec<String>,
    },
    /// A review is settled by a review.
    #[error("the review of {id} is settled by somebody who looks at it")]
    ByReview {
        /// The hotfix.
        id: String,
    },
    /// Who worked on it cannot say that it is right.
    #[error("{who} worked on {id} and cannot approve it")]
    Own {
        /// The hotfix.
        id: String,
        /// Who.
        who: String,
        /// Everybody who worked on it.
        hands: Vec<String>,
    },
    /// There is no commit to look at yet.
    #[error("{id} has no commit to review yet")]
    NothingToReview {
        /// The hotfix.
        id: String,
    },
    /// It was given up before it left this machine.
    #[error("{id} was given up and never shipped")]
    NeverShipped {
        /// The hotfix.
        id: String,
    },
    /// Nobody is concerned.
    #[error("nobody has raised a concern about {id}")]
    NoConcern {
        /// The hotfix.
        id: String,
    },
    /// The hotfix holds another commit than the one that was shown.
    #[error("{id} no longer is the commit {commit} that was shown")]
    Moved {
        /// The hotfix.
        id: String,
        /// The commit that was shown.
        commit: String,
    },
    /// The commit is not here: nobody can have looked at it.
    #[error("the commit {commit} of {id} is not in this clone")]
    NotHere {
        /// The hotfix.
        id: String,
        /// The commit.
        commit: String,
    },
    /// An approval needs a person at a terminal, and there is none.
    #[error("nobody is at a terminal to approve {id}")]
    NobodyThere {
        /// The hotfix.
        id: String,
        /// The commit.
        commit: String,
    },
}

impl Explain for FollowUpError {
    fn why(&self) -> String {
        match self {
            Self::NotOwed { keys, .. } if keys.is_empty() => "everything is settled".to_owned(),
            Self::NotOwed { keys, .. } => format!("it owes {}", keys.join(", ")),
            Self::WhichHotfix { ids, .. } if ids.is_empty() => {
                "it is settled already, or was never owed".to_owned()
            }
            Self::WhichHotfix { .. } => "name the one that is meant".to_owned(),
            Self::ByReview { .. } => "words alone do not show that anybody looked".to_owned(),
            Self::Own { hands, .. } => {
                format!("somebody else has to look; {} worked on it", hands.join(", "))
            }
            Self::NothingToReview { .. } => "the fix is still being written".to_owned(),
            Self::NeverShipped { .. } => "there is nothing that could be in production".to_owned(),
            Self::NoConcern { .. } => "there is nothing to verify".to_owned(),
            Self::Moved { .. } => "somebody changed it meanwhile".to_owned(),
            Self::NotHere { .. } => "the remote does not answer, or has removed the branch".to_owned(),
            Self::NobodyThere { .. } => {
                "an approval says that a person has looked at it, so a program cannot give it".to_owned()
            }
        }
    }

    fn next(&self) -> String {
        match self {
            Self::NotOwed { .. } => "git hotfix owed".to_owned(),
            Self::WhichHotfix { key, ids } => match ids.first() {
                Some(id) => format!("git hotfix owed settle {key} --reason TEXT --id {id}"),
                None => "git hotfix owed".to_owned(),
            },
            Self::ByReview { id } | Self::NoConcern { id } | Self::Moved { id, .. } => {
                format!("git hotfix review {id}")
            }
            Self::Own { id, .. } => format!("ask a colleague to run: git hotfix review {id}"),
            Self::NothingToReview { id } | Self::NeverShipped { id } => {
                format!("git hotfix status --id {id}")
            }
            Self::NotHere { id, .. } => format!("git hotfix review {id}  # once the remote answers"),
            Self::NobodyThere { id, commit } => {
                format!("git hotfix review {id}  # on a terminal; for automation set HOTFIX_REVIEW={commit}")
            }
        }
    }

    fn exit(&self) -> ExitCode {
        match self {
            Self::NotOwed { .. } | Self::NoConcern { .. } => ExitCode::USAGE,
            Self::NotHere { .. } => ExitCode::REMOTE,
            Self::WhichHotfix { .. }
            | Self::ByReview { .. }
            | Self::Own { .. }
            | Self::Moved { .. }
            | Self::NothingToReview { .. }
            | Self::NeverShipped { .. }
            | Self::NobodyThere { .. } => ExitCode::DECISION,
        }
    }
}
