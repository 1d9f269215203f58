//! Slots removed with their twins.
//!
//! That is recorded first. Then each folder gets a name that only our record knows, Git's entry is taken away as a whole,
//! and the files are deleted. Whoever finds a slot half removed finishes that. What somebody put where it was stays.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::claim::is_pending;
use super::place::{Place, Presence, is_entry_for, is_private_folder, points_to};
use super::state::{Entry, SlotState};
use super::{Pool, SlotError, inspect};
use crate::error::{FileError, Result};
use crate::git::CommonLock;

/// In Git's entry of a worktree that is being removed: the id of that removal.
const NOTE: &str = "hotfix-removing";

impl Pool<'_> {
    /// Removes a slot that no hotfix is open in, and its twin, with all that Git ignores in them. What is in no commit
    /// keeps it from being removed, unless it may be discarded.
    pub fn remove(&self, number: u32, discard: bool) -> Result<()> {
        let unknown = || SlotError::Unknown { number };
        let seen = self.store.load(number).ok_or_else(unknown)?;
        let _lock = self.lock(number, seen.place.path())?;
        // Looked at again under the lock.
        let mut entry = self.store.load(number).ok_or_else(unknown)?;
        self.mend(&mut entry)?;
        if !self.store.has(number) {
            return Ok(());
        }
        check_free(&entry)?;
        if matches!(entry.state, SlotState::Moving(_)) {
            self.finish_move(&mut entry)?;
        }
        self.check_ours(&entry)?;
        if !discard {
            self.check_clean(&entry)?;
        }
        let before = entry.state.clone();
        let taken = self.take_down(&mut entry);
        let whole = |place: &Place| place.worktree(self.repository).is_ok();
        if taken.is_err() && entry.twin.iter().chain([&entry.place]).all(whole) {
            // Nothing was moved: nobody is to do later, without a look, what could not be done now.
            entry.state = before;
            self.store.save(&entry)?;
        }
        taken
    }

    /// Fails if [`Pool::remove`] would.
    pub fn check_removable(&self, number: u32, discard: bool) -> Result<()> {
        let entry = self.store.load(number).ok_or(SlotError::Unknown { number })?;
        check_free(&entry)?;
        let on_its_way = matches!(entry.state, SlotState::Moving(_) | SlotState::Removing { .. });
        if discard || on_its_way || entry.place.presence() == Presence::Nothing {
            return Ok(());
        }
        self.check_clean(&entry)
    }

    /// Finishes what was cut short of removing slots, as far as nobody is at it.
    pub fn finish_removals(&self) -> Result<()> {
        for entry in self.store.load_all()?.iter().filter(|entry| is_going(entry)) {
            let Some(_lock) = self.try_lock(entry.number)? else {
                continue;
            };
            if let Some(mut entry) = self.store.load(entry.number).filter(is_going) {
                self.take_down(&mut entry)?;
            }
        }
        Ok(())
    }

    /// Takes a slot and its twin away, as far as they are there and ours, and forgets them. May be called any number of
    /// times; the caller holds the slot's lock.
    pub(super) fn take_down(&self, entry: &mut Entry) -> Result<()> {
        let id = match &entry.state {
            SlotState::Removing { id } => id.clone(),
            _ => self.doom(entry)?,
        };
        for place in entry.twin.iter().chain([&entry.place]) {
            self.take_away(place, &id)?;
        }
        self.repository.delete_removed_entries(&CommonLock::acquire(self.repository)?)?;
        self.store.remove(entry.number)
    }

    /// Notes in Git's entries that they go, then in the record. Somebody may make a worktree of the same name in the same
    /// place before the removal is finished: that one has no such note.
    fn doom(&self, entry: &mut Entry) -> Result<String> {
        let id = self.repository.ctx().clock.ulid();
        for place in entry.twin.iter().chain([&entry.place]) {
            if let Some(git_dir) = self.entry_to_remove(place) {
                let note = git_dir.join(NOTE);
                fs::write(&note, &id).map_err(FileError::of("write", note))?;
            }
        }
        entry.state = SlotState::Removing { id: id.clone() };
        self.store.save(entry)?;
        Ok(id)
    }

    /// Git's entry of a place, if the place is as we left it, or if the folder does not name that entry any more.
    fn entry_to_remove(&self, place: &Place) -> Option<PathBuf> {
        let git_dir = place.git_dir(self.repository).filter(|dir| dir.is_dir())?;
        let whole = place.worktree(self.repository).is_ok();
        let orphan = is_entry_for(&git_dir, place.path()) && !points_to(place.path(), &git_dir);
        (whole || orphan).then_some(git_dir)
    }

    /// A folder that was not as we left it stays.
    fn take_away(&self, place: &Place, id: &str) -> Result<()> {
        let (path, aside) = (place.path(), aside(place.path(), id));
        let noted = |git_dir: &PathBuf| fs::read(git_dir.join(NOTE)).is_ok_and(|note| note == id.as_bytes());
        if let Some(git_dir) = place.git_dir(self.repository).filter(noted) {
            if place.worktree(self.repository).is_ok() {
                fs::rename(path, &aside).map_err(FileError::of("move away", path))?;
            }
            let common = CommonLock::acquire(self.repository)?;
            self.repository.remove_entry(&common, &git_dir)?;
        }
        if is_private_folder(&aside).is_ok() {
            fs::remove_dir_all(&aside).map_err(FileError::of("remove", &aside))?;
        }
        Ok(())
    }

    /// Fails if a folder is there but not as we left it: it would stay, and nobody would know of it.
    fn check_ours(&self, entry: &Entry) -> Result<()> {
        let there = |place: &&Place| place.presence() != Presence::Nothing;
        for place in entry.twin.iter().chain([&entry.place]).filter(there) {
            let suspicious = |why| SlotError::Suspicious { path: place.path().to_owned(), why };
            place.worktree(self.repository).map_err(suspicious)?;
        }
        Ok(())
    }

    /// Fails if the slot holds something that is in no commit, or its submodules or its twin's something that is nowhere
    /// else.
    fn check_clean(&self, entry: &Entry) -> Result<()> {
        let path = entry.place.path();
        let worktree = entry.place.worktree(self.repository);
        let worktree = worktree.map_err(|why| SlotError::Suspicious { path: path.to_owned(), why })?;
        let twin = entry.twin.as_ref().and_then(|twin| twin.worktree(self.repository).ok());
        for worktree in [&worktree].into_iter().chain(&twin) {
            if let Some(found) = self.inner_content(worktree)?.first() {
                let why = format!("its submodule {} holds {}", found.path.display(), found.what);
                return Err(not_removable(entry.number, why, &worktree.path.join(&found.path)).into());
            }
        }
        let status = self.repository.status(&worktree)?;
        let status = inspect::without_submodules(self.repository, &worktree, status)?;
        let Some((_, first)) = status.into_iter().next() else {
            return Ok(());
        };
        let why = format!("{} in it is in no commit", first.display());
        Err(not_removable(entry.number, why, path).into())
    }
}

/// A slot that holds something, to be seen in `dir`.
fn not_removable(number: u32, why: String, dir: &Path) -> SlotError {
    let next = format!("git -C {} status  # or: git hotfix slot remove {number} --discard", dir.display());
    SlotError::NotRemovable { number, why, next }
}

/// What a folder is called while it is deleted: beside where it was, so that it need not be copied.
pub(super) fn aside(path: &Path, id: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!("-removing-{id}"));
    path.with_file_name(name)
}

/// Whether a slot is being removed, or was when somebody was stopped.
pub(super) fn is_going(entry: &Entry) -> bool {
    matches!(entry.state, SlotState::Removing { .. })
}

/// Fails if a hotfix is open in a slot.
fn check_free(entry: &Entry) -> Result<(), SlotError> {
    let Some(lease) = entry.lease().filter(|lease| !is_pending(&lease.hotfix)) else {
        return Ok(());
    };
    let why = format!("hotfix {} is open in it", lease.hotfix);
    let next = format!("git hotfix cleanup --id {}", lease.hotfix);
    Err(SlotError::NotRemovable { number: entry.number, why, next })
}
