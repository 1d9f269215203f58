//! Gerrit: the push alone makes the change, with topic and hashtags; votes are read and the change is submitted by its
//! REST API.
//!
//! Gerrit has no merge that waits for votes. So submitting is tried when the change is made and whenever `submit` runs
//! again; in between the votes that are missing are named.

mod answers;
mod push;
mod verdict;

use hotfix_model::config::MergeMode;
use hotfix_model::{Landing, MergeRequestState, Record};
use serde_json::json;

use super::address::encoded;
use super::http::{Http, Patience, Reply, Scheme};
use super::{Capabilities, Connection, Draft, Forge, Mark, Merge, Outlook, PushPlan, Whereabouts};
use crate::ctx::Ctx;
use crate::error::Result;
use answers::{Account, Change, Submitted};

/// A project on Gerrit.
#[derive(Clone, Debug)]
pub struct Gerrit {
    connection: Connection,
    http: Http,
}

/// What is asked besides the change: votes, what is required, the newest patch set. `SUBMIT_REQUIREMENTS` is known since
/// 3.5, of 2021.
const OPTIONS: &str =
    "o=DETAILED_LABELS&o=DETAILED_ACCOUNTS&o=CURRENT_REVISION&o=MESSAGES&o=SUBMIT_REQUIREMENTS";

/// The trailer by which Gerrit knows a commit again: the same for all commits of a hotfix, so that a second push is
/// another patch set of the same change.
pub fn change_id(record: &Record) -> String {
    push::change_id(&[&record.id, &record.author.email, &record.started_at.to_string()])
}

impl Gerrit {
    /// The adapter of a project.
    pub fn new(ctx: &Ctx, connection: Connection) -> Self {
        // Gerrit wants a name and a password; the name is often that of the remote's address.
        let user = connection.site.remote.user.clone();
        let named = |token: super::token::Token| match token.user() {
            Some(_) => token,
            None => token.with_user(user),
        };
        let token = connection.token.clone().map(named);
        let api = match token {
            Some(_) => connection.site.api.clone(),
            // What is public is read without `/a`.
            None => connection.site.pages.clone(),
        };
        let http = Http::new(ctx, &api, Patience::default()).with_token(token.as_ref(), Scheme::Basic);
        Self { connection, http }
    }

    /// Asks for the change; `None` if there is none or it may not be seen.
    fn find(&self, at: &Whereabouts<'_>) -> Result<Option<Change>> {
        let query = match at.number {
            Some(number) => format!("change:{number}"),
            None => format!("topic:{{{}}} branch:{{{}}}", push::topic(at.branch), at.target),
        };
        let query = encoded(&format!("project:{{{}}} {query}", self.connection.site.path));
        let reply = self.http.get(&format!("/changes/?q={query}&n=5&{OPTIONS}"))?.without_first_line();
        // Without a token a project that is not public is one that does not exist.
        if !self.http.has_token() && matches!(reply.status, 400..=404) {
            return Ok(None);
        }
        let mut changes: Vec<Change> = reply.ok()?.json()?;
        let is_open = |change: &Change| change.status != "ABANDONED";
        let index = changes.iter().position(is_open).or((!changes.is_empty()).then_some(0));
        Ok(index.map(|index| changes.swap_remove(index)))
    }

    fn url(&self, number: u64) -> String {
        let site = &self.connection.site;
        format!("{}/c/{}/+/{number}", site.pages.printed(), site.path)
    }

    /// Submits exactly our commit: Gerrit refuses where another patch set is newer.
    fn submit(&self, at: &Whereabouts<'_>, landing: Landing) -> Result<Landing> {
        let Some(number) = landing.number else { return Ok(landing) };
        let path = format!("/changes/{number}/revisions/{}/submit", at.commit);
        let reply = self.http.post(&path, &json!({}))?.without_first_line();
        match reply.status {
            200..=299 => Ok(merged(landing, &reply)),
            // Votes are missing, somebody was faster, or the account may not: what holds it is in the change.
            403 | 404 | 409 => self.held(at, number, &reply),
            _ => Err(reply.refusal().into()),
        }
    }

    /// Why a change was not submitted.
    fn held(&self, at: &Whereabouts<'_>, number: u64, reply: &Reply) -> Result<Landing> {
        let at = Whereabouts { number: Some(number), ..*at };
        let now = self.look(&at)?;
        if now.state != MergeRequestState::Open {
            return Ok(now);
        }
        let why = match reply.status {
            403 => "this account may not submit it".to_owned(),
            _ => verdict::in_one_line(&reply.said()),
        };
        Ok(now.blocked(why, format!("somebody who may submit into {}", at.target)))
    }

