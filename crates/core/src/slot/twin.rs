//! The twin of a slot: the worktree that holds base, where the red side runs. It is only ours: nothing in it is kept
//! but what Git ignores.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use hotfix_model::output::SlotKind;

use super::place::Place;
use super::state::Entry;
use super::submodules::Whose;
use super::{Held, Pool, SlotError, include, inspect};
use crate::error::Result;
use crate::git::{Head, Oid, Worktree};

/// More than anybody has folders of that name.
const MOST_PATHS: u32 = 1_000;

/// The twin of a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twin {
    /// The worktree.
    pub worktree: Worktree,
    /// Whether it was there or had to be made.
    pub kind: SlotKind,
    /// The slot that it is the twin of.
    slot: Option<Worktree>,
}

impl Pool<'_> {
    /// The slot's twin; made at `base` on first use. What it holds is up to [`Pool::lay`].
    pub fn twin(&self, held: &Held, base: &Oid) -> Result<Twin> {
        let _guard = self.guard(held)?;
        let mut entry = self.entry_of(held)?;
        let slot = Some(held.worktree.clone());
        if let Some(worktree) = self.usable_twin(&mut entry)? {
            return Ok(Twin { worktree, kind: SlotKind::Warm, slot });
        }
        let worktree = self.make_twin(&mut entry, base)?;
        Ok(Twin { worktree, kind: SlotKind::Cold, slot })
    }

    /// Makes the twin of a slot that has none. The caller holds the slot's lock.
    pub(super) fn make_twin(&self, entry: &mut Entry, base: &Oid) -> Result<Worktree> {
        let path = free_path(entry)?;
        entry.twin = Some(Place::planned(path.clone()));
        entry.setup.twin = None;
        self.store.save(entry)?;
        let slot = entry.place.worktree(self.repository).ok();
        let made = self.add(&path, base, |twin| match &slot {
            Some(slot) => self.repository.narrow_like(twin, slot),
            None => Ok(()),
        });
        entry.twin = made.as_ref().ok().map(Place::of);
        self.store.save(entry)?;
        made
    }

    /// Makes the twin's files exactly those of `tree` with HEAD detached at `base`. What is untracked goes, what is
    /// ignored stays. Every file is looked at afterwards; [`SlotError::NotExact`] if one differs.
    pub fn lay(&self, twin: &Twin, base: &Oid, tree: &Oid) -> Result<()> {
        let worktree = &twin.worktree;
        if self.repository.head_of(worktree)? != Head::Detached(base.clone()) {
            self.repository.detach_head(worktree, base, "hotfix: base")?;
        }
        self.outlive_builds(worktree);
        self.leave_submodules(worktree, tree, Whose::Ours)?;
        if !self.overwrite(worktree, tree)? {
            let before = self.attributes(worktree)?;
            self.repository.lay_tree(worktree, tree)?;
            if self.attributes(worktree)? != before {
                self.repository.lay_tree_anew(worktree, tree)?;
            }
        }
        self.bring_twin_submodules(worktree, twin.slot.as_ref())?;
        let mut left = self.sweep(worktree, true)?;
        if !left.is_empty() {
            self.scrub_submodules(worktree)?;
            left = self.repository.unstaged_noting(worktree)?;
        }
        if let Some(first) = left.first() {
            let path = worktree.path.clone();
            return Err(SlotError::NotExact { path, first: first.clone() }.into());
        }
        include::copy(self.repository, worktree, &self.config.copy);
        Ok(())
    }

    /// A twin that a refresh looks after.
    pub(super) fn waiting_twin(&self, entry: &Entry, worktree: Worktree) -> Twin {
        Twin { worktree, kind: SlotKind::Warm, slot: entry.place.worktree(self.repository).ok() }
    }

    /// The recorded twin, repaired if need be.
    pub(super) fn usable_twin(&self, entry: &mut Entry) -> Result<Option<Worktree>> {
        let usable = |entry: &Entry| {
            let twin = entry.twin.as_ref()?.worktree(self.repository).ok()?;
            inspect::locks(&twin.git_dir).is_empty().then_some(twin)
        };
        let found = usable(entry);
        if found.is_some() || entry.twin.is_none() {
            return Ok(found);
        }
        self.mend(entry)?;
        Ok(usable(entry))
    }
}

/// `<slot>-base`: where the twin of a slot lies unless somebody else's folder is there.
pub(super) fn first_path(slot: &Path) -> PathBuf {
    let mut path = OsString::from(slot);
    path.push("-base");
    PathBuf::from(path)
}

/// `<slot>-base`, or `<slot>-base-2` … where somebody else's folder is in the way.
fn free_path(entry: &Entry) -> Result<PathBuf, SlotError> {
    let first = first_path(entry.place.path());
    let path = |count: u32| {
        let mut path = OsString::from(&first);
        if count > 1 {
            path.push(format!("-{count}"));
        }
        PathBuf::from(path)
    };
    let free = (1..=MOST_PATHS).map(path).find(|path| path.symlink_metadata().is_err());
    let why = || format!("all of the first {MOST_PATHS} paths are taken");
    free.ok_or_else(|| SlotError::BadPlace { path: path(1), why: why() })
}
