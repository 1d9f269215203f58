//! What a worktree holds right now, as a tree. The worktree's own index is only read.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{MutexGuard, PoisonError};

use tempfile::TempPath;

use super::{Index, Oid, Repository, Worktree};
use crate::error::{FileError, Result};

/// How the names of our indexes begin, in a worktree's private folder.
const SCRATCH: &str = "hotfix-index-";

/// The newest look at a worktree. Its index holds exactly the tree that was seen, and what was noted of each file, so
/// that the next look need not begin anew and a commit need not read the tree again.
#[derive(Debug)]
pub(super) struct Look {
    git_dir: PathBuf,
    except: Vec<PathBuf>,
    tree: Oid,
    index: Kept,
    /// The worktree's own index when the look began.
    own: Option<Stamp>,
}

/// The index of a look.
#[derive(Debug)]
enum Kept {
    /// As we put it together.
    Here(Index),
    /// As Git wrote it.
    File(TempPath),
}

/// What shows that a file was replaced: times, size and inode.
type Stamp = (i64, i64, u64, u64);

impl Repository {
    /// Writes the tree of all files of a worktree that are not ignored, tracked or not, but for those in `except` that
    /// nobody staged.
    pub fn snapshot(&self, worktree: &Worktree, except: &[PathBuf]) -> Result<Oid> {
        let own = stamp(&worktree.git_dir.join("index"));
        let is_same =
            |look: &Look| look.git_dir == worktree.git_dir && look.except == except && look.own == own;
        let last = self.last_look().take().filter(is_same).map(|look| (look.tree, look.index));
        let (tree, index) = match last {
            Some((tree, Kept::File(file))) if self.tree_now(worktree, (&tree, &file, except))? == tree => {
                (tree, Kept::File(file))
            }
            Some((_, Kept::Here(index))) => self.see(worktree, Some(index), except)?,
            _ => self.see(worktree, self.plain_index(worktree), except)?,
        };
        let (git_dir, except) = (worktree.git_dir.clone(), except.to_owned());
        let look = Look { git_dir, except, tree, index, own };
        Ok(self.last_look().insert(look).tree.clone())
    }

    /// The files of the tree that the last look saw, in their order; `None` for another tree.
    pub(super) fn seen_files(&self, tree: &Oid) -> Option<Vec<PathBuf>> {
        match self.last_look().as_ref().filter(|look| look.tree == *tree)?.index {
            Kept::Here(ref index) => (0..index.len()).map(|at| index.path(at).map(super::path_of)).collect(),
            Kept::File(_) => None,
        }
    }

    /// Looks at all files, given an index that may be patched; Git does it where that is not plain.
    fn see(&self, worktree: &Worktree, index: Option<Index>, except: &[PathBuf]) -> Result<(Oid, Kept)> {
        if let Some(index) = index
            && let Some((tree, index)) = self.see_plainly(worktree, index, except)?
        {
            return Ok((tree, Kept::Here(index)));
        }
        let index = scratch_index(worktree, self.scratch_path(worktree))?;
        Ok((self.fill(worktree, &index, except)?, Kept::File(index)))
    }

    fn see_plainly(
        &self,
        worktree: &Worktree,
        index: Index,
        except: &[PathBuf],
    ) -> Result<Option<(Oid, Index)>> {
        let Some(mut difference) = self.difference(worktree, &index)? else {
            return Ok(None);
        };
        let except: BTreeSet<&[u8]> = except.iter().map(|path| path.as_os_str().as_bytes()).collect();
        difference.new.retain(|path| !except.contains(path.as_slice()));
        let index = if difference.is_empty() {
            Some(index)
        } else {
            let staged = self.staged(worktree, &index, &difference)?;
            staged.and_then(|(patch, modified)| index.with(self, &patch, modified))
        };
        let Some(index) = index else {
            return Ok(None);
        };
        let mut objects = self.new_objects();
        let tree = index.tree(&mut |oid, bytes| objects.add_tree(oid, bytes));
        objects.write_missing()?;
        Ok(tree.map(|tree| (tree, index)))
    }

    /// Where an index of ours may lie in a worktree's private folder; [`Repository::remove_scratch`] finds it there.
    pub fn scratch_path(&self, worktree: &Worktree) -> PathBuf {
        worktree.git_dir.join(format!("{SCRATCH}{}", self.ctx().clock.ulid()))
    }

