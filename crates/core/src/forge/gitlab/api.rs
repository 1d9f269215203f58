//! The requests to GitLab, and of its answers the fields that are read.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::Result;
use crate::forge::address::encoded;
use crate::forge::http::{Http, Reply};

/// One project on a GitLab.
#[derive(Clone, Debug)]
pub struct Api {
    /// The client.
    pub http: Http,
    project: String,
}

/// A project's settings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "GitLab's own switches, by their names")]
pub struct ProjectSettings {
    /// Whether a merge needs a pipeline that passed.
    pub only_allow_merge_if_pipeline_succeeds: bool,
    /// Whether merges go through a train.
    pub merge_trains_enabled: bool,
    /// Whether there are merge requests.
    pub merge_requests_enabled: Option<bool>,
    /// Whether it is archived.
    pub archived: bool,
    /// Whether there are pipelines.
    pub jobs_enabled: Option<bool>,
    /// Whether there are pipelines without a file that says so.
    pub auto_devops_enabled: bool,
    /// Where the file is that says which; empty for `.gitlab-ci.yml`.
    pub ci_config_path: Option<String>,
    permissions: Permissions,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Permissions {
    project_access: Option<Access>,
    group_access: Option<Access>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Access {
    access_level: i64,
}

impl ProjectSettings {
    /// What the token's owner is in the project: 30 for a developer, 40 for a maintainer; `None` if it does not say.
    pub fn access(&self) -> Option<i64> {
        let levels = [&self.permissions.project_access, &self.permissions.group_access];
        levels.into_iter().flatten().map(|access| access.access_level).max()
    }
}

/// A branch, as far as protection goes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Branch {
    /// Whether it is protected.
    pub protected: bool,
    /// Whether developers may merge into it all the same.
    pub developers_can_merge: bool,
}

/// A merge request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct MergeRequest {
    /// Its number.
    pub iid: u64,
    /// `opened`, `merged`, `closed`, `locked`.
    pub state: String,
    /// Its page.
    pub web_url: String,
    /// The commit of its branch.
    pub sha: Option<String>,
    /// Its branch.
    pub source_branch: String,
    /// The project of its branch.
    pub source_project_id: Option<i64>,
    /// The project it goes to.
    pub target_project_id: Option<i64>,
    /// Its text.
    pub description: Option<String>,
    /// Labels.
    pub labels: Vec<String>,
    /// Who made it.
    pub author: Option<Account>,
    /// Whether it merges by itself.
    pub merge_when_pipeline_succeeds: bool,
    /// What is in the way.
    pub detailed_merge_status: String,
    /// What went wrong with a merge.
    pub merge_error: Option<String>,
    /// The newest pipeline of its commit.
    pub head_pipeline: Option<Pipeline>,
    /// The merge, unless it was squashed or forwarded.
    pub merge_commit_sha: Option<String>,
    /// The one commit all were made into.
    pub squash_commit_sha: Option<String>,
}

/// A pipeline.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Pipeline {
    /// Its number.
    pub id: u64,
    /// The commit it runs for.
    pub sha: Option<String>,
    /// `created`, `running`, `success`, `failed`, …
    pub status: String,
    /// What set it off: `push`, `merge_request_event`.
    pub source: String,
    /// Its page.
    pub web_url: String,
}

/// A job of a pipeline.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PipelineJob {
    /// Its name.
    pub name: String,
    /// How far it is.
    pub status: String,
    /// Its page.
    pub web_url: Option<String>,
}

/// An account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Account {
    /// Its name.
    pub username: String,
    /// Its address, where the account lets it be seen.
    pub public_email: Option<String>,
}

/// A comment.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Note {
    /// The text.
    pub body: String,
    /// Who wrote it.
    pub author: Account,
    /// Whether GitLab wrote it.
    pub system: bool,
    /// When.
    pub created_at: Option<String>,
}

/// Approvals.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Approvals {
    /// By whom.
    pub approved_by: Vec<Approval>,
}

/// One of them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Approval {
    /// By whom.
    pub user: Account,
    /// When, on newer servers.
    pub approved_at: Option<String>,
}

#[derive(Deserialize)]
struct Release {
    #[serde(rename = "_links", default)]
    links: Links,
}

#[derive(Default, Deserialize)]
struct Links {
    #[serde(rename = "self")]
    page: Option<String>,
}

impl Api {
    /// The project of that path: `group/subgroup/name`.
    pub fn new(http: Http, path: &str) -> Self {
        Self { http, project: format!("/projects/{}", encoded(path)) }
    }

    fn one(&self, number: u64) -> String {
        format!("{}/merge_requests/{number}", self.project)
    }

