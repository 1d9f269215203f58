//! Azure DevOps: pull requests that complete by themselves, by its REST API, version 7.1.

mod answers;

use hotfix_model::config::MergeMode;
use hotfix_model::{Job, JobState, Landing, MergeRequestState};
use serde_json::{Value, json};

use super::address::encoded;
use super::http::{Http, Method, Patience, Scheme};
use super::{Capabilities, Connection, Draft, Forge, Mark, Merge, Whereabouts, links};
use crate::ctx::Ctx;
use crate::error::Result;
use answers::{Login, Page, Pull, Status};

/// A repository on Azure DevOps.
#[derive(Clone, Debug)]
pub struct Azure {
    connection: Connection,
    http: Http,
}

const VERSION: &str = "api-version=7.1";
/// Most characters of a description.
const DESCRIPTION: usize = 4000;

impl Azure {
    /// The adapter of a repository.
    pub fn new(ctx: &Ctx, connection: Connection) -> Self {
        let token = connection.token.as_ref();
        // A person's token is a password without a name; that of a pipeline's job stands for itself.
        let scheme = match token.is_some_and(super::token::Token::is_of_job) {
            true => Scheme::Bearer,
            false => Scheme::Basic,
        };
        let http = Http::new(ctx, &connection.site.api, Patience::default()).with_token(token, scheme);
        Self { connection, http }
    }

    /// `organization/project` and `repository`.
    fn names(&self) -> (&str, &str) {
        self.connection.site.path.rsplit_once('/').unwrap_or(("", &self.connection.site.path))
    }

    fn path(&self, rest: &str, query: &str) -> String {
        let (project, repository) = self.names();
        format!("/{project}/_apis/git/repositories/{repository}/pullrequests{rest}?{VERSION}{query}")
    }

    /// Ours by its branch: the active one, else the newest.
    fn find(&self, at: &Whereabouts<'_>) -> Result<Option<Pull>> {
        if let Some(number) = at.number {
            return Ok(Some(self.http.get(&self.path(&format!("/{number}"), ""))?.ok()?.json()?));
        }
        let branch = |name: &str| encoded(&format!("refs/heads/{name}"));
        let query = format!(
            "&searchCriteria.sourceRefName={}&searchCriteria.targetRefName={}&searchCriteria.status=all",
            branch(at.branch),
            branch(at.target)
        );
        let mut page: Page<Pull> = self.http.get(&self.path("", &query))?.ok()?.json()?;
        let active = page.value.iter().position(|pull| pull.status == "active");
        let index = active.or((!page.value.is_empty()).then_some(0));
        Ok(index.map(|index| page.value.swap_remove(index)))
    }

    fn open(&self, draft: &Draft<'_>) -> Result<Pull> {
        let labels = draft.labels.iter().map(|name| json!({ "name": name })).collect::<Vec<_>>();
        let body = json!({
            "sourceRefName": format!("refs/heads/{}", draft.record.branch_name()),
            "targetRefName": format!("refs/heads/{}", draft.record.target),
            "title": draft.title,
            "description": draft.description.chars().take(DESCRIPTION).collect::<String>(),
            "labels": labels,
            "isDraft": draft.is_draft,
        });
        Ok(self.http.post(&self.path("", ""), &body)?.ok()?.json()?)
    }

    fn change(&self, number: u64, body: &Value) -> Result<Pull> {
        let path = self.path(&format!("/{number}"), "");
        Ok(self.http.send(Method::Patch, &path, Some(body))?.ok()?.json()?)
    }

    fn landing(&self, pull: &Pull) -> Landing {
        let (project, repository) = self.names();
        let pages = self.connection.site.pages.printed();
        Landing {
            url: Some(format!("{pages}/{project}/_git/{repository}/pullrequest/{}", pull.number)),
            ..pull.landing()
        }
    }

    /// Whoever completes it: its maker, where that is us.
    fn own_id(&self) -> Result<String> {
        let organization = self.names().0.split('/').next().unwrap_or_default();
        let login: Login = self.http.get(&format!("/{organization}/_apis/connectionData"))?.ok()?.json()?;
        Ok(login.user.id)
    }

