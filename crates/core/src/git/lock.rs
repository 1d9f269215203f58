//! One lock per common directory. Git's own `worktree add` fails for 15 to 34 of 50 concurrent calls, and `fetch`
//! beside it for 9 of 25; one at a time, none fails.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use super::{GitError, Repository};
use crate::ctx::Ctx;
use crate::error::{FileError, Result};

/// Held while worktrees are added, removed or pruned, and while something is fetched. Dies with its process.
#[derive(Debug)]
pub struct CommonLock(#[expect(dead_code, reason = "held for its lock")] File);

impl CommonLock {
    /// Waits for the lock, at most two minutes.
    pub fn acquire(repository: &Repository) -> Result<Self> {
        let path = repository.make_state_dir()?.join("lock");
        wait_for(repository.ctx(), &path, Duration::from_mins(2)).map(Self)
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
