//! Free slots kept at the newest commit ahead of time, set up and warm, so that a start finds nothing left to do.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use hotfix_model::Step;

use super::place::Presence;
use super::setup::{Side, unmade};
use super::stamp::Stamp;
use super::state::{Entry, Move, SlotState};
use super::submodules::Whose;
use super::{Parked, Pool, SetupOutcome, SetupRequest, SlotLock, Twin, include};
use crate::ctx::{Cancel, Ctx};
use crate::error::{FileError, Result};
use crate::failpoint;
use crate::git::{Oid, Worktree};

/// How often it is looked whether a start wants the slot.
const TICK: Duration = Duration::from_millis(10);
/// SIGTERM by number: what commands are asked to stop with.
const TERMINATE: u8 = 15;

/// What a refresh needs to know.
#[derive(Clone, Copy, Debug)]
pub struct RefreshRequest<'a> {
    /// Where free slots are to wait.
    pub commit: &'a Oid,
    /// Whether the user approved exactly the commands that are configured.
    pub trusted: bool,
    /// Whether to run `slot.warm`.
    pub warm: bool,
    /// Whether a slot without a twin gets one, so that the first proof finds it too.
    pub twin: bool,
    /// The folder for the logs of commands; made if need be.
    pub logs: &'a Path,
}

/// What became of one slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refreshed {
    /// Its number, from 1.
    pub number: u32,
    /// Its folder.
    pub path: PathBuf,
    /// Whether it is ready.
    pub outcome: RefreshOutcome,
    /// What parking it came to, if that was still to be done.
    pub parked: Parked,
    /// The first that went wrong of setting up the slot and its twin; else what became of it.
    pub setup: SetupOutcome,
    /// How `slot.warm` ended, now or before; absent if it has not run at this commit.
    pub warmed: Option<super::Warmed>,
}

/// Whether a slot is ready for the next start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// It waits at the commit.
    Ready,
    /// A hotfix is open in it.
    Held,
    /// Another process works in it.
    Busy,
    /// A start wanted it in the middle of this, and was let in.
    Wanted,
    /// It is not as we left it, or could not be brought there: why. It is not touched.
    Unusable(String),
}