    /// Completes it at once, or lets it complete when its policies are content.
    fn complete(
        &self,
        at: &Whereabouts<'_>,
        (pull, own): (&Pull, Option<String>),
        how: &Merge,
    ) -> Result<Landing> {
        let landing = self.landing(pull);
        if pull.status != "active" {
            return Ok(landing);
        }
        if pull.head() != Some(at.commit.as_str()) {
            let why = format!("{} holds another commit than the fix; it is not merged", at.branch);
            return Ok(landing.blocked(why, "whoever pushed it"));
        }
        let mut options = json!({ "deleteSourceBranch": true });
        if let Merge::Bypass(reason) = how {
            options["bypassPolicy"] = json!(true);
            options["bypassReason"] = json!(reason);
        }
        let body = match how {
            Merge::WhenReady => {
                let own = own.map_or_else(|| self.own_id(), Ok)?;
                json!({ "autoCompleteSetBy": { "id": own }, "completionOptions": options })
            }
            Merge::Now | Merge::Bypass(_) => json!({
                "status": "completed",
                "lastMergeSourceCommit": { "commitId": at.commit.as_str() },
                "completionOptions": options,
            }),
        };
        Ok(self.landing(&self.change(pull.number, &body)?))
    }

    fn jobs(&self, number: u64) -> Result<Vec<Job>> {
        let page: Page<Status> =
            self.http.get(&self.path(&format!("/{number}/statuses"), ""))?.ok()?.json()?;
        Ok(page.value.into_iter().map(Status::job).collect())
    }
}

impl Forge for Azure {
    fn name(&self) -> &'static str {
        self.connection.site.kind.name()
    }

    fn capabilities(&self) -> Capabilities {
        let merge_requests = self.http.has_token();
        Capabilities {
            merge_requests,
            labels: merge_requests,
            auto_merge: merge_requests,
            break_glass: merge_requests,
            by_push: false,
        }
    }

    fn propose(&self, draft: &Draft<'_>, said: &[String]) -> Result<Landing> {
        if !self.http.has_token() {
            return Ok(links::without_token(&self.connection.site, draft, said));
        }
        let (branch, target) = (draft.record.branch_name(), draft.record.target.as_str());
        let at = Whereabouts { number: None, branch, target, commit: draft.commit };
        let (pull, own) = match self.find(&at)?.filter(|pull| pull.status == "active") {
            Some(pull) => (pull, None),
            None => {
                let pull = self.open(draft)?;
                let own = pull.made_by.as_ref().map(|account| account.id.clone());
                (pull, own)
            }
        };
        match (&draft.break_glass, draft.merge) {
            (Some(reason), _) => self.complete(&at, (&pull, own), &Merge::Bypass(reason.clone())),
            (None, MergeMode::Auto) if !draft.is_draft => self.complete(&at, (&pull, own), &Merge::WhenReady),
            _ => Ok(self.landing(&pull)),
        }
    }

    fn look(&self, at: &Whereabouts<'_>) -> Result<Landing> {
        let Some(pull) = self.find(at)? else { return Ok(Landing::new(MergeRequestState::Pushed)) };
        let landing = self.landing(&pull);
        if landing.is_final() {
            return Ok(landing);
        }
        let jobs = self.jobs(pull.number)?;
        let red: Vec<&str> =
            jobs.iter().filter(|job| job.state == JobState::Failed).map(|job| job.name.as_str()).collect();
        let why = format!("{} failed", red.join(", "));
        let landing = if red.is_empty() { landing } else { landing.blocked(why, "you") };
        Ok(Landing { jobs, ..landing })
    }

    fn merge(&self, at: &Whereabouts<'_>, how: &Merge) -> Result<Landing> {
        match self.find(at)? {
            Some(pull) => self.complete(at, (&pull, None), how),
            None => Ok(Landing::new(MergeRequestState::Pushed)),
        }
    }

    fn cancel(&self, at: &Whereabouts<'_>) -> Result<()> {
        if let Some(pull) = self.find(at)?.filter(|pull| pull.status == "active") {
            // Nobody's id takes it back (`autoCompleteSetBy` of the REST API's own pages).
            let nobody = "00000000-0000-0000-0000-000000000000";
            self.change(pull.number, &json!({ "autoCompleteSetBy": { "id": nobody } }))?;
        }
        Ok(())
    }

    fn close(&self, at: &Whereabouts<'_>) -> Result<()> {
        if let Some(pull) = self.find(at)?.filter(|pull| pull.status == "active") {
            self.change(pull.number, &json!({ "status": "abandoned" }))?;
        }
        Ok(())
    }

    fn relabel(&self, number: u64, add: &[String], remove: &[String]) -> Result<()> {
        for name in add {
            self.http.post(&self.path(&format!("/{number}/labels"), ""), &json!({ "name": name }))?.ok()?;
        }
        for name in remove {
            let reply = self.http.delete(&self.path(&format!("/{number}/labels/{}", encoded(name)), ""))?;
            if reply.status != 404 {
                reply.ok()?;
            }
        }
        Ok(())
    }

    fn marks(&self, number: u64) -> Result<Vec<Mark>> {
        let pull: Pull = self.http.get(&self.path(&format!("/{number}"), ""))?.ok()?.json()?;
        Ok(pull.reviewers.into_iter().map(answers::Reviewer::mark).collect())
    }
}
