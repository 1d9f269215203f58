//! One lock per slot, held by a process while it works there. It dies with the process.

use std::io::Write;
use std::path::Path;

use crate::error::Result;
use crate::lock::FileLock;

/// Held by a process while it works in a slot.
#[derive(Debug)]
pub struct SlotLock(#[expect(dead_code, reason = "held for its lock")] FileLock);

impl SlotLock {
    /// Takes the lock; `None` if another process, or another part of this one, has it.
    pub(super) fn try_take(path: &Path) -> Result<Option<Self>> {
        let Some(lock) = FileLock::try_take(path)? else {
            return Ok(None);
        };
        let mut file = lock.file();
        // Only a courtesy for who meets the lock: without it they see a question mark.
        let _ = file.set_len(0).and_then(|()| write!(file, "{}", crate::exec::own_process()));
        Ok(Some(Self(lock)))
    }

    /// Whether somebody has the lock.
    pub(super) fn is_taken(path: &Path) -> bool {
        FileLock::is_taken(path)
    }

    /// The process that wrote itself into a lock file last.
    pub(super) fn owner(path: &Path) -> String {
        let written = std::fs::read_to_string(path).unwrap_or_default();
        if written.is_empty() { "?".to_owned() } else { written }
    }
}
