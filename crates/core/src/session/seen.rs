//! The refs a command begins with, listed in one call.

use std::collections::BTreeSet;

use super::base::{FETCHED_BRANCHES, REMOTE_HOTFIXES, REMOTE_RECORDS};
use crate::error::Result;
use crate::git::{Oid, Repository, SeenRef};

/// Where the branches of hotfixes are.
const BRANCHES: &str = "refs/heads/hotfix/";
/// The branch that cannot be beside them.
const FOLDER: &str = "refs/heads/hotfix";
/// Where their records are.
const RECORDS: &str = "refs/hotfix/record/";

/// Refs as they were at one moment.
#[derive(Clone, Debug)]
pub struct Seen {
    remote: Option<String>,
    refs: Vec<SeenRef>,
}

impl Seen {
    /// Looks at our own refs and at the remote's default branch as this clone remembers it.
    pub fn look(repository: &Repository, remote: Option<&str>) -> Result<Self> {
        let head = remote.map(|remote| format!("refs/remotes/{remote}/HEAD"));
        let mut prefixes = vec![BRANCHES, FOLDER, "refs/hotfix/"];
        prefixes.extend(head.as_deref());
        Ok(Self { remote: remote.map(str::to_owned), refs: repository.see_refs(&prefixes)? })
    }

    /// The remote's default branch, and where this clone last saw it.
    pub fn default_branch(&self) -> Option<(&str, &Oid)> {
        let tracked = format!("refs/remotes/{}/", self.remote.as_deref()?);
        let head = self.refs.iter().find(|seen| seen.name.as_str().starts_with(&tracked))?;
        Some((head.stands_for.as_deref()?.strip_prefix(&tracked)?, &head.oid))
    }

    /// Where a branch of the remote was when we last fetched it.
    pub fn fetched(&self, branch: &str) -> Option<&Oid> {
        let name = format!("{FETCHED_BRANCHES}{branch}");
        self.refs.iter().find(|seen| seen.name.as_str() == name).map(|seen| &seen.oid)
    }

    /// Whether there is a branch of this name, of those that were looked at.
    pub fn has_branch(&self, branch: &str) -> bool {
        let name = format!("refs/heads/{branch}");
        self.refs.iter().any(|seen| seen.name.as_str() == name)
    }

    /// Ids of hotfixes that have a branch or a record, here or on the remote.
    pub fn ids(&self) -> BTreeSet<String> {
        let prefixes = [BRANCHES, RECORDS, REMOTE_HOTFIXES, REMOTE_RECORDS];
        let id = |seen: &SeenRef| {
            prefixes.iter().find_map(|prefix| seen.name.as_str().strip_prefix(prefix)).map(str::to_owned)
        };
        self.refs.iter().filter_map(id).collect()
    }
}
