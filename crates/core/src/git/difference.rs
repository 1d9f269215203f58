//! In what a worktree differs from its index, at the price of a look at all files and of questions to Git about the few
//! that differ. `None` wherever it is not plain: then Git has to look itself.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use super::walk::{Odd, walk};
use super::{Index, Looked, Oid, Patch, Repository, Tracked, Worktree, path_of, replace_index};
use crate::error::{FileError, Result};

/// From so many files on, Git looks at all of them itself at about the same price.
const MOST: usize = 1_000;

/// Paths that are not as the index has them; none of them is ignored.
#[derive(Debug, Default)]
pub struct Difference {
    /// Tracked files that may differ: they are other files, or too new to be sure.
    pub changed: Vec<Vec<u8>>,
    /// Tracked files that are gone.
    pub gone: Vec<Vec<u8>>,
    /// Files and links that are not tracked.
    pub new: Vec<Vec<u8>>,
}

impl Repository {
    /// Looks at all files of a worktree. `None` where only Git can tell.
    pub fn difference(&self, worktree: &Worktree, index: &Index) -> Result<Option<Difference>> {
        let Some(Odd { changed, gone, strange }) = walk(&worktree.path, index) else {
            return Ok(None);
        };
        if changed.len() + gone.len() + strange.len() > MOST {
            return Ok(None);
        }
        let Some(new) = self.unignored(worktree, strange)? else {
            return Ok(None);
        };
        let difference = Difference { changed, gone, new };
        Ok(difference.is_plain().then_some(difference))
    }

    /// What in a worktree differs from its HEAD, worded as [`Repository::status`] words it; `None` where only Git can tell.
    pub(super) fn plain_status(
        &self,
        worktree: &Worktree,
        note: bool,
    ) -> Result<Option<Vec<(String, PathBuf)>>> {
        let Some(index) = self.plain_index(worktree) else {
            return Ok(None);
        };
        if index.whole_tree() != Some(self.tree_of(&self.head(worktree)?)?) {
            return Ok(None);
        }
        self.plain_unstaged(worktree, &index, note)
    }

    /// The same as far as it differs from the index. Files that turn out to be as they were may be noted in it, so that
    /// they need not be read the next time.
    pub(super) fn plain_unstaged(
        &self,
        worktree: &Worktree,
        index: &Index,
        note: bool,
    ) -> Result<Option<Vec<(String, PathBuf)>>> {
        let Some(difference) = self.difference(worktree, index)? else {
            return Ok(None);
        };
        let Some(patch) = self.staged_tracked(worktree, index, &difference)? else {
            return Ok(None);
        };
        let (same, other): (Patch, Patch) = patch.into_iter().partition(|(path, new)| {
            new.as_ref().is_some_and(|(tracked, _)| index.tracked(path).as_ref() == Some(tracked))
        });
        if note && same.values().flatten().any(|(_, looked)| looked.is_some()) {
            self.note(worktree, index, &same);
        }
        let code = |path: &[u8], new: &Option<(Tracked, Option<Looked>)>| {
            let kind = |tracked: &Tracked| tracked.mode >> 12;
            match (index.tracked(path), new) {
                (_, None) => " D",
                (Some(old), Some((new, _))) if kind(&old) != kind(new) => " T",
                _ => " M",
            }
        };
        let tracked = other.iter().map(|(path, new)| (code(path, new).to_owned(), path_of(path)));
        let new = difference.new.iter().map(|path| ("??".to_owned(), path_of(path)));
        Ok(Some(tracked.chain(new).collect()))
    }

    /// [`Repository::differing`] without a process; `None` where only Git can tell.
    pub(super) fn plain_differing(&self, worktree: &Worktree, tree: &Oid) -> Result<Option<Vec<String>>> {
        let Some(index) =
            self.plain_index(worktree).filter(|index| index.whole_tree().as_ref() == Some(tree))
        else {
            return Ok(None);
        };
        let Some(Odd { changed, gone, .. }) = walk(&worktree.path, &index) else {
            return Ok(None);
        };
        let difference = Difference { changed, gone, new: Vec::new() };
        if !difference.is_plain() {
            return Ok(None);
        }
        let Some(staged) = self.staged_tracked(worktree, &index, &difference)? else {
            return Ok(None);
        };
        let differs = |(path, new): &(&Vec<u8>, &Option<(Tracked, Option<Looked>)>)| {
            new.as_ref().map(|(tracked, _)| tracked) != index.tracked(path).as_ref()
        };
        let names = staged.iter().filter(differs).map(|(path, _)| String::from_utf8_lossy(path).into_owned());
        Ok(Some(names.collect()))
    }

    /// Notes in an index what was seen of files, unless somebody writes it. Only saves work.
    fn note(&self, worktree: &Worktree, index: &Index, seen: &Patch) {
        let lock = worktree.git_dir.join("index.lock");
        let Some(bytes) = index.patched(self, seen) else { return };
        if std::fs::File::create_new(&lock).is_ok() && replace_index(worktree, &lock, &bytes).is_err() {
            std::fs::remove_file(&lock).ok();
        }
    }

