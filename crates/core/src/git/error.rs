//! What can go wrong with Git.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_model::ExitCode;

use super::PushCause;
use crate::error::Explain;
use crate::exec::quoted;

/// An error of the Git layer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The folder is in no repository.
    #[error("{} is not in a Git repository", dir.display())]
    NotARepository {
        /// The folder.
        dir: PathBuf,
        /// What Git said.
        said: String,
    },
    /// Git is older than the oldest version that has what we need.
    #[error("Git {found} is too old")]
    TooOld {
        /// Its version.
        found: String,
    },
    /// The folder belongs to somebody else, and Git refuses it.
    #[error("Git does not trust {}", dir.display())]
    ForeignOwner {
        /// The folder.
        dir: PathBuf,
        /// What Git said.
        said: String,
    },
    /// A ref has a name that is a folder in the name of the one to be made, or the other way round.
    #[error("{} is in the way", shown_ref(name))]
    RefInTheWay {
        /// The ref that is there.
        name: String,
        /// What Git said.
        said: String,
    },
    /// A Git command failed.
    #[error("git {command} failed")]
    Failed {
        /// The subcommand.
        command: String,
        /// The exit code, or -1 when a signal ended it.
        code: i32,
        /// The line of its output that tells most, credentials removed.
        said: String,
        /// The file that holds the whole output, where there was more.
        log: Option<PathBuf>,
    },
    /// A push came to no report, or to one that Git itself does not believe.
    #[error("git push failed")]
    NotPushed {
        /// Where the reason lies.
        cause: PushCause,
        /// The address it failed for, where there are several.
        address: Option<String>,
        /// The line of its output that tells most, credentials removed.
        said: String,
        /// The file that holds the whole output, where there was more.
        log: Option<PathBuf>,
    },
    /// A Git command ran past its deadline.
    #[error("git {command} did not finish within {} s", limit.as_secs())]
    TimedOut {
        /// The subcommand.
        command: String,
        /// The deadline.
        limit: Duration,
    },
    /// Git printed something we cannot read.
    #[error("git {command} printed something unexpected")]
    Unreadable {
        /// The subcommand.
        command: String,
    },
    /// A ref is not where it was a moment ago.
    #[error("a ref moved while we worked: {said}")]
    RefMoved {
        /// What Git said.
        said: String,
    },
    /// A name that Git would refuse, or read as an option.
    #[error("`{name}` cannot be the name of a branch or ref")]
    BadName {
        /// The name.
        name: String,
    },
    /// Nothing of that name.
    #[error("`{name}` is not a commit here")]
    UnknownCommit {
        /// What was asked for.
        name: String,
    },
    /// The fix and the target changed the same lines.
    #[error("the fix conflicts with {onto} in {}", files.join(", "))]
    Conflict {
        /// The commit it was to be moved onto.
        onto: String,
        /// The files.
        files: Vec<String>,
    },
    /// Git knows no name and address for the user.
    #[error("Git does not know who you are")]
    NoIdentity,
    /// Another git-hotfix holds the lock for too long.
    #[error("another git-hotfix has been holding {} for {} s", path.display(), waited.as_secs())]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// How long we waited.
        waited: Duration,
    },
}

/// A ref as people name it.
fn shown_ref(name: &str) -> String {
    match name.strip_prefix("refs/heads/") {
        Some(branch) => format!("the branch `{branch}`"),
        None => format!("the ref `{name}`"),
    }
}

impl Explain for GitError {
    fn why(&self) -> String {
        match self {
            Self::TooOld { .. } => {
                format!("git-hotfix needs Git {} or newer", super::version::FLOOR)
            }
            Self::Failed { code, said, .. } if said.is_empty() => {
                format!("it ended with code {code}")
            }
            Self::Failed { said, log, .. } => with_log(said.clone(), log.as_deref()),
            Self::NotPushed { address, said, log, .. } => {
                let address = address.as_ref().map(|address| format!("{address}: ")).unwrap_or_default();
                with_log(format!("{address}{said}"), log.as_deref())
            }
            Self::NotARepository { said, .. }
            | Self::ForeignOwner { said, .. }
            | Self::RefInTheWay { said, .. } => said.clone(),
            Self::TimedOut { command, .. } if command == "commit" => {
                "a hook or the program that signs may be waiting".to_owned()
            }
            Self::TimedOut { .. } => "the remote, a hook or a prompt may be waiting".to_owned(),
            Self::Unreadable { .. } => "this version of Git may not be supported".to_owned(),
            Self::RefMoved { .. } => "somebody else changed it; nothing was overwritten".to_owned(),
            Self::BadName { .. } => "see `git check-ref-format --help` for what a name may hold".to_owned(),
            Self::UnknownCommit { .. } => "no branch, tag or commit has that name".to_owned(),
            Self::Conflict { .. } => {
                "the target changed the same lines meanwhile; nothing was changed".to_owned()
            }
            Self::NoIdentity => "user.name and user.email are not set".to_owned(),
            Self::Locked { .. } => "adding, removing and fetching are done one at a time".to_owned(),
        }
    }

    fn next(&self) -> String {
        match self {
            Self::NotARepository { .. } => "cd into a repository, then run the same command again".to_owned(),
            Self::ForeignOwner { dir, .. } => {
                let dir = dir.to_string_lossy();
                format!("git config --global --add safe.directory {}", quoted(&dir))
            }
            Self::RefInTheWay { name, .. } => match name.strip_prefix("refs/heads/") {
                Some(branch) => {
                    let other = quoted(&format!("old-{}", branch.replace('/', "-")));
                    format!("git branch -m {} {other}  # then run the same command again", quoted(branch))
                }
                None => "choose another name".to_owned(),
            },
            Self::TooOld { .. } => "install a newer Git".to_owned(),
            Self::NoIdentity => {
                "git config --global user.name \"Your Name\" && git config --global user.email you@example.com"
                    .to_owned()
            }
            Self::UnknownCommit { .. } => "git branch --all; git tag".to_owned(),
            Self::BadName { .. } => "choose another name".to_owned(),
            Self::Conflict { onto, .. } => format!("git rebase {onto}  # in the slot; solve it, then git hotfix ship"),
            // A hook, or the signing program, objects.
            Self::Failed { command, .. } if command == "commit" => {
                "correct what it objects to, then run the same command again".to_owned()
            }
            _ => "run the same command again".to_owned(),
        }
    }

    fn exit(&self) -> ExitCode {
        match self {
            Self::BadName { .. } | Self::UnknownCommit { .. } => ExitCode::USAGE,
            Self::RefMoved { .. }
            | Self::RefInTheWay { .. }
            | Self::Locked { .. }
            | Self::Conflict { .. } => ExitCode::DECISION,
            Self::NotPushed { cause, .. } if *cause != PushCause::Hook => ExitCode::REMOTE,
            _ => ExitCode::SETUP,
        }
    }
}

/// A reason, and where the rest of the output is.
fn with_log(said: String, log: Option<&Path>) -> String {
    match log {
        Some(log) => format!("{said} (the whole output is in {})", log.display()),
        None => said,
    }
}
