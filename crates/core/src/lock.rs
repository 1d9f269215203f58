//! A lock on a file: one holder on this machine. It dies with its process, so nothing is ever left to clear away.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use crate::ctx::Ctx;
use crate::error::{FileError, Result};

/// How long a waiting process sleeps between two tries.
const PAUSE: Duration = Duration::from_millis(2);

/// Held until it is dropped. Programs that are started meanwhile do not inherit it.
#[derive(Debug)]
pub struct FileLock(File);

impl Drop for FileLock {
    fn drop(&mut self) {
        // Said aloud: a program that another thread is just starting still has a copy of the file.
        let _ = self.0.unlock();
    }
}

impl FileLock {
    /// Takes the lock on a file, which is made if it does not exist; `None` if somebody else has it: another process,
    /// or another part of this one.
    pub fn try_take(path: &Path) -> Result<Option<Self>> {
        try_lock(open(path)?, path).map(Result::ok)
    }

    /// Takes the lock on a file as soon as nobody else has it; `None` after `at_most`.
    pub fn wait(ctx: &Ctx, path: &Path, at_most: Duration) -> Result<Option<Self>> {
        Self::wait_on(ctx, (open(path)?, path), at_most)
    }

    /// The same for a file that is open already.
    pub fn wait_on(ctx: &Ctx, (file, path): (File, &Path), at_most: Duration) -> Result<Option<Self>> {
        let began = ctx.clock.elapsed();
        let mut file = file;
        loop {
            file = match try_lock(file, path)? {
                Ok(lock) => return Ok(Some(lock)),
                Err(file) => file,
            };
            if ctx.elapsed_since(began) >= at_most {
                return Ok(None);
            }
            ctx.go_on()?;
            std::thread::sleep(PAUSE);
        }
    }

    /// Whether somebody has the lock on a file. A file that cannot be opened is nobody's.
    pub fn is_taken(path: &Path) -> bool {
        // Others may look at the same time: they do not meet each other.
        let taken = |file: File| match file.try_lock_shared() {
            Ok(()) => {
                drop(Self(file));
                false
            }
            Err(error) => matches!(error, TryLockError::WouldBlock),
        };
        File::open(path).is_ok_and(taken)
    }

    /// The file.
    pub const fn file(&self) -> &File {
        &self.0
    }
}

fn open(path: &Path) -> Result<File> {
    let open = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path);
    Ok(open.map_err(FileError::of("open", path))?)
}

/// The lock, or the file back.
fn try_lock(file: File, path: &Path) -> Result<Result<FileLock, File>> {
    match file.try_lock() {
        Ok(()) => Ok(Ok(FileLock(file))),
        Err(TryLockError::WouldBlock) => Ok(Err(file)),
        Err(TryLockError::Error(error)) => Err(FileError::of("lock", path)(error).into()),
    }
}
