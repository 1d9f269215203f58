//! What can go wrong before a step begins.

use std::path::PathBuf;

use hotfix_model::ExitCode;

use crate::error::Explain;
use crate::message::quoted;

/// An error of finding the hotfix and what it needs.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// There is no open hotfix.
    #[error("no hotfix is open here")]
    NoneOpen,
    /// There are several, and none was named.
    #[error("{} hotfixes are open: {}", ids.len(), ids.join(", "))]
    SeveralOpen {
        /// Their ids.
        ids: Vec<String>,
    },
    /// The hotfix has no slot.
    #[error("hotfix {id} has no worktree at the moment")]
    NoSlot {
        /// The hotfix.
        id: String,
    },
    /// Somebody has the hotfix branch in a worktree of their own.
    #[error("{branch} is checked out in {}", path.display())]
    CheckedOut {
        /// The branch.
        branch: String,
        /// The worktree.
        path: PathBuf,
    },
    /// The hotfix is past this step.
    #[error("hotfix {id} is already {stage}")]
    Past {
        /// The hotfix.
        id: String,
        /// How far it is.
        stage: String,
    },
    /// Another git-hotfix works on it at this moment.
    #[error("another git-hotfix is working on {id} at this moment")]
    Busy {
        /// The hotfix.
        id: String,
    },
    /// Nothing was changed.
    #[error("nothing has been changed in {worktree}")]
    NothingChanged {
        /// The slot.
        worktree: String,
    },
    /// Commands of the repository were not approved.
    #[error("the repository brings commands that nobody has approved: {}", keys.join(", "))]
    Untrusted {
        /// Their keys.
        keys: Vec<String>,
    },
    /// Files changed while tests ran.
    #[error("files changed while the tests ran: {}", files.join(", "))]
    ChangedMeanwhile {
        /// The files.
        files: Vec<String>,
    },
    /// A submodule or nested repository holds what no commit of this repository can hold.
    #[error("{} holds changes that are in no commit of it", paths.join(", "))]
    InnerChanges {
        /// The slot.
        worktree: PathBuf,
        /// The submodules.
        paths: Vec<String>,
    },
    /// A submodule stands where it was before the slot moved.
    #[error("the submodule {} is not at the commit that the slot names", paths.join(", "))]
    LeftBehind {
        /// The hotfix.
        id: String,
        /// The slot.
        worktree: PathBuf,
        /// The submodules.
        paths: Vec<String>,
    },
    /// The fix names a commit of a submodule that nobody else can fetch.
    #[error("{} is at a commit that is on no remote of it", paths.join(", "))]
    UnpublishedSubmodule {
        /// The slot.
        worktree: PathBuf,
        /// The submodules.
        paths: Vec<String>,
    },
    /// A repository of its own lies in the slot.
    #[error("{} is a repository of its own", paths.join(", "))]
    NestedRepository {
        /// Where.
        paths: Vec<String>,
    },
    /// There is no commit to start from.
    #[error("{repository} has no commit yet")]
    NoCommit {
        /// The repository.
        repository: String,
    },
    /// The base branch does not exist, here or on the remote.
    #[error("the base `{base}` does not exist{}", remote.as_ref().map(|name| format!(" on {name}")).unwrap_or_default())]
    UnknownBase {
        /// The base.
        base: String,
        /// The remote that was asked.
        remote: Option<String>,
    },
    /// The command that prints what is in production did not.
    #[error("`{command}` did not say what is deployed")]
    NotDeployed {
        /// The command.
        command: String,
        /// The last line it printed.
        said: String,
    },
    /// The branch to merge into does not exist.
    #[error("the branch `{target}` does not exist{}", remote.as_ref().map(|name| format!(" on {name}")).unwrap_or_default())]
    UnknownTarget {
        /// The branch.
        target: String,
        /// The remote that was asked.
        remote: Option<String>,
    },
    /// Nobody has chosen where the fix is to be merged.
    #[error("no branch is chosen that {id} is merged into")]
    NoTarget {
        /// The hotfix.
        id: String,
        /// What it starts from.
        base: String,
        /// Branches to choose from.
        choices: Vec<String>,
    },
    /// The target moved to where the base is not.
    #[error("{target} does not hold the base {base}")]
    OtherLine {
        /// The target.
        target: String,
        /// What the hotfix starts from.
        base: String,
    },
    /// There are several remotes, and none was chosen.
    #[error("there are {} remotes, and none is chosen: {}", names.len(), names.join(", "))]
    SeveralRemotes {
        /// Their names.
        names: Vec<String>,
    },
    /// There is no remote to deliver to.
    #[error("the repository has no remote to deliver to")]
    NoRemote,
}

