//! Looks at slots before there is an alert. Nothing is changed.

use std::path::PathBuf;

use super::state::{Entry, SlotState};
use super::{Pool, SlotLock, inspect};
use crate::error::Result;
use crate::git::Oid;

/// A slot that waits for a hotfix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its number, from 1.
    pub number: u32,
    /// Its folder.
    pub path: PathBuf,
    /// The commit it waits at.
    pub commit: Oid,
    /// Whether it has a twin.
    pub has_twin: bool,
    /// Whether it was left in the middle of something, which whoever takes it finishes.
    pub unfinished: bool,
    /// Why it could not be taken; `None` if it could.
    pub trouble: Option<String>,
}

impl Pool<'_> {
    /// All slots that wait, by number, each looked at as closely as if it were to be taken.
    pub fn waiting(&self) -> Result<Vec<Waiting>> {
        let entries = self.store.load_all()?;
        let waiting = entries.into_iter().filter_map(|entry| Some((entry.waits_at()?.clone(), entry)));
        waiting.map(|(commit, entry)| self.look(&entry, commit)).collect()
    }

    /// What crashes and hands left of slots, one line each. [`Pool::repair`] repairs it.
    pub fn damaged(&self) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for entry in self.store.load_all()? {
            let path = entry.place.path().display();
            if SlotLock::is_taken(&self.store.lock_path(entry.number)) {
                continue;
            }
            let half = match entry.state {
                SlotState::Making => Some("made"),
                SlotState::Removing { .. } => Some("removed"),
                _ => None,
            };
            if let Some(half) = half {
                found.push(format!("{path} is half {half}"));
                continue;
            }
            for place in entry.twin.iter().chain([&entry.place]) {
                if let Err(why) = place.worktree(self.repository) {
                    found.push(format!("{}: {why}", place.path().display()));
                }
            }
        }
        Ok(found)
    }

    /// Where the first slot is, or would be made.
    pub fn first_place(&self) -> Result<PathBuf> {
        let known = self.store.load(1).map(|entry| entry.place.path().to_owned());
        known.map_or_else(|| self.path_for(1), Ok)
    }

    fn look(&self, entry: &Entry, commit: Oid) -> Result<Waiting> {
        let trouble = match self.try_lock(entry.number)? {
            Some(_lock) => self.trouble(entry, &commit)?,
            None => Some("a process works in it".to_owned()),
        };
        let path = entry.place.path().to_owned();
        let unfinished = !matches!(entry.state, SlotState::Parked { .. });
        Ok(Waiting {
            number: entry.number,
            path,
            commit,
            has_twin: entry.twin.is_some(),
            unfinished,
            trouble,
        })
    }

    fn trouble(&self, entry: &Entry, commit: &Oid) -> Result<Option<String>> {
        let worktree = match entry.place.worktree(self.repository) {
            Ok(worktree) => worktree,
            Err(why) => return Ok(Some(why)),
        };
        let SlotState::Parked { stamp, .. } = &entry.state else {
            // On its way; the next start finishes that first.
            return Ok(None);
        };
        let trouble = self.why_unready(&worktree, (commit, stamp.as_ref()))?;
        if trouble.is_some() {
            return Ok(trouble);
        }
        // Without noting what was looked at: a stamp holds only as long as nobody writes the index.
        let status =
            inspect::without_submodules(self.repository, &worktree, self.repository.status(&worktree)?)?;
        Ok(status.first().map(|(_, path)| format!("{} in it is not as it was left", path.display())))
    }
}
