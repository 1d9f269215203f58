//! Getting it merged: armed to merge by itself, at once, or through the queue. Every request carries the commit.

use std::time::Duration;

use hotfix_model::{JobState, Landing, MergeRequestState};
use serde_json::{Value, json};

use super::wire::{self, Pull};
use super::{Answered, GitHub, is_github};
use crate::error::Result;
use crate::exec::{redact, sanitize_line};
use crate::forge::Whereabouts;
use crate::forge::http::Reply;

/// How often, and how far apart, a merge that runs in the background is asked about.
const ASKS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(500);

/// Ways to merge, the best first: only a merge commit keeps the very commit that was proved and tested.
pub(super) const METHODS: &[&str] = &["merge", "rebase", "squash"];

impl GitHub {
    /// Arms the merge. GitHub refuses that where nothing stands in the way: then it is merged at once.
    pub(super) fn arm(&self, pull: &Pull, at: &Whereabouts<'_>) -> Result<Landing> {
        if self.known().queue
            && let Some(landing) = self.jump(pull, at)?
        {
            return Ok(landing);
        }
        let mut last = String::new();
        for method in self.methods() {
            let variables = json!({ "p": pull.node_id, "m": method.to_uppercase(), "s": at.commit.as_str() });
            let Some(answered) = self.query(wire::ARM, &variables)? else {
                return self.without_graphql(pull, at);
            };
            let node = &answered.data["enablePullRequestAutoMerge"]["pullRequest"];
            if answered.errors.is_empty() && !node.is_null() {
                return Ok(wire::Node::read(node)?.landing(at));
            }
            last = answered.errors.join("; ");
            if !is_about_method(&last) {
                break;
            }
        }
        self.read_refusal(pull, at, &last)
    }

    /// Into the queue, before all others if that is allowed, else at its end. `None` if it is not ready for it.
    fn jump(&self, pull: &Pull, at: &Whereabouts<'_>) -> Result<Option<Landing>> {
        for jump in [true, false] {
            let variables = json!({ "p": pull.node_id, "s": at.commit.as_str(), "j": jump });
            if let Some(Answered { errors, .. }) = self.query(wire::ENQUEUE, &variables)?
                && errors.is_empty()
            {
                return self.stands(pull.number, at).map(Some);
            }
        }
        Ok(None)
    }

    /// Why the merge could not be armed.
    fn read_refusal(&self, pull: &Pull, at: &Whereabouts<'_>, said: &str) -> Result<Landing> {
        let words = said.to_lowercase();
        if ["clean status", "unstable status", "has_hooks status"].iter().any(|status| words.contains(status))
        {
            return self.merge_now(pull, at);
        }
        let landing = self.stands(pull.number, at)?;
        if landing.state != MergeRequestState::Open {
            return Ok(landing);
        }
        let is_off = words.contains("not allowed") || words.contains("not enabled");
        if is_off && landing.why.is_none() && nothing_runs(&landing) {
            return self.merge_now(pull, at);
        }
        let no_rules = words.contains("protected branch rules not configured");
        if no_rules && landing.jobs_in(JobState::Failed).next().is_none() {
            return self.merge_now(pull, at);
        }
        Ok(match is_off {
            true => Landing {
                why: Some("auto-merge is switched off in the repository's settings".to_owned()),
                who: Some("an administrator of the repository, or whoever merges it by hand".to_owned()),
                next: Some(
                    "git hotfix submit --set submit.merge=direct  # once its checks are green".to_owned(),
                ),
                ..landing
            },
            false => Landing { why: Some(format!("its merge could not be armed: {said}")), ..landing },
        })
    }

    /// A server that has REST alone cannot be told to merge later.
    fn without_graphql(&self, pull: &Pull, at: &Whereabouts<'_>) -> Result<Landing> {
        let landing = self.stands_by_rest(pull.number, at)?;
        if landing.state != MergeRequestState::Open {
            return Ok(landing);
        }
        // Without any check nobody knows whether one is still to come.
        if !landing.jobs.is_empty() && nothing_runs(&landing) {
            return self.merge_plainly(pull, at);
        }
        Ok(Landing {
            why: Some("this server cannot merge by itself once the checks are green".to_owned()),
            who: Some("whoever may merge, on its page".to_owned()),
            ..landing
        })
    }

    /// Merges at once: in the background where GitHub can, else while we wait.
    pub(super) fn merge_now(&self, pull: &Pull, at: &Whereabouts<'_>) -> Result<Landing> {
        let mut reply = None;
        for method in self.methods() {
            let body =
                json!({ "sha": at.commit.as_str(), "merge_method": method, "merge_action": "default" });
            let answer = self.rest.put(&self.below(&format!("/pulls/{}/merge-async", pull.number)), &body)?;
            // Older servers, and others that speak this API, do not know it.
            if matches!(answer.status, 404 | 405) {
                return self.merge_plainly(pull, at);
            }
            let other = answer.status == 422 || is_about_method(&answer.said());
            reply = Some(answer);
            if !other {
                break;
            }
        }
        match reply {
            Some(reply) => self.follow_merge(pull, at, &reply),
            None => self.stands(pull.number, at),
        }
    }

