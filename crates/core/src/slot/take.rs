//! A slot taken for a hotfix: a parked one if there is one, else a new one.

use hotfix_model::output::SlotKind;

use super::place::Place;
use super::state::{Entry, Lease, Move, SetupDigests, SlotState};
use super::{Held, Pool, SlotError, SlotLock, include, inspect};
use crate::error::Result;
use crate::git::{Oid, RefName, Worktree};

/// More slots than anybody has hotfixes; only keeps a wrong template from counting for ever.
const MOST_SLOTS: u32 = 10_000;

/// What a slot is taken for.
struct Wanted<'a> {
    hotfix: &'a str,
    branch: &'a RefName,
    commit: &'a Oid,
}

impl Pool<'_> {
    /// Takes a slot for a hotfix and records the lease: a parked one that is ours, clean and nobody works in, one at
    /// `commit` before others; else a new one under the next free number. It is detached at `commit`; HEAD is put on
    /// the branch by [`Pool::attach`]. The slot the hotfix holds already is given again, wherever its branch is.
    pub fn take(&self, hotfix: &str, branch: &RefName, commit: &Oid) -> Result<Held> {
        self.mend_damaged()?;
        if let Some(held) = self.taken_before(hotfix)? {
            return Ok(held);
        }
        let wanted = Wanted { hotfix, branch, commit };
        for number in self.candidates(commit)? {
            self.repository.ctx().go_on()?;
            if let Some(held) = self.try_parked(number, &wanted)? {
                return Ok(held);
            }
        }
        if let Some(held) = self.take_when_parked(|number| self.try_parked(number, &wanted))? {
            return Ok(held);
        }
        self.make(&wanted)
    }

    /// The slot that the hotfix holds, locked. One that somebody removed is forgotten.
    fn taken_before(&self, hotfix: &str) -> Result<Option<Held>> {
        let entries = self.store.load_all()?;
        let ours = entries.into_iter().find(|entry| entry.lease().is_some_and(|at| at.hotfix == hotfix));
        let Some(entry) = ours else {
            return Ok(None);
        };
        let mut held = match self.verify(entry.clone()) {
            Err(error) if matches!(error.downcast_ref(), Some(SlotError::Gone { .. })) => {
                let _lock = self.lock(entry.number, entry.place.path())?;
                self.drop_entry(&entry)?;
                return Ok(None);
            }
            verified => verified?,
        };
        self.work_in(&mut held)?;
        Ok(Some(held))
    }

    /// Numbers of slots that may be free, the best first: at `commit`, else by the age of the commit they wait at.
    fn candidates(&self, commit: &Oid) -> Result<Vec<u32>> {
        let entries = self.store.load_all()?;
        let mut waiting: Vec<(&Oid, u32)> =
            entries.iter().filter_map(|entry| Some((entry.waits_at()?, entry.number))).collect();
        let hit = waiting.iter().any(|(at, _)| *at == commit);
        if hit || waiting.len() < 2 {
            waiting.sort_by_key(|(at, number)| (*at != commit, *number));
            return Ok(waiting.into_iter().map(|(_, number)| number).collect());
        }
        let target = self.repository.commit_time(commit)?;
        let distance =
            |at: &Oid| self.repository.commit_time(at).map_or(u64::MAX, |time| time.abs_diff(target));
        let mut numbered: Vec<(u64, u32)> =
            waiting.iter().map(|(at, number)| (distance(at), *number)).collect();
        numbered.sort_unstable();
        Ok(numbered.into_iter().map(|(_, number)| number).collect())
    }

    /// Takes a waiting slot; `None`, with a line of warning where somebody has to look, if it cannot be taken.
    fn try_parked(&self, number: u32, wanted: &Wanted<'_>) -> Result<Option<Held>> {
        let Some(lock) = self.try_lock(number)? else {
            return Ok(None);
        };
        let Some(mut entry) = self.store.load(number).filter(|entry| entry.waits_at().is_some()) else {
            return Ok(None);
        };
        let mut ready = self.make_ready(&mut entry, wanted.commit);
        // A slot that cannot be repaired either is passed over like any other.
        let mended = |entry: &mut Entry| self.mend(entry).is_ok_and(|done| !done.is_empty());
        if ready.is_err() && mended(&mut entry) && self.store.has(number) {
            ready = self.make_ready(&mut entry, wanted.commit);
        }
        match ready {
            Ok(worktree) => self.lease(entry, worktree, wanted, lock).map(Some),
            Err(_) if !self.store.has(number) => Ok(None),
            Err(why) => {
                let path = entry.place.path().display();
                self.repository.ctx().warn(format!(
                    "slot {path} is not used: {why}; clean it up (git -C {path} status) and it is used again"
                ));
                Ok(None)
            }
        }
    }

    /// A waiting slot brought to `commit`, or why not. Nothing that somebody else left in it is touched.
    pub(super) fn make_ready(&self, entry: &mut Entry, commit: &Oid) -> Result<Worktree, String> {
        if matches!(entry.state, SlotState::Moving(_)) {
            self.finish_move(entry).map_err(|error| format!("{error}: {}", error.why()))?;
        }
        let worktree = entry.place.worktree(self.repository)?;
        let said = |error: crate::error::Error| format!("{error}: {}", error.why());
        let at = entry.waits_at().cloned().ok_or("it is not parked")?;
        if let Some(why) = inspect::unready(self.repository, &worktree, &at).map_err(said)? {
            return Err(why);
        }
        if at != *commit {
            // From here on all that lies in it is ours, so that a switch that is cut short can be finished by force.
            entry.state = SlotState::Moving(Move { commit: commit.clone(), hotfix: None, save_to: None });
            self.store.save(entry).map_err(said)?;
            crate::failpoint::reach(self.repository.ctx(), "slot.switching");
            self.repository.switch_detached(&worktree, commit).map_err(said)?;
        }
        Ok(worktree)
    }

    /// Makes a new slot under the next number that is free in our records and on disk.
    fn make(&self, wanted: &Wanted<'_>) -> Result<Held> {
        for number in 1..=MOST_SLOTS {
            let path = self.path_for(number)?;
            if self.store.has(number) || path.symlink_metadata().is_ok() {
                continue;
            }
            let Some(lock) = self.try_lock(number)? else {
                continue;
            };
            // Looked at again under the lock: somebody may have been quicker.
            if self.store.has(number) || path.symlink_metadata().is_ok() {
                continue;
            }
            let mut entry = Entry {
                number,
                place: Place::planned(path.clone()),
                state: SlotState::Making,
                twin: None,
                setup: SetupDigests::default(),
            };
            self.store.save(&entry)?;
            let made = self.add(&path, wanted.commit);
            let worktree = made.inspect_err(|_| drop(self.store.remove(number)))?;
            entry.place = Place::of(&worktree);
            return self.lease(entry, worktree, wanted, lock);
        }
        let why = format!("all of the first {MOST_SLOTS} paths are taken");
        Err(SlotError::BadPlace { path: self.path_for(1)?, why }.into())
    }

    fn lease(
        &self,
        mut entry: Entry,
        worktree: Worktree,
        wanted: &Wanted<'_>,
        lock: SlotLock,
    ) -> Result<Held> {
        let kind = if entry.state == SlotState::Making { SlotKind::Cold } else { SlotKind::Warm };
        entry.state = SlotState::Held(Lease {
            hotfix: wanted.hotfix.to_owned(),
            branch: wanted.branch.clone(),
            base: wanted.commit.clone(),
            since: self.repository.ctx().now(),
            slot: kind,
            moving_to: None,
        });
        self.store.save(&entry)?;
        include::copy(self.repository, &worktree, &self.config.copy);
        Ok(Held {
            number: entry.number,
            worktree,
            kind,
            hotfix: wanted.hotfix.to_owned(),
            branch: wanted.branch.clone(),
            base: wanted.commit.clone(),
            attached: false,
            lock: Some(lock),
        })
    }
}
