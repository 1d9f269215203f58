//! bitbucket.org, by its REST API, version 2.0.
//!
//! Its merge that waits for checks exists on the pages alone; no public request for it is known. So a pull request is
//! left open, and merged by hand or with `submit.merge = "direct"`.

use hotfix_model::{Job, JobState, Landing, MergeRequestState};
use serde::Deserialize;
use serde_json::json;

use crate::ctx::Ctx;
use crate::error::Result;
use crate::forge::address::encoded;
use crate::forge::http::{Http, Patience, Scheme};
use crate::forge::{Capabilities, Connection, Draft, Forge, Mark, Merge, Whereabouts, links};

/// A repository on bitbucket.org.
#[derive(Clone, Debug)]
pub struct Bitbucket {
    connection: Connection,
    http: Http,
}

#[derive(Debug, Deserialize)]
struct Page<T> {
    #[serde(default = "Vec::new")]
    values: Vec<T>,
}

#[derive(Debug, Deserialize)]
struct Pull {
    id: u64,
    /// `OPEN`, `MERGED`, `DECLINED`, `SUPERSEDED`.
    state: String,
    #[serde(default)]
    links: Links,
    #[serde(default)]
    source: Side,
    #[serde(default)]
    merge_commit: Option<Commit>,
    #[serde(default)]
    participants: Vec<Participant>,
}

#[derive(Debug, Default, Deserialize)]
struct Links {
    #[serde(default)]
    html: Link,
}

#[derive(Debug, Default, Deserialize)]
struct Link {
    #[serde(default)]
    href: String,
}

#[derive(Debug, Default, Deserialize)]
struct Side {
    #[serde(default)]
    commit: Option<Commit>,
}

/// Its id is cut to twelve digits.
#[derive(Debug, Deserialize)]
struct Commit {
    hash: String,
}

#[derive(Debug, Deserialize)]
struct Participant {
    user: User,
    #[serde(default)]
    approved: bool,
    #[serde(default)]
    participated_on: Option<String>,
}

#[derive(Debug, Deserialize)]
struct User {
    #[serde(default)]
    display_name: String,
}

#[derive(Debug, Deserialize)]
struct Status {
    #[serde(default)]
    key: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    url: Option<String>,
}

impl Bitbucket {
    /// The adapter of a repository.
    pub fn new(ctx: &Ctx, connection: Connection) -> Self {
        let token = connection.token.as_ref();
        // An API token goes with its owner's address, an access token of a repository alone.
        let scheme = match token.and_then(|token| token.user()) {
            Some(_) => Scheme::Basic,
            None => Scheme::Bearer,
        };
        let http = Http::new(ctx, &connection.site.api, Patience::default()).with_token(token, scheme);
        Self { connection, http }
    }

    fn path(&self, rest: &str) -> String {
        format!("/repositories/{}/pullrequests{rest}", self.connection.site.path)
    }

    /// Ours by its branch: the open one, else the newest.
    fn find(&self, at: &Whereabouts<'_>) -> Result<Option<Pull>> {
        if let Some(number) = at.number {
            return Ok(Some(self.http.get(&self.path(&format!("/{number}")))?.ok()?.json()?));
        }
        let query = format!(
            "source.branch.name = \"{}\" AND destination.branch.name = \"{}\" AND source.repository.full_name = \"{}\"",
            at.branch, at.target, self.connection.site.path
        );
        let path = format!("?state=OPEN&state=MERGED&state=DECLINED&sort=-updated_on&q={}", encoded(&query));
        let mut page: Page<Pull> = self.http.get(&self.path(&path))?.ok()?.json()?;
        let open = page.values.iter().position(|pull| pull.state == "OPEN");
        let index = open.or((!page.values.is_empty()).then_some(0));
        Ok(index.map(|index| page.values.swap_remove(index)))
    }

    fn jobs(&self, number: u64) -> Result<Vec<Job>> {
        let page: Page<Status> = self.http.get(&self.path(&format!("/{number}/statuses")))?.ok()?.json()?;
        let job = |status: Status| {
            let state = match status.state.as_str() {
                "SUCCESSFUL" => JobState::Passed,
                "FAILED" => JobState::Failed,
                "STOPPED" => JobState::Skipped,
                _ => JobState::Running,
            };
            Job { name: status.key, state, url: status.url }
        };
        Ok(page.values.into_iter().map(job).collect())
    }

