//! The remote asked beside other work.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::{Fetcher, Project, TargetBranch};
use crate::error::Result;
use crate::git::Oid;

/// How long a start waits for the remote.
pub const FETCH_PATIENCE: Duration = Duration::from_secs(5);
/// After this long a fetch that nobody waits for any more is given up.
const FETCH_LIMIT: Duration = Duration::from_mins(1);

/// A fetch that was begun.
pub struct Fetching(Receiver<Result<Oid>>);

/// What came of it.
pub enum Fetched {
    /// The newest base.
    Fresh(Oid),
    /// Not asked for, or there is no remote.
    NotAsked,
    /// The remote did not answer; why, in one line.
    Failed(String),
}

impl Project {
    /// Asks the remote in a thread of its own for the newest state of `target`.
    pub fn fetching(&self, target: &TargetBranch) -> Result<Fetching> {
        let fetcher = self.fetcher(target)?;
        let (sender, receiver) = channel();
        thread::spawn(move || sender.send(Fetcher::fetch(&fetcher, FETCH_LIMIT)));
        Ok(Fetching(receiver))
    }
}

impl Fetching {
    /// Waits for the answer, however long it takes; `None` if there is none.
    pub fn answer(&self) -> Option<Result<Oid>> {
        self.0.recv().ok()
    }

    /// Waits for the answer, at most [`FETCH_PATIENCE`].
    pub fn finish(&self) -> Fetched {
        match self.0.recv_timeout(FETCH_PATIENCE) {
            Ok(Ok(commit)) => Fetched::Fresh(commit),
            Ok(Err(error)) => Fetched::Failed(format!("{error}: {}", error.why())),
            Err(RecvTimeoutError::Timeout) => {
                Fetched::Failed(format!("it did not answer within {} s", FETCH_PATIENCE.as_secs()))
            }
            Err(RecvTimeoutError::Disconnected) => {
                Fetched::Failed("the fetch ended without an answer".to_owned())
            }
        }
    }
}
