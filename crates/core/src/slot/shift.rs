//! A slot moved to another commit, at the price of what differs: those files are looked at and written, their entries
//! in the index replaced. Whatever is not plain about it is left to `git switch`.

use std::collections::HashMap;
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::Pool;
use super::advance::is_refusal;
use super::fresh::Tick;
use super::overwrite::Odd;
use crate::error::{FileError, Result};
use crate::failpoint;
use crate::git::{
    GitError, Index, Looked, Oid, Patch, Tracked, TrackedChange, Worktree, path_of, replace_index,
};

/// Modes of files, programs and symbolic links. Git alone knows what to do with submodules.
const PLAIN_MODES: [u32; 3] = [0o100_644, 0o100_755, 0o120_000];

/// Git's own lock on an index, held in its place.
struct IndexLock {
    path: PathBuf,
    held: bool,
}

impl Pool<'_> {
    /// Moves a detached worktree onto `commit`, given what differs between there and where it is. Refuses, and touches
    /// nothing, if that would overwrite something; edits of other files stay, as with `git switch`. What is written is
    /// newer than what was built until `tick`.
    pub(super) fn shift(
        &self,
        worktree: &Worktree,
        commit: &Oid,
        changes: &[TrackedChange],
        tick: &Tick,
    ) -> Result<()> {
        self.outlive(tick);
        if self.patch(worktree, changes, None)? {
            return self.repository.detach_head(worktree, commit, "hotfix: newer base");
        }
        self.repository.switch_detached(worktree, commit)
    }

    /// Makes a worktree exactly what a new one at `commit` would be, whatever is in it. Ignored files stay, and
    /// untracked ones where no file of `commit` has their name, unless they were seen.
    pub(super) fn reset_exactly(&self, worktree: &Worktree, commit: &Oid) -> Result<()> {
        if self.overwrite(worktree, commit)? {
            return self.repository.leave_for(worktree, commit, "hotfix: parked");
        }
        let before = self.attributes(worktree)?;
        // Without an index, writing all files anew was cut short: Git takes them for somebody's own.
        if worktree.git_dir.join("index").exists() {
            self.reset(worktree, commit)?;
            if self.attributes(worktree)? == before {
                return Ok(());
            }
        } else {
            self.repository.detach_head(worktree, commit, "hotfix: parked")?;
        }
        self.repository.lay_tree_anew(worktree, commit)
    }

    /// Git refuses to write over untracked files even when it is told to discard: those of a move that was cut short
    /// are in its way. Whoever resets a slot has saved what was in it.
    fn reset(&self, worktree: &Worktree, commit: &Oid) -> Result<()> {
        match self.repository.reset_detached(worktree, commit) {
            Err(error) if is_refusal(&error) => {
                self.repository.clean(worktree, false)?;
                self.repository.reset_detached(worktree, commit)
            }
            done => done,
        }
    }

    /// What in a worktree tells how files are written, in a form that can be compared.
    pub(super) fn attributes(&self, worktree: &Worktree) -> Result<Vec<u8>> {
        let Some(index) = self.repository.plain_index(worktree) else {
            return self.repository.list_attributes(worktree);
        };
        let mut all = Vec::new();
        for path in index.named(b".gitattributes") {
            let found = worktree.path.join(path_of(path)).symlink_metadata();
            let as_noted = found.is_ok_and(|found| index.is_as_noted(path, &found));
            let oid = index.tracked(path).map(|tracked| tracked.oid.to_string());
            all.extend(path);
            all.extend(format!("\0{} {as_noted}\0", oid.unwrap_or_default()).into_bytes());
        }
        Ok(all)
    }

    /// Writes what differs and patches the index. False, and nothing touched, if anything about it is not plain. Files
    /// that are known to be odd are overwritten; then Git also reads again what it wrote.
    pub(super) fn patch(
        &self,
        worktree: &Worktree,
        changes: &[TrackedChange],
        odd: Option<&Odd>,
    ) -> Result<bool> {
        let Some(mut lock) = IndexLock::take(worktree) else {
            return Ok(false);
        };
        let repository = self.repository;
        let Some(index) = repository.plain_index(worktree).filter(|_| is_plain_place(worktree)) else {
            return Ok(false);
        };
        let plain = |_: &Patch| all_plain(worktree, (&index, odd), changes);
        let Some(rules) = rules(worktree, &index).filter(plain) else {
            return Ok(false);
        };
        let entries = changes.iter().map(|change| (change.path.clone(), change.new.clone()));
        let mut patch: Patch = entries.map(|(path, new)| (path, new.map(|new| (new, None)))).collect();
        let of_files = patch.iter().filter(|(_, new)| new.is_some());
        let small: Patch = of_files.map(|(path, new)| (path.clone(), new.clone())).chain(rules).collect();
        let Some(small) = Index::of(repository, &small) else {
            return Ok(false);
        };
        remove_files(worktree, changes)?;
        self.write_files(worktree, small, changes)?;
        failpoint::reach(repository.ctx(), "slot.written");
        match odd {
            Some(odd) => {
                self.look_closely(worktree, &mut patch)?;
                let written = std::mem::take(&mut patch);
                patch = odd.same.clone();
                patch.extend(written);
            }
            None => look(worktree, &mut patch)?,
        }
        let unreadable = || GitError::Unreadable { command: "index".to_owned() };
        lock.replace(worktree, &index.patched(repository, &patch).ok_or_else(unreadable)?)?;
        Ok(true)
    }

    /// Lets Git write the new files from an index that holds nothing else, so that it need not read the large one.
    fn write_files(&self, worktree: &Worktree, index: Vec<u8>, changes: &[TrackedChange]) -> Result<()> {
        let paths = changes.iter().filter(|change| change.new.is_some());
        let paths: Vec<&[u8]> = paths.map(|change| change.path.as_slice()).collect();
        if paths.is_empty() {
            return Ok(());
        }
        let scratch = self.repository.scratch_path(worktree);
        std::fs::write(&scratch, index).map_err(FileError::of("write", &scratch))?;
        let written = self.repository.write_files(worktree, &scratch, &paths);
        std::fs::remove_file(&scratch).ok();
        written
    }
}

