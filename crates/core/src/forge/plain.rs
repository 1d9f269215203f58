//! A Git remote without a forge: the branch, and a text to send.

use hotfix_model::{MergeRequest, MergeRequestState};

use super::{Draft, Forge, request_pull};
use crate::error::Result;
use crate::git::{Remote, Repository};

/// A remote of which nothing is known but that it takes pushes.
#[derive(Debug)]
pub struct Plain;

impl Forge for Plain {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn push_options(&self, _: &Draft<'_>) -> Vec<String> {
        Vec::new()
    }

    fn propose(&self, repository: &Repository, remote: &Remote, draft: &Draft<'_>) -> Result<MergeRequest> {
        Ok(MergeRequest {
            state: MergeRequestState::Pushed,
            forge: self.name().to_owned(),
            url: None,
            number: None,
            labels: draft.labels.clone(),
            auto_merge: false,
            title: draft.title.clone(),
            description: draft.description.clone(),
            request_pull: Some(request_pull(repository, remote, draft.record, draft.commit)?),
            record_pushed: false,
        })
    }
}