    fn post(&self, path: &str, body: &serde_json::Value) -> Result<Pull> {
        Ok(self.http.post(&self.path(path), body)?.ok()?.json()?)
    }
}

impl Pull {
    fn landing(&self) -> Landing {
        let state = match self.state.as_str() {
            "MERGED" => MergeRequestState::Merged,
            "OPEN" => MergeRequestState::Open,
            _ => MergeRequestState::Closed,
        };
        Landing {
            number: Some(self.id),
            url: Some(self.links.html.href.clone()).filter(|url| !url.is_empty()),
            head: self.source.commit.as_ref().map(|commit| commit.hash.clone()),
            merged_commit: self.merge_commit.as_ref().map(|commit| commit.hash.clone()),
            ..Landing::new(state)
        }
    }

    fn is_of(&self, commit: &crate::git::Oid) -> bool {
        let head = self.source.commit.as_ref();
        head.is_some_and(|head| !head.hash.is_empty() && commit.as_str().starts_with(&head.hash))
    }
}

impl Forge for Bitbucket {
    fn name(&self) -> &'static str {
        self.connection.site.kind.name()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { merge_requests: self.http.has_token(), ..Capabilities::default() }
    }

    fn propose(&self, draft: &Draft<'_>, said: &[String]) -> Result<Landing> {
        if !self.http.has_token() {
            return Ok(links::without_token(&self.connection.site, draft, said));
        }
        let (branch, target) = (draft.record.branch_name(), draft.record.target.as_str());
        let at = Whereabouts { number: None, branch, target, commit: draft.commit };
        let pull = match self.find(&at)?.filter(|pull| pull.state == "OPEN") {
            Some(pull) => pull,
            None => self.post(
                "",
                &json!({
                    "title": super::title(draft),
                    "description": draft.description,
                    "source": { "branch": { "name": branch } },
                    "destination": { "branch": { "name": target } },
                    "close_source_branch": true,
                    "draft": draft.is_draft,
                }),
            )?,
        };
        match &draft.break_glass {
            Some(reason) => self.merge(&at, &Merge::Bypass(reason.clone())),
            None => Ok(pull.landing()),
        }
    }

    fn look(&self, at: &Whereabouts<'_>) -> Result<Landing> {
        let Some(pull) = self.find(at)? else { return Ok(Landing::new(MergeRequestState::Pushed)) };
        let landing = pull.landing();
        if landing.state != MergeRequestState::Open {
            return Ok(landing);
        }
        let jobs = self.jobs(pull.id)?;
        let red: Vec<&str> =
            jobs.iter().filter(|job| job.state == JobState::Failed).map(|job| job.name.as_str()).collect();
        let why = format!("{} failed", red.join(", "));
        let landing = if red.is_empty() { landing } else { landing.blocked(why, "you") };
        Ok(Landing { jobs, ..landing })
    }

    fn merge(&self, at: &Whereabouts<'_>, how: &Merge) -> Result<Landing> {
        if *how == Merge::WhenReady {
            return Err(self.unable("merge by itself once the checks have passed"));
        }
        let Some(pull) = self.find(at)? else { return Ok(Landing::new(MergeRequestState::Pushed)) };
        if pull.state != "OPEN" {
            return Ok(pull.landing());
        }
        if !pull.is_of(at.commit) {
            let why = format!("{} holds another commit than the fix; it is not merged", at.branch);
            return Ok(pull.landing().blocked(why, "whoever pushed it"));
        }
        let merged = self.post(&format!("/{}/merge", pull.id), &json!({ "close_source_branch": true }))?;
        Ok(merged.landing())
    }

    fn close(&self, at: &Whereabouts<'_>) -> Result<()> {
        if let Some(pull) = self.find(at)?.filter(|pull| pull.state == "OPEN") {
            self.post(&format!("/{}/decline", pull.id), &json!({}))?;
        }
        Ok(())
    }

    fn marks(&self, number: u64) -> Result<Vec<Mark>> {
        let pull: Pull = self.http.get(&self.path(&format!("/{number}")))?.ok()?.json()?;
        let mark = |participant: Participant| Mark {
            account: participant.user.display_name,
            email: None,
            approves: participant.approved,
            words: String::new(),
            at: participant.participated_on,
        };
        Ok(pull.participants.into_iter().map(mark).collect())
    }
}