impl Explain for SessionError {
    fn why(&self) -> String {
        match self {
            Self::NoneOpen => "none was started, or all are shipped".to_owned(),
            Self::SeveralOpen { .. } => "you stand in none of their worktrees".to_owned(),
            Self::NoSlot { .. } => "it was cleaned up".to_owned(),
            Self::CheckedOut { .. } => "a branch can be worked on in one worktree at a time".to_owned(),
            Self::Past { .. } => "there is nothing left to do in this step".to_owned(),
            Self::Busy { .. } => "two at once would overwrite each other".to_owned(),
            Self::NothingChanged { .. } => "there is nothing to prove, check, test or commit".to_owned(),
            Self::Untrusted { .. } => "what a repository brings may do anything your account may".to_owned(),
            Self::ChangedMeanwhile { .. } => "what was tested is not what would be committed".to_owned(),
            Self::InnerChanges { .. } => {
                "tests would see them, and the commit could not hold them".to_owned()
            }
            Self::LeftBehind { .. } => {
                "nobody moved it: committed, it would take the submodule back to where it was before"
                    .to_owned()
            }
            Self::UnpublishedSubmodule { .. } => {
                "whoever fetches the fix could not check the submodule out".to_owned()
            }
            Self::NestedRepository { .. } => {
                "Git would commit its address instead of its files, and nobody else could fetch them"
                    .to_owned()
            }
            Self::NoCommit { .. } => "a hotfix starts from a commit".to_owned(),
            Self::UnknownBase { .. } => "no branch, tag or commit has that name".to_owned(),
            Self::NotDeployed { said, .. } if said.is_empty() => "it printed nothing".to_owned(),
            Self::NotDeployed { said, .. } => said.clone(),
            Self::UnknownTarget { .. } => "a fix is merged into a branch that is there".to_owned(),
            Self::NoTarget { base, choices, .. } if choices.is_empty() => {
                format!("no branch of the remote holds its base {base}")
            }
            Self::NoTarget { base, choices, .. } => {
                format!("it does not follow from its base {base}; there are {}", choices.join(", "))
            }
            Self::OtherLine { .. } => "a fix is never moved from one line to another".to_owned(),
            Self::SeveralRemotes { .. } => "none of them is called origin".to_owned(),
            Self::NoRemote => "`git remote` lists none".to_owned(),
        }
    }

    fn next(&self) -> String {
        match self {
            Self::NoneOpen => "git hotfix start \"ALERT\"".to_owned(),
            Self::SeveralOpen { ids } => {
                format!(
                    "git hotfix status --id {}  # or another of them",
                    ids.first().map_or("ID", String::as_str)
                )
            }
            Self::NoSlot { id } => format!("git hotfix resume {id}"),
            Self::CheckedOut { path, .. } => {
                format!(
                    "git -C {} switch --detach  # then run the same command again",
                    quoted(&path.to_string_lossy())
                )
            }
            Self::Past { id, .. } => format!("git hotfix status --id {id}"),
            Self::Busy { .. } => "wait for it, then run the same command again".to_owned(),
            Self::NothingChanged { worktree } => {
                format!("cd {}  # edit, then run the same command again", quoted(worktree))
            }
            Self::Untrusted { .. } => "git hotfix trust".to_owned(),
            Self::ChangedMeanwhile { .. } => {
                "git hotfix ship  # again, if the edit was yours; a test that writes its own source has to write elsewhere"
                    .to_owned()
            }
            Self::InnerChanges { worktree, paths } => {
                format!("git -C {} status  # commit and push there, or take the changes back", first_in(worktree, paths))
            }
            Self::LeftBehind { id, worktree, paths } => format!(
                "git hotfix resume {id}  # brings it there; or, to make it part of the fix: git -C {} add {}",
                quoted(&worktree.to_string_lossy()),
                quoted(paths.first().map_or("", String::as_str))
            ),
            Self::UnpublishedSubmodule { worktree, paths } => format!(
                "git -C {} push origin HEAD:refs/heads/BRANCH  # then the same command again",
                first_in(worktree, paths)
            ),
            Self::NestedRepository { paths } => {
                let path = quoted(paths.first().map_or("", String::as_str));
                format!("mv {path} ELSEWHERE  # or: git submodule add URL {path}")
            }
            Self::NoCommit { .. } => "git commit  # then git hotfix start \"ALERT\"".to_owned(),
            Self::UnknownBase { .. } => {
                "git branch --all; git tag  # then git hotfix start --base NAME \"ALERT\"".to_owned()
            }
            Self::NotDeployed { .. } => "git hotfix start --base TAG \"ALERT\"".to_owned(),
            Self::UnknownTarget { .. } => "git branch --remotes  # then the same command with one of these".to_owned(),
            Self::NoTarget { id, choices, .. } => {
                let first = choices.first().map_or("BRANCH".to_owned(), |first| quoted(first));
                let others = choices.get(1..).unwrap_or_default().join(", ");
                let others = if others.is_empty() { others } else { format!("  # or {others}") };
                format!("git hotfix ship --id {} --target {first}{others}", quoted(id))
            }
            Self::OtherLine { target, .. } => {
                format!("git hotfix ship --target BRANCH  # or: git hotfix start --base {} \"ALERT\"", quoted(target))
            }
            Self::SeveralRemotes { names } => {
                let first = names.first().map_or("NAME", String::as_str);
                format!("git config checkout.defaultRemote {}  # or another of them", quoted(first))
            }
            Self::NoRemote => "git remote add origin URL  # then git hotfix ship".to_owned(),
        }
    }

    fn exit(&self) -> ExitCode {
        match self {
            Self::NoneOpen
            | Self::UnknownBase { .. }
            | Self::UnknownTarget { .. }
            | Self::NothingChanged { .. } => ExitCode::USAGE,
            Self::NoCommit { .. }
            | Self::NotDeployed { .. }
            | Self::SeveralRemotes { .. }
            | Self::NoRemote => ExitCode::SETUP,
            Self::SeveralOpen { .. }
            | Self::NoSlot { .. }
            | Self::CheckedOut { .. }
            | Self::Past { .. }
            | Self::NoTarget { .. }
            | Self::OtherLine { .. }
            | Self::Busy { .. }
            | Self::Untrusted { .. }
            | Self::InnerChanges { .. }
            | Self::LeftBehind { .. }
            | Self::UnpublishedSubmodule { .. }
            | Self::NestedRepository { .. }
            | Self::ChangedMeanwhile { .. } => ExitCode::DECISION,
        }
    }
}

/// The first of some paths in a worktree, as a word of a shell.
fn first_in(worktree: &std::path::Path, paths: &[String]) -> String {
    quoted(&worktree.join(paths.first().map_or("", String::as_str)).to_string_lossy())
}
