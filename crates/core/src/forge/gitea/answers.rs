//! The fields that are read of Gitea's answers.

use hotfix_model::{Job, JobState, Landing, MergeRequestState};
use serde::{Deserialize, Deserializer};

use super::REVIEWED;
use crate::forge::Mark;

#[derive(Debug, Deserialize)]
pub(super) struct Pull {
    pub number: u64,
    #[serde(default)]
    pub html_url: String,
    pub state: String,
    #[serde(default)]
    pub merged: bool,
    #[serde(default)]
    pub merge_commit_sha: Option<String>,
    #[serde(default)]
    pub mergeable: bool,
    #[serde(default)]
    pub draft: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub labels: Vec<Label>,
    #[serde(default, deserialize_with = "or_default")]
    pub requested_reviewers: Vec<User>,
    pub head: Side,
    pub base: Side,
}

/// Head or base.
#[derive(Debug, Deserialize)]
pub(super) struct Side {
    /// The branch, also when it is gone.
    #[serde(rename = "label")]
    pub name: String,
    #[serde(default)]
    pub sha: String,
    #[serde(default)]
    pub repo_id: i64,
    #[serde(default)]
    pub repo: Option<Settings>,
}

/// A repository.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Settings {
    pub archived: bool,
    pub has_pull_requests: Option<bool>,
    pub default_merge_style: String,
    pub permissions: Option<Permissions>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Permissions {
    #[serde(default)]
    pub push: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Branch {
    pub required_approvals: i64,
    pub enable_status_check: bool,
    #[serde(deserialize_with = "or_default")]
    pub status_check_contexts: Vec<String>,
    pub user_can_merge: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Label {
    pub id: i64,
    pub name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct User {
    pub login: String,
    #[serde(default)]
    pub email: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Statuses {
    #[serde(deserialize_with = "or_default")]
    pub statuses: Vec<Status>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Status {
    pub context: String,
    #[serde(rename = "status")]
    pub state: String,
    #[serde(default)]
    pub target_url: String,
}

/// What happened to a pull request.
#[derive(Debug, Deserialize)]
pub(super) struct Happening {
    #[serde(rename = "type")]
    pub kind: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Review {
    pub user: Option<User>,
    pub state: String,
    #[serde(default)]
    pub body: String,
    #[serde(default)]
    pub dismissed: bool,
    #[serde(default)]
    pub stale: bool,
    #[serde(default)]
    pub submitted_at: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Comment {
    pub user: Option<User>,
    #[serde(default)]
    pub body: String,
    #[serde(default)]
    pub created_at: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Release {
    pub html_url: String,
}

/// Go writes a list without items as `null`, in some places.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Pull {
    /// Whether it is that of a branch of the same repository.
    pub fn is_from(&self, branch: &str) -> bool {
        self.head.name == branch && self.head.repo_id == self.base.repo_id
    }

    pub fn label_names(&self) -> Vec<String> {
        self.labels.iter().map(|label| label.name.clone()).collect()
    }

    /// What it says of itself, in this state.
    pub fn landing(&self, state: MergeRequestState) -> Landing {
        Landing {
            number: Some(self.number),
            url: Some(self.html_url.clone()).filter(|url| !url.is_empty()),
            labels: self.label_names(),
            head: Some(self.head.sha.clone()).filter(|sha| !sha.is_empty()),
            merged_commit: self.merge_commit_sha.clone().filter(|_| self.merged),
            ..Landing::new(state)
        }
    }
}

impl Status {
    pub fn job(self) -> Job {
        let state = match self.state.as_str() {
            "success" | "warning" => JobState::Passed,
            "failure" | "error" => JobState::Failed,
            "skipped" => JobState::Skipped,
            _ => JobState::Running,
        };
        Job { name: self.context, state, url: Some(self.target_url).filter(|url| !url.is_empty()) }
    }
}

impl Review {
    pub fn mark(self) -> Mark {
        let approves = self.state == "APPROVED" || says_reviewed(&self.body);
        mark(self.user, (approves, self.body), self.submitted_at)
    }
}

impl Comment {
    pub fn mark(self) -> Mark {
        mark(self.user, (says_reviewed(&self.body), self.body), self.created_at)
    }
}

fn mark(user: Option<User>, (approves, words): (bool, String), at: Option<String>) -> Mark {
    let (account, email) = user.map(|user| (user.login, user.email)).unwrap_or_default();
    Mark { account, email: Some(email).filter(|email| !email.is_empty()), approves, words, at }
}

fn says_reviewed(words: &str) -> bool {
    let rest = words.trim_start().strip_prefix(REVIEWED);
    rest.is_some_and(|rest| rest.chars().next().is_none_or(char::is_whitespace))
}
