//! A held slot moved to a newer base: the fetch came back later than the user's prompt.

use super::fresh::Tick;
use super::shift::changes_rules;
use super::state::{Entry, Move, SlotState};
use super::submodules::Whose;
use super::{Held, Pool, SlotError, inspect};
use crate::error::Result;
use crate::git::{Expect, GitError, Head, Oid, RefChange, Worktree};

impl Pool<'_> {
    /// Moves a slot to a newer base, and the hotfix branch with it if HEAD is on it. False, and nothing done, if
    /// something was committed in it, or edited that the move would overwrite; other edits stay.
    pub fn move_to(&self, held: &mut Held, commit: &Oid) -> Result<bool> {
        if held.base == *commit {
            return Ok(true);
        }
        let _guard = self.guard(held)?;
        let mut entry = self.entry_of(held)?;
        let Some(attached) = self.stands_at_base(held)? else {
            return Ok(false);
        };
        let tick = Tick::of(&held.worktree);
        let changes = self.repository.tracked_changes(&held.base, commit)?;
        let rules = changes_rules(&changes);
        if rules && !self.repository.status(&held.worktree)?.is_empty() {
            return Ok(false);
        }
        if !self.leave_submodules(&held.worktree, commit, Whose::Held)?.is_empty() {
            return Ok(false);
        }
        let untouched = entry.clone();
        if let SlotState::Held(lease) = &mut entry.state {
            lease.moving_to = Some(Move { commit: commit.clone(), hotfix: None, save_to: None });
        }
        self.store.save(&entry)?;
        let hotfix = held.hotfix.clone();
        let moved = self.advance(&mut entry, attached, |worktree| match rules {
            true => self.reset_saving(worktree, &hotfix, commit),
            false => self.shift(worktree, commit, &changes, &tick),
        });
        match moved {
            Err(error) if is_refusal(&error) => {
                if attached {
                    self.repository.attach_head(&held.worktree, &held.branch, "hotfix: start")?;
                }
                self.store.save(&untouched)?;
                Ok(false)
            }
            moved => {
                moved?;
                held.base = commit.clone();
                self.bring_submodules_or_say(&held.worktree, Whose::Held)?;
                Ok(true)
            }
        }
    }

    /// Whether HEAD is on the hotfix branch, or detached where the slot was taken; `None` if anything was begun or
    /// committed.
    fn stands_at_base(&self, held: &Held) -> Result<Option<bool>> {
        if inspect::in_progress(&held.worktree).is_some() {
            return Ok(None);
        }
        Ok(match self.repository.head_of(&held.worktree)? {
            Head::Detached(at) => (at == held.base).then_some(false),
            Head::Branch(_) => (self.repository.head(&held.worktree)? == held.base).then_some(true),
            Head::Unreadable => None,
        })
    }

    /// Brings a worktree to a commit by force, ignored files excepted. What is in no commit is saved first.
    fn reset_saving(&self, worktree: &Worktree, hotfix: &str, commit: &Oid) -> Result<()> {
        let dir = self.place_to_save(hotfix)?;
        self.save_changes(worktree, &dir)?;
        self.outlive_builds(worktree);
        self.reset_exactly(worktree, commit)?;
        self.sweep(worktree, false)?;
        Ok(())
    }

    /// Finishes a [`Pool::move_to`] that was cut short. What lies in the slot came from it, or is saved first.
    pub(super) fn finish_advance(&self, entry: &mut Entry) -> Result<()> {
        let Some(lease) = entry.lease() else {
            return Ok(());
        };
        let Some(target) = lease.moving_to.as_ref().map(|moving| moving.commit.clone()) else {
            return Ok(());
        };
        let hotfix = lease.hotfix.clone();
        let branch = self.repository.read_ref(&lease.branch)?;
        if branch.as_ref().is_some_and(|at| *at != lease.base && *at != target) {
            return self.stay(entry);
        }
        self.advance(entry, branch.is_some(), |worktree| {
            self.leave_submodules(worktree, &target, Whose::Held)?;
            let dir = self.place_to_save(&hotfix)?;
            self.save_changes(worktree, &dir)?;
            self.outlive_builds(worktree);
            self.reset_exactly(worktree, &target)?;
            self.bring_submodules_or_say(worktree, Whose::Held)
        })
    }

    /// Gives up a move: something was committed since.
    fn stay(&self, entry: &mut Entry) -> Result<()> {
        if let SlotState::Held(lease) = &mut entry.state {
            lease.moving_to = None;
        }
        self.store.save(entry)
    }

    /// Off the branch, to the new commit, the branch too, back on it. HEAD and files belong together all the time.
    fn advance(
        &self,
        entry: &mut Entry,
        attached: bool,
        to_commit: impl FnOnce(&Worktree) -> Result<()>,
    ) -> Result<()> {
        let path = entry.place.path().to_owned();
        let worktree = entry.place.worktree(self.repository);
        let worktree = worktree.map_err(|why| SlotError::Suspicious { path, why })?;
        let SlotState::Held(lease) = &mut entry.state else {
            return Ok(());
        };
        let Some(target) = lease.moving_to.take().map(|moving| moving.commit) else {
            return Ok(());
        };
        let old = std::mem::replace(&mut lease.base, target.clone());
        if matches!(self.repository.head_of(&worktree)?, Head::Branch(_)) {
            self.repository.detach_head(&worktree, &old, "hotfix: newer base")?;
        }
        to_commit(&worktree)?;
        if attached {
            let branch =
                RefChange { name: lease.branch.clone(), old: Expect::At(old), new: Some(target.clone()) };
            // A move that was cut short here finds the branch moved already.
            if self.repository.read_ref(&lease.branch)?.as_ref() != Some(&target) {
                self.repository.change_refs("hotfix: newer base", &[branch])?;
            }
            self.repository.attach_head(&worktree, &lease.branch, "hotfix: newer base")?;
        }
        self.store.save(entry)
    }
}

/// Whether Git refused to switch because it would overwrite something.
pub(super) fn is_refusal(error: &crate::error::Error) -> bool {
    let refuses = |said: &str| {
        ["would be overwritten", "resolve your current index", "would lose untracked files"]
            .iter()
            .any(|words| said.contains(words))
    };
    matches!(error.downcast_ref(), Some(GitError::Failed { said, .. }) if refuses(said))
}
