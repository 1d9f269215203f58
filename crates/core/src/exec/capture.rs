//! Bounded keeping of what a child writes.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::{LOG_LIMIT, TAIL_LIMIT};

/// What is kept of one stream.
#[derive(Debug, Default)]
pub struct Kept {
    bytes: VecDeque<u8>,
    total: u64,
    log: Option<File>,
    bounded: bool,
}

impl Kept {
    /// Keeps everything.
    pub fn all() -> Self {
        Self::default()
    }

    /// Keeps the newest bytes in memory and the first ones in a file of mode 0600.
    pub fn tail(log: &Path) -> std::io::Result<Self> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(log)?;
        Ok(Self { log: Some(file), bounded: true, ..Self::default() })
    }

    /// The bytes kept in memory and the number of bytes seen.
    pub fn finish(self) -> (Vec<u8>, u64) {
        (self.bytes.into(), self.total)
    }

    /// The number of bytes seen up to now.
    pub fn seen(&self) -> u64 {
        self.total
    }

    /// Keeps some more.
    pub fn take(&mut self, bytes: &[u8]) {
        let room = usize::try_from(LOG_LIMIT.saturating_sub(self.total)).unwrap_or(usize::MAX);
        if let Some(log) = &mut self.log {
            // A full disk must not stop the tests; the log is then merely shorter.
            let _ = log.write_all(bytes.get(..room.min(bytes.len())).unwrap_or_default());
        }
        self.total += bytes.len() as u64;
        self.bytes.extend(bytes);
        if self.bounded && self.bytes.len() > TAIL_LIMIT {
            let excess = self.bytes.len() - TAIL_LIMIT;
            self.bytes.drain(..excess);
        }
    }
}
