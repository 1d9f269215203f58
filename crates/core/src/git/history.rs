//! What the history says about files.

use std::path::PathBuf;
use std::time::Duration;

use super::{GitError, Oid, Repository, path_of};
use crate::error::Result;

/// Habits show in so many commits; a second reads them also from a large repository.
const COMMITS: &str = "--max-count=2000";
/// The history is a hint, not worth waiting for.
const LIMIT: Duration = Duration::from_secs(10);
/// Stands before the files of each commit. No path begins with it.
const MARK: u8 = 1;

impl Repository {
    /// The files of each of the newest commits up to `commit`, merges left out.
    pub fn files_of_commits(&self, commit: &Oid) -> Result<Vec<Vec<PathBuf>>> {
        let call = self.git().args(["log", "-z", "--no-merges", "--no-renames", "--name-only"]);
        let call = call.args(["--format=%x01", COMMITS]).arg(commit.as_str()).limit(LIMIT);
        let listed = call.run()?;
        let mut commits: Vec<Vec<PathBuf>> = Vec::new();
        for path in listed.split(|byte| *byte == 0 || *byte == b'\n').filter(|path| !path.is_empty()) {
            match (path, commits.last_mut()) {
                ([MARK], _) => commits.push(Vec::new()),
                (path, Some(files)) => files.push(path_of(path)),
                (_, None) => {}
            }
        }
        Ok(commits)
    }

    /// Whether for each commit after `from` up to `to` the branch at `target` has one that changes the same, as after a
    /// rebase or a squash of a single commit.
    pub fn holds_the_same_changes(&self, target: &Oid, (from, to): (&Oid, &Oid)) -> Result<bool> {
        let listed = self.git().args(["cherry", target.as_str(), to.as_str(), from.as_str()]).text()?;
        Ok(!listed.is_empty() && listed.lines().all(|line| line.starts_with('-')))
    }

    /// How many commits `to` has that `from` has not.
    pub fn distance(&self, from: &Oid, to: &Oid) -> Result<u64> {
        let range = format!("{from}..{to}");
        let counted = self.git().args(["rev-list", "--count", &range]).text()?;
        let unreadable = || GitError::Unreadable { command: "rev-list".to_owned() };
        Ok(counted.parse().map_err(|_| unreadable())?)
    }
}
