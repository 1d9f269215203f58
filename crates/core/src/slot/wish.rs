//! A start that comes while the only free slot is still being parked: it says that it wants it, and waits a moment.

use std::path::PathBuf;
use std::time::Duration;

use super::state::{Entry, SlotState};
use super::{Held, Pool, SlotLock};
use crate::error::Result;

/// How long is waited for a slot that is on its way back: parking takes less in repositories where making another one
/// would take longer than this.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often the slot is tried.
const TICK: Duration = Duration::from_millis(5);

/// Stands for somebody who waits; taken back when dropped.
struct Wish(PathBuf);

impl Drop for Wish {
    fn drop(&mut self) {
        // Left behind, it ends one warming early, and is then removed.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Pool<'_> {
    /// Tries slots that another process was parking a moment ago, until one is free or all of them went to others.
    pub(super) fn take_when_parked(
        &self,
        mut parking: Vec<u32>,
        try_taking: impl Fn(u32) -> Result<Option<Held>>,
    ) -> Result<Option<Held>> {
        let ctx = self.repository.ctx();
        let began = ctx.clock.elapsed();
        let _wishes: Vec<Wish> = parking.iter().map(|number| self.wish(*number)).collect();
        while !parking.is_empty() && ctx.elapsed_since(began) < PATIENCE {
            ctx.go_on()?;
            let (busy, free): (Vec<u32>, Vec<u32>) =
                parking.into_iter().partition(|number| self.is_being_parked(*number));
            for number in free {
                if let Some(held) = try_taking(number)? {
                    return Ok(Some(held));
                }
            }
            parking = busy;
            std::thread::sleep(TICK);
        }
        Ok(None)
    }

    /// Whether somebody waits for this slot.
    pub(super) fn is_wanted(&self, number: u32) -> bool {
        self.store.wish_path(number).symlink_metadata().is_ok()
    }

    /// Removes the wishes of those that were killed while they waited.
    pub(super) fn forget_wishes(&self, number: u32) {
        drop(Wish(self.store.wish_path(number)));
    }

    fn wish(&self, number: u32) -> Wish {
        let path = self.store.wish_path(number);
        // Without it the wait is merely longer.
        let _ = std::fs::File::create(&path);
        Wish(path)
    }

    /// Slots on their way back that another process works in.
    pub(super) fn being_parked(&self, entries: &[Entry]) -> Vec<u32> {
        let numbers = entries.iter().map(|entry| entry.number);
        numbers.filter(|number| self.is_being_parked(*number)).collect()
    }

    /// Also one that has arrived, as long as the process is at it: it may be set up and warmed.
    fn is_being_parked(&self, number: u32) -> bool {
        let waits = |entry: Entry| matches!(entry.state, SlotState::Moving(_) | SlotState::Parked { .. });
        self.store.load(number).is_some_and(waits) && SlotLock::is_taken(&self.store.lock_path(number))
    }
}