    fn post(&self, number: u64, deed: &str, body: &serde_json::Value) -> Result<()> {
        self.http.post(&format!("/changes/{number}/{deed}"), body)?.ok()?;
        Ok(())
    }

    fn number_of(&self, at: &Whereabouts<'_>) -> Result<Option<u64>> {
        match at.number {
            Some(number) => Ok(Some(number)),
            None => Ok(self.find(at)?.map(|change| change.number)),
        }
    }
}

fn merged(landing: Landing, reply: &Reply) -> Landing {
    let submitted: Submitted = reply.json().unwrap_or_default();
    let state = match submitted.status.as_str() {
        "MERGED" | "" => MergeRequestState::Merged,
        _ => MergeRequestState::Armed,
    };
    let merged_commit = submitted.current_revision.or_else(|| landing.head.clone());
    Landing { state, why: None, who: None, merged_commit, ..landing }
}

impl Forge for Gerrit {
    fn name(&self) -> &'static str {
        self.connection.site.kind.name()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            merge_requests: true,
            labels: true,
            auto_merge: false,
            break_glass: true,
            by_push: true,
        }
    }

    fn prepare(&self, _: &str, _: &[String]) -> Result<Outlook> {
        if !self.http.has_token() {
            let remark =
                "without a token for Gerrit the votes cannot be read; the push needs none".to_owned();
            return Ok(Outlook { remarks: vec![remark], ..Outlook::default() });
        }
        let account: Account = self.http.get("/accounts/self")?.without_first_line().ok()?.json()?;
        Ok(Outlook { account: Some(account.shown()), ..Outlook::default() })
    }

    fn push_plan(&self, draft: &Draft<'_>) -> PushPlan {
        push::plan(draft)
    }

    fn propose(&self, draft: &Draft<'_>, said: &[String]) -> Result<Landing> {
        let record = draft.record;
        let known = record.merge_request.as_ref().and_then(|known| known.number);
        let number = push::number_in(said).or(known);
        let at = Whereabouts {
            number,
            branch: record.branch_name(),
            target: &record.target,
            commit: draft.commit,
        };
        let landing = match number {
            Some(number) => Landing {
                number: Some(number),
                url: Some(self.url(number)),
                labels: draft.labels.clone(),
                head: Some(draft.commit.to_string()),
                ..Landing::new(MergeRequestState::Open)
            },
            None => self.look(&at)?,
        };
        if draft.break_glass.is_some() {
            return self.look(&Whereabouts { number: landing.number, ..at });
        }
        match draft.merge == MergeMode::Auto && !draft.is_draft && self.http.has_token() {
            true => self.submit(&at, landing),
            false => Ok(landing),
        }
    }

    fn look(&self, at: &Whereabouts<'_>) -> Result<Landing> {
        let Some(change) = self.find(at)? else {
            return Ok(Landing::new(MergeRequestState::Pushed));
        };
        Ok(Landing { url: Some(self.url(change.number)), ..verdict::read(&change, at) })
    }

    fn merge(&self, at: &Whereabouts<'_>, how: &Merge) -> Result<Landing> {
        if let Merge::Bypass(_) = how {
            return Err(self.unable("submit past its rules but by a push"));
        }
        let landing = self.look(at)?;
        match landing.state {
            MergeRequestState::Open | MergeRequestState::Blocked => self.submit(at, landing),
            _ => Ok(landing),
        }
    }

    /// Nothing waits to be merged by itself.
    fn cancel(&self, _: &Whereabouts<'_>) -> Result<()> {
        Ok(())
    }

    fn close(&self, at: &Whereabouts<'_>) -> Result<()> {
        let Some(number) = self.number_of(at)? else { return Ok(()) };
        let reply = self.http.post(&format!("/changes/{number}/abandon"), &json!({}))?;
        // It is merged or abandoned already.
        if reply.status != 409 {
            reply.ok()?;
        }
        Ok(())
    }

    fn relabel(&self, number: u64, add: &[String], remove: &[String]) -> Result<()> {
        let hashtags =
            |labels: &[String]| labels.iter().map(|label| push::hashtag(label)).collect::<Vec<_>>();
        self.post(number, "hashtags", &json!({ "add": hashtags(add), "remove": hashtags(remove) }))
    }

    fn marks(&self, number: u64) -> Result<Vec<Mark>> {
        let path = format!("/changes/{number}/detail?{OPTIONS}");
        let change: Change = self.http.get(&path)?.without_first_line().ok()?.json()?;
        Ok(change.marks())
    }
}
