//! Locks per common directory. Git's own `worktree add` fails for 15 to 34 of 50 concurrent calls; one at a time, none
//! fails. A `fetch` beside it fails for 9 of 25, because it looks at entries that are not complete: it has a lock of its
//! own, as a slow remote must not keep worktrees from being made, and is repeated where it met one.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use super::{GitError, Repository};
use crate::ctx::Ctx;
use crate::error::{FileError, Result};

/// How long a lock is waited for.
const PATIENCE: Duration = Duration::from_mins(2);

/// Held while entries of worktrees are added, removed or pruned. Dies with its process.
#[derive(Debug)]
pub struct CommonLock(#[expect(dead_code, reason = "held for its lock")] File);

impl CommonLock {
    /// Waits for the lock, at most two minutes.
    pub fn acquire(repository: &Repository) -> Result<Self> {
        let path = repository.make_state_dir()?.join("lock");
        wait_for(repository.ctx(), &path, PATIENCE).map(Self)
    }
}

/// Held while something is fetched into our own namespace. Dies with its process.
#[derive(Debug)]
pub struct FetchLock(#[expect(dead_code, reason = "held for its lock")] File);

impl FetchLock {
    /// Waits for the lock: somebody else's fetch may hang as long as its own limit lets it.
    pub fn acquire(repository: &Repository, at_most: Duration) -> Result<Self> {
        let path = repository.make_state_dir()?.join("fetch-lock");
        wait_for(repository.ctx(), &path, at_most).map(Self)
    }
}

/// Waits for an exclusive lock on a file, which is made if it does not exist.
pub(crate) fn wait_for(ctx: &Ctx, path: &Path, at_most: Duration) -> Result<File> {
    let open = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path);
    let file = open.map_err(FileError::of("open", path))?;
    let began = ctx.clock.elapsed();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => {
                return Err(FileError::of("lock", path)(error).into());
            }
            Err(TryLockError::WouldBlock) => {}
        }
        let waited = ctx.elapsed_since(began);
        if waited >= at_most {
            return Err(GitError::Locked { path: path.to_owned(), waited }.into());
        }
        ctx.go_on()?;
        std::thread::sleep(Duration::from_millis(2));
    }
}
