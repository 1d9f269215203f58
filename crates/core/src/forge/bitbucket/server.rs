//! Bitbucket Data Center, by its REST API. Merges by themselves exist since 8.15.

use hotfix_model::config::MergeMode;
use hotfix_model::{Landing, MergeRequestState};
use serde::Deserialize;
use serde_json::json;

use crate::ctx::Ctx;
use crate::error::Result;
use crate::forge::address::encoded;
use crate::forge::http::{Http, Patience, Scheme};
use crate::forge::{Capabilities, Connection, Draft, Forge, Mark, Merge, Whereabouts, links};

/// A repository on a Bitbucket Data Center.
#[derive(Clone, Debug)]
pub struct BitbucketServer {
    connection: Connection,
    http: Http,
}

#[derive(Debug, Deserialize)]
struct Page {
    #[serde(default)]
    values: Vec<Pull>,
}

#[derive(Debug, Deserialize)]
struct Pull {
    id: u64,
    /// Counts changes; a request that names an old one is refused.
    #[serde(default)]
    version: i64,
    /// `OPEN`, `MERGED`, `DECLINED`.
    state: String,
    #[serde(rename = "fromRef")]
    from: Side,
    #[serde(rename = "toRef")]
    to: Side,
    #[serde(default)]
    properties: Properties,
    #[serde(default)]
    reviewers: Vec<Reviewer>,
}

#[derive(Debug, Deserialize)]
struct Side {
    id: String,
    #[serde(default, rename = "latestCommit")]
    commit: String,
}

#[derive(Debug, Default, Deserialize)]
struct Properties {
    #[serde(default, rename = "mergeCommit")]
    merge_commit: Option<MergeCommit>,
}

#[derive(Debug, Deserialize)]
struct MergeCommit {
    id: String,
}

#[derive(Debug, Deserialize)]
struct Reviewer {
    user: User,
    #[serde(default)]
    approved: bool,
}

#[derive(Debug, Deserialize)]
struct User {
    #[serde(default)]
    name: String,
    #[serde(default, rename = "emailAddress")]
    email: Option<String>,
}

impl BitbucketServer {
    /// The adapter of a repository.
    pub fn new(ctx: &Ctx, connection: Connection) -> Self {
        let token = connection.token.as_ref();
        let scheme = match token.and_then(|token| token.user()) {
            Some(_) => Scheme::Basic,
            None => Scheme::Bearer,
        };
        let http = Http::new(ctx, &connection.site.api, Patience::default()).with_token(token, scheme);
        Self { connection, http }
    }

    /// `KEY` and `name` of `KEY/name`.
    fn names(&self) -> (&str, &str) {
        self.connection.site.path.rsplit_once('/').unwrap_or(("", &self.connection.site.path))
    }

    fn path(&self, rest: &str) -> String {
        let (project, name) = self.names();
        format!("/projects/{project}/repos/{name}/pull-requests{rest}")
    }

    fn find(&self, at: &Whereabouts<'_>) -> Result<Option<Pull>> {
        if let Some(number) = at.number {
            return Ok(Some(self.http.get(&self.path(&format!("/{number}")))?.ok()?.json()?));
        }
        let branch = encoded(&format!("refs/heads/{}", at.branch));
        let path = self.path(&format!("?state=ALL&direction=OUTGOING&order=NEWEST&at={branch}"));
        let mut page: Page = self.http.get(&path)?.ok()?.json()?;
        page.values.retain(|pull| pull.to.id == format!("refs/heads/{}", at.target));
        let open = page.values.iter().position(|pull| pull.state == "OPEN");
        let index = open.or((!page.values.is_empty()).then_some(0));
        Ok(index.map(|index| page.values.swap_remove(index)))
    }

    fn landing(&self, pull: &Pull) -> Landing {
        let state = match pull.state.as_str() {
            "MERGED" => MergeRequestState::Merged,
            "OPEN" => MergeRequestState::Open,
            _ => MergeRequestState::Closed,
        };
        let (project, name) = self.names();
        let pages = self.connection.site.pages.printed();
        Landing {
            number: Some(pull.id),
            url: Some(format!("{pages}/projects/{project}/repos/{name}/pull-requests/{}", pull.id)),
            head: Some(pull.from.commit.clone()).filter(|commit| !commit.is_empty()),
            merged_commit: pull.properties.merge_commit.as_ref().map(|commit| commit.id.clone()),
            ..Landing::new(state)
        }
    }

