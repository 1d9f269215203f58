//! Gitea and Forgejo: a branch and a pull request, by their REST API, version 1.

mod answers;
mod merge;
mod talk;
mod verdict;

use std::thread;

use hotfix_model::config::MergeMode;
use hotfix_model::{Landing, MergeRequestState};
use serde_json::json;

use super::http::{Http, Patience, Scheme};
use super::{Capabilities, Connection, Draft, Forge, Mark, Merge, Outlook, Whereabouts, links};
use crate::ctx::Ctx;
use crate::error::Result;
use answers::{Branch, Comment, Label, Pull, Review, Settings, User};

/// A repository on Gitea or Forgejo.
#[derive(Clone, Debug)]
pub struct Gitea {
    connection: Connection,
    http: Http,
}

/// How a reviewer who stays on the forge's pages says that a merged fix was looked at. Since 1.23 Gitea takes no
/// approval after the merge (pull request 30686 of go-gitea/gitea).
const REVIEWED: &str = "/hotfix-reviewed";
/// What keeps a pull request from being merged; Gitea's and Forgejo's own default.
const DRAFT: &str = "WIP: ";

impl Gitea {
    /// The adapter of a repository.
    pub fn new(ctx: &Ctx, connection: Connection) -> Self {
        let token = connection.token.as_ref();
        // With a name it is what Git pushes with, which may be a password.
        let scheme = match token.and_then(|token| token.user()) {
            Some(_) => Scheme::Basic,
            None => Scheme::Token,
        };
        let http = Http::new(ctx, &connection.site.api, Patience::default()).with_token(token, scheme);
        Self { connection, http }
    }

    fn is_draft(draft: &Draft<'_>) -> bool {
        draft.is_draft && draft.break_glass.is_none()
    }

    /// Makes the pull request, or finds ours that is there. It is looked for where it may have been made before a cut:
    /// merged meanwhile and its branch gone, it would be made again.
    fn open(&self, draft: &Draft<'_>) -> Result<Pull> {
        let at = whereabouts(draft);
        let made = draft.record.merge_request.as_ref().map(|_| self.locate(&at)).transpose()?.flatten();
        let is_it = |pull: &Pull| pull.state == "open" || pull.head.sha == draft.commit.as_str();
        if let Some(pull) = made.filter(is_it) {
            return Ok(pull);
        }
        let title = match Self::is_draft(draft) {
            true => format!("{DRAFT}{}", draft.title),
            false => draft.title.clone(),
        };
        let body = json!({ "title": title, "body": draft.description, "head": at.branch, "base": at.target });
        let reply = self.http.post(&self.path("/pulls"), &body)?;
        // Somebody, perhaps we before a cut, was faster.
        if reply.status == 409
            && let Some(pull) = self.find(&at)?.filter(|pull| pull.state == "open")
        {
            return Ok(pull);
        }
        Ok(reply.ok()?.json()?)
    }

    /// What is done at the same time once there is a number: labels and reviewers on one side, the merge on the other.
    fn dress(&self, draft: &Draft<'_>, pull: &Pull) -> (Result<Vec<String>>, Result<Landing>) {
        thread::scope(|scope| {
            let labels = scope.spawn(|| {
                let labels = self.add_labels(pull.number, &pull.label_names(), &draft.labels);
                self.ask_reviewers(pull, &draft.reviewers);
                labels
            });
            let landing = self.arm(draft, pull);
            // A panic of the thread would be a bug; the merge request stands all the same.
            let labels = labels.join().unwrap_or_else(|_| Ok(pull.label_names()));
            (labels, landing)
        })
    }

    fn arm(&self, draft: &Draft<'_>, pull: &Pull) -> Result<Landing> {
        let at = Whereabouts { number: Some(pull.number), ..whereabouts(draft) };
        match (&draft.break_glass, draft.merge) {
            (Some(reason), _) => self.merge_pull(&at, pull, &Merge::Bypass(reason.clone())),
            (None, MergeMode::Auto) if !draft.is_draft => self.merge_pull(&at, pull, &Merge::WhenReady),
            _ => Ok(pull.landing(MergeRequestState::Open)),
        }
    }

    /// Nobody who reviews late keeps a fix from being delivered, nor does a name that does not exist.
    fn ask_reviewers(&self, pull: &Pull, reviewers: &[String]) {
        let known = |name: &&String| !pull.requested_reviewers.iter().any(|user| user.login == **name);
        let missing: Vec<&String> = reviewers.iter().filter(known).collect();
        if missing.is_empty() {
            return;
        }
        let path = self.path(&format!("/pulls/{}/requested_reviewers", pull.number));
        let asked = self.http.post(&path, &json!({ "reviewers": missing })).and_then(|reply| Ok(reply.ok()?));
        if let Err(error) = asked {
            self.http.ctx().warn(format!("no reviewer was asked: {error}"));
        }
    }
}

