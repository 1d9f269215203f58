//! Bounded keeping of what a child writes.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::{LOG_LIMIT, TAIL_LIMIT};

/// What is kept of one stream. Shared with the thread that reads it, so that it can be looked at while a runaway
/// child still holds the stream open.
#[derive(Clone, Debug, Default)]
pub struct Kept(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
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
        let state = State { log: Some(file), bounded: true, ..State::default() };
        Ok(Self(Arc::new(Mutex::new(state))))
    }

    /// Reads a stream to its end.
    pub fn drain(&self, mut stream: impl Read) {
        let mut buffer = vec![0; 64 << 10];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => self.take(buffer.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }

    /// The bytes kept in memory and the number of bytes seen.
    pub fn finish(&self) -> (Vec<u8>, u64) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (std::mem::take(&mut state.bytes).into(), state.total)
    }

    /// The number of bytes seen up to now.
    pub fn seen(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).total
    }

    fn take(&self, bytes: &[u8]) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = usize::try_from(LOG_LIMIT.saturating_sub(state.total)).unwrap_or(usize::MAX);
        if let Some(log) = &mut state.log {
            // A full disk must not stop the tests; the log is then merely shorter.
            let _ = log.write_all(bytes.get(..room.min(bytes.len())).unwrap_or_default());
        }
        state.total += bytes.len() as u64;
        state.bytes.extend(bytes);
        if state.bounded && state.bytes.len() > TAIL_LIMIT {
            let excess = state.bytes.len() - TAIL_LIMIT;
            state.bytes.drain(..excess);
        }
    }
}
