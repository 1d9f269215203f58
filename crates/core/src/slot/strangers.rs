//! Files that were in a slot before its hotfix began: taken on trust, the slot is looked at with the first snapshot. What
//! differs from the commit and is older than the lease cannot be the user's work.
//!
//! A file's change time is set by every write, rename and change of rights, and by nothing else (inode(7)): a file
//! moved in is as new as one that was written.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use hotfix_model::output::SlotKind;

use super::park::save;
use super::{Held, Moment, Pool, SlotError};
use crate::error::{FileError, Result};
use crate::git::{Change, ChangeKind, Index};

/// How many files are looked at between two looks for something better to do: about two milliseconds.
const PIECE: usize = 1_000;

/// A look at the files of a slot that is not ended.
pub struct Glance {
    root: PathBuf,
    index: Option<Index>,
    next: usize,
    /// Whether a file was not as noted.
    odd: bool,
    /// Whether there is nothing to see: the slot is new.
    unseen: bool,
}

impl Pool<'_> {
    /// Fails with [`SlotError::Strangers`] if some of what differs from the commit the slot was taken at was there before.
    pub fn no_strangers(&self, held: &Held, changes: &[Change]) -> Result<()> {
        let found = self.strangers(held, changes)?;
        if found.is_empty() {
            return Ok(());
        }
        let files = found.into_iter().map(|change| change.path.clone()).collect();
        let (path, hotfix) = (held.worktree.path.clone(), held.hotfix.clone());
        Err(SlotError::Strangers { path, hotfix, files }.into())
    }

    /// Those of `changes` that are older than the lease. A deletion is as old as the folder it happened in.
    pub fn strangers<'c>(&self, held: &Held, changes: &'c [Change]) -> Result<Vec<&'c Change>> {
        let Some(began) = held.began else {
            return Ok(Vec::new());
        };
        let root = &held.worktree.path;
        let is_old = |change: &&Change| {
            // The time of a folder says nothing of the commit that a submodule stands at.
            if change.is_submodule() {
                return false;
            }
            let mut from_here_up = change.path.ancestors();
            from_here_up.find_map(|path| Moment::of_change(&root.join(path))).is_some_and(|at| at < began)
        };
        let mut old: Vec<&Change> = changes.iter().filter(is_old).collect();
        if old.is_empty() {
            return Ok(old);
        }
        if Moment::now_in(&held.worktree).is_none_or(|now| now < began) {
            let path = root.display();
            self.repository.ctx().warn(format!(
                "the clock was put back since the hotfix began: what was in {path} before cannot be told from your work"
            ));
            return Ok(Vec::new());
        }
        let files = self.repository.list_files(&held.base)?;
        let known: HashSet<&Path> = files.iter().flat_map(|file| file.ancestors().skip(1)).collect();
        // A folder that was moved in is new, the files in it are not.
        let came_with_folder = |change: &&Change| {
            let folders = change.path.ancestors().skip(1).filter(|folder| !known.contains(folder));
            let mut changed = folders.filter_map(|folder| Moment::of_change(&root.join(folder)));
            change.kind == ChangeKind::Added && changed.any(|at| at >= began)
        };
        old.retain(|change| !came_with_folder(change));
        Ok(old)
    }

    /// Saves and takes out those of `changes` that are older than the lease, and says so; `None` if there are none.
    pub fn clear_strangers(&self, held: &Held, changes: &[Change]) -> Result<Option<String>> {
        let strangers = self.strangers(held, changes)?;
        if strangers.is_empty() {
            return Ok(None);
        }
        let dir = self.take_out(held, &strangers)?;
        let names: Vec<String> = strangers.iter().map(|change| change.path.display().to_string()).collect();
        let (names, dir) = (names.join(", "), dir.display());
        Ok(Some(format!("was there before the hotfix began, saved in {dir} and taken out: {names}")))
    }

    /// A look at the files of a slot that was just taken, in pieces, for as long as there is time.
    pub fn glance(&self, held: &Held) -> Glance {
        let unseen = held.kind == SlotKind::Cold;
        Glance { root: held.worktree.path.clone(), next: 0, odd: false, unseen, index: None }
    }

    /// Ends a look: if it came by something odd, what was there before the lease is saved and taken out. This finds
    /// what the times cannot tell later: a file that is edited after this too, and a deletion in a folder that changes.
    pub fn heed(&self, held: &Held, glance: &Glance) -> Result<Option<String>> {
        if !glance.odd {
            return Ok(None);
        }
        let tree = self.repository.snapshot(&held.worktree, &[])?;
        self.clear_strangers(held, &self.repository.changes(&held.base, &tree)?)
    }

    /// Looks at some more files; false if there are no more, or if what was seen is enough.
    pub fn look_on(&self, held: &Held, glance: &mut Glance) -> bool {
        if glance.unseen || glance.odd {
            return false;
        }
        let Some(index) = &glance.index else {
            glance.index = self.repository.plain_index(&held.worktree);
            return glance.index.is_some();
        };
        let end = glance.next + PIECE;
        let odd = |at: usize| index.path(at).is_some_and(|path| !index.is_noted_in(&glance.root, path));
        glance.odd = (glance.next..end).any(odd);
        glance.next = end;
        index.path(end).is_some()
    }

    /// Saves files that do not belong to the hotfix and makes them what they are in the slot's commit. Gives the folder
    /// they are saved in; a deleted one is only restored.
    fn take_out(&self, held: &Held, strangers: &[&Change]) -> Result<PathBuf> {
        let _guard = self.guard(held)?;
        let dir = self.place_to_save(&held.hotfix)?;
        let root = &held.worktree.path;
        for change in strangers {
            let from = root.join(&change.path);
            save(&from, &dir.join(&change.path)).map_err(FileError::of("save", from))?;
        }
        let (added, changed): (Vec<&Change>, Vec<&Change>) =
            strangers.iter().copied().partition(|change| change.kind == ChangeKind::Added);
        for change in added {
            let file = root.join(&change.path);
            std::fs::remove_file(&file).map_err(FileError::of("remove", file))?;
        }
        let paths: Vec<&Path> = changed.iter().map(|change| change.path.as_path()).collect();
        self.repository.restore(&held.worktree, &paths)?;
        Ok(dir)
    }
}