    /// Removes what killed processes left of their work in a worktree that nobody works in.
    pub fn remove_scratch(&self, worktree: &Worktree) {
        let listed = std::fs::read_dir(&worktree.git_dir).into_iter().flatten();
        let left = listed.filter_map(std::result::Result::ok).filter(|entry| {
            let name = entry.file_name();
            name.to_string_lossy().starts_with(SCRATCH)
        });
        for entry in left {
            // One that cannot be removed is in nobody's way.
            std::fs::remove_file(entry.path()).ok();
        }
    }

    /// Makes the index of the last look the worktree's own, as `git read-tree -m -i` would. Tells whether that was
    /// possible: there must have been a look, at this tree, and nobody else may be writing the index.
    pub(super) fn install_index(&self, worktree: &Worktree, tree: &Oid) -> bool {
        let fits = |look: &Look| look.git_dir == worktree.git_dir && look.tree == *tree;
        let last = self.last_look().take();
        let Some(look) = last.filter(fits) else { return false };
        // The lock that Git takes; it fails if the file is there.
        let lock = worktree.git_dir.join("index.lock");
        let locked = match &look.index {
            Kept::File(file) => std::fs::hard_link(file, &lock).is_ok(),
            Kept::Here(index) => {
                let made = std::fs::File::create_new(&lock);
                made.is_ok() && std::fs::write(&lock, index.bytes()).is_ok()
            }
        };
        let renamed = locked && std::fs::rename(&lock, worktree.git_dir.join("index")).is_ok();
        if locked && !renamed {
            std::fs::remove_file(&lock).ok();
        }
        renamed
    }

    fn last_look(&self) -> MutexGuard<'_, Option<Look>> {
        self.look.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the worktree holds now, by a look that was made before: Git rewrites its index only if something differs.
    fn tree_now(&self, worktree: &Worktree, look: (&Oid, &Path, &[PathBuf])) -> Result<Oid> {
        let (tree, index, except) = look;
        let before = stamp(index);
        let own = worktree.git_dir.join("index");
        self.add_all(worktree, index, &self.unstaged_of(worktree, &own, except)?)?;
        if before.is_some() && stamp(index) == before {
            return Ok(tree.clone());
        }
        self.git_in(worktree).index(index).arg("write-tree").oid()
    }

    fn fill(&self, worktree: &Worktree, index: &Path, except: &[PathBuf]) -> Result<Oid> {
        let left_out = self.unstaged_of(worktree, index, except)?;
        self.add_all(worktree, index, &left_out)?;
        self.git_in(worktree).index(index).arg("write-tree").oid()
    }

    fn add_all(&self, worktree: &Worktree, index: &Path, left_out: &[PathBuf]) -> Result<()> {
        self.git_in(worktree)
            .setting("core.safecrlf=false")
            .setting("advice.addEmbeddedRepo=false")
            .index(index)
            .args(["add", "--all", "--", "."])
            .run()?;
        if !left_out.is_empty() {
            let call =
                self.git_in(worktree).index(index).args(["update-index", "-z", "--force-remove", "--stdin"]);
            call.input(nul_separated(left_out)).run()?;
        }
        Ok(())
    }

    /// Those of `paths` that nobody has put into the index: who staged a file means it.
    fn unstaged_of(&self, worktree: &Worktree, index: &Path, paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let call = self.git_in(worktree).index(index).args(["ls-files", "-z", "--cached", "--"]);
        let staged = call.args(paths).run()?;
        let staged: BTreeSet<PathBuf> = staged.split(|byte| *byte == 0).map(super::path_of).collect();
        Ok(paths.iter().filter(|path| !staged.contains(*path)).cloned().collect())
    }
}

/// A copy of the worktree's index, removed when it is no longer needed.
fn scratch_index(worktree: &Worktree, scratch: PathBuf) -> Result<TempPath> {
    let index = worktree.git_dir.join("index");
    match copy_with_time(&index, &scratch) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(FileError::of("copy", index)(error).into()),
        _ => {
            let path = TempPath::try_from_path(&scratch);
            Ok(path.map_err(FileError::of("create", scratch))?)
        }
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let found = path.metadata().ok()?;
    Some((found.mtime(), found.mtime_nsec(), found.size(), found.ino()))
}

/// Git takes a file for unchanged that has the size and the second of its entry, unless that second is also the
/// index's own: a copy with a newer time would hide an edit made right after the checkout.
fn copy_with_time(from: &Path, to: &Path) -> std::io::Result<()> {
    let modified = from.metadata()?.modified()?;
    std::fs::copy(from, to)?;
    std::fs::File::options().write(true).open(to)?.set_modified(modified)
}

fn nul_separated(paths: &[PathBuf]) -> Vec<u8> {
    let paths: Vec<&[u8]> = paths.iter().map(|path| path.as_os_str().as_bytes()).collect();
    paths.join(&0)
}