impl Pool<'_> {
    /// Brings every free slot and its twin to a commit, sets them up if their inputs changed, and warms them. Slots
    /// that are used are passed over; what a crash left is repaired.
    pub fn refresh_all(&self, request: &RefreshRequest<'_>) -> Result<Vec<Refreshed>> {
        let numbers: Vec<u32> = self.store.load_all()?.iter().map(|entry| entry.number).collect();
        let each = numbers.into_iter().map(|number| self.refresh(number, request));
        Ok(each.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    /// The same for one slot; `None` if it is gone.
    pub fn refresh(&self, number: u32, request: &RefreshRequest<'_>) -> Result<Option<Refreshed>> {
        self.repository.ctx().go_on()?;
        let Some(seen) = self.store.load(number) else {
            return Ok(None);
        };
        let mut refreshed = Refreshed {
            number,
            path: seen.place.path().to_owned(),
            outcome: RefreshOutcome::Busy,
            parked: Parked::default(),
            setup: SetupOutcome::Unneeded,
            warmed: None,
        };
        let Some(lock) = self.lock_unless_held(&seen)? else {
            let held = seen.lease().is_some() && seen.waits_at().is_none();
            refreshed.outcome = if held { RefreshOutcome::Held } else { RefreshOutcome::Busy };
            return Ok(Some(refreshed));
        };
        // Looked at again under the lock.
        let Some(mut entry) = self.store.load(number) else {
            return Ok(None);
        };
        self.mend(&mut entry)?;
        if !self.store.has(number) {
            return Ok(None);
        }
        refreshed.outcome = self.bring(&mut entry, request, &mut refreshed)?;
        drop(lock);
        Ok(Some(refreshed))
    }

    /// The lock of a slot that is free; `None` if a hotfix is open in it or somebody works there.
    fn lock_unless_held(&self, entry: &Entry) -> Result<Option<SlotLock>> {
        if entry.lease().is_some() && entry.waits_at().is_none() {
            return Ok(None);
        }
        match self.lock(entry.number, entry.place.path()) {
            Err(error) if matches!(error.downcast_ref(), Some(super::SlotError::Busy { .. })) => Ok(None),
            locked => locked.map(Some),
        }
    }

    /// The caller holds the lock.
    fn bring(
        &self,
        entry: &mut Entry,
        request: &RefreshRequest<'_>,
        refreshed: &mut Refreshed,
    ) -> Result<RefreshOutcome> {
        if entry.lease().is_some() && entry.waits_at().is_none() {
            return Ok(RefreshOutcome::Held);
        }
        if entry.place.presence() != Presence::Folder {
            return Ok(RefreshOutcome::Unusable("it is not there".to_owned()));
        }
        // Nobody waits: all files are looked at, so that what somebody left is told now and not in an emergency. Who
        // brings a slot to its place looks at the end of that.
        match &mut entry.state {
            SlotState::Moving(_) => refreshed.parked = self.finish_move(entry)?,
            SlotState::Parked { stamp, .. } => *stamp = None,
            _ => {}
        }
        let worktree = match self.make_ready(entry, request.commit) {
            Ok(worktree) => worktree,
            Err(why) => return Ok(RefreshOutcome::Unusable(why)),
        };
        failpoint::reach(self.repository.ctx(), "refresh.moved");
        self.forget_wishes(entry.number);
        let outcome = self.tend(entry, &worktree, request, refreshed)?;
        if outcome == RefreshOutcome::Ready {
            refreshed.parked.left.extend(self.settle(entry, &worktree, request.commit)?);
        }
        Ok(outcome)
    }

    /// Everything but the files themselves: the twin, setup, warming, copies of ignored files.
    fn tend(
        &self,
        entry: &mut Entry,
        worktree: &Worktree,
        request: &RefreshRequest<'_>,
        refreshed: &mut Refreshed,
    ) -> Result<RefreshOutcome> {
        include::copy(self.repository, worktree, &self.config.copy);
        let twin = self.bring_twin(entry, request)?;
        let number = entry.number;
        let logs = request.logs.join(number.to_string());
        std::fs::create_dir_all(&logs).map_err(FileError::of("create", &logs))?;
        let done = self.until_wanted(number, |ctx| -> Result<()> {
            let wanted = SetupRequest {
                tree: request.commit,
                trusted: request.trusted,
                logs: &logs,
                step: Step::Cleanup,
            };
            refreshed.setup = self.set_up(ctx, entry, (Side::Slot, &worktree.path), &wanted)?;
            if let Some(twin) = twin.as_ref().filter(|_| !unmade(&refreshed.setup)) {
                let of_twin = self.set_up(ctx, entry, (Side::Twin, &twin.worktree.path), &wanted)?;
                if of_twin != SetupOutcome::Unneeded {
                    refreshed.setup = of_twin;
                }
            }
            if request.warm && !unmade(&refreshed.setup) {
                refreshed.warmed = self.warm(ctx, entry, &worktree.path, &wanted)?;
            }
            Ok(())
        });
        match done {
            Err(_) if self.is_wanted(number) => Ok(RefreshOutcome::Wanted),
            done => done.map(|()| RefreshOutcome::Ready),
        }
    }

    /// The slot is everybody's again. What setting up and warming left behind goes; what is ignored stays.
    fn settle(&self, entry: &mut Entry, worktree: &Worktree, commit: &Oid) -> Result<Vec<PathBuf>> {
        let mut left = Vec::new();
        if matches!(entry.state, SlotState::Moving(_)) {
            self.outlive_builds(worktree);
            self.repository.reset_detached(worktree, commit)?;
            self.bring_submodules_or_say(worktree, Whose::Nobodys)?;
            left = self.sweep(worktree, false)?;
        }
        // A slot that did not move was looked at as it was made ready, or its stamp held.
        let stamp = left.is_empty().then(|| Stamp::of(worktree, commit)).flatten();
        entry.state = SlotState::Parked { commit: commit.clone(), stamp };
        self.store.save(entry)?;
        failpoint::reach(self.repository.ctx(), "refresh.settled");
        Ok(left)
    }

    /// From here on all that lies in the slot is ours: cut short, it is reset and cleaned.
    pub(super) fn begin_work(&self, entry: &mut Entry, commit: &Oid) -> Result<()> {
        entry.state = SlotState::Moving(Move { commit: commit.clone(), hotfix: None, save_to: None });
        self.store.save(entry)
    }

    fn bring_twin(&self, entry: &mut Entry, request: &RefreshRequest<'_>) -> Result<Option<Twin>> {
        let worktree = match self.usable_twin(entry)? {
            Some(worktree) => worktree,
            None if request.twin && entry.twin.is_none() => self.make_twin(entry, request.commit)?,
            None => return Ok(None),
        };
        let twin = self.waiting_twin(entry, worktree);
        self.lay(&twin, request.commit, request.commit)?;
        Ok(Some(twin))
    }

    /// Does something that is stopped when somebody wants the slot, or us to stop.
    fn until_wanted<T>(&self, number: u32, deed: impl FnOnce(&Ctx) -> T) -> T {
        let outer = self.repository.ctx();
        let inner = Ctx { cancel: Cancel::default(), ..outer.clone() };
        let cancel = inner.cancel.clone();
        let (done, is_done) = channel::<()>();
        thread::scope(|scope| {
            scope.spawn(move || {
                while is_done.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                    self.pass_on_wishes(number, &cancel);
                }
            });
            let result = deed(&inner);
            drop(done);
            result
        })
    }

    /// Asks what runs in a slot to stop, and then insists.
    fn pass_on_wishes(&self, number: u32, cancel: &Cancel) {
        let asked = self.repository.ctx().cancel.signal();
        let stop = asked.or(self.is_wanted(number).then_some(TERMINATE));
        if let Some(signal) = stop.filter(|_| !cancel.insists()) {
            cancel.ask(signal);
        }
    }
}