    /// A merge in the background, until it is done or has failed.
    fn follow_merge(&self, pull: &Pull, at: &Whereabouts<'_>, first: &Reply) -> Result<Landing> {
        let mut answer: Value = first.json().unwrap_or_default();
        let uuid = answer["details"]["uuid"].as_str().map(str::to_owned);
        let Some(uuid) = uuid.filter(|_| matches!(first.status, 202 | 409)) else {
            return self.unless_done(pull, at, first);
        };
        for _ in 0..ASKS {
            if answer["status"] != "pending" {
                break;
            }
            self.rest.pause(PAUSE)?;
            let path = self.below(&format!(
                "/pulls/{}/merge-async/{}",
                pull.number,
                crate::forge::address::encoded(&uuid)
            ));
            answer = self.rest.get(&path)?.ok()?.json()?;
        }
        let landing = self.stands(pull.number, at)?;
        let said = answer["details"]["message"].as_str().filter(|_| answer["status"] == "failed");
        Ok(match (landing.state, said) {
            (MergeRequestState::Open, Some(said)) => {
                landing.blocked(said, "whoever the rules of the branch name")
            }
            _ => landing,
        })
    }

    /// Merges while we wait. An administrator, or who may bypass the rules, does so by this.
    pub(super) fn merge_plainly(&self, pull: &Pull, at: &Whereabouts<'_>) -> Result<Landing> {
        // Not every server that speaks this API heeds the commit in the request.
        let now = if is_github(&self.site) { None } else { Some(self.pull(pull.number)?) };
        if let Some(now) = now.filter(|now| now.head.sha != at.commit.as_str()) {
            return Ok(now.landing(at));
        }
        let mut last = None;
        for method in self.methods() {
            let body = json!({ "sha": at.commit.as_str(), "merge_method": method });
            let reply = self.rest.put(&self.below(&format!("/pulls/{}/merge", pull.number)), &body)?;
            if reply.is_ok() {
                return self.read_merge(pull, at, &reply);
            }
            let other = is_about_method(&reply.said());
            last = Some(reply);
            if !other {
                break;
            }
        }
        match last {
            Some(reply) => self.unless_done(pull, at, &reply),
            None => self.stands(pull.number, at),
        }
    }

    /// What came of a merge that was not refused. `GitBucket` says 200 to every one, and wraps its answer in another.
    fn read_merge(&self, pull: &Pull, at: &Whereabouts<'_>, reply: &Reply) -> Result<Landing> {
        let answer: Value = reply.json()?;
        if answer["merged"] == true {
            let merged_commit = answer["sha"].as_str().map(str::to_owned);
            let landing = pull.landing(at);
            return Ok(Landing {
                state: MergeRequestState::Merged,
                merged_commit,
                why: None,
                who: None,
                ..landing
            });
        }
        let landing = self.stands(pull.number, at)?;
        if landing.is_final() || landing.why.is_some() {
            return Ok(landing);
        }
        let wrapped = answer["body"].as_str().and_then(|body| serde_json::from_str::<Value>(body).ok());
        let said = wrapped.as_ref().and_then(|body| body["message"].as_str()).unwrap_or_default();
        Ok(landing.blocked(sanitize_line(&redact(said)), "whoever the rules of the branch name"))
    }

    /// After a refusal the pull request itself says what is so; the refusal says why.
    fn unless_done(&self, pull: &Pull, at: &Whereabouts<'_>, reply: &Reply) -> Result<Landing> {
        let landing = self.stands(pull.number, at)?;
        if reply.is_ok() || landing.is_final() || landing.why.is_some() {
            return Ok(landing);
        }
        Ok(landing.blocked(reply.said(), "whoever the rules of the branch name"))
    }

    fn methods(&self) -> Vec<&'static str> {
        let known = self.known().methods;
        if known.is_empty() { METHODS.to_vec() } else { known }
    }

    fn known(&self) -> super::Known {
        self.known.get().cloned().unwrap_or_default()
    }
}

/// Whether all jobs have ended, and none of them red.
fn nothing_runs(landing: &Landing) -> bool {
    landing.jobs.iter().all(|job| matches!(job.state, JobState::Passed | JobState::Skipped))
}

/// Whether it is the way of merging that is not wanted, so that another one may be.
fn is_about_method(said: &str) -> bool {
    let words = said.to_lowercase();
    [
        "merge method",
        "merge commits are not allowed",
        "squash merges are not allowed",
        "rebase merges are not allowed",
        "linear history",
    ]
    .iter()
    .any(|part| words.contains(part))
}
