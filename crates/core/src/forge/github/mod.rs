//! GitHub: github.com, ghe.com, Enterprise Server, and what speaks its REST API, such as `GitBucket`.
//!
//! Two round trips after the push: the pull request is made; then it is labelled, reviewers are asked, and its merge is
//! armed, all at the same time. What arms a merge is GraphQL alone; where there is none, it is said.

mod ahead;
mod arm;
mod create;
mod wire;

use std::sync::OnceLock;
use std::thread;

use hotfix_model::config::MergeMode;
use hotfix_model::{Landing, MergeRequestState};
use serde_json::{Value, json};

use super::address::encoded;
use super::detect::Site;
use super::http::{Http, Patience, Scheme};
use super::{Capabilities, Connection, Draft, Forge, Mark, Merge, Outlook, Whereabouts, links};
use crate::ctx::{Ctx, joined};
use crate::error::Result;
use wire::{Comment, Pull, Review};

/// The version of the REST API that is spoken.
const VERSION: &str = "2022-11-28";

/// The adapter.
#[derive(Debug)]
pub struct GitHub {
    site: Site,
    rest: Http,
    /// The API's host without the path of REST.
    graphql: Http,
    token: Option<super::token::Token>,
    known: OnceLock<Known>,
}

/// What the look ahead learnt.
#[derive(Clone, Debug, Default)]
struct Known {
    /// Ways to merge that the repository allows, the best first.
    methods: Vec<&'static str>,
    /// Whether merges into the target go through a queue.
    queue: bool,
}

impl GitHub {
    /// The adapter for a repository.
    pub fn new(ctx: &Ctx, connection: Connection, patience: Patience) -> Self {
        let Connection { site, token } = connection;
        // An account's own password, as Git keeps it for GitBucket, is no token.
        let has_user = token.as_ref().is_some_and(|token| token.user().is_some());
        let scheme = if has_user && !is_github(&site) { Scheme::Basic } else { Scheme::Token };
        let client = |base| {
            let http = Http::new(ctx, base, patience).with_token(token.as_ref(), scheme);
            http.with_header("x-github-api-version", VERSION)
        };
        let rest = client(&site.api);
        let below = site.api.path.strip_suffix("/v3").unwrap_or(&site.api.path);
        let graphql = client(&site.api.at(below));
        Self { site, rest, graphql, token, known: OnceLock::new() }
    }

    /// A path of the REST API below the repository.
    fn below(&self, path: &str) -> String {
        format!("/repos/{}{path}", self.site.path)
    }

    /// The owner of the repository.
    fn owner(&self) -> &str {
        self.site.path.split('/').next().unwrap_or_default()
    }

    /// The pull request of a branch: the open one, else the newest.
    fn of_branch(&self, at: &Whereabouts<'_>) -> Result<Option<Pull>> {
        let head = encoded(&format!("{}:{}", self.owner(), at.branch));
        let base = encoded(at.target);
        let path = self.below(&format!("/pulls?state=all&head={head}&base={base}&per_page=30"));
        let mut pulls: Vec<Pull> = self.rest.get(&path)?.ok()?.json()?;
        pulls.retain(|pull| pull.is_ours(&self.site.path, at));
        let open = pulls.iter().position(|pull| pull.state == "open");
        Ok(open.map(|index| pulls.swap_remove(index)).or_else(|| pulls.into_iter().next()))
    }

    /// One pull request by REST.
    fn pull(&self, number: u64) -> Result<Pull> {
        Ok(self.rest.get(&self.below(&format!("/pulls/{number}")))?.ok()?.json()?)
    }

    /// Asks by GraphQL. The errors are the forge's words; `None` where there is no GraphQL.
    fn query(&self, query: &str, variables: &Value) -> Result<Option<Answered>> {
        let reply = self.graphql.ask("/graphql", &json!({ "query": query, "variables": variables }))?;
        if matches!(reply.status, 404 | 405) {
            return Ok(None);
        }
        let answer: wire::Answer = reply.ok()?.json()?;
        let errors = answer.errors.into_iter().map(|error| error.message).collect();
        Ok(Some(Answered { data: answer.data.unwrap_or_default(), errors }))
    }

    /// Where a pull request stands, by one question, or by REST where that is all there is.
    fn stands(&self, number: u64, at: &Whereabouts<'_>) -> Result<Landing> {
        let (owner, name) = self.site.path.split_once('/').unwrap_or_default();
        let variables = json!({ "o": owner, "r": name, "n": number });
        let asked = if self.may_have_graphql() { self.query(wire::STATUS, &variables)? } else { None };
        let node = asked.map(|answered| answered.data["repository"]["pullRequest"].clone());
        match node.filter(|node| !node.is_null()) {
            Some(node) => Ok(wire::Node::read(&node)?.landing(at)),
            None => self.stands_by_rest(number, at),
        }
    }

    fn stands_by_rest(&self, number: u64, at: &Whereabouts<'_>) -> Result<Landing> {
        let pull = self.pull(number)?;
        let mut landing = pull.landing(at);
        if !landing.is_final() {
            let path = self.below(&format!("/commits/{}/status", at.commit));
            let statuses: wire::Statuses =
                self.rest.get(&path)?.ok().and_then(|reply| reply.json()).unwrap_or_default();
            landing.jobs = statuses.jobs();
        }
        Ok(landing)
    }

    /// `GitBucket` answers everything it does not know with 404, and has a port or a host of its own.
    fn may_have_graphql(&self) -> bool {
        self.rest.has_token()
    }

