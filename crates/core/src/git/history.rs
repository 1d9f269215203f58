//! What the history says about files.

use std::collections::HashMap;
use std::path::PathBuf;

use super::{GitError, Oid, Repository, path_of};
use crate::error::Result;

/// How many commits are looked at: enough for habits to show, few enough to cost milliseconds.
const COMMITS: &str = "--max-count=200";

impl Repository {
    /// How often each file changed in one commit with one of `paths`, among the newest commits that touch them.
    pub fn changed_together(&self, commit: &Oid, paths: &[PathBuf]) -> Result<HashMap<PathBuf, u32>> {
        let call =
            self.git().args(["log", "-z", "--no-merges", "--full-diff", "--name-only", "--format=", COMMITS]);
        let listed = call.arg(commit.as_str()).arg("--").args(paths).run()?;
        let mut counts = HashMap::new();
        for path in listed.split(|byte| *byte == 0 || *byte == b'\n').filter(|path| !path.is_empty()) {
            *counts.entry(path_of(path)).or_insert(0) += 1;
        }
        Ok(counts)
    }

    /// How many commits `to` has that `from` has not.
    pub fn distance(&self, from: &Oid, to: &Oid) -> Result<u64> {
        let range = format!("{from}..{to}");
        let counted = self.git().args(["rev-list", "--count", &range]).text()?;
        let unreadable = || GitError::Unreadable { command: "rev-list".to_owned() };
        Ok(counted.parse().map_err(|_| unreadable())?)
    }
}
