//! What a worktree holds right now, as a tree. The worktree's own index is only read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Oid, Repository, Worktree};
use crate::error::{FileError, Result};

/// How the names of our indexes begin, in a worktree's private folder.
const SCRATCH: &str = "hotfix-index-";

impl Repository {
    /// Writes the tree of all files of a worktree that are not ignored, tracked or not, but for those in `except` that
    /// nobody staged.
    pub fn snapshot(&self, worktree: &Worktree, except: &[PathBuf]) -> Result<Oid> {
        let scratch = worktree.git_dir.join(format!("{SCRATCH}{}", self.ctx().clock.ulid()));
        let index = worktree.git_dir.join("index");
        match copy_with_time(&index, &scratch) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(FileError::of("copy", index)(error).into()),
        }
        let tree = self.fill(worktree, &scratch, except);
        std::fs::remove_file(&scratch).ok();
        tree
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

    fn fill(&self, worktree: &Worktree, index: &Path, except: &[PathBuf]) -> Result<Oid> {
        let left_out = self.unstaged_of(worktree, index, except)?;
        self.git_in(worktree)
            .setting("core.safecrlf=false")
            .setting("advice.addEmbeddedRepo=false")
            .index(index)
            .args(["add", "--all", "--", "."])
            .run()?;
        if !left_out.is_empty() {
            let call =
                self.git_in(worktree).index(index).args(["update-index", "-z", "--force-remove", "--stdin"]);
            call.input(nul_separated(&left_out)).run()?;
        }
        self.git_in(worktree).index(index).arg("write-tree").oid()
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

/// Git takes a file for unchanged that has the size and the second of its entry, unless that second is also the
/// index's own: a copy with a newer time would hide an edit made right after the checkout.
fn copy_with_time(from: &Path, to: &Path) -> std::io::Result<()> {
    let modified = from.metadata()?.modified()?;
    std::fs::copy(from, to)?;
    std::fs::File::options().write(true).open(to)?.set_modified(modified)
}

fn nul_separated(paths: &[PathBuf]) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    let paths: Vec<&[u8]> = paths.iter().map(|path| path.as_os_str().as_bytes()).collect();
    paths.join(&0)
}
