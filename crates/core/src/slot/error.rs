//! What can go wrong with slots.

use std::path::{Path, PathBuf};

use hotfix_model::ExitCode;

use super::place::MOVED;
use crate::error::Explain;

/// How a slot is put elsewhere at once: what the repository's own `hotfix.toml` says counts only after a merge.
const ELSEWHERE: &str = "git hotfix --set slot.path=/FOLDER/NAME start \"ALERT\"  # or, for good, `path` below [slot] in ~/.config/git-hotfix/config.toml";
/// How many files or holders of slots are named in one line.
const MOST_SHOWN: usize = 5;

/// An error of the slots.
#[derive(Debug, thiserror::Error)]
pub enum SlotError {
    /// The slot of an open hotfix is not there any more.
    #[error("the slot of {hotfix} at {} is gone", path.display())]
    Gone {
        /// The hotfix.
        hotfix: String,
        /// Where it was.
        path: PathBuf,
    },
    /// The slot of an open hotfix is on something else than the hotfix branch.
    #[error("{} is on {found}, not on {branch}", path.display())]
    Elsewhere {
        /// The slot.
        path: PathBuf,
        /// The branch of the hotfix, without `refs/heads/`.
        branch: String,
        /// What it is on.
        found: String,
    },
    /// Another process works in the slot.
    #[error("{} is in use by process {process}", path.display())]
    Busy {
        /// The slot.
        path: PathBuf,
        /// The process, as it wrote itself down; `?` if it did not.
        process: String,
    },
    /// A merge, rebase or the like was begun in the slot and not ended.
    #[error("{what} is in progress in {}", path.display())]
    InProgress {
        /// The slot.
        path: PathBuf,
        /// What, with its article: `a rebase`.
        what: &'static str,
    },
    /// A slot cannot be where the configuration wants it.
    #[error("a slot cannot be made at {}", path.display())]
    BadPlace {
        /// Where.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Git could not make the worktree.
    #[error("the slot {} could not be made; what was begun is removed", path.display())]
    NotMade {
        /// Where.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A folder is not what we left there.
    #[error("{} cannot be used as a slot", path.display())]
    Suspicious {
        /// The folder.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The twin's files are not those asked for.
    #[error("{} does not hold exactly the files of base", path.display())]
    NotExact {
        /// The twin.
        path: PathBuf,
        /// The first file that differs.
        first: PathBuf,
    },
    /// A submodule is not in the twin, or not at its commit.
    #[error("{} lacks a submodule", path.display())]
    LacksSubmodule {
        /// The twin.
        path: PathBuf,
        /// Which, and why.
        why: String,
    },
    /// Files were in the slot before its hotfix began.
    #[error("{} in {} older than hotfix {hotfix}: {}", counted(files), path.display(), listed(files))]
    Strangers {
        /// The slot.
        path: PathBuf,
        /// The hotfix.
        hotfix: String,
        /// The files, as paths in the slot.
        files: Vec<PathBuf>,
    },
    /// One more slot would be more than `slot.max`.
    #[error("all {most} slots are in use")]
    TooMany {
        /// The limit.
        most: u32,
        /// Who has them, in words.
        holders: Vec<String>,
        /// The hotfix that has had one for longest.
        oldest: Option<String>,
    },
    /// A slot that was to be removed is in use or holds something.
    #[error("slot {number} is not removed")]
    NotRemovable {
        /// Its number.
        number: u32,
        /// Why.
        why: String,
        /// The next command.
        next: String,
    },
    /// No slot of that number.
    #[error("there is no slot {number}")]
    Unknown {
        /// The number.
        number: u32,
    },
}

impl Explain for SlotError {
    fn why(&self) -> String {
        match self {
            Self::Gone { .. } => {
                "somebody removed the folder or its worktree; what was committed is safe".to_owned()
            }
            Self::Elsewhere { .. } => "something else was checked out in the slot".to_owned(),
            Self::Busy { .. } => "one command at a time works in a slot".to_owned(),
            Self::InProgress { .. } => "ending it for you could lose something".to_owned(),
            Self::BadPlace { why, .. }
            | Self::NotMade { why, .. }
            | Self::LacksSubmodule { why, .. }
            | Self::Suspicious { why, .. }
            | Self::NotRemovable { why, .. } => why.clone(),
            Self::TooMany { most, holders, .. } => {
                let shown: Vec<&str> = holders.iter().take(MOST_SHOWN).map(String::as_str).collect();
                let more = holders.len().saturating_sub(MOST_SHOWN);
                let more = if more == 0 { String::new() } else { format!(" and {more} more") };
                format!("slot.max is {most}; they are held by {}{more}", shown.join(", "))
            }
            Self::NotExact { first, .. } => format!("{} differs", first.display()),
            Self::Strangers { .. } => "what was left there before is not part of your fix".to_owned(),
            Self::Unknown { .. } => "slots are numbered from 1".to_owned(),
        }
    }

    fn next(&self) -> String {
        match self {
            Self::Gone { hotfix, .. } => format!("git hotfix resume {hotfix}"),
            Self::Elsewhere { path, branch, .. } => format!("git -C {} switch {branch}", path.display()),
            Self::Busy { .. } => "wait for it to end, then run the same command again".to_owned(),
            Self::InProgress { path, .. } => format!("git -C {} status", path.display()),
            Self::BadPlace { .. } => ELSEWHERE.to_owned(),
            Self::NotMade { why, .. } if why.contains("No space left") || why.contains("quota") => {
                "free some disk space, then run the same command again".to_owned()
            }
            Self::LacksSubmodule { .. } => {
                "git submodule update --init --recursive  # in your own worktree, then run the same command again".to_owned()
            }
            Self::NotMade { .. } => "run the same command again".to_owned(),
            Self::Suspicious { path, why } if why == MOVED => {
                format!("git worktree repair {}  # then run the same command again", word(path))
            }
            Self::Suspicious { path, .. } => format!("look at {}, and move it away", path.display()),
            Self::NotExact { .. } => {
                "run the same command again; if it stays, set the file's filters right".to_owned()
            }
            Self::Strangers { path, hotfix, files } => format!(
                "git hotfix resume {hotfix}  # saves them elsewhere; or, to make them part of the fix: cd {} && touch {}",
                word(path),
                files.iter().map(|file| word(file)).collect::<Vec<_>>().join(" ")
            ),
            Self::TooMany { oldest: Some(hotfix), .. } => {
                format!("git hotfix cleanup --id {hotfix}  # or look at all of them: git hotfix slot list")
            }
            Self::NotRemovable { next, .. } => next.clone(),
            Self::TooMany { oldest: None, .. } | Self::Unknown { .. } => "git hotfix slot list".to_owned(),
        }
    }

    fn exit(&self) -> ExitCode {
        match self {
            Self::BadPlace { .. }
            | Self::NotMade { .. }
            | Self::LacksSubmodule { .. }
            | Self::NotExact { .. } => ExitCode::SETUP,
            Self::Unknown { .. } => ExitCode::USAGE,
            _ => ExitCode::DECISION,
        }
    }
}

fn counted(files: &[PathBuf]) -> String {
    match files.len() {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    }
}

fn listed(files: &[PathBuf]) -> String {
    let shown: Vec<String> = files.iter().take(MOST_SHOWN).map(|file| file.display().to_string()).collect();
    let more = if files.len() > MOST_SHOWN { " …" } else { "" };
    shown.join(" ") + more
}

/// A path as one word of a shell.
fn word(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+=@".contains(letter);
    if path.chars().all(plain) && !path.starts_with('-') {
        return path;
    }
    let name = if path.starts_with('-') { format!("./{path}") } else { path };
    format!("'{}'", name.replace('\'', "'\\''"))
}
