//! The remote asked beside other work.

use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel};
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

    /// Waits for the answer, at most [`FETCH_PATIENCE`]. Until it is there, does one small `piece` of work after the
    /// other, as long as there is one.
    pub fn finish_beside(&self, mut piece: impl FnMut() -> bool) -> Fetched {
        loop {
            match self.0.try_recv() {
                Ok(answer) => return told(answer),
                Err(TryRecvError::Empty) if piece() => {}
                Err(_) => return self.finish(),
            }
        }
    }

    /// Waits for the answer, at most [`FETCH_PATIENCE`].
    fn finish(&self) -> Fetched {
        match self.0.recv_timeout(FETCH_PATIENCE) {
            Ok(answer) => told(answer),
            Err(RecvTimeoutError::Timeout) => {
                Fetched::Failed(format!("it did not answer within {} s", FETCH_PATIENCE.as_secs()))
            }
            Err(RecvTimeoutError::Disconnected) => {
                Fetched::Failed("the fetch ended without an answer".to_owned())
            }
        }
    }
}

fn told(answer: Result<Oid>) -> Fetched {
    match answer {
        Ok(commit) => Fetched::Fresh(commit),
        Err(error) => Fetched::Failed(format!("{error}: {}", error.why())),
    }
}
