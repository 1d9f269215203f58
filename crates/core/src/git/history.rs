//! What the history says about files.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use super::{GitError, Oid, Repository, path_of};
use crate::error::Result;
use crate::exec::sanitize_line;

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

    /// Id and subject of the newest commits that `to` has and `from` has not, at most `most`.
    pub fn subjects_between(&self, from: &Oid, to: &Oid, most: usize) -> Result<Vec<String>> {
        let call =
            self.git().args(["log", "--format=%h %s", "--abbrev=10"]).arg(format!("--max-count={most}"));
        let listed = call.arg(format!("{from}..{to}")).run()?;
        Ok(String::from_utf8_lossy(&listed).lines().map(sanitize_line).collect())
    }

    /// Of these commits, those that can be reached from `tip`. Commits that are not here are none of them.
    pub fn reachable_of<'a>(&self, tip: &Oid, commits: &'a [Oid]) -> Result<Vec<&'a Oid>> {
        // A partial clone must not fetch the tags that it lacks one by one.
        let plumbing = |name: &str| self.git().env("GIT_NO_LAZY_FETCH", "1").arg(name);
        let names: String = commits.iter().flat_map(|oid| [oid.as_str(), "\n"]).collect();
        let checked = plumbing("cat-file").arg("--batch-check=%(objecttype)").input(names).text()?;
        let is_here = |(_, kind): &(&Oid, &str)| !kind.ends_with("missing");
        let here: Vec<&Oid> =
            commits.iter().zip(checked.lines()).filter(is_here).map(|(oid, _)| oid).collect();
        if here.is_empty() {
            return Ok(Vec::new());
        }
        // What `tip` does not reach is listed; all others it reaches.
        let unreached = ["^", tip.as_str(), "\n"];
        let input: String = here.iter().flat_map(|oid| [oid.as_str(), "\n"]).chain(unreached).collect();
        let listed = plumbing("rev-list").arg("--stdin").input(input).text()?;
        let beyond: HashSet<&str> = listed.lines().collect();
        Ok(here.into_iter().filter(|oid| !beyond.contains(oid.as_str())).collect())
    }

    /// How many commits `to` has that `from` has not.
    pub fn distance(&self, from: &Oid, to: &Oid) -> Result<u64> {
        let range = format!("{from}..{to}");
        let counted = self.git().args(["rev-list", "--count", &range]).text()?;
        let unreadable = || GitError::Unreadable { command: "rev-list".to_owned() };
        Ok(counted.parse().map_err(|_| unreadable())?)
    }
}
