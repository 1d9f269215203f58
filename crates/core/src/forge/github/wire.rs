//! GitHub's words: what is asked by GraphQL, what is read of the answers, and what they mean for the landing.

use hotfix_model::{Job, JobState, Landing, MergeRequestState};
use serde::Deserialize;
use serde_json::Value;

use crate::forge::http::HttpError;
use crate::forge::{Mark, Whereabouts};

/// What is read of a pull request, in every document.
macro_rules! fields {
    () => {
        "number url state isDraft mergeStateStatus reviewDecision headRefOid mergeCommit{oid} \
         labels(first:50){nodes{name}} autoMergeRequest{enabledAt} mergeQueueEntry{position} \
         commits(last:1){nodes{commit{statusCheckRollup{contexts(first:100){nodes{__typename \
         ... on CheckRun{name status conclusion detailsUrl} ... on StatusContext{context state targetUrl}}}}}}}"
    };
}

/// Where it stands.
pub(super) const STATUS: &str = concat!(
    "query($o:String!,$r:String!,$n:Int!){repository(owner:$o,name:$r){pullRequest(number:$n){",
    fields!(),
    "}}}"
);
/// Merge it once its conditions hold.
pub(super) const ARM: &str = concat!(
    "mutation($p:ID!,$m:PullRequestMergeMethod!,$s:GitObjectID){enablePullRequestAutoMerge(input:{\
     pullRequestId:$p,mergeMethod:$m,expectedHeadOid:$s}){pullRequest{",
    fields!(),
    "}}}"
);
/// Do not merge it by yourself after all.
pub(super) const DISARM: &str =
    "mutation($p:ID!){disablePullRequestAutoMerge(input:{pullRequestId:$p}){clientMutationId}}";
/// Into the queue.
pub(super) const ENQUEUE: &str = "mutation($p:ID!,$s:GitObjectID,$j:Boolean){enqueuePullRequest(input:{\
     pullRequestId:$p,expectedHeadOid:$s,jump:$j}){mergeQueueEntry{position}}}";
/// Whether a branch has a queue.
pub(super) const QUEUE: &str =
    "query($o:String!,$r:String!,$b:String){repository(owner:$o,name:$r){mergeQueue(branch:$b){id}}}";

/// What GraphQL answers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer {
    pub data: Option<Value>,
    pub errors: Vec<GraphError>,
}

/// One error of GraphQL.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct GraphError {
    pub message: String,
}

/// A pull request as REST shows it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Pull {
    pub number: u64,
    pub node_id: String,
    pub state: String,
    pub title: String,
    pub body: Option<String>,
    pub html_url: Option<String>,
    pub draft: bool,
    pub merged: bool,
    pub merged_at: Option<String>,
    pub merge_commit_sha: Option<String>,
    pub mergeable: Option<bool>,
    pub labels: Vec<Label>,
    pub auto_merge: Option<Value>,
    pub head: End,
    pub base: End,
}

/// One side of a pull request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct End {
    #[serde(rename = "ref")]
    pub name: String,
    pub sha: String,
    pub repo: Option<RepoName>,
}

/// The name of a repository.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RepoName {
    pub full_name: String,
}

/// A label.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Label {
    pub name: String,
}

/// A review.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Review {
    user: Option<Account>,
    state: String,
    body: Option<String>,
    submitted_at: Option<String>,
}

/// A comment.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Comment {
    user: Option<Account>,
    body: Option<String>,
    created_at: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Account {
    login: String,
    email: Option<String>,
}

/// The statuses of a commit.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Statuses {
    statuses: Vec<Status>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    context: String,
    state: String,
    target_url: Option<String>,
}

impl Pull {
    /// Whether it is the one of our branch, and not of a fork that has a branch of that name.
    pub(super) fn is_ours(&self, path: &str, at: &Whereabouts<'_>) -> bool {
        let same = self.head.repo.as_ref().is_none_or(|repo| repo.full_name.eq_ignore_ascii_case(path));
        same && self.head.name == at.branch && self.base.name == at.target
    }