    fn open(&self, draft: &Draft<'_>) -> Result<Pull> {
        let (project, name) = self.names();
        let repository = json!({ "slug": name, "project": { "key": project } });
        let side = |branch: &str| json!({ "id": format!("refs/heads/{branch}"), "repository": repository });
        let reviewers = draft.reviewers.iter().map(|name| json!({ "user": { "name": name } }));
        let body = json!({
            "title": super::title(draft),
            "description": draft.description,
            "fromRef": side(draft.record.branch_name()),
            "toRef": side(&draft.record.target),
            "reviewers": reviewers.collect::<Vec<_>>(),
            "draft": draft.is_draft,
        });
        Ok(self.http.post(&self.path(""), &body)?.ok()?.json()?)
    }

    /// Merges at once, or asks for a merge as soon as nothing vetoes it.
    fn merge_pull(&self, at: &Whereabouts<'_>, pull: &Pull, how: &Merge) -> Result<Landing> {
        let landing = self.landing(pull);
        if pull.state != "OPEN" {
            return Ok(landing);
        }
        if pull.from.commit != at.commit.as_str() {
            let why = format!("{} holds another commit than the fix; it is not merged", at.branch);
            return Ok(landing.blocked(why, "whoever pushed it"));
        }
        let deed = if *how == Merge::WhenReady { "auto-merge" } else { "merge" };
        let path = self.path(&format!("/{}/{deed}?version={}", pull.id, pull.version));
        let reply = self.http.post(&path, &json!({ "version": pull.version }))?;
        match reply.status {
            200..=299 if *how == Merge::WhenReady => {
                Ok(Landing { state: MergeRequestState::Armed, auto_merge: true, ..landing })
            }
            200..=299 => Ok(Landing { state: MergeRequestState::Merged, ..landing }),
            // Vetoed, changed meanwhile, or switched off in the repository.
            403 | 404 | 409 => Ok(landing.blocked(reply.said(), "who administers the repository")),
            _ => Err(reply.refusal().into()),
        }
    }
}

impl Forge for BitbucketServer {
    fn name(&self) -> &'static str {
        self.connection.site.kind.name()
    }

    fn capabilities(&self) -> Capabilities {
        let merge_requests = self.http.has_token();
        Capabilities { merge_requests, auto_merge: merge_requests, ..Capabilities::default() }
    }

    fn propose(&self, draft: &Draft<'_>, said: &[String]) -> Result<Landing> {
        if !self.http.has_token() {
            return Ok(links::without_token(&self.connection.site, draft, said));
        }
        let (branch, target) = (draft.record.branch_name(), draft.record.target.as_str());
        let at = Whereabouts { number: None, branch, target, commit: draft.commit };
        let pull = match self.find(&at)?.filter(|pull| pull.state == "OPEN") {
            Some(pull) => pull,
            None => self.open(draft)?,
        };
        match (&draft.break_glass, draft.merge) {
            (Some(reason), _) => self.merge_pull(&at, &pull, &Merge::Bypass(reason.clone())),
            (None, MergeMode::Auto) if !draft.is_draft => self.merge_pull(&at, &pull, &Merge::WhenReady),
            _ => Ok(self.landing(&pull)),
        }
    }

    fn look(&self, at: &Whereabouts<'_>) -> Result<Landing> {
        let pull = self.find(at)?;
        Ok(pull.map_or_else(|| Landing::new(MergeRequestState::Pushed), |pull| self.landing(&pull)))
    }

    fn merge(&self, at: &Whereabouts<'_>, how: &Merge) -> Result<Landing> {
        match self.find(at)? {
            Some(pull) => self.merge_pull(at, &pull, how),
            None => Ok(Landing::new(MergeRequestState::Pushed)),
        }
    }

    fn cancel(&self, at: &Whereabouts<'_>) -> Result<()> {
        if let Some(pull) = self.find(at)? {
            let reply = self.http.delete(&self.path(&format!("/{}/auto-merge", pull.id)))?;
            if reply.status != 404 {
                reply.ok()?;
            }
        }
        Ok(())
    }

    fn close(&self, at: &Whereabouts<'_>) -> Result<()> {
        if let Some(pull) = self.find(at)?.filter(|pull| pull.state == "OPEN") {
            let path = self.path(&format!("/{}/decline?version={}", pull.id, pull.version));
            self.http.post(&path, &json!({}))?.ok()?;
        }
        Ok(())
    }

    fn marks(&self, number: u64) -> Result<Vec<Mark>> {
        let pull: Pull = self.http.get(&self.path(&format!("/{number}")))?.ok()?.json()?;
        let mark = |reviewer: Reviewer| Mark {
            account: reviewer.user.name,
            email: reviewer.user.email,
            approves: reviewer.approved,
            words: String::new(),
            at: None,
        };
        Ok(pull.reviewers.into_iter().map(mark).collect())
    }
}
