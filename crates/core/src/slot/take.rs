//! A slot taken for a hotfix: a parked one if there is one, else a new one.

use hotfix_model::output::SlotKind;

use super::advance::is_refusal;
use super::fresh::Tick;
use super::place::{Place, Stored};
use super::shift::changes_rules;
use super::stamp::{Moment, Stamp};
use super::state::{Entry, Lease, Move, SetupDigests, SlotState};
use super::submodules::Whose;
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
        let entries = self.mend_damaged()?;
        if let Some(held) = self.taken_before(hotfix, &entries)? {
            return Ok(held);
        }
        let wanted = Wanted { hotfix, branch, commit };
        // Seen before they are tried: one that is let go in between is free then, and tried again.
        let parking = self.being_parked(&entries);
        for number in self.candidates(commit, &entries)? {
            self.repository.ctx().go_on()?;
            if let Some(held) = self.try_parked(number, &wanted)? {
                return Ok(held);
            }
        }
        if let Some(held) = self.take_when_parked(parking, |number| self.try_parked(number, &wanted))? {
            return Ok(held);
        }
        self.make(&wanted)
    }

    /// The slot that the hotfix holds, locked. One that somebody removed is forgotten.
    fn taken_before(&self, hotfix: &str, entries: &[Entry]) -> Result<Option<Held>> {
        let ours = |entry: &&Entry| entry.lease().is_some_and(|at| at.hotfix == hotfix);
        let Some(entry) = entries.iter().find(ours) else {
            return Ok(None);
        };
        let mut held = match self.verify(entry.clone()) {
            Err(error) if matches!(error.downcast_ref(), Some(SlotError::Gone { .. })) => {
                let _lock = self.lock(entry.number, entry.place.path())?;
                self.drop_entry(entry)?;
                return Ok(None);
            }
            verified => verified?,
        };
        self.work_in(&mut held)?;
        Ok(Some(held))
    }

    /// Numbers of slots that may be free, the best first: at `commit`, else by the age of the commit they wait at.
    fn candidates(&self, commit: &Oid, entries: &[Entry]) -> Result<Vec<u32>> {
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
        let said = |error: crate::error::Error| format!("{error}: {}", error.why());
        self.take_over(entry).map_err(said)?;
        if matches!(entry.state, SlotState::Moving(_)) {
            self.finish_saving(entry).map_err(said)?;
        }
        let worktree = entry.place.worktree(self.repository)?;
        let at = entry.waits_at().cloned().ok_or("it is not parked")?;
        let unready = |entry: &Entry, at| self.why_unready(&worktree, (at, entry.stamp()));
        if let Some(why) = unready(entry, &at).map_err(said)? {
            return Err(why);
        }
        if at == *commit {
            self.bring_submodules_or_say(&worktree, Whose::Nobodys).map_err(said)?;
            return Ok(worktree);
        }
        if let Some(why) = self.move_forward(entry, &worktree, (&at, commit)).map_err(said)? {
            return Err(why);
        }
        self.bring_submodules_or_say(&worktree, Whose::Nobodys).map_err(said)?;
        match entry.state {
            SlotState::Parked { .. } => unready(entry, commit).map_err(said)?.map_or(Ok(worktree), Err),
            _ => Ok(worktree),
        }
    }

    /// Why a parked slot cannot be taken; `None` if it is as it was left. Its submodules are looked into also where the
    /// stamp holds: it speaks of the slot's own files.
    pub(super) fn why_unready(
        &self,
        worktree: &Worktree,
        (commit, stamp): (&Oid, Option<&Stamp>),
    ) -> Result<Option<String>> {
        if let Some(found) = self.inner_content(worktree)?.first() {
            return Ok(Some(format!("its submodule {} holds {}", found.path.display(), found.what)));
        }
        inspect::unready(self.repository, worktree, (commit, stamp))
    }

    /// Moves a waiting slot from `at` to `commit`; or says why Git refused, with the slot as it was.
    fn move_forward(
        &self,
        entry: &mut Entry,
        worktree: &Worktree,
        (at, commit): (&Oid, &Oid),
    ) -> Result<Option<String>> {
        let waiting = SlotState::Parked { commit: at.clone(), stamp: None };
        // Not every file was looked at. Who finds the slot on its way and finishes that by force saves them first.
        let save_to = Some(Stored(self.place_to_save(&format!("slot-{}", entry.number))?));
        entry.state = SlotState::Moving(Move { commit: commit.clone(), hotfix: None, save_to });
        self.store.save(entry)?;
        crate::failpoint::reach(self.repository.ctx(), "slot.switching");
        let tick = Tick::of(worktree);
        let changes = self.repository.tracked_changes(at, commit)?;
        if changes_rules(&changes) {
            self.finish_saving(entry)?;
            return Ok(None);
        }
        self.leave_submodules(worktree, commit, Whose::Nobodys)?;
        match self.shift(worktree, commit, &changes, &tick) {
            Err(error) if is_refusal(&error) => {
                entry.state = waiting;
                self.store.save(entry)?;
                let edited = inspect::edited(self.repository, worktree)?;
                Ok(Some(edited.unwrap_or_else(|| format!("{error}: {}", error.why()))))
            }
            shifted => shifted.map(|()| None),
        }
    }

    /// Brings a slot to where it is going, and says where files are that were in no commit.
    fn finish_saving(&self, entry: &mut Entry) -> Result<()> {
        let parked = self.finish_move(entry)?;
        if let Some(dir) = parked.saved_to {
            let path = entry.place.path().display();
            self.repository.ctx().warn(format!("what was left in slot {path} is saved in {}", dir.display()));
        }
        Ok(())
    }

    /// Makes a new slot under the next number that is free in our records and on disk.
    fn make(&self, wanted: &Wanted<'_>) -> Result<Held> {
        self.repository.remember_home()?;
        let mut others = 0;
        for number in 1..=MOST_SLOTS {
            let path = self.path_for(number)?;
            self.check_room(others)?;
            if self.store.has(number) || path.symlink_metadata().is_ok() {
                others += u32::from(self.store.has(number));
                continue;
            }
            let Some(lock) = self.try_lock(number)? else {
                others += 1;
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
            let made = self.add(&path, wanted.commit, |worktree| self.narrow(worktree));
            let worktree = made.inspect_err(|_| drop(self.store.remove(number)))?;
            self.bring_submodules_or_say(&worktree, Whose::Nobodys)?;
            entry.place = Place::of(&worktree);
            return self.lease(entry, worktree, wanted, lock);
        }
        let why = format!("all of the first {MOST_SLOTS} paths are taken");
        Err(SlotError::BadPlace { path: self.path_for(1)?, why }.into())
    }

    /// A new slot gets the files that were asked for.
    fn narrow(&self, worktree: &Worktree) -> Result<()> {
        let Some(cone) = &self.cone else { return Ok(()) };
        if !self.repository.narrow_worktree(worktree, cone)? {
            let said = "--sparse is not heeded: this repository has a sparse checkout of its own";
            self.repository.ctx().warn(said);
        }
        Ok(())
    }

    fn lease(
        &self,
        mut entry: Entry,
        worktree: Worktree,
        wanted: &Wanted<'_>,
        lock: SlotLock,
    ) -> Result<Held> {
        let kind = if entry.state == SlotState::Making { SlotKind::Cold } else { SlotKind::Warm };
        let began = Moment::now_in(&worktree);
        entry.state = SlotState::Held(Lease {
            hotfix: wanted.hotfix.to_owned(),
            branch: wanted.branch.clone(),
            base: wanted.commit.clone(),
            began,
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
            began,
            lock: Some(lock),
        })
    }
}
