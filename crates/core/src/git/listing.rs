//! What a remote has: one answer to one question, `git ls-remote`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::probe::{answered, without_prompts};
use super::{Oid, Repository};
use crate::error::Result;

const BRANCHES: &str = "refs/heads/";
const TAGS: &str = "refs/tags/";
/// Our own refs.
const OURS: &str = "refs/hotfix/";

/// The refs of a remote at one moment: those that people see, and our own. Requests and caches, of which forges keep
/// hundreds of thousands, are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteListing {
    /// The branch that it calls its default; `None` if it has none, or names one that does not exist.
    pub default: Option<String>,
    /// Its branches, without `refs/heads/`.
    pub branches: BTreeMap<String, Oid>,
    /// The commits of its tags, without `refs/tags/`.
    pub tags: BTreeMap<String, Oid>,
    ours: BTreeSet<String>,
}

impl RemoteListing {
    fn read(printed: &str) -> Self {
        let mut listing = Self::default();
        for (value, name) in printed.lines().filter_map(|line| line.split_once('\t')) {
            if let Some(default) = value.strip_prefix("ref: refs/heads/").filter(|_| name == "HEAD") {
                listing.default = Some(default.to_owned());
                continue;
            }
            let Some(oid) = Oid::parse(value) else { continue };
            if let Some(branch) = name.strip_prefix(BRANCHES) {
                listing.branches.insert(branch.to_owned(), oid);
            } else if let Some(tag) = name.strip_prefix(TAGS) {
                // A tag with a message is followed by a line that says which commit it stands for.
                listing.tags.insert(tag.strip_suffix("^{}").unwrap_or(tag).to_owned(), oid);
            } else if name.starts_with(OURS) {
                listing.ours.insert(name.to_owned());
            }
        }
        listing.default = listing.default.filter(|name| listing.branches.contains_key(name));
        listing
    }

    /// The full names of its branches and of our own refs.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        let branches = self.branches.keys().map(|name| format!("{BRANCHES}{name}"));
        branches.chain(self.ours.iter().cloned())
    }
}

impl Repository {
    /// Asks a remote for its refs, without a prompt: what else speaks to the remote at the same moment may have one.
    pub fn list_remote(&self, remote: &str, limit: Duration) -> Result<RemoteListing> {
        let call = without_prompts(self.git_at_home()).args(["ls-remote", "--symref", remote]);
        let finished = call.limit(limit).finish()?;
        answered("ls-remote", &finished)?;
        Ok(RemoteListing::read(&String::from_utf8_lossy(&finished.stdout)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_stand_for_their_commits_and_head_for_a_branch_that_exists() {
        let (one, two) = ("1".repeat(40), "2".repeat(40));
        let printed = format!(
            "ref: refs/heads/main\tHEAD\n{one}\tHEAD\n{one}\trefs/heads/main\n{two}\trefs/heads/release/1.x\n\
             {two}\trefs/hotfix/record/1.2.3\n{two}\trefs/pull/7/head\n{two}\trefs/tags/v1\n{one}\trefs/tags/v1^{{}}\n"
        );
        let listing = RemoteListing::read(&printed);
        assert_eq!(listing.default.as_deref(), Some("main"));
        assert_eq!(listing.branches.keys().collect::<Vec<_>>(), ["main", "release/1.x"]);
        assert_eq!(listing.tags["v1"].as_str(), one);
        assert_eq!(listing.names().count(), 3);
        let nowhere = RemoteListing::read(&format!("ref: refs/heads/gone\tHEAD\n{one}\trefs/heads/main\n"));
        assert_eq!(nowhere.default, None);
    }
}
