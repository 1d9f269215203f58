//! A Git remote without a forge: the branch, and a text to send.

use hotfix_model::{Landing, MergeRequestState};

use super::{Capabilities, Draft, Forge, Whereabouts};
use crate::error::Result;
use crate::git::{Remote, Repository};

/// A remote of which nothing is known but that it takes pushes.
#[derive(Clone)]
pub struct Plain {
    repository: Repository,
    remote: Remote,
}

impl Plain {
    /// The adapter of a remote.
    pub fn new(repository: &Repository, remote: &Remote) -> Self {
        Self { repository: repository.clone(), remote: remote.clone() }
    }

    /// The name of the adapter.
    pub const NAME: &'static str = "plain";
}

impl Forge for Plain {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    fn propose(&self, draft: &Draft<'_>, _: &[String]) -> Result<Landing> {
        Ok(Landing { labels: draft.labels.clone(), ..Landing::new(MergeRequestState::Pushed) })
    }

    /// It is in the target, or it is not.
    fn look(&self, at: &Whereabouts<'_>) -> Result<Landing> {
        let fetched = crate::git::RefName::new(format!("refs/hotfix/base/{}", at.target))?;
        let newest = self.repository.read_ref(&fetched)?;
        let merged = match &newest {
            Some(newest) => self.repository.is_ancestor(at.commit, newest)?,
            None => false,
        };
        let state = if merged { MergeRequestState::Merged } else { MergeRequestState::Pushed };
        let merged_commit = newest.filter(|_| merged).map(|newest| newest.to_string());
        Ok(Landing { merged_commit, ..Landing::new(state) })
    }

    fn request_pull(&self, draft: &Draft<'_>) -> Result<Option<String>> {
        super::request_pull(&self.repository, &self.remote, draft.record, draft.commit).map(Some)
    }
}
