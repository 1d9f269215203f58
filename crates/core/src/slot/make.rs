//! Worktrees made, and taken apart again when that was cut short.

use std::path::{Path, PathBuf};

use super::place::{self, Place, points_to};
use super::{Pool, SlotError};
use crate::error::{Error, Explain, FileError, Result};
use crate::failpoint;
use crate::git::{CommonLock, GitError, Oid, Worktree, is_same_path, read_git_file, read_worktree_root};

/// How often a worktree is made before it is given up.
const TRIES: u32 = 3;

impl Pool<'_> {
    /// Makes a worktree at a path where nothing was a moment ago and that is recorded as being made. Others are kept
    /// from making one only until its entry is complete; its files take longer. `narrow` may say which files it gets.
    pub(super) fn add(
        &self,
        path: &Path,
        commit: &Oid,
        narrow: impl FnOnce(&Worktree) -> Result<()>,
    ) -> Result<Worktree> {
        can_write_beside(path)?;
        let made = self.begin(path, commit).and_then(|worktree| {
            narrow(&worktree)?;
            self.repository.fill_worktree(&worktree)?;
            Ok(worktree)
        });
        failpoint::reach(self.repository.ctx(), "slot.made");
        made.or_else(|error| {
            self.unmake(&CommonLock::acquire(self.repository)?, path)?;
            match error.downcast_ref::<GitError>() {
                Some(git @ GitError::Failed { .. }) => {
                    Err(SlotError::NotMade { path: path.to_owned(), why: git.why() }.into())
                }
                _ => Err(error),
            }
        })
    }

    /// Git's entry of a worktree and its folder, with nothing in it yet.
    fn begin(&self, path: &Path, commit: &Oid) -> Result<Worktree> {
        let common = CommonLock::acquire(self.repository)?;
        failpoint::reach(self.repository.ctx(), "slot.making");
        let mut added = self.repository.add_worktree(&common, path, commit);
        for _ in 1..TRIES {
            if !added.as_ref().is_err_and(was_pruned) {
                break;
            }
            self.unmake(&common, path)?;
            added = self.repository.add_worktree(&common, path, commit);
        }
        let worktree = added?;
        place::make_private(path).map_err(FileError::of("protect", path))?;
        place::mark(&worktree).map_err(FileError::of("mark", path))?;
        Ok(worktree)
    }

    /// Takes apart what a cut-short [`Pool::add`] left: the folder if Git had begun to fill it, and Git's entry.
    /// Cut short itself, it leaves what is known as ours again: the pointer goes last.
    pub(super) fn unmake(&self, common: &CommonLock, path: &Path) -> Result<()> {
        let entries = self.begun_entries(path)?;
        let ours = is_ours_half_made(path, &self.repository.common_dir().join("worktrees"), &entries);
        if ours {
            remove_all_but_pointer(path).map_err(FileError::of("remove", path))?;
        }
        for entry in entries {
            self.repository.remove_entry(common, &entry)?;
        }
        if ours {
            std::fs::remove_dir_all(path).map_err(FileError::of("remove", path))?;
        }
        Ok(())
    }

    /// Entries in the repository that our `worktree add` for `path` may have left. `locked` is the first file that
    /// Git writes there, with our reason; another user's entry has none, or another reason.
    fn begun_entries(&self, path: &Path) -> Result<Vec<PathBuf>> {
        let recorded = self.recorded_git_dirs()?;
        let dir = self.repository.common_dir().join("worktrees");
        let Ok(listed) = std::fs::read_dir(&dir) else {
            return Ok(Vec::new());
        };
        let begun = |entry: &PathBuf| {
            let root = read_worktree_root(entry);
            let for_path = root.as_ref().is_some_and(|root| is_same_path(root, path));
            let unfinished = root.is_none();
            match std::fs::read_to_string(entry.join("locked")) {
                Ok(reason) if reason.trim() == "hotfix" => for_path || unfinished,
                Ok(reason) => reason.is_empty() && unfinished && entry.file_name() == path.file_name(),
                // Git was stopped while it took a failed one apart itself.
                Err(_) => (for_path && has_no_commit(entry)) || (unfinished && points_to(path, entry)),
            }
        };
        let entries = listed.filter_map(|entry| Some(entry.ok()?.path()));
        Ok(entries.filter(|entry| !recorded.contains(entry) && begun(entry)).collect())
    }

    fn recorded_git_dirs(&self) -> Result<Vec<PathBuf>> {
        let entries = self.store.load_all()?;
        let places = entries.iter().flat_map(|entry| entry.twin.iter().chain([&entry.place]));
        Ok(places.filter_map(|place: &Place| place.git_dir(self.repository)).collect())
    }
}

fn remove_all_but_pointer(path: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_name() == ".git" {
            continue;
        }
        if entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
        } else {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Whether an entry's HEAD is as Git writes it before it checks out, or was never written.
fn has_no_commit(entry: &Path) -> bool {
    let head = std::fs::read_to_string(entry.join("HEAD")).unwrap_or_default();
    head.trim().bytes().all(|byte| byte == b'0')
}

/// Whether a folder is one that Git had only begun to fill: empty, or pointing to one of `entries`, or holding nothing
/// but a pointer that was never written or whose entry among the `worktrees` is gone again.
fn is_ours_half_made(path: &Path, worktrees: &Path, entries: &[PathBuf]) -> bool {
    if !path.symlink_metadata().is_ok_and(|found| found.is_dir()) {
        return false;
    }
    let count = std::fs::read_dir(path).map_or(usize::MAX, Iterator::count);
    match std::fs::read(path.join(".git")) {
        Err(_) => count == 0,
        Ok(pointer) if pointer.is_empty() => count == 1,
        Ok(_) => {
            let target = read_git_file(path).unwrap_or_default();
            let dead = !target.exists() && target.parent() == Some(worktrees);
            entries.contains(&target) || (dead && count == 1)
        }
    }
}

/// Fails with words about `slot.path` where Git would fail with words about folders.
fn can_write_beside(path: &Path) -> Result<(), SlotError> {
    use rustix::fs::{Access, access};
    // Its twin has the longer name.
    let found = super::twin::first_path(path).symlink_metadata().map_err(|error| error.raw_os_error());
    if found.is_err_and(|code| code == Some(rustix::io::Errno::NAMETOOLONG.raw_os_error())) {
        let why = "its name is too long for the file system".to_owned();
        return Err(SlotError::BadPlace { path: path.to_owned(), why });
    }
    let existing = path.ancestors().skip(1).find(|dir| dir.symlink_metadata().is_ok());
    let existing = existing.unwrap_or(Path::new("/"));
    access(existing, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| SlotError::BadPlace {
        path: path.to_owned(),
        why: format!("{} cannot be written to: {error}", existing.display()),
    })
}

/// Whether somebody's `git worktree prune`, which is a part of `git gc`, took Git's entry away while it was being made.
fn was_pruned(error: &Error) -> bool {
    matches!(error.downcast_ref(), Some(GitError::Failed { said, .. })
        if said.contains("/worktrees/") && said.ends_with("No such file or directory"))
}
