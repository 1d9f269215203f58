//! A slot given back: what is in no commit is saved, the slot goes to a commit and waits there. Ignored files stay.
//!
//! Where it is going is recorded first; whoever finds a slot on its way, finishes that.

use std::path::{Path, PathBuf};

use super::place::{Presence, Stored};
use super::stamp::Stamp;
use super::state::{Entry, Move, SlotState};
use super::submodules::Whose;
use super::{Held, Pool, SlotError, inspect};
use crate::error::{FileError, Result};
use crate::failpoint;
use crate::git::{Oid, Worktree};

/// What becomes of files that are in no commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// They are copied to `<state folder>/saved/<hotfix>` first.
    Save,
    /// They are given up: nobody wants them, or the caller has them in the record.
    Discard,
}

/// A slot that was given back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parked {
    /// Where files were saved; absent if there was nothing to save.
    pub saved_to: Option<PathBuf>,
    /// The saved files, as paths in the slot.
    pub saved: Vec<PathBuf>,
    /// What could not be removed, such as a repository somebody made in the slot. The slot is not used again until it
    /// is gone.
    pub left: Vec<PathBuf>,
}

/// A slot that is on its way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// Its number.
    pub number: u32,
    /// Where files go that are in no commit, if there are any.
    pub save_to: Option<PathBuf>,
}

