//! What can go wrong with approvals.

use std::path::PathBuf;
use std::time::Duration;

use hotfix_model::ExitCode;

use super::shown::shown_path;
use crate::error::Explain;

/// An error about approvals.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// There is no folder to keep approvals in.
    #[error("there is no place to keep approvals")]
    NoHome,
    /// A file or folder that others could have put there, or could change.
    #[error("approvals in {} cannot be relied on", shown_path(path))]
    Unsafe {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The file of approvals cannot be understood.
    #[error("the approvals in {} are damaged", shown_path(path))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// Another process holds the lock.
    #[error("another git-hotfix has been changing {} for {} s", shown_path(path), waited.as_secs())]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// How long we waited.
        waited: Duration,
    },
}

impl Explain for TrustError {
    fn why(&self) -> String {
        match self {
            Self::NoHome => "neither XDG_STATE_HOME nor HOME is set".to_owned(),
            Self::Unsafe { what, .. } | Self::Damaged { what, .. } => what.clone(),
            Self::Locked { .. } => "approvals are changed one at a time, so that none is lost".to_owned(),
        }
    }

    fn next(&self) -> String {
        match self {
            Self::NoHome => {
                "set HOME, or HOTFIX_TRUST to the digest that `git hotfix trust` prints".to_owned()
            }
            Self::Unsafe { path, .. } | Self::Damaged { path, .. } => {
                let path = shown_path(path).replace('\'', r"'\''");
                format!("mv '{path}' '{path}.bad' && git hotfix trust")
            }
            Self::Locked { .. } => "run the same command again".to_owned(),
        }
    }

    fn exit(&self) -> ExitCode {
        match self {
            Self::Locked { .. } => ExitCode::DECISION,
            _ => ExitCode::SETUP,
        }
    }
}