/// Notes what the system knows of files that were just written.
fn look(worktree: &Worktree, patch: &mut Patch) -> Result<()> {
    for (path, new) in patch {
        if let Some((_, looked)) = new {
            let file = worktree.path.join(path_of(path));
            let found = file.symlink_metadata().map_err(FileError::of("look at", file))?;
            *looked = Some(Looked::at(&found));
        }
    }
    Ok(())
}

/// Whether a difference touches what tells Git how to treat other files: then they must be looked at, all of them.
pub(super) fn changes_rules(changes: &[TrackedChange]) -> bool {
    let is_rule = |name: &[u8]| name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b".git"));
    changes.iter().any(|change| change.path.split(|byte| *byte == b'/').any(is_rule))
}

/// Whether every name means itself, and all of them are in the worktree: no sparse checkout, and no disk that takes
/// `.GIT` for `.git`.
pub(super) fn is_plain_place(worktree: &Worktree) -> bool {
    !worktree.git_dir.join("info/sparse-checkout").exists()
        && worktree.path.join(".GIT").symlink_metadata().is_err()
}

/// The entries that tell how files are written; `None` if one of those files is not as it was noted.
fn rules(worktree: &Worktree, index: &Index) -> Option<Patch> {
    let mut rules = Patch::new();
    for path in index.named(b".gitattributes") {
        let found = worktree.path.join(path_of(path)).symlink_metadata().ok()?;
        let tracked = index.tracked(path).filter(|_| index.is_as_noted(path, &found))?;
        rules.insert(path.to_vec(), Some((tracked, None)));
    }
    Some(rules)
}

/// Whether each change starts from what index and disk really hold, and nothing is in the way of its end.
fn all_plain(worktree: &Worktree, (index, odd): (&Index, Option<&Odd>), changes: &[TrackedChange]) -> bool {
    let mut folders = HashMap::new();
    let is_odd = |path: &[u8]| odd.is_some_and(|odd| odd.paths.contains(path));
    let plain_mode = |tracked: &Option<Tracked>| {
        tracked.as_ref().is_none_or(|tracked| PLAIN_MODES.contains(&tracked.mode))
    };
    changes.iter().all(|change| {
        let path = worktree.path.join(path_of(&change.path));
        let on_disk = |found: std::io::Result<Metadata>| match (&change.old, found) {
            (Some(_), Ok(found)) => {
                let overwritten = is_odd(&change.path) && !found.is_dir();
                overwritten || index.is_as_noted(&change.path, &found)
            }
            (Some(_), Err(error)) if is_odd(&change.path) => error.kind() == std::io::ErrorKind::NotFound,
            (None, Err(error)) => error.kind() == std::io::ErrorKind::NotFound,
            _ => false,
        };
        plain_mode(&change.old)
            && plain_mode(&change.new)
            && index.tracked(&change.path) == change.old
            && in_real_folders(&worktree.path, Path::new(&path_of(&change.path)), &mut folders)
            && on_disk(path.symlink_metadata())
    })
}

/// Whether all folders of a path are folders, and no links to some, as far as they exist.
fn in_real_folders(root: &Path, path: &Path, known: &mut HashMap<PathBuf, bool>) -> bool {
    path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()).all(|folder| {
        let look = || match root.join(folder).symlink_metadata() {
            Ok(found) => found.is_dir(),
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        };
        *known.entry(folder.to_owned()).or_insert_with(look)
    })
}

/// Removes the files that are gone, and the folders that are empty then.
fn remove_files(worktree: &Worktree, changes: &[TrackedChange]) -> Result<()> {
    let gone = changes.iter().filter(|change| change.new.is_none());
    gone.into_iter().try_for_each(|change| remove_file(worktree, &change.path))
}

pub(super) fn remove_file(worktree: &Worktree, path: &[u8]) -> Result<()> {
    let relative = path_of(path);
    let file = worktree.path.join(&relative);
    match std::fs::remove_file(&file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(FileError::of("remove", file)(error).into());
        }
        _ => {}
    }
    for folder in relative.ancestors().skip(1).filter(|folder| !folder.as_os_str().as_bytes().is_empty()) {
        if std::fs::remove_dir(worktree.path.join(folder)).is_err() {
            break;
        }
    }
    Ok(())
}

impl IndexLock {
    fn take(worktree: &Worktree) -> Option<Self> {
        let path = worktree.git_dir.join("index.lock");
        std::fs::File::create_new(&path).ok()?;
        Some(Self { path, held: true })
    }

    fn replace(&mut self, worktree: &Worktree, bytes: &[u8]) -> Result<()> {
        replace_index(worktree, &self.path, bytes).map_err(FileError::of("write", &self.path))?;
        self.held = false;
        Ok(())
    }
}

impl Drop for IndexLock {
    fn drop(&mut self) {
        if self.held {
            std::fs::remove_file(&self.path).ok();
        }
    }
}