impl Pool<'_> {
    /// Parks a slot at `commit`. HEAD leaves the hotfix branch; the branch itself is not touched. A slot that somebody
    /// removed is forgotten.
    pub fn park(&self, held: &Held, commit: &Oid, keep: Keep) -> Result<Parked> {
        let _guard = self.guard(held)?;
        match self.record_move(held, commit, keep)? {
            Some((mut entry, _)) => self.finish_move(&mut entry),
            None => Ok(Parked::default()),
        }
    }

    /// Says only that a slot is to be parked at `commit`: from then on it is no hotfix's, and whoever comes by does what
    /// [`Pool::park`] does. `None` for a slot that somebody removed, which is forgotten.
    pub fn let_go(&self, held: &Held, commit: &Oid, keep: Keep) -> Result<Option<Leaving>> {
        let _guard = self.guard(held)?;
        let recorded = self.record_move(held, commit, keep)?;
        if recorded.is_some() && held.attached {
            // The branch is the user's to check out or delete from now on. One that is gone holds nothing.
            let _ = self.repository.detach_here(&held.worktree, "hotfix: cleanup");
        }
        Ok(recorded.map(|(entry, save_to)| Leaving { number: entry.number, save_to }))
    }

    /// The caller holds the slot's lock.
    fn record_move(&self, held: &Held, commit: &Oid, keep: Keep) -> Result<Option<(Entry, Option<PathBuf>)>> {
        let mut entry = self.entry_of(held)?;
        if entry.place.presence() == Presence::Nothing {
            self.drop_entry(&entry)?;
            return Ok(None);
        }
        if let Some(what) = inspect::in_progress(&held.worktree) {
            return Err(SlotError::InProgress { path: held.worktree.path.clone(), what }.into());
        }
        let save_to = match keep {
            Keep::Save => Some(self.place_to_save(&held.hotfix)?),
            Keep::Discard => None,
        };
        let hotfix = Some(held.hotfix.clone());
        let stored = save_to.clone().map(Stored);
        entry.state = SlotState::Moving(Move { commit: commit.clone(), hotfix, save_to: stored });
        self.store.save(&entry)?;
        failpoint::reach(self.repository.ctx(), "park.recorded");
        Ok(Some((entry, save_to)))
    }

    /// The number of the slot that belonged to a hotfix and is on its way back.
    pub fn leaving(&self, hotfix: &str) -> Result<Option<u32>> {
        let entries = self.store.load_all()?;
        Ok(entries.iter().find(|entry| is_leaving(entry, hotfix)).map(|entry| entry.number))
    }

    /// Forgets the slot of a hotfix if somebody removed it.
    pub fn forget_removed(&self, hotfix: &str) -> Result<()> {
        for entry in self.store.load_all()? {
            let held = entry.lease().is_some_and(|lease| lease.hotfix == hotfix);
            let gone = entry.place.presence() == Presence::Nothing && self.moved_by_hand(&entry).is_none();
            if held && gone {
                let _lock = self.lock(entry.number, entry.place.path())?;
                self.drop_entry(&entry)?;
            }
        }
        Ok(())
    }

    /// Finishes a [`Pool::park`] that was cut short; `None` if there is none for this hotfix, or if another process is
    /// at it.
    pub fn finish_park(&self, hotfix: &str) -> Result<Option<Parked>> {
        let Some(number) = self.leaving(hotfix)? else {
            return Ok(None);
        };
        let Some(_lock) = self.try_lock(number)? else {
            return Ok(None);
        };
        match self.store.load(number).filter(|entry| is_leaving(entry, hotfix)) {
            Some(mut entry) => self.finish_move(&mut entry).map(Some),
            None => Ok(None),
        }
    }

    /// Brings a slot to where it is going. May be called any number of times.
    pub(super) fn finish_move(&self, entry: &mut Entry) -> Result<Parked> {
        let SlotState::Moving(target) = entry.state.clone() else {
            return Ok(Parked::default());
        };
        self.mend(entry)?;
        let path = entry.place.path().to_owned();
        let worktree = entry.place.worktree(self.repository);
        let worktree = worktree.map_err(|why| SlotError::Suspicious { path, why })?;
        self.repository.unhide(&worktree)?;
        let mut parked = Parked::default();
        if let Some(dir) = &target.save_to {
            parked.saved = self.save_changes(&worktree, &dir.0)?;
            parked.saved_to = (!parked.saved.is_empty()).then(|| dir.0.clone());
            entry.state = SlotState::Moving(Move { save_to: None, ..target.clone() });
            self.store.save(entry)?;
        }
        failpoint::reach(self.repository.ctx(), "park.saved");
        self.repository.remove_scratch(&worktree);
        self.outlive_builds(&worktree);
        self.repository.widen_worktree(&worktree)?;
        // A submodule that holds something and that the new commit has no place for keeps the slot where it is.
        parked.left = self.leave_submodules(&worktree, &target.commit, Whose::Nobodys)?;
        let commit = match parked.left.is_empty() {
            true => target.commit.clone(),
            false => self.repository.head(&worktree)?,
        };
        self.reset_exactly(&worktree, &commit)?;
        failpoint::reach(self.repository.ctx(), "park.moved");
        self.bring_submodules_or_say(&worktree, Whose::Nobodys)?;
        parked.left.extend(self.sweep(&worktree, false)?);
        parked.left.extend(self.inner_content(&worktree)?.into_iter().map(|found| found.path));
        parked.left.sort_unstable();
        parked.left.dedup();
        if let Some(twin) = entry.twin.as_ref().and_then(|twin| twin.worktree(self.repository).ok()) {
            self.repository.remove_scratch(&twin);
            self.repository.widen_worktree(&twin)?;
        }
        let stamp = parked.left.is_empty().then(|| Stamp::of(&worktree, &commit)).flatten();
        entry.state = SlotState::Parked { commit, stamp };
        self.store.save(entry)?;
        failpoint::reach(self.repository.ctx(), "park.parked");
        Ok(parked)
    }

    /// Removes what is untracked, if anything is, and gives what differs from the index or is untracked even then.
    pub(super) fn sweep(&self, worktree: &Worktree, with_repositories: bool) -> Result<Vec<PathBuf>> {
        let found = self.repository.unstaged_noting(worktree)?;
        if found.is_empty() {
            return Ok(found);
        }
        self.repository.clean(worktree, with_repositories)?;
        self.repository.unstaged_noting(worktree)
    }

    /// A folder that does not exist yet, for what a hotfix leaves behind.
    pub(super) fn place_to_save(&self, hotfix: &str) -> Result<PathBuf> {
        let all = self.repository.make_state_dir()?.join("saved");
        let name = hotfix.replace('/', "-").trim_start_matches('.').to_owned();
        let free = (1..).map(|count: u32| match count {
            1 => all.join(&name),
            _ => all.join(format!("{name}-{count}")),
        });
        let mut free = free.filter(|dir| dir.symlink_metadata().is_err());
        Ok(free.next().unwrap_or(all))
    }

    /// Copies every file of a worktree that is not as in its HEAD into `dir`, under the same path. Files that are
    /// deleted, or ignored, or in a repository of their own, are not copied. Gives the paths.
    pub(super) fn save_changes(&self, worktree: &Worktree, dir: &Path) -> Result<Vec<PathBuf>> {
        let mut saved = Vec::new();
        for (_, path) in self.repository.status_noting(worktree)? {
            let (from, to) = (worktree.path.join(&path), dir.join(&path));
            if save(&from, &to).map_err(FileError::of("save", from))? {
                saved.push(path);
            }
        }
        Ok(saved)
    }
}

fn is_leaving(entry: &Entry, hotfix: &str) -> bool {
    matches!(&entry.state, SlotState::Moving(target) if target.hotfix.as_deref() == Some(hotfix))
}

/// Copies a file or a link. False if there is nothing to copy.
pub(super) fn save(from: &Path, to: &Path) -> std::io::Result<bool> {
    use std::os::unix::fs::DirBuilderExt;
    let found = match from.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        found => found?,
    };
    if !found.is_file() && !found.is_symlink() {
        return Ok(false);
    }
    if let Some(parent) = to.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    }
    if found.is_symlink() {
        // Left from a copy that was cut short.
        let _ = std::fs::remove_file(to);
        std::os::unix::fs::symlink(std::fs::read_link(from)?, to)?;
    } else {
        std::fs::copy(from, to)?;
    }
    Ok(true)
}
