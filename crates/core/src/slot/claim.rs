//! Slots for hotfixes that have no name yet: a start takes its slot while the remote is still being asked, and the name
//! depends on the answer.

use super::place::Stored;
use super::state::{Entry, Move, SlotState};
use super::{Held, Keep, Parked, Pool};
use crate::error::Result;
use crate::git::{Oid, RefName};

/// What stands for the name until there is one. No hotfix can be called so: no branch name begins with a dot.
const PENDING: &str = ".pending-";

impl Pool<'_> {
    /// Takes a slot at `commit` for a hotfix that gets its name from [`Pool::assign`].
    pub fn take_unnamed(&self, commit: &Oid) -> Result<Held> {
        let ulid = self.repository.ctx().clock.ulid();
        let branch = RefName::branch(&format!("hotfix/pending-{ulid}"))?;
        self.take(&format!("{PENDING}{ulid}"), &branch, commit)
    }

    /// Gives a slot to the hotfix it was taken for and puts HEAD on its branch, which exists and is at the commit the
    /// slot holds.
    pub fn assign(&self, held: &mut Held, hotfix: &str, branch: &RefName) -> Result<()> {
        let mut entry = self.entry_of(held)?;
        if let SlotState::Held(lease) = &mut entry.state {
            hotfix.clone_into(&mut lease.hotfix);
            lease.branch = branch.clone();
        }
        self.store.save(&entry)?;
        hotfix.clone_into(&mut held.hotfix);
        held.branch = branch.clone();
        self.attach(held)
    }

    /// Takes over the slot of a start that was killed. Nobody else finishes a move to a newer base that it began; the
    /// slot's path was told already, so what may have been edited in it is saved first.
    pub(super) fn take_over(&self, entry: &mut Entry) -> Result<()> {
        let Some(lease) = entry.lease().filter(|lease| is_pending(&lease.hotfix)) else {
            return Ok(());
        };
        self.repository.remove_stale_ref_locks();
        let Some(moving) = &lease.moving_to else {
            return Ok(());
        };
        let save_to = Some(Stored(self.place_to_save(&lease.hotfix)?));
        entry.state = SlotState::Moving(Move { commit: moving.commit.clone(), hotfix: None, save_to });
        self.store.save(entry)
    }

    /// Gives a slot back that was taken for nothing.
    pub fn release(&self, held: &Held) -> Result<Parked> {
        self.park(held, &held.base, Keep::Save)
    }
}

/// Whether a lease is of a start that never came to a name. With nobody working in the slot, it is nobody's.
pub(super) fn is_pending(hotfix: &str) -> bool {
    hotfix.starts_with(PENDING)
}
