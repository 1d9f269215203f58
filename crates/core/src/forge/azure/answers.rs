//! The fields that are read of Azure DevOps' answers.

use hotfix_model::{Job, JobState, Landing, MergeRequestState};
use serde::Deserialize;

use crate::forge::Mark;

#[derive(Debug, Deserialize)]
pub(super) struct Page<T> {
    #[serde(default = "Vec::new")]
    pub value: Vec<T>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Pull {
    #[serde(rename = "pullRequestId")]
    pub number: u64,
    /// `active`, `completed`, `abandoned`.
    pub status: String,
    #[serde(default, rename = "mergeStatus")]
    pub merge_status: String,
    #[serde(default, rename = "lastMergeSourceCommit")]
    pub source_commit: Option<Commit>,
    #[serde(default, rename = "lastMergeCommit")]
    pub merge_commit: Option<Commit>,
    #[serde(default)]
    pub labels: Vec<Label>,
    #[serde(default, rename = "autoCompleteSetBy")]
    pub completed_by: Option<Account>,
    #[serde(default, rename = "createdBy")]
    pub made_by: Option<Account>,
    #[serde(default)]
    pub reviewers: Vec<Reviewer>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Commit {
    #[serde(rename = "commitId")]
    pub id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Label {
    pub name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Account {
    pub id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Login {
    #[serde(rename = "authenticatedUser")]
    pub user: Account,
}

#[derive(Debug, Deserialize)]
pub(super) struct Reviewer {
    #[serde(default, rename = "displayName")]
    pub name: String,
    #[serde(default, rename = "uniqueName")]
    pub unique_name: Option<String>,
    /// 10 approves, 5 with suggestions, -5 waits for the author, -10 rejects.
    #[serde(default)]
    pub vote: i64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Status {
    /// `succeeded`, `failed`, `error`, `pending`, `notApplicable`, `notSet`.
    #[serde(default)]
    pub state: String,
    pub context: Context,
    #[serde(default, rename = "targetUrl")]
    pub url: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Context {
    #[serde(default)]
    pub name: String,
}

impl Pull {
    /// The commit it would merge.
    pub fn head(&self) -> Option<&str> {
        self.source_commit.as_ref().map(|commit| commit.id.as_str())
    }

    pub fn landing(&self) -> Landing {
        let auto_merge = self.completed_by.is_some();
        let state = match (self.status.as_str(), auto_merge) {
            ("completed", _) => MergeRequestState::Merged,
            ("abandoned", _) => MergeRequestState::Closed,
            (_, true) => MergeRequestState::Armed,
            (_, false) => MergeRequestState::Open,
        };
        let merged = state == MergeRequestState::Merged;
        let landing = Landing {
            number: Some(self.number),
            labels: self.labels.iter().map(|label| label.name.clone()).collect(),
            auto_merge: auto_merge && state == MergeRequestState::Armed,
            head: self.head().map(str::to_owned),
            merged_commit: self.merge_commit.as_ref().filter(|_| merged).map(|commit| commit.id.clone()),
            ..Landing::new(state)
        };
        match self.merge_status.as_str() {
            "conflicts" if !landing.is_final() => {
                landing.blocked("it cannot be merged without conflicts", "you")
            }
            "rejectedByPolicy" if !landing.is_final() => {
                landing.blocked("a policy of the target rejected it", "who administers the repository")
            }
            _ => landing,
        }
    }
}

impl Status {
    pub fn job(self) -> Job {
        let state = match self.state.as_str() {
            "succeeded" => JobState::Passed,
            "failed" | "error" => JobState::Failed,
            "notApplicable" => JobState::Skipped,
            "notSet" => JobState::Waiting,
            _ => JobState::Running,
        };
        Job { name: self.context.name, state, url: self.url }
    }
}

impl Reviewer {
    pub fn mark(self) -> Mark {
        let email = self.unique_name.filter(|name| name.contains('@'));
        let words = format!("vote {:+}", self.vote);
        Mark { account: self.name, email, approves: self.vote >= 5, words, at: None }
    }
}
