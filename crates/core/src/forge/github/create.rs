//! The pull request itself, its labels and its reviewers.

use serde_json::json;

use super::wire::{Label, Pull};
use super::{GitHub, is_github};
use crate::error::{Error, Result};
use crate::forge::http::HttpError;
use crate::forge::{Draft, ForgeError};

/// The colour of labels that are made: GitHub's own red.
const RED: &str = "d73a4a";

impl GitHub {
    /// Makes the pull request. GitHub itself keeps it single and says so; elsewhere it is looked for first.
    pub(super) fn create_or_adopt(&self, draft: &Draft<'_>) -> Result<Pull> {
        let at = draft.whereabouts(None);
        if !is_github(&self.site)
            && let Some(pull) = self.of_branch(&at)?.filter(|pull| pull.state == "open")
        {
            return self.adopt(pull, draft);
        }
        let body = json!({
            "title": draft.title,
            "head": at.branch,
            "base": at.target,
            "body": draft.description,
            "draft": draft.is_draft,
        });
        let reply = self.rest.post(&self.below("/pulls"), &body);
        match reply {
            Ok(reply) if reply.is_ok() => Ok(reply.json()?),
            // It may be there for all that: an answer can be lost, and GitHub refuses a second one.
            other => match self.of_branch(&at)?.filter(|pull| pull.state == "open") {
                Some(pull) => self.adopt(pull, draft),
                None => Err(refused(other?.refusal(), at.branch)),
            },
        }
    }

    /// Takes over the pull request that is there, with the text of now.
    fn adopt(&self, pull: Pull, draft: &Draft<'_>) -> Result<Pull> {
        if pull.title == draft.title && pull.body.as_deref() == Some(draft.description.as_str()) {
            return Ok(pull);
        }
        let path = self.below(&format!("/pulls/{}", pull.number));
        let text = json!({ "title": draft.title, "body": draft.description });
        // An older text is no reason to stop.
        let changed = self.rest.patch(&path, &text)?;
        Ok(if changed.is_ok() { changed.json()? } else { pull })
    }

    /// Labels it, and asks for reviews. Gives the labels it carries.
    pub(super) fn label_and_ask(&self, pull: &Pull, draft: &Draft<'_>) -> Result<Vec<String>> {
        let labels = self.label(pull, &draft.labels)?;
        self.ask_reviewers(pull.number, &draft.reviewers)?;
        Ok(labels)
    }

    /// Puts labels on it; makes those that do not exist. Gives all that it carries then.
    pub(super) fn label(&self, pull: &Pull, labels: &[String]) -> Result<Vec<String>> {
        let mut carried: Vec<String> = pull.labels.iter().map(|label| label.name.clone()).collect();
        // GitBucket fails at a label that is on it already, and names only those it adds.
        let missing: Vec<String> = labels.iter().filter(|label| !carried.contains(label)).cloned().collect();
        if missing.is_empty() {
            return Ok(carried);
        }
        let path = self.below(&format!("/issues/{}/labels", pull.number));
        let body = json!({ "labels": missing });
        let mut reply = self.rest.post(&path, &body)?;
        if matches!(reply.status, 404 | 422) {
            missing.iter().try_for_each(|label| self.make_label(label))?;
            reply = self.rest.post(&path, &body)?;
        }
        let now: Vec<Label> = reply.ok()?.json()?;
        let added = now.into_iter().map(|label| label.name).filter(|name| !carried.contains(name));
        let added: Vec<String> = added.collect();
        carried.extend(added);
        Ok(carried)
    }

    /// Makes a label; one that is there already is as good.
    pub(super) fn make_label(&self, name: &str) -> Result<()> {
        let body = json!({ "name": name, "color": RED, "description": "An emergency fix" });
        let reply = self.rest.post(&self.below("/labels"), &body)?;
        if reply.status != 422 {
            reply.ok()?;
        }
        Ok(())
    }

    /// `owner/team` is a team; anything else is a person. Whoever cannot be asked is no reason to stop.
    fn ask_reviewers(&self, number: u64, reviewers: &[String]) -> Result<()> {
        if reviewers.is_empty() {
            return Ok(());
        }
        let plain = reviewers.iter().map(|name| name.trim_start_matches('@'));
        let (teams, people): (Vec<&str>, Vec<&str>) = plain.partition(|name| name.contains('/'));
        let teams: Vec<&str> = teams.iter().filter_map(|team| team.split('/').nth(1)).collect();
        let body = json!({ "reviewers": people, "team_reviewers": teams });
        let reply = self.rest.post(&self.below(&format!("/pulls/{number}/requested_reviewers")), &body)?;
        if !reply.is_ok() {
            let said = reply.said();
            self.rest.ctx().warn(format!("nobody was asked to review: {said}"));
        }
        Ok(())
    }
}

/// Why there is no pull request. A token that may not make one is told apart.
fn refused(refusal: HttpError, branch: &str) -> Error {
    match refusal.status() {
        Some(401 | 403) => refusal.into(),
        _ => ForgeError::NotProposed { branch: branch.to_owned(), source: Box::new(refusal) }.into(),
    }
}
