//! What a worktree holds right now, as a tree. The worktree's own index is only read.

use super::{Oid, Repository, Worktree};
use crate::error::{FileError, Result};

impl Repository {
    /// Writes the tree of all files of a worktree that are not ignored, tracked or not.
    pub fn snapshot(&self, worktree: &Worktree) -> Result<Oid> {
        let scratch = worktree.git_dir.join(format!("hotfix-index-{}", self.ctx().clock.ulid()));
        let index = worktree.git_dir.join("index");
        match std::fs::copy(&index, &scratch) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(FileError::of("copy", index)(error).into()),
        }
        let add = self
            .git_in(worktree)
            .setting("core.safecrlf=false")
            .setting("advice.addEmbeddedRepo=false")
            .index(&scratch)
            .args(["add", "--all", "--", "."])
            .run();
        let tree = add.and_then(|_| self.git_in(worktree).index(&scratch).arg("write-tree").oid());
        std::fs::remove_file(&scratch).ok();
        tree
    }
}
