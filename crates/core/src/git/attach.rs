//! A worktree's HEAD, pointed at a branch or a commit: the one ref that is written without Git, where that is as plain as
//! can be.

use super::{Oid, RefName, Repository, Worktree};
use crate::error::Result;

impl Repository {
    /// Points a worktree's HEAD at a branch whose commit it already holds. No file is touched.
    pub fn attach_head(&self, worktree: &Worktree, branch: &RefName, why: &str) -> Result<()> {
        if self.write_head(worktree, &format!("ref: {branch}\n")).is_none() {
            self.unlogged(worktree).args(["symbolic-ref", "-m", why, "HEAD", branch.as_str()]).run()?;
        }
        Ok(())
    }

    /// Points a worktree's HEAD at a commit it already holds. No file is touched.
    pub fn detach_head(&self, worktree: &Worktree, commit: &Oid, why: &str) -> Result<()> {
        if self.write_head(worktree, &format!("{commit}\n")).is_none() {
            let call = self.unlogged(worktree).args(["update-ref", "--no-deref", "-m", why, "HEAD"]);
            call.arg(commit.as_str()).run()?;
        }
        Ok(())
    }

    /// As Git does it where refs are files and HEAD has no log, but for the lock: killed, it leaves none that would stop
    /// the user's `git gc`, and nobody else may move the HEAD of a slot we work in. `None`, and nothing has changed,
    /// where only Git knows how.
    fn write_head(&self, worktree: &Worktree, line: &str) -> Option<()> {
        let has = |name: &str| worktree.git_dir.join(name).symlink_metadata().is_ok();
        if has("logs/HEAD") || has("HEAD.lock") || !self.reader.writes_plainly() {
            return None;
        }
        let new = worktree.git_dir.join("hotfix-HEAD");
        std::fs::write(&new, line).ok()?;
        std::fs::rename(new, worktree.git_dir.join("HEAD")).ok()
    }
}