    /// Where it stands, as far as REST tells.
    pub(super) fn landing(&self, at: &Whereabouts<'_>) -> Landing {
        let merged = self.merged || self.merged_at.is_some();
        let state = match (merged, self.state.as_str()) {
            (true, _) => MergeRequestState::Merged,
            (false, "closed") => MergeRequestState::Closed,
            _ if self.auto_merge.is_some() => MergeRequestState::Armed,
            _ => MergeRequestState::Open,
        };
        let landing = Landing {
            number: Some(self.number),
            url: self.html_url.clone(),
            labels: self.labels.iter().map(|label| label.name.clone()).collect(),
            auto_merge: self.auto_merge.is_some(),
            head: Some(self.head.sha.clone()),
            merged_commit: self.merge_commit_sha.clone().filter(|_| merged),
            ..Landing::new(state)
        };
        match landing.is_final() {
            true => landing,
            false if self.mergeable == Some(false) => conflict(landing, at),
            false => guarded(landing, at),
        }
    }

    /// After a merge could not be armed the pull request is there all the same, and says what happened.
    pub(super) fn unarmed(&self, at: &Whereabouts<'_>, armed: crate::error::Result<Landing>) -> Landing {
        armed.unwrap_or_else(|error| Landing {
            why: Some(format!("its merge was not armed: {error}: {}", error.why())),
            next: Some("git hotfix submit".to_owned()),
            ..self.landing(at)
        })
    }
}

impl From<Review> for Mark {
    fn from(review: Review) -> Self {
        let user = review.user.unwrap_or_default();
        Self {
            account: user.login,
            email: user.email,
            approves: review.state == "APPROVED",
            words: review.body.unwrap_or_default(),
            at: review.submitted_at,
        }
    }
}

impl From<Comment> for Mark {
    fn from(comment: Comment) -> Self {
        let user = comment.user.unwrap_or_default();
        Self {
            account: user.login,
            email: user.email,
            approves: false,
            words: comment.body.unwrap_or_default(),
            at: comment.created_at,
        }
    }
}

impl Statuses {
    pub(super) fn jobs(self) -> Vec<Job> {
        let job = |status: Status| Job {
            name: status.context,
            state: status_state(&status.state),
            url: status.target_url.filter(|url| !url.is_empty()),
        };
        self.statuses.into_iter().map(job).collect()
    }
}

/// A pull request as GraphQL shows it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Node {
    number: u64,
    url: Option<String>,
    state: String,
    is_draft: bool,
    merge_state_status: String,
    review_decision: Option<String>,
    head_ref_oid: Option<String>,
    merge_commit: Option<Oid>,
    labels: Option<Nodes<Label>>,
    auto_merge_request: Option<Value>,
    merge_queue_entry: Option<Entry>,
    commits: Option<Nodes<CommitNode>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Oid {
    oid: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    position: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(default)]
struct Nodes<T> {
    nodes: Vec<T>,
}

