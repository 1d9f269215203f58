//! A worktree's HEAD, pointed at a branch: the one ref that is written without Git, where that is as plain as can be.

use super::{RefName, Repository, Worktree};
use crate::error::Result;

impl Repository {
    /// Points a worktree's HEAD at a branch whose commit it already holds. No file is touched.
    pub fn attach_head(&self, worktree: &Worktree, branch: &RefName, why: &str) -> Result<()> {
        if self.attach_directly(worktree, branch).is_none() {
            self.unlogged(worktree).args(["symbolic-ref", "-m", why, "HEAD", branch.as_str()]).run()?;
        }
        Ok(())
    }

    /// As `git symbolic-ref` does it where refs are files and HEAD has no log, but for the lock: killed, it leaves none
    /// that would stop the user's `git gc`, and nobody else may move the HEAD of a slot we work in. `None`, and nothing
    /// has changed, where only Git knows how.
    fn attach_directly(&self, worktree: &Worktree, branch: &RefName) -> Option<()> {
        let has = |name: &str| worktree.git_dir.join(name).symlink_metadata().is_ok();
        if has("logs/HEAD") || has("HEAD.lock") || !self.direct.writes_plainly() {
            return None;
        }
        let new = worktree.git_dir.join("hotfix-HEAD");
        std::fs::write(&new, format!("ref: {branch}\n")).ok()?;
        std::fs::rename(new, worktree.git_dir.join("HEAD")).ok()
    }
}