fn whereabouts<'a>(draft: &'a Draft<'_>) -> Whereabouts<'a> {
    let record = draft.record;
    Whereabouts {
        number: record.merge_request.as_ref().and_then(|known| known.number),
        branch: record.branch_name(),
        target: &record.target,
        commit: draft.commit,
    }
}

impl Forge for Gitea {
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

    fn prepare(&self, target: &str, labels: &[String]) -> Result<Outlook> {
        if !self.http.has_token() {
            return Ok(Outlook::default());
        }
        let (user, settings, branch, made) = thread::scope(|scope| {
            let user = scope.spawn(|| self.read::<User>("/user"));
            let settings = scope.spawn(|| self.read::<Settings>(&self.path("")));
            let branch = scope.spawn(|| self.branch(target));
            let made = self.make_labels(labels);
            (user.join().ok(), settings.join().ok(), branch.join().ok(), made)
        });
        made?;
        let user: Option<User> = user.transpose()?;
        let settings: Option<Settings> = settings.transpose()?;
        let branch: Option<Branch> = branch.transpose()?;
        Ok(verdict::outlook(user.as_ref(), settings.as_ref(), branch.as_ref()))
    }

    fn propose(&self, draft: &Draft<'_>, said: &[String]) -> Result<Landing> {
        if !self.http.has_token() {
            return Ok(links::without_token(&self.connection.site, draft, said));
        }
        let pull = self.open(draft)?;
        if pull.state != "open" {
            return self.verdict(&whereabouts(draft), &pull);
        }
        let (labels, landing) = self.dress(draft, &pull);
        let landing = landing?;
        match labels {
            Ok(labels) => Ok(Landing { labels, ..landing }),
            // It is on its way; a label more or less must not stop it.
            Err(error) => {
                self.http.ctx().warn(format!("the merge request has no label: {error}"));
                Ok(landing)
            }
        }
    }

    fn look(&self, at: &Whereabouts<'_>) -> Result<Landing> {
        match self.locate(at)? {
            Some(pull) => self.verdict(at, &pull),
            None => Ok(Landing::new(MergeRequestState::Pushed)),
        }
    }

    fn merge(&self, at: &Whereabouts<'_>, how: &Merge) -> Result<Landing> {
        match self.locate(at)? {
            Some(pull) => self.merge_pull(at, &pull, how),
            None => Ok(Landing::new(MergeRequestState::Pushed)),
        }
    }

    fn cancel(&self, at: &Whereabouts<'_>) -> Result<()> {
        match self.locate(at)? {
            Some(pull) => self.disarm(pull.number),
            None => Ok(()),
        }
    }

    fn close(&self, at: &Whereabouts<'_>) -> Result<()> {
        let Some(pull) = self.locate(at)?.filter(|pull| pull.state == "open") else { return Ok(()) };
        let path = self.path(&format!("/pulls/{}", pull.number));
        self.http.patch(&path, &json!({ "state": "closed" }))?.ok()?;
        Ok(())
    }

    fn relabel(&self, number: u64, add: &[String], remove: &[String]) -> Result<()> {
        let labels: Vec<Label> = self.read(&self.path(&format!("/issues/{number}/labels")))?;
        let names: Vec<String> = labels.iter().map(|label| label.name.clone()).collect();
        self.add_labels(number, &names, add)?;
        for label in labels.iter().filter(|label| remove.contains(&label.name)) {
            let reply = self.http.delete(&self.path(&format!("/issues/{number}/labels/{}", label.id)))?;
            if reply.status != 404 {
                reply.ok()?;
            }
        }
        Ok(())
    }

    fn marks(&self, number: u64) -> Result<Vec<Mark>> {
        let reviews: Vec<Review> = self.read(&self.path(&format!("/pulls/{number}/reviews")))?;
        let comments: Vec<Comment> = self.read(&self.path(&format!("/issues/{number}/comments")))?;
        let of_reviews = reviews.into_iter().filter(|review| !review.dismissed).map(Review::mark);
        Ok(of_reviews.chain(comments.into_iter().map(Comment::mark)).collect())
    }

    fn release(&self, tag: &str, title: &str, notes: &str) -> Result<Option<String>> {
        let body = json!({ "tag_name": tag, "name": title, "body": notes });
        let reply = self.http.post(&self.path("/releases"), &body)?;
        let made: answers::Release = match reply.status {
            409 => self.read(&self.path(&format!("/releases/tags/{}", super::address::encoded(tag))))?,
            _ => reply.ok()?.json()?,
        };
        Ok(Some(made.html_url))
    }
}
