//! Merging, at once or when the required checks have passed.
//!
//! A scheduled merge of Gitea is one of the branch, not of a commit: `head_commit_id` counts only where it merges at
//! once (`services/automerge` of go-gitea/gitea 1.26). So the head is compared before it is scheduled, and a schedule is
//! taken back as soon as another commit is seen.

use std::time::Duration;

use hotfix_model::{Landing, MergeRequestState};
use serde_json::{Value, json};

use super::Gitea;
use super::answers::{Pull, Settings};
use crate::error::Result;
use crate::forge::http::Reply;
use crate::forge::{Merge, Whereabouts};

/// How Gitea says that it still looks for conflicts, and also that it found some.
const LATER: &str = "try again later";
/// Pauses while it does, in milliseconds: about fifteen seconds in all.
const PAUSES: &[u64] = &[100, 200, 400, 800, 1500, 2000, 2500, 3500, 4000];
/// What every repository that allows merges allows, if it is not said which way it prefers.
const USUAL_STYLE: &str = "merge";

impl Gitea {
    /// Merges or schedules the merge of what is there, if it is ours.
    pub(super) fn merge_pull(&self, at: &Whereabouts<'_>, pull: &Pull, how: &Merge) -> Result<Landing> {
        if pull.merged || pull.state != "open" || pull.head.sha != at.commit.as_str() {
            return self.verdict(at, pull);
        }
        let path = self.path(&format!("/pulls/{}/merge", pull.number));
        let mut style = style_of(pull.base.repo.as_ref());
        let mut pauses = PAUSES.iter();
        loop {
            let reply = self.http.post(&path, &request(at, how, &style))?;
            if reply.is_ok() {
                return Ok(accepted(pull, &reply));
            }
            let said = reply.said();
            if reply.status == 405 && said.contains("merge style") {
                match self.other_style(&style)? {
                    Some(other) => style = other,
                    None => return Ok(refused(pull, &said)),
                }
            } else if is_early(&reply, &said) {
                match pauses.next() {
                    Some(pause) => self.http.pause(Duration::from_millis(*pause))?,
                    None => return Ok(conflict(pull, at.target)),
                }
            } else {
                return self.not_merged(at, pull, &reply);
            }
        }
    }

    /// The style the repository prefers, if it is another one.
    fn other_style(&self, tried: &str) -> Result<Option<String>> {
        let settings: Settings = self.read(&self.path(""))?;
        Ok(Some(style_of(Some(&settings))).filter(|style| style != tried))
    }

    /// A refusal: what happened meanwhile is looked at; what is left is somebody's to decide.
    fn not_merged(&self, at: &Whereabouts<'_>, pull: &Pull, reply: &Reply) -> Result<Landing> {
        let said = reply.said();
        match reply.status {
            // "… is already scheduled to auto merge": we did it before a cut.
            409 if said.contains("scheduled") => Ok(armed(pull)),
            // Closed, merged or moved by somebody meanwhile.
            404 | 409 => self.look_again(at, pull),
            405 if said.contains("already merged") => self.look_again(at, pull),
            405 if said.contains("not allowed to merge") => {
                let who = format!("somebody who may merge into {}", at.target);
                Ok(pull.landing(MergeRequestState::Open).blocked("this account may not merge it", who))
            }
            405 | 423 => Ok(refused(pull, &said)),
            _ => Err(reply.refusal().into()),
        }
    }

    fn look_again(&self, at: &Whereabouts<'_>, pull: &Pull) -> Result<Landing> {
        let at = Whereabouts { number: Some(pull.number), ..*at };
        match self.locate(&at)? {
            Some(pull) => self.verdict(&at, &pull),
            None => Ok(Landing::new(MergeRequestState::Pushed)),
        }
    }

    /// Takes a scheduled merge back; fine if there is none.
    pub(super) fn disarm(&self, number: u64) -> Result<()> {
        let reply = self.http.delete(&self.path(&format!("/pulls/{number}/merge")))?;
        if reply.status != 404 {
            reply.ok()?;
        }
        Ok(())
    }
}

/// Whether it may go well in a moment. A push reaches the pull request a moment after the branch.
fn is_early(reply: &Reply, said: &str) -> bool {
    match reply.status {
        405 => said.contains(LATER),
        409 => said.contains("out of date"),
        _ => false,
    }
}

fn request(at: &Whereabouts<'_>, how: &Merge, style: &str) -> Value {
    let mut body = json!({
        "Do": style,
        "head_commit_id": at.commit.as_str(),
        "delete_branch_after_merge": true,
        "merge_when_checks_succeed": *how == Merge::WhenReady,
    });
    if let Merge::Bypass(reason) = how {
        body["force_merge"] = json!(true);
        body["MergeMessageField"] = json!(format!("Rules bypassed: {reason}"));
    }
    body
}

fn style_of(settings: Option<&Settings>) -> String {
    let style = settings.map(|settings| settings.default_merge_style.as_str()).unwrap_or_default();
    if style.is_empty() { USUAL_STYLE.to_owned() } else { style.to_owned() }
}

/// 201 is a schedule, 200 a merge.
fn accepted(pull: &Pull, reply: &Reply) -> Landing {
    match reply.status {
        201 => armed(pull),
        _ => pull.landing(MergeRequestState::Merged),
    }
}

fn armed(pull: &Pull) -> Landing {
    Landing { auto_merge: true, ..pull.landing(MergeRequestState::Armed) }
}

fn refused(pull: &Pull, said: &str) -> Landing {
    let why = if said.is_empty() { "the forge does not merge it and does not say why" } else { said };
    pull.landing(MergeRequestState::Open).blocked(why, "somebody who administers the repository")
}

pub(super) fn conflict(pull: &Pull, target: &str) -> Landing {
    let why = format!("it cannot be merged into {target} without conflicts");
    let landing = pull.landing(MergeRequestState::Open).blocked(why, "you");
    Landing { next: Some("git hotfix resume".to_owned()), ..landing }
}