    /// What the index has to say once the difference is staged, and when it was looked at.
    pub(super) fn staged(
        &self,
        worktree: &Worktree,
        index: &Index,
        difference: &Difference,
    ) -> Result<Option<(Patch, (i64, i64))>> {
        let tracked = || difference.changed.iter().chain(&difference.gone);
        let entries: Patch = tracked()
            .map(|path| (path.clone(), index.tracked(path).map(|tracked| (tracked, None))))
            .collect();
        let Some((staged, at)) = self.restaged(worktree, &entries, &difference.new)? else {
            return Ok(None);
        };
        let mut patch: Patch = tracked().map(|path| (path.clone(), None)).collect();
        patch.extend(staged);
        Ok(Some((patch, at)))
    }

    /// The same of tracked files alone, which Git reads to see whether they really differ.
    pub fn staged_tracked(
        &self,
        worktree: &Worktree,
        index: &Index,
        difference: &Difference,
    ) -> Result<Option<Patch>> {
        let Difference { changed, gone, .. } = difference;
        if changed.is_empty() {
            return Ok(Some(gone.iter().map(|path| (path.clone(), None)).collect()));
        }
        let tracked = Difference { changed: changed.clone(), gone: gone.clone(), new: Vec::new() };
        Ok(self.staged(worktree, index, &tracked)?.map(|(patch, _)| patch))
    }

    /// What Git makes of these files when they are staged, those of `new` too, and when it looked. It does so in an index
    /// that holds these alone, so that it need not read and write the large one.
    pub fn restaged(
        &self,
        worktree: &Worktree,
        entries: &Patch,
        new: &[Vec<u8>],
    ) -> Result<Option<(Patch, (i64, i64))>> {
        let Some(small) = Index::of(self, entries) else {
            return Ok(None);
        };
        let scratch = self.scratch_path(worktree);
        std::fs::write(&scratch, small).map_err(FileError::of("write", &scratch))?;
        let scratch = TempPath::try_from_path(&scratch).map_err(FileError::of("write", &scratch))?;
        let paths: Vec<&[u8]> = entries.keys().chain(new).map(Vec::as_slice).collect();
        let call = self.git_in(worktree).setting("core.safecrlf=false").setting("core.splitIndex=false");
        let call = call.index(&scratch).args(["update-index", "--add", "--remove", "-z", "--stdin"]);
        // What is no longer there, or no file, Git has to look at as a whole.
        if !call.input(paths.join(&0)).finish()?.success() {
            return Ok(None);
        }
        let small = self.read_index(&scratch);
        Ok(small.and_then(|small| Some((small.as_patch()?, small.modified()))))
    }

    /// The files among untracked paths, and in the folders among them, that Git does not ignore. `None` if there is
    /// another repository, or too much to ask for.
    fn unignored(&self, worktree: &Worktree, strange: Vec<Vec<u8>>) -> Result<Option<Vec<Vec<u8>>>> {
        let strange = self.without_ignored(worktree, strange)?;
        let (mut files, mut inside) = (Vec::new(), Vec::new());
        for path in strange {
            match worktree.path.join(path_of(&path)).symlink_metadata() {
                Ok(found) if found.is_dir() => {
                    if files_in(&worktree.path, &path, &mut inside).is_none() {
                        return Ok(None);
                    }
                }
                _ => files.push(path),
            }
        }
        files.extend(self.without_ignored(worktree, inside)?);
        Ok(Some(files))
    }

    fn without_ignored(&self, worktree: &Worktree, mut paths: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>> {
        if !paths.is_empty() {
            let ignored = self.ignored_untracked(worktree, &paths)?;
            let ignored: BTreeSet<Vec<u8>> = ignored.into_iter().collect();
            paths.retain(|path| !ignored.contains(path));
        }
        Ok(paths)
    }
}

impl Difference {
    pub(super) fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.gone.is_empty() && self.new.is_empty()
    }

    /// Whether no path is a rule about others, or takes the place of a folder or of a file in the way.
    fn is_plain(&self) -> bool {
        let gone: BTreeSet<&[u8]> = self.gone.iter().map(Vec::as_slice).collect();
        let in_place_of_file = |path: &[u8]| {
            path_of(path).ancestors().skip(1).any(|above| gone.contains(above.as_os_str().as_bytes()))
        };
        let is_rule = |path: &[u8]| path.split(|byte| *byte == b'/').any(|part| part.starts_with(b".git"));
        let mut all = self.changed.iter().chain(&self.gone).chain(&self.new);
        !all.any(|path| is_rule(path)) && !self.new.iter().any(|path| in_place_of_file(path))
    }
}

/// Collects the files and links in a folder, at all depths.
fn files_in(root: &Path, folder: &[u8], found: &mut Vec<Vec<u8>>) -> Option<()> {
    let listed = match std::fs::read_dir(root.join(path_of(folder))) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Some(()),
        listed => listed.ok()?,
    };
    for entry in listed {
        let entry = entry.ok()?;
        let (name, kind) = (entry.file_name(), entry.file_type().ok()?);
        let path = [folder, b"/", name.as_bytes()].concat();
        if name == ".git" || found.len() >= MOST {
            return None;
        }
        if kind.is_dir() {
            files_in(root, &path, found)?;
        } else if kind.is_file() || kind.is_symlink() {
            found.push(path);
        } else {
            return None;
        }
    }
    Some(())
}
