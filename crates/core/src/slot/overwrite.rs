//! A worktree made exactly what a tree says, whatever is in it, at the price of a look at all files and of what differs.
//! Git's own ways (`switch --force`, `read-tree --reset`) read, sort and write the whole index and look at every file twice.

use std::collections::BTreeSet;

use super::Pool;
use super::shift::{changes_rules, is_plain_place, remove_file};
use crate::error::Result;
use crate::git::{Index, Looked, Oid, Patch, Tracked, TrackedChange, Worktree};

/// Tracked files that are not, by all that the system knows of them, those the index was told of.
pub(super) struct Odd {
    pub paths: BTreeSet<Vec<u8>>,
    /// Those that hold the same all the same, and what is to be noted of them.
    pub same: Patch,
}

impl Pool<'_> {
    /// Makes the files of a worktree exactly those of a tree or commit, at the price of a look at all and of what differs.
    /// Edits, and files that are not tracked and not ignored, are given up. False, and no tracked file touched, if
    /// anything about it is not plain. HEAD stays where it is.
    pub(super) fn overwrite(&self, worktree: &Worktree, tree: &Oid) -> Result<bool> {
        let repository = self.repository;
        let Some(index) = repository.plain_index(worktree).filter(|_| is_plain_place(worktree)) else {
            return Ok(false);
        };
        // What is staged may be in no tree that could be compared.
        let Some(from) = index.whole_tree().filter(|from| repository.tree_of(from).is_ok()) else {
            return Ok(false);
        };
        let Some(difference) = repository.difference(worktree, &index)? else {
            return Ok(false);
        };
        let mut changes = repository.tracked_changes(&from, tree)?;
        if changes_rules(&changes) {
            return Ok(false);
        }
        let Some(tracked) = repository.staged_tracked(worktree, &index, &difference)? else {
            return Ok(false);
        };
        let differs = |path: &[u8], new: &Option<(Tracked, Option<Looked>)>| {
            new.as_ref().map(|(tracked, _)| tracked) != index.tracked(path).as_ref()
        };
        let (odd, same): (Patch, Patch) = tracked.into_iter().partition(|(path, new)| differs(path, new));
        let also: BTreeSet<&[u8]> = changes.iter().map(|change| change.path.as_slice()).collect();
        let again = odd.keys().filter(|path| !also.contains(path.as_slice()));
        let again: Vec<TrackedChange> = again.map(|path| unchanged(&index, path)).collect();
        changes.extend(again);
        for path in &difference.new {
            remove_file(worktree, path)?;
        }
        let nothing = changes.is_empty() && same.is_empty();
        let odd = Odd { paths: odd.into_keys().chain(same.keys().cloned()).collect(), same };
        Ok(nothing || self.patch(worktree, &changes, Some(&odd))?)
    }

    /// Notes what the system knows of files that were just written, if Git reads in them what was wanted: a filter may
    /// not give back what it was given.
    pub(super) fn look_closely(&self, worktree: &Worktree, patch: &mut Patch) -> Result<()> {
        let written: Patch = patch
            .iter()
            .filter(|(_, new)| new.is_some())
            .map(|(path, new)| (path.clone(), new.clone()))
            .collect();
        if written.is_empty() {
            return Ok(());
        }
        // What is as new as the look could be changed again unseen.
        self.outlive_builds(worktree);
        let seen = self.repository.restaged(worktree, &written, &[])?.unwrap_or_default().0;
        for (path, new) in patch {
            if let (Some((wanted, looked)), Some(Some((found, now)))) = (new, seen.get(path)) {
                *looked = now.filter(|_| wanted == found);
            }
        }
        Ok(())
    }
}

/// A file that is to be written as it was.
fn unchanged(index: &Index, path: &[u8]) -> TrackedChange {
    let tracked = index.tracked(path);
    TrackedChange { path: path.to_owned(), old: tracked.clone(), new: tracked }
}
