//! Repairs what crashes and hands left of our slots. Entries that are not recorded as ours are never touched.

use std::path::Path;

use super::place::{Place, Presence, is_entry_for, points_to};
use super::remove::is_going;
use super::state::{Entry, SlotState};
use super::{Pool, inspect};
use crate::error::{FileError, Result};
use crate::git::{CommonLock, git_runs_in};

impl Pool<'_> {
    /// Repairs all slots that no process works in, and tells what was done, one line each.
    ///
    /// An empty file in `<common folder>/worktrees/<name>` makes the user's own `git branch`, `fetch` and `gc` die,
    /// and `git worktree prune` does not help; so ours are looked after here.
    pub fn repair(&self) -> Result<Vec<String>> {
        self.repository.remove_stale_ref_locks();
        let mut done = Vec::new();
        for entry in self.store.load_all()? {
            let Some(_lock) = self.try_lock(entry.number)? else {
                continue;
            };
            if let Some(mut entry) = self.store.load(entry.number) {
                done.extend(self.mend(&mut entry)?);
            }
        }
        Ok(done)
    }

    /// Repairs the slots that do not look right, at the price of a few small reads each, and gives all entries. What
    /// cannot be repaired is passed over.
    pub(super) fn mend_damaged(&self) -> Result<Vec<Entry>> {
        let damaged = |entry: &Entry| {
            let mut places = entry.twin.iter().chain([&entry.place]);
            places.any(|place| place.worktree(self.repository).is_err())
        };
        let damaged = |entry: &Entry| is_going(entry) || damaged(entry);
        let entries = self.store.load_all()?;
        let to_mend: Vec<&Entry> = entries.iter().filter(|entry| damaged(entry)).collect();
        if to_mend.is_empty() {
            return Ok(entries);
        }
        for entry in to_mend {
            let Some(_lock) = self.try_lock(entry.number)? else {
                continue;
            };
            // Looked at again under the lock: a moment ago it may just have been in the making.
            if let Some(mut entry) = self.store.load(entry.number).filter(damaged)
                && let Err(error) = self.mend(&mut entry)
            {
                let path = entry.place.path().display();
                self.repository
                    .ctx()
                    .warn(format!("slot {path} cannot be repaired: {error}: {}", error.why()));
            }
        }
        self.store.load_all()
    }

    /// Repairs one slot and its twin. The caller holds the slot's lock. The entry is gone afterwards if the slot is.
    pub(super) fn mend(&self, entry: &mut Entry) -> Result<Vec<String>> {
        if is_going(entry) {
            self.take_down(entry)?;
            return Ok(vec![format!("removed the half-removed slot {}", entry.place.path().display())]);
        }
        let mut done = self.mend_twin(entry)?;
        if entry.state == SlotState::Making {
            if self.unmake_abandoned(entry.place.path())? {
                self.store.remove(entry.number)?;
                done.push(format!("removed the half-made slot {}", entry.place.path().display()));
            }
            return Ok(done);
        }
        match entry.place.presence() {
            Presence::Folder => {
                let head = self.head_line(entry)?;
                done.extend(self.mend_place(&entry.place, &head)?);
                self.forget_orphan(entry, &mut done)?;
            }
            Presence::Nothing => self.forget(entry, &mut done)?,
            Presence::Other => {}
        }
        Ok(done)
    }

    fn mend_twin(&self, entry: &mut Entry) -> Result<Vec<String>> {
        let Some(twin) = entry.twin.clone() else {
            return Ok(Vec::new());
        };
        let path = twin.path().display();
        let mut done = Vec::new();
        if twin.name.is_none() {
            if !self.unmake_abandoned(twin.path())? {
                return Ok(done);
            }
            done.push(format!("removed the half-made twin {path}"));
        } else if twin.presence() == Presence::Folder {
            // Any commit will do: a twin's HEAD is set anew each time it is used.
            let head = entry.waits_at().or(entry.lease().map(|lease| &lease.base));
            let head = head.map(|commit| format!("{commit}\n")).unwrap_or_default();
            return self.mend_place(&twin, &head);
        } else {
            self.remove_entry(&twin)?;
            done.push(format!("forgot the twin {path}, which is gone"));
        }
        entry.twin = None;
        entry.setup.twin = None;
        self.store.save(entry)?;
        Ok(done)
    }

    /// Takes apart what a killed process left half-made. False, and nothing done, while its Git may still be at it.
    fn unmake_abandoned(&self, path: &Path) -> Result<bool> {
        let common = CommonLock::acquire(self.repository)?;
        if git_runs_in(&[path, self.repository.common_dir()]) {
            return Ok(false);
        }
        self.unmake(&common, path)?;
        self.repository.remove_stale_ref_locks();
        Ok(true)
    }

    /// What HEAD of a slot has to say.
    fn head_line(&self, entry: &Entry) -> Result<String> {
        if let Some(commit) = entry.waits_at() {
            return Ok(format!("{commit}\n"));
        }
        let Some(lease) = entry.lease() else {
            return Ok(String::new());
        };
        Ok(match self.repository.read_ref(&lease.branch)? {
            Some(_) => format!("ref: {}\n", lease.branch),
            None => format!("{}\n", lease.base),
        })
    }

    /// Writes again what a crash emptied, and removes locks whose Git is gone.
    fn mend_place(&self, place: &Place, head: &str) -> Result<Vec<String>> {
        let mut done = Vec::new();
        let Some(git_dir) = place.git_dir(self.repository).filter(|dir| points_to(place.path(), dir)) else {
            return Ok(done);
        };
        let mut pointer = place.path().join(".git").into_os_string();
        pointer.push("\n");
        let pointer = std::os::unix::ffi::OsStringExt::into_vec(pointer);
        let wanted = [("commondir", b"../..\n".as_slice()), ("gitdir", &pointer), ("HEAD", head.as_bytes())];
        for (name, content) in wanted {
            let file = git_dir.join(name);
            if file.metadata().map_or(0, |found| found.len()) == 0 && !content.is_empty() {
                std::fs::write(&file, content).map_err(FileError::of("write", &file))?;
                done.push(format!("repaired {}", file.display()));
            }
        }
        let locks = inspect::locks(&git_dir);
        if !locks.is_empty() && !git_runs_in(&[place.path(), &git_dir]) {
            for lock in locks {
                std::fs::remove_file(&lock).map_err(FileError::of("remove", &lock))?;
                done.push(format!("removed {}, which no running Git owns", lock.display()));
            }
        }
        Ok(done)
    }

    /// Forgets a parked slot whose entry in the repository was removed by hand. Its folder is not ours to remove then.
    fn forget_orphan(&self, entry: &Entry, done: &mut Vec<String>) -> Result<()> {
        let known = entry.place.git_dir(self.repository).is_some_and(|dir| dir.is_dir());
        if known || entry.lease().is_some() {
            return Ok(());
        }
        let path = entry.place.path().display();
        done.push(format!("forgot slot {}: {path} is no worktree any more; the folder stays", entry.number));
        self.store.remove(entry.number)
    }

    /// Forgets a slot whose folder is gone; the lease of an open hotfix stays, so that it can be said.
    fn forget(&self, entry: &Entry, done: &mut Vec<String>) -> Result<()> {
        if self.moved_by_hand(entry).is_some() {
            return Ok(());
        }
        if self.remove_entry(&entry.place)? {
            let path = entry.place.path().display();
            done.push(format!("forgot slot {}: {path} is gone", entry.number));
        }
        if entry.lease().is_none() {
            self.drop_entry(entry)?;
        }
        Ok(())
    }

    /// Forgets a slot whose folder is gone, whoever held it, with its twin.
    pub(super) fn drop_entry(&self, entry: &Entry) -> Result<()> {
        for place in entry.twin.iter().chain([&entry.place]) {
            self.save_submodules_of(place)?;
        }
        self.take_down(&mut entry.clone())
    }

    /// Removes the repository's entry for a folder that is gone, if it still is the entry for that folder.
    fn remove_entry(&self, place: &Place) -> Result<bool> {
        let Some(git_dir) = place.git_dir(self.repository).filter(|dir| dir.is_dir()) else {
            return Ok(false);
        };
        if !is_entry_for(&git_dir, place.path()) {
            return Ok(false);
        }
        self.save_submodules_of(place)?;
        let common = CommonLock::acquire(self.repository)?;
        self.repository.remove_entry(&common, &git_dir)?;
        Ok(true)
    }

    /// Keeps what the submodules of a worktree hold whose folder is gone.
    fn save_submodules_of(&self, place: &Place) -> Result<()> {
        match (place.presence(), place.git_dir(self.repository)) {
            (Presence::Nothing, Some(git_dir)) => {
                let name = git_dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
                self.save_submodules(&git_dir, &name)
            }
            _ => Ok(()),
        }
    }
}