    /// The project's settings.
    pub fn project(&self) -> Result<ProjectSettings> {
        Ok(self.http.get(&self.project)?.ok()?.json()?)
    }

    /// Whose token it is.
    pub fn account(&self) -> Result<Account> {
        Ok(self.http.get("/user")?.ok()?.json()?)
    }

    /// How the target is protected.
    pub fn branch(&self, name: &str) -> Result<Branch> {
        let path = format!("{}/repository/branches/{}", self.project, encoded(name));
        Ok(self.http.get(&path)?.ok()?.json()?)
    }

    /// A merge request.
    pub fn get(&self, number: u64) -> Result<MergeRequest> {
        Ok(self.http.get(&self.one(number))?.ok()?.json()?)
    }

    /// The merge requests of a branch of this very project, the newest first. One of a fork may have a branch of the same
    /// name.
    pub fn of_branch(&self, branch: &str) -> Result<Vec<MergeRequest>> {
        let query = format!("source_branch={}&state=all&order_by=created_at&sort=desc", encoded(branch));
        let path = format!("{}/merge_requests?{query}", self.project);
        let mut found: Vec<MergeRequest> = self.http.get(&path)?.ok()?.json()?;
        found.retain(|one| one.source_branch == branch && one.source_project_id == one.target_project_id);
        Ok(found)
    }

    /// Whether the history of one commit holds another one. A commit that GitLab does not know is in none.
    pub fn holds(&self, head: &str, commit: &str) -> Result<bool> {
        let path = format!("{}/repository/merge_base?refs%5B%5D={head}&refs%5B%5D={commit}", self.project);
        let reply = self.http.get(&path)?;
        match reply.status {
            400 | 404 => Ok(false),
            _ => Ok(reply.ok()?.json::<Value>()?["id"] == commit),
        }
    }

    /// Makes a merge request. The answer is given whatever its status: that there is one already is no mistake.
    pub fn create(&self, body: &Value) -> Result<Reply> {
        self.http.post(&format!("{}/merge_requests", self.project), body)
    }

    /// Changes a merge request.
    pub fn change(&self, number: u64, body: &Value) -> Result<MergeRequest> {
        Ok(self.http.put(&self.one(number), body)?.ok()?.json()?)
    }

    /// Merges, or arms the merge. The answer is given whatever its status.
    pub fn merge(&self, number: u64, body: &Value) -> Result<Reply> {
        self.http.put(&format!("{}/merge", self.one(number)), body)
    }

    /// Takes back an armed merge. One that is not armed any more is as wanted.
    pub fn cancel(&self, number: u64) -> Result<()> {
        let reply = self
            .http
            .post(&format!("{}/cancel_merge_when_pipeline_succeeds", self.one(number)), &json!({}))?;
        match reply.status {
            405 | 406 => Ok(()),
            _ => reply.ok().map(|_| ()).map_err(Into::into),
        }
    }

    /// Comments.
    pub fn comment(&self, number: u64, text: &str) -> Result<()> {
        self.http.post(&format!("{}/notes", self.one(number)), &json!({ "body": text }))?.ok()?;
        Ok(())
    }

    /// Comments, the oldest first; the first hundred.
    pub fn notes(&self, number: u64) -> Result<Vec<Note>> {
        Ok(self.http.get(&format!("{}/notes?sort=asc&per_page=100", self.one(number)))?.ok()?.json()?)
    }

    /// Approvals.
    pub fn approvals(&self, number: u64) -> Result<Approvals> {
        Ok(self.http.get(&format!("{}/approvals", self.one(number)))?.ok()?.json()?)
    }

    /// Jobs of a pipeline; the first hundred.
    pub fn jobs(&self, pipeline: u64) -> Result<Vec<PipelineJob>> {
        Ok(self
            .http
            .get(&format!("{}/pipelines/{pipeline}/jobs?per_page=100", self.project))?
            .ok()?
            .json()?)
    }

    /// Whether it stands in the merge train.
    pub fn is_in_train(&self, number: u64) -> Result<bool> {
        let path = format!("{}/merge_trains/merge_requests/{number}", self.project);
        let reply = self.http.get(&path)?;
        Ok(reply.is_ok() && reply.json::<Value>()?["status"] != "merged")
    }

    /// Makes a release of a tag, or finds the one there is; gives its page.
    pub fn release(&self, body: &Value) -> Result<Option<String>> {
        let reply = self.http.post(&format!("{}/releases", self.project), body)?;
        let reply = match (reply.status, body["tag_name"].as_str()) {
            (409, Some(tag)) => self.http.get(&format!("{}/releases/{}", self.project, encoded(tag)))?,
            _ => reply,
        };
        let release: Release = reply.ok()?.json()?;
        Ok(release.links.page)
    }
}
