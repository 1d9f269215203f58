//! Locks that a killed Git left behind. Git removes its locks when it ends, but not when it is killed; whoever comes
//! next is told that another Git seems to be running.

use std::path::{Path, PathBuf};

use super::{GitCommand, Repository, path_of};
use crate::error::Result;
use crate::exec::Finished;

/// Refs that only we write, and hotfix branches, as folders in the common folder.
const OURS: &[&str] = &["refs/heads/hotfix", "refs/hotfix"];
/// Those that no fetch writes: one may be under way in another thread.
const NOT_FETCHED: &[&str] = &["refs/heads/hotfix", "refs/hotfix/discarded", "refs/hotfix/record"];

/// More refs than one call of ours writes.
const MOST_LOCKS: u32 = 8;

impl Repository {
    /// Removes the locks of our refs, but for fetched ones, that no running Git owns.
    pub fn remove_stale_ref_locks(&self) {
        let locks: Vec<PathBuf> =
            NOT_FETCHED.iter().flat_map(|dir| locks_below(&self.common_dir().join(dir))).collect();
        if locks.is_empty() || self.git_runs() {
            return;
        }
        for lock in locks {
            // One that stays is in nobody's way before its ref is written again, and then told.
            std::fs::remove_file(lock).ok();
        }
    }

    /// Runs a call that writes refs; again if all that was in its way were locks of our refs that no running Git owns.
    pub(super) fn past_stale_locks<'a>(&self, call: impl Fn() -> GitCommand<'a>) -> Result<Finished> {
        let mut finished = call().finish()?;
        for _ in 0..MOST_LOCKS {
            if finished.success() || !self.remove_lock_in_the_way(&finished) {
                break;
            }
            finished = call().finish()?;
        }
        Ok(finished)
    }

    fn remove_lock_in_the_way(&self, finished: &Finished) -> bool {
        let Some(lock) = named_lock(&finished.stderr) else {
            return false;
        };
        let ours = OURS.iter().any(|dir| lock.starts_with(self.common_dir().join(dir)));
        ours && !self.git_runs() && std::fs::remove_file(lock).is_ok()
    }

    /// Whether a Git that is not ours runs in any worktree of this repository.
    fn git_runs(&self) -> bool {
        let shared = [self.home().to_owned(), self.common_dir().to_owned()];
        let dirs: Vec<PathBuf> = self.worktree_roots().into_iter().chain(shared).collect();
        git_runs_in(&dirs.iter().map(PathBuf::as_path).collect::<Vec<_>>())
    }
}

/// Whether a Git process that is not ours runs in one of `dirs`, or below. Where the system does not tell (no `/proc`),
/// none does.
pub(crate) fn git_runs_in(dirs: &[&Path]) -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return false;
    };
    processes.filter_map(|process| Some(process.ok()?.path())).any(|process| {
        let name = std::fs::read(process.join("comm")).unwrap_or_default();
        name.starts_with(b"git")
            && name != b"git-hotfix\n"
            && std::fs::read_link(process.join("cwd"))
                .is_ok_and(|at| dirs.iter().any(|dir| at.starts_with(dir)))
            && !is_ours(&process)
    })
}

/// Whether a process, told by its folder in `/proc`, comes from this one: a fetch may run beside a repair.
fn is_ours(process: &Path) -> bool {
    /// More than any Git call is deep.
    const DEEPEST: usize = 16;
    let own = rustix::process::getpid().as_raw_nonzero().to_string();
    let parent = |process: &PathBuf| {
        let stat = std::fs::read_to_string(process.join("stat")).ok()?;
        let (_, after_name) = stat.rsplit_once(')')?;
        Some(Path::new("/proc").join(after_name.split_whitespace().nth(1)?))
    };
    std::iter::successors(Some(process.to_owned()), parent)
        .take(DEEPEST)
        .any(|process| process.ends_with(&own))
}

/// The lock in `fatal: cannot lock ref '…': Unable to create '<lock>': File exists.`
fn named_lock(stderr: &[u8]) -> Option<PathBuf> {
    let at = |bytes: &[u8], wanted: &[u8]| bytes.windows(wanted.len()).position(|found| found == wanted);
    let begin = b"Unable to create '";
    let path = stderr.get(at(stderr, begin)? + begin.len()..)?;
    let path = path.get(..at(path, b".lock': File exists")?)?;
    Some(path_of(&[path, b".lock"].concat()))
}

/// All locks below a folder of refs. No name of a ref ends like theirs.
fn locks_below(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().filter_map(std::result::Result::ok);
    let mut locks = Vec::new();
    for entry in entries {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            locks.extend(locks_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "lock") {
            locks.push(path);
        }
    }
    locks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_is_read_from_what_git_says() {
        let said = b"fatal: cannot lock ref 'refs/hotfix/record/1': Unable to create '/a b/r/1.lock': File exists.\n\nAnother git process";
        assert_eq!(named_lock(said), Some(PathBuf::from("/a b/r/1.lock")));
        assert_eq!(named_lock(b"fatal: Unable to create '/r/1.lock': Permission denied"), None);
        assert_eq!(named_lock(b""), None);
    }
}