impl<T> Default for Nodes<T> {
    fn default() -> Self {
        Self { nodes: Vec::new() }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CommitNode {
    commit: Commit,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Commit {
    status_check_rollup: Option<Rollup>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Rollup {
    contexts: Nodes<Context>,
}

/// A check run or a status.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Context {
    name: Option<String>,
    #[serde(rename = "context")]
    of_status: Option<String>,
    status: Option<String>,
    conclusion: Option<String>,
    state: Option<String>,
    details_url: Option<String>,
    target_url: Option<String>,
}

impl Context {
    fn job(self) -> Job {
        let state = match (self.status.as_deref(), self.conclusion.as_deref(), self.state.as_deref()) {
            (_, _, Some(state)) => status_state(state),
            (Some("COMPLETED"), Some("SUCCESS"), _) => JobState::Passed,
            (Some("COMPLETED"), Some("NEUTRAL" | "SKIPPED"), _) => JobState::Skipped,
            (Some("COMPLETED"), _, _) => JobState::Failed,
            (Some("IN_PROGRESS"), _, _) => JobState::Running,
            _ => JobState::Waiting,
        };
        let name = self.name.or(self.of_status).unwrap_or_default();
        Job { name, state, url: self.details_url.or(self.target_url) }
    }
}

impl Node {
    pub(super) fn read(value: &Value) -> Result<Self, HttpError> {
        Self::deserialize(value).map_err(|error| HttpError::Unreadable {
            host: "GitHub".to_owned(),
            said: error.to_string(),
            request_id: None,
        })
    }

    pub(super) fn landing(self, at: &Whereabouts<'_>) -> Landing {
        let armed = self.auto_merge_request.is_some();
        let queued = self.merge_queue_entry.is_some();
        let state = match self.state.as_str() {
            "MERGED" => MergeRequestState::Merged,
            "CLOSED" => MergeRequestState::Closed,
            _ if queued => MergeRequestState::Queued,
            _ if armed => MergeRequestState::Armed,
            _ => MergeRequestState::Open,
        };
        let contexts = self.commits.unwrap_or_default().nodes.into_iter().next();
        let rollup = contexts.and_then(|node| node.commit.status_check_rollup).unwrap_or_default();
        let landing = Landing {
            number: Some(self.number),
            url: self.url,
            labels: self.labels.unwrap_or_default().nodes.into_iter().map(|label| label.name).collect(),
            auto_merge: armed || queued,
            head: self.head_ref_oid,
            merged_commit: self.merge_commit.map(|commit| commit.oid),
            queue_position: self.merge_queue_entry.and_then(|entry| entry.position),
            jobs: rollup.contexts.nodes.into_iter().map(Context::job).collect(),
            ..Landing::new(state)
        };
        if landing.is_final() || queued {
            return landing;
        }
        let landing = guarded(landing, at);
        if landing.state == MergeRequestState::Blocked {
            return landing;
        }
        match (self.merge_state_status.as_str(), self.review_decision.as_deref()) {
            ("DIRTY", _) => conflict(landing, at),
            (_, Some("CHANGES_REQUESTED")) => landing.blocked("a reviewer asks for changes", "that reviewer"),
            ("BEHIND", _) => behind(landing, at),
            _ if self.is_draft => Landing { why: Some("it is a draft".to_owned()), ..landing },
            ("BLOCKED", decision) => blocked(landing, decision == Some("REVIEW_REQUIRED"), at),
            _ => landing,
        }
    }
}

/// The rules hold it back: a check that is red, a review that is missing, or checks that still run.
fn blocked(landing: Landing, lacks_review: bool, at: &Whereabouts<'_>) -> Landing {
    let names = |state| landing.jobs_in(state).map(|job| job.name.clone()).collect::<Vec<_>>().join(", ");
    let failed = names(JobState::Failed);
    if !failed.is_empty() {
        return red(landing, &failed, at);
    }
    if lacks_review {
        return landing.blocked(
            format!("{} asks for an approving review", at.target),
            "somebody else who may write to the repository",
        );
    }
    let unfinished = [names(JobState::Running), names(JobState::Waiting)];
    let unfinished =
        unfinished.iter().filter(|names| !names.is_empty()).cloned().collect::<Vec<_>>().join(", ");
    match unfinished.is_empty() {
        false => Landing { why: Some(format!("it waits for {unfinished}")), ..landing },
        true => Landing {
            why: Some(format!("a rule of {} holds it back, or its checks have not begun", at.target)),
            ..landing
        },
    }
}

fn red(landing: Landing, failed: &str, at: &Whereabouts<'_>) -> Landing {
    let next = format!("git hotfix resume {}", at.id());
    Landing { next: Some(next), ..landing.blocked(format!("{failed} failed"), "you, by another commit") }
}

fn conflict(landing: Landing, at: &Whereabouts<'_>) -> Landing {
    let next = format!("git hotfix resume {}", at.id());
    let why = format!("it conflicts with {}", at.target);
    Landing { next: Some(next), ..landing.blocked(why, "you, by moving the fix onto it") }
}

fn behind(landing: Landing, at: &Whereabouts<'_>) -> Landing {
    let next = format!("git hotfix resume {}", at.id());
    let why = format!("{} moved on, and wants its newest state in the branch", at.target);
    Landing { next: Some(next), ..landing.blocked(why, "you, by moving the fix onto it") }
}

/// Somebody pushed another commit to the branch: it is not the one that was proved and tested.
fn guarded(landing: Landing, at: &Whereabouts<'_>) -> Landing {
    match landing.head.as_deref().filter(|head| *head != at.commit.as_str()) {
        Some(head) => {
            let short = head.get(..10).unwrap_or(head).to_owned();
            landing.blocked(format!("its branch holds {short}, which is not our commit"), "whoever pushed it")
        }
        None => landing,
    }
}

/// The states of a commit status, in REST and GraphQL.
fn status_state(state: &str) -> JobState {
    match state.to_ascii_lowercase().as_str() {
        "success" => JobState::Passed,
        "failure" | "error" => JobState::Failed,
        "expected" => JobState::Waiting,
        _ => JobState::Running,
    }
}
