//! Slots looked up: by hotfix, by folder, all of them.

use std::path::{Path, PathBuf};

use super::claim::is_pending;
use super::place::{MOVED, Presence};
use super::state::{Entry, Lease, SlotState};
use super::{Held, Pool, SlotError, SlotLock, Warmed, inspect};
use crate::error::Result;
use crate::git::{Head, Worktree};

/// A slot as `git hotfix slot list` shows it.
#[derive(Clone, Debug)]
pub struct SlotInfo {
    /// Its number, from 1.
    pub number: u32,
    /// Its folder.
    pub path: PathBuf,
    /// Its twin's folder, if it has one.
    pub twin: Option<PathBuf>,
    /// What it is for.
    pub state: SlotState,
    /// Whether it is not there any more, or not as we left it: why.
    pub trouble: Option<String>,
    /// Whether a process works in it now.
    pub busy: bool,
    /// Whether `slot.setup` succeeded in it; `None` if there is none.
    pub setup: Option<bool>,
    /// How `slot.warm` last ended in it.
    pub warmed: Option<Warmed>,
    /// It and its twin, as far as they are as we left them.
    pub worktrees: Vec<Worktree>,
}

impl SlotInfo {
    /// The open hotfix that it belongs to.
    pub fn lease(&self) -> Option<&Lease> {
        match &self.state {
            SlotState::Held(lease) if !is_pending(&lease.hotfix) => Some(lease),
            _ => None,
        }
    }
}

impl Pool<'_> {
    /// The slot of an open hotfix, after a look that it still is our worktree and on the hotfix branch. Not locked:
    /// see [`Pool::work_in`]. `None` if the hotfix has no slot.
    pub fn held(&self, hotfix: &str) -> Result<Option<Held>> {
        let entries = self.store.load_all()?;
        let found = entries.into_iter().find(|entry| entry.lease().is_some_and(|at| at.hotfix == hotfix));
        found.map(|entry| self.verify(entry)).transpose()
    }

    /// The slot that this folder is in, or whose twin it is in; `None` if it is in no slot of an open hotfix.
    pub fn of_dir(&self, dir: &Path) -> Result<Option<Held>> {
        let dir = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
        let contains = |entry: &Entry| {
            let twin = entry.twin.as_ref().is_some_and(|twin| dir.starts_with(twin.path()));
            entry.lease().is_some() && (twin || dir.starts_with(entry.place.path()))
        };
        let found = self.store.load_all()?.into_iter().find(contains);
        found.map(|entry| self.verify(entry)).transpose()
    }

    /// All slots by number.
    pub fn list(&self) -> Result<Vec<SlotInfo>> {
        let entries = self.store.load_all()?;
        Ok(entries.into_iter().map(|entry| self.info(entry)).collect())
    }

    fn info(&self, entry: Entry) -> SlotInfo {
        let places = [&entry.place].into_iter().chain(&entry.twin);
        SlotInfo {
            number: entry.number,
            path: entry.place.path().to_owned(),
            twin: entry.twin.as_ref().map(|twin| twin.path().to_owned()),
            trouble: entry.place.worktree(self.repository).err(),
            busy: SlotLock::is_taken(&self.store.lock_path(entry.number)),
            setup: (!self.config.setup.is_empty()).then(|| entry.setup.slot.is_some()),
            worktrees: places.filter_map(|place| place.worktree(self.repository).ok()).collect(),
            warmed: entry.setup.warmed.clone(),
            state: entry.state,
        }
    }

    /// The held slot of an entry. What a crash damaged in it is repaired first, unless another process works there.
    pub(super) fn verify(&self, mut entry: Entry) -> Result<Held> {
        let damaged = |entry: &Entry| match entry.place.worktree(self.repository) {
            Ok(worktree) => {
                !matches!(self.repository.head_of(&worktree), Ok(Head::Branch(_) | Head::Detached(_)))
            }
            Err(_) => true,
        };
        let unfinished = entry.lease().is_some_and(|lease| lease.moving_to.is_some());
        if (unfinished || damaged(&entry))
            && let Some(_lock) = self.try_lock(entry.number)?
        {
            self.mend(&mut entry)?;
            self.finish_advance(&mut entry)?;
        }
        let Some(lease) = entry.lease().cloned() else {
            return Err(SlotError::Unknown { number: entry.number }.into());
        };
        let worktree = entry.place.worktree(self.repository);
        let worktree = worktree.map_err(|why| self.lost(&entry, &lease, why))?;
        let attached = self.is_attached(&worktree, &lease)?;
        Ok(Held {
            number: entry.number,
            worktree,
            kind: lease.slot,
            hotfix: lease.hotfix,
            branch: lease.branch,
            base: lease.base,
            attached,
            began: lease.began,
            lock: None,
        })
    }

    fn lost(&self, entry: &Entry, lease: &Lease, why: String) -> SlotError {
        let path = entry.place.path().to_owned();
        if let Some(path) = self.moved_by_hand(entry) {
            return SlotError::Suspicious { path, why: MOVED.to_owned() };
        }
        let known = entry.place.git_dir(self.repository).is_some_and(|dir| dir.is_dir());
        match entry.place.presence() {
            Presence::Folder if known => SlotError::Suspicious { path, why },
            Presence::Other => SlotError::Suspicious { path, why },
            _ => SlotError::Gone { hotfix: lease.hotfix.clone(), path },
        }
    }

    /// Where a slot is that was moved together with the repository, and that Git does not know again yet: the user has to
    /// type `git worktree repair`.
    pub(super) fn moved_by_hand(&self, entry: &Entry) -> Option<PathBuf> {
        let known = entry.place.git_dir(self.repository).is_some_and(|dir| dir.is_dir());
        if !known || entry.place.presence() == Presence::Folder {
            return None;
        }
        let beside = self.repository.home().with_file_name(entry.place.path().file_name()?);
        entry.place.was_left_by_move(&beside).then_some(beside)
    }

    /// Whether HEAD is on the hotfix branch; an error if it is neither there nor where the slot was taken.
    fn is_attached(&self, worktree: &Worktree, lease: &Lease) -> Result<bool> {
        let found = match self.repository.head_of(worktree)? {
            Head::Branch(name) if name == lease.branch.as_str() => return Ok(true),
            Head::Detached(commit) if commit == lease.base && inspect::in_progress(worktree).is_none() => {
                return Ok(false);
            }
            Head::Branch(name) => name,
            Head::Detached(commit) => commit.short().to_owned(),
            Head::Unreadable => "nothing that can be read".to_owned(),
        };
        let path = worktree.path.clone();
        if let Some(what) = inspect::in_progress(worktree) {
            return Err(SlotError::InProgress { path, what }.into());
        }
        let branch = lease.branch.as_str().trim_start_matches("refs/heads/").to_owned();
        Err(SlotError::Elsewhere { path, branch, found }.into())
    }
}