    fn number(&self, at: &Whereabouts<'_>) -> Result<Option<u64>> {
        match at.number {
            Some(number) => Ok(Some(number)),
            None => Ok(self.of_branch(at)?.map(|pull| pull.number)),
        }
    }
}

/// What GraphQL answered.
struct Answered {
    data: Value,
    errors: Vec<String>,
}

/// Whether it is run by GitHub itself, and so has all that is documented.
fn is_github(site: &Site) -> bool {
    site.pages.host == "github.com" || site.pages.host.ends_with(".ghe.com")
}

impl Forge for GitHub {
    fn name(&self) -> &'static str {
        self.site.kind.name()
    }

    fn capabilities(&self) -> Capabilities {
        let has_token = self.rest.has_token();
        Capabilities {
            merge_requests: has_token,
            labels: has_token,
            auto_merge: has_token,
            break_glass: has_token,
            by_push: false,
        }
    }

    fn prepare(&self, target: &str, labels: &[String]) -> Result<Outlook> {
        self.look_ahead(target, labels)
    }

    fn propose(&self, draft: &Draft<'_>, said: &[String]) -> Result<Landing> {
        if !self.rest.has_token() {
            let landing = links::pushed(&self.site, draft, said);
            let why = "there is no token for GitHub here: it is opened by hand".to_owned();
            return Ok(Landing { why: Some(why), ..landing });
        }
        let pull = self.create_or_adopt(draft)?;
        let at = draft.whereabouts(Some(pull.number));
        let (labels, armed) = thread::scope(|scope| {
            let labels = scope.spawn(|| self.label_and_ask(&pull, draft));
            let armed = self.arm_as_told(&pull, draft, &at);
            (joined(labels.join()), armed)
        });
        let mut landing = pull.unarmed(&at, armed);
        match labels {
            Ok(labels) => landing.labels = labels,
            Err(error) => landing.remark(format!("the labels are not on it: {}", error.why())),
        }
        Ok(landing)
    }

    fn look(&self, at: &Whereabouts<'_>) -> Result<Landing> {
        match self.number(at)? {
            Some(number) => self.stands(number, at),
            None => Ok(Landing {
                url: links::create_url(&self.site, at.branch, at.target),
                ..Landing::new(MergeRequestState::Pushed)
            }),
        }
    }

    fn merge(&self, at: &Whereabouts<'_>, how: &Merge) -> Result<Landing> {
        let Some(number) = self.number(at)? else { return self.look(at) };
        let pull = self.pull(number)?;
        match how {
            Merge::WhenReady => self.arm(&pull, at),
            Merge::Now => self.merge_now(&pull, at),
            Merge::Bypass(_) => self.merge_plainly(&pull, at),
        }
    }

    fn cancel(&self, at: &Whereabouts<'_>) -> Result<()> {
        let Some(number) = self.number(at)? else { return Ok(()) };
        let pull = self.pull(number)?;
        let asked = self.query(wire::DISARM, &json!({ "p": pull.node_id }))?;
        let answered = asked.ok_or_else(|| self.unable("take back a merge"))?;
        // Nothing was armed, or all is taken back: the same to whoever asked.
        drop(answered);
        Ok(())
    }

    fn close(&self, at: &Whereabouts<'_>) -> Result<()> {
        let Some(number) = self.number(at)? else { return Ok(()) };
        let path = self.below(&format!("/pulls/{number}"));
        self.rest.patch(&path, &json!({ "state": "closed" }))?.ok()?;
        Ok(())
    }

    fn relabel(&self, number: u64, add: &[String], remove: &[String]) -> Result<()> {
        if !add.is_empty() {
            self.label(&self.pull(number)?, add)?;
        }
        for label in remove {
            let reply =
                self.rest.delete(&self.below(&format!("/issues/{number}/labels/{}", encoded(label))))?;
            if reply.status != 404 {
                reply.ok()?;
            }
        }
        Ok(())
    }

    fn marks(&self, number: u64) -> Result<Vec<Mark>> {
        let path = |what: &str| self.below(&format!("/{what}?per_page=100"));
        let reviews = self.rest.get(&path(&format!("pulls/{number}/reviews")))?;
        // GitBucket has no reviews.
        let reviews: Vec<Review> = if reviews.status == 404 { Vec::new() } else { reviews.ok()?.json()? };
        let comments = self.rest.get(&path(&format!("issues/{number}/comments")))?.ok()?;
        let comments: Vec<Comment> = comments.json()?;
        Ok(reviews.into_iter().map(Mark::from).chain(comments.into_iter().map(Mark::from)).collect())
    }

    fn release(&self, tag: &str, title: &str, notes: &str) -> Result<Option<String>> {
        let known = self.rest.get(&self.below(&format!("/releases/tags/{}", encoded(tag))))?;
        let reply = match known.is_ok() {
            true => known,
            false => {
                let body = json!({ "tag_name": tag, "name": title, "body": notes });
                self.rest.post(&self.below("/releases"), &body)?.ok()?
            }
        };
        Ok(reply.json::<Value>()?["html_url"].as_str().map(str::to_owned))
    }
}

impl GitHub {
    /// What the configuration wants of the merge.
    fn arm_as_told(&self, pull: &Pull, draft: &Draft<'_>, at: &Whereabouts<'_>) -> Result<Landing> {
        match (&draft.break_glass, draft.merge) {
            (Some(_), _) => self.merge_plainly(pull, at),
            _ if draft.is_draft => Ok(pull.landing(at)),
            (None, MergeMode::Manual) => Ok(pull.landing(at)),
            (None, MergeMode::Direct) => self.merge_now(pull, at),
            (None, MergeMode::Auto) => self.arm(pull, at),
        }
    }
}
