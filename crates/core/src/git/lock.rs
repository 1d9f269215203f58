//! Locks per common directory. Git's own `worktree add` fails for 15 to 34 of 50 concurrent calls; one at a time, none
//! fails. A `fetch` beside it fails for 9 of 25, because it looks at entries that are not complete: it has a lock of its
//! own, as a slow remote must not keep worktrees from being made, and is repeated where it met one.

use std::path::Path;
use std::time::Duration;

use super::{GitError, Repository};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::lock::FileLock;

/// How long a lock is waited for.
const PATIENCE: Duration = Duration::from_mins(2);

/// Held while entries of worktrees are added, removed or pruned. Dies with its process.
#[derive(Debug)]
pub struct CommonLock(#[expect(dead_code, reason = "held for its lock")] FileLock);

impl CommonLock {
    /// Waits for the lock, at most two minutes.
    pub fn acquire(repository: &Repository) -> Result<Self> {
        let path = repository.make_state_dir()?.join("lock");
        wait_for(repository.ctx(), &path, PATIENCE).map(Self)
    }
}

/// Held while something is fetched into our own namespace. Dies with its process.
#[derive(Debug)]
pub struct FetchLock(#[expect(dead_code, reason = "held for its lock")] FileLock);

impl FetchLock {
    /// Waits for the lock: somebody else's fetch may hang as long as its own limit lets it.
    pub fn acquire(repository: &Repository, at_most: Duration) -> Result<Self> {
        let path = repository.make_state_dir()?.join("fetch-lock");
        wait_for(repository.ctx(), &path, at_most).map(Self)
    }
}

/// Waits for a lock that protects what is in Git.
pub(crate) fn wait_for(ctx: &Ctx, path: &Path, at_most: Duration) -> Result<FileLock> {
    let locked = || GitError::Locked { path: path.to_owned(), waited: at_most };
    Ok(FileLock::wait(ctx, path, at_most)?.ok_or_else(locked)?)
}
