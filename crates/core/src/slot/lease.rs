//! One lock per slot, held by a process while it works there. It dies with the process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::error::{FileError, Result};

/// Held by a process while it works in a slot. Children do not inherit it.
#[derive(Debug)]
pub struct SlotLock(File);

impl Drop for SlotLock {
    fn drop(&mut self) {
        // Said aloud: a child that another thread is just starting still has a copy of the file.
        let _ = self.0.unlock();
    }
}

impl SlotLock {
    /// Takes the lock; `None` if another process, or another part of this one, has it.
    pub(super) fn try_take(path: &Path) -> Result<Option<Self>> {
        let open = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path);
        let mut file = open.map_err(FileError::of("open", path))?;
        match file.try_lock() {
            Ok(()) => {
                // Only a courtesy for who meets the lock: without it they see a question mark.
                let _ = file.set_len(0).and_then(|()| write!(file, "{}", crate::exec::own_process()));
                Ok(Some(Self(file)))
            }
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(FileError::of("lock", path)(error).into()),
        }
    }

    /// Whether somebody has the lock.
    pub(super) fn is_taken(path: &Path) -> bool {
        let taken = |file: File| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
        File::open(path).is_ok_and(taken)
    }

    /// The process that wrote itself into a lock file last.
    pub(super) fn owner(path: &Path) -> String {
        let written = std::fs::read_to_string(path).unwrap_or_default();
        if written.is_empty() { "?".to_owned() } else { written }
    }
}
