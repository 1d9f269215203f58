//! Looks at a worktree of ours, cheap looks first.

use std::path::{Path, PathBuf};

use super::Stamp;
use crate::error::Result;
use crate::git::{Head, Oid, Repository, Worktree};

/// What Git leaves in a worktree's private folder while something is going on.
const IN_PROGRESS: &[(&str, &str)] = &[
    ("MERGE_HEAD", "a merge"),
    ("CHERRY_PICK_HEAD", "a cherry-pick"),
    ("REVERT_HEAD", "a revert"),
    ("BISECT_LOG", "a bisect"),
    ("rebase-merge", "a rebase"),
    ("rebase-apply", "a rebase"),
    ("sequencer", "a cherry-pick or revert"),
];

/// Git's own locks in a worktree's private folder.
const LOCKS: &[&str] = &["index.lock", "HEAD.lock"];

/// What was begun in the worktree and not ended.
pub(super) fn in_progress(worktree: &Worktree) -> Option<&'static str> {
    let begun = |(name, _): &&(&str, &str)| worktree.git_dir.join(name).symlink_metadata().is_ok();
    IN_PROGRESS.iter().find(begun).map(|(_, what)| *what)
}

/// Git's locks that lie in a private folder.
pub(super) fn locks(git_dir: &Path) -> Vec<PathBuf> {
    let all = LOCKS.iter().map(|name| git_dir.join(name));
    all.filter(|lock| lock.symlink_metadata().is_ok()).collect()
}

/// Why a parked slot cannot be taken; `None` if it is as it was left at `commit`. With a stamp that holds, its files
/// are not looked at.
pub(super) fn unready(
    repository: &Repository,
    worktree: &Worktree,
    (commit, stamp): (&Oid, Option<&Stamp>),
) -> Result<Option<String>> {
    if let Some(lock) = locks(&worktree.git_dir).first() {
        return Ok(Some(format!("{} exists: Git may be running in it", lock.display())));
    }
    if let Some(what) = in_progress(worktree) {
        return Ok(Some(format!("{what} is in progress in it")));
    }
    match repository.head_of(worktree)? {
        Head::Detached(found) if found == *commit => {}
        Head::Branch(name) => return Ok(Some(format!("{name} is checked out in it"))),
        Head::Detached(found) => return Ok(Some(format!("it was moved to {}", found.short()))),
        Head::Unreadable => return Ok(Some("its HEAD cannot be read".to_owned())),
    }
    if stamp.is_some_and(|stamp| stamp.holds(worktree, commit)) {
        return Ok(None);
    }
    repository.unhide(worktree)?;
    edited(repository, worktree)
}

/// The first thing in a worktree that is not as in its HEAD, as part of a sentence. This is the full look at every
/// file.
pub(super) fn edited(repository: &Repository, worktree: &Worktree) -> Result<Option<String>> {
    let status = without_submodules(repository, worktree, repository.status_noting(worktree)?)?;
    Ok(status.first().map(|(code, path)| match code.as_str() {
        "??" => format!("{} in it is in no commit", path.display()),
        _ => format!("{} was edited in it", path.display()),
    }))
}

/// A status without the submodules: what they hold is looked for in them, and where they stand is up to us.
pub(super) fn without_submodules(
    repository: &Repository,
    worktree: &Worktree,
    mut status: Vec<(String, PathBuf)>,
) -> Result<Vec<(String, PathBuf)>> {
    if !status.is_empty() {
        let submodules = repository.submodules(worktree)?;
        status.retain(|(_, path)| !submodules.iter().any(|submodule| submodule.path == *path));
    }
    Ok(status)
}
