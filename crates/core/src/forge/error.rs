//! What can go wrong on the way to the remote.

use hotfix_model::ExitCode;

use super::detect::Kind;
use super::http::HttpError;
use crate::error::Explain;
use crate::exec::{redact, sanitize_line};

/// An error of delivery.
#[derive(Debug, thiserror::Error)]
pub enum ForgeError {
    /// No adapter of that name.
    #[error("`{name}` is not a forge git-hotfix knows")]
    Unknown {
        /// The name.
        name: String,
    },
    /// The forge has no such thing.
    #[error("{forge} cannot {what}")]
    Unable {
        /// Its name.
        forge: &'static str,
        /// What was asked.
        what: String,
    },
    /// The forge takes the branch and makes no merge request of it.
    #[error("there is no merge request for {branch}")]
    NotProposed {
        /// The branch.
        branch: String,
        /// What the forge said.
        source: Box<HttpError>,
    },
    /// The merge request was closed without a merge.
    #[error("the merge request of {id} was closed without a merge")]
    Closed {
        /// The hotfix.
        id: String,
        /// Its page.
        url: String,
    },
    /// Something stands in the way of the merge that only a person can move.
    #[error("{id} is not merged: {why}")]
    Held {
        /// The hotfix.
        id: String,
        /// What stands in the way.
        why: String,
        /// Who can move it.
        who: String,
        /// What to type.
        next: String,
    },
    /// `submit.api` is no address.
    #[error("submit.api is not the address of an API")]
    BadApi {
        /// What it is.
        api: String,
    },
    /// The remote did not answer, or went away in the middle.
    #[error("the remote {remote} cannot be reached")]
    Unreachable {
        /// Its name.
        remote: String,
        /// What Git said.
        said: String,
    },
    /// A hook of the user's ended the push before anything was sent.
    #[error("the push to {remote} was stopped on this machine")]
    Stopped {
        /// Its name.
        remote: String,
        /// What the hook said.
        said: String,
    },
    /// The remote lets this user not in.
    #[error("the remote {remote} does not let you push")]
    NoRights {
        /// Its name.
        remote: String,
        /// What ssh, the server or Git said.
        said: String,
    },
    /// Git itself would not push, or does not believe that it did.
    #[error("the push to {remote} failed")]
    NotPushed {
        /// Its name.
        remote: String,
        /// What Git said.
        said: String,
    },
    /// The remote refused the branch.
    #[error("the remote refused {}", short(branch))]
    Rejected {
        /// The branch.
        branch: String,
        /// What the remote said.
        said: String,
    },
    /// Somebody else has a branch of this name on the remote.
    #[error("{} is on the remote with a commit that is not ours", short(branch))]
    BranchTaken {
        /// The branch.
        branch: String,
        /// The commit there.
        found: String,
    },
    /// The target is no longer where the fix was proved and tested.
    #[error("{} moved on the remote", short(target))]
    TargetMoved {
        /// The target.
        target: String,
    },
}

/// A branch as people name it.
fn short(branch: &str) -> &str {
    branch.strip_prefix("refs/heads/").unwrap_or(branch)
}

impl Explain for ForgeError {
    fn why(&self) -> String {
        match self {
            Self::Unknown { .. } => format!("submit.forge may be empty or one of {}", Kind::names()),
            Self::NotProposed { source, .. } => source.why(),
            Self::Closed { url, .. } => format!("somebody closed it: {url}"),
            Self::Held { who, .. } => format!("who can change that: {who}"),
            Self::Unable { .. } => "it has no such request, or git-hotfix does not know it".to_owned(),
            Self::BadApi { api } => {
                format!("`{}` does not begin with https:// and a host", sanitize_line(&redact(api)))
            }
            Self::Unreachable { said, .. }
            | Self::Stopped { said, .. }
            | Self::NoRights { said, .. }
            | Self::NotPushed { said, .. }
            | Self::Rejected { said, .. } => said.clone(),
            Self::BranchTaken { found, .. } => format!("it holds {found}; nothing was overwritten"),
            Self::TargetMoved { .. } => {
                "somebody merged something meanwhile; nothing was overwritten".to_owned()
            }
        }
    }

    fn next(&self) -> String {
        match self {
            Self::Unknown { .. } | Self::BadApi { .. } => "git hotfix config".to_owned(),
            Self::Closed { id, .. } => format!("git hotfix resume {id}"),
            Self::Held { next, .. } => next.clone(),
            Self::Unable { .. } => "do it on the forge's own pages".to_owned(),
            Self::Rejected { said, .. } if said.contains("'refs/heads/hotfix' exists") => {
                "git push REMOTE refs/remotes/REMOTE/hotfix:refs/heads/old-hotfix :hotfix  # then git hotfix ship"
                    .to_owned()
            }
            Self::Stopped { .. } => "git hotfix ship  # once your pre-push hook is content".to_owned(),
            Self::NoRights { remote, .. } => {
                format!("git hotfix ready  # tries the push; then git hotfix ship once {remote} lets you in")
            }
            Self::BranchTaken { .. } => {
                "git hotfix start --name OTHER \"ALERT\"  # or talk to whoever pushed it".to_owned()
            }
            _ => "git hotfix ship".to_owned(),
        }
    }

    fn exit(&self) -> ExitCode {
        match self {
            Self::Unknown { .. } | Self::BadApi { .. } | Self::Unable { .. } | Self::Stopped { .. } => {
                ExitCode::SETUP
            }
            Self::BranchTaken { .. } | Self::Closed { .. } => ExitCode::DECISION,
            Self::Held { .. } => ExitCode::GATE,
            _ => ExitCode::REMOTE,
        }
    }
}
