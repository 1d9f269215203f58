//! What reviewers say on the forge: approvals there count here, and the labels there tell what is known here. All of it
//! is a help only: a forge that does not answer, or cannot do it, holds up nothing.

use std::sync::Arc;

use hotfix_model::review::FoundReview;
use hotfix_model::{Actor, Fact, Record, Review, ReviewState, ReviewVerdict};
use jiff::Timestamp;

use crate::error::Result;
use crate::exec::sanitize_line;
use crate::forge::detect::Configured;
use crate::forge::{self, Asking, Forge, Mark};
use crate::record::Stored;
use crate::session::{Project, oid};

/// What a remark begins with that counts as an approval, where the forge takes none after the merge.
const REVIEWED: &str = "/hotfix-reviewed";
/// The label of a merge request whose review is owed.
const OWED: &str = "needs-post-review";
/// The label of one that was reviewed.
const DONE: &str = "post-reviewed";

/// Writes down the approvals of a hotfix that are found on the forge and count. A forge that does not answer is said.
pub fn import(project: &Project, id: &str) -> Result<()> {
    import_for(project, &project.known_record(id)?.record)
}

/// The same for a record that was just read.
pub(super) fn import_for(project: &Project, record: &Record) -> Result<()> {
    let id = &record.id;
    if !record.outstanding().any(|owed| owed.key == crate::record::fold::REVIEW) {
        return Ok(());
    }
    let found = marks(project, record).unwrap_or_else(|error| {
        project.ctx().warn(format!("approvals on the forge are not known: {error}"));
        Vec::new()
    });
    if found.is_empty() {
        return Ok(());
    }
    let stored = project.adopt_record(id)?;
    let new = approvals(&stored, &found);
    if new.is_empty() || stored.newer {
        return Ok(());
    }
    let facts = new.into_iter().map(|review| (Fact::Reviewed(Box::new(review)), None)).collect();
    let written = project.store().append(&stored, &project.actor()?, facts, &[])?;
    project.remember_debts_of(&written.record);
    project.share_or_say(id)?;
    relabel(project, &written.record);
    Ok(())
}

/// Tells the forge that a hotfix was reviewed, if it was.
pub(super) fn relabel(project: &Project, record: &Record) {
    if record.review != Some(ReviewState::Approved) {
        return;
    }
    if let Ok(Some((forge, number))) = adapter(project, record) {
        // The record says it already.
        forge.relabel(number, &[DONE.to_owned()], &[OWED.to_owned()]).ok();
    }
}

fn marks(project: &Project, record: &Record) -> Result<Vec<Mark>> {
    match adapter(project, record)? {
        Some((forge, number)) => forge.marks(number),
        None => Ok(Vec::new()),
    }
}

/// The forge and the number there, of a hotfix that has a merge request.
fn adapter(project: &Project, record: &Record) -> Result<Option<(Arc<dyn Forge>, u64)>> {
    let number = record.merge_request.as_ref().and_then(|merge_request| merge_request.number);
    let (Some(number), Some(remote)) = (number, &project.remote) else { return Ok(None) };
    let config = project.config_at(Some(&oid(&record.base.commit)?))?.config.submit;
    let configured = Configured { forge: &config.forge, api: &config.api };
    let forge = forge::adapter(&project.repository, remote, configured, Asking::Server)?;
    Ok(Some((forge, number)))
}

/// What counts of the marks: approvals given after the commit was submitted, so that they are of it, by people who did
/// not work on it, that are not written down yet. A mark does not say of which commit it is, only when it was made.
fn approvals(stored: &Stored, marks: &[Mark]) -> Vec<Review> {
    let record = &stored.record;
    let Some(commit) = &record.commit else { return Vec::new() };
    let events = stored.lines.iter().filter_map(|line| line.event());
    let submitted =
        events.filter(|event| matches!(&event.fact, Fact::Submitted { commit: of, .. } if of == commit));
    let Some(since) = submitted.map(|event| event.at).max() else { return Vec::new() };
    let url = record.merge_request.as_ref().and_then(|merge_request| merge_request.url.clone());
    let review = |mark: &Mark| {
        let at: Timestamp = mark.at.as_deref()?.parse().ok().filter(|at| *at >= since)?;
        let by = giver(mark)?;
        let known = |review: &hotfix_model::Reviewed| review.by.is(&by) && review.commit == *commit;
        let counts = !record.hands.iter().any(|hand| hand.is(&by)) && !record.reviews.iter().any(known);
        counts.then(|| Review {
            verdict: ReviewVerdict::Approve,
            commit: commit.clone(),
            text: None,
            found: Some(FoundReview { by, at, url: url.clone() }),
            signature: None,
        })
    };
    marks.iter().filter_map(review).collect()
}

/// Who approves with a mark. The forge itself keeps authors from approving; of a remark only an address tells that it
/// is not theirs.
fn giver(mark: &Mark) -> Option<Actor> {
    let by_words = mark.words.trim_start().starts_with(REVIEWED) && mark.email.is_some();
    let email = mark.email.as_deref().map(sanitize_line).unwrap_or_default();
    (mark.approves || by_words).then(|| Actor { name: sanitize_line(&mark.account), email })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(account: &str, email: Option<&str>, approves: bool, words: &str) -> Mark {
        Mark {
            account: account.to_owned(),
            email: email.map(str::to_owned),
            approves,
            words: words.to_owned(),
            at: Some("2026-03-01T02:14:00Z".to_owned()),
        }
    }

    #[test]
    fn approvals_and_the_agreed_words_are_approvals() {
        let name = |mark: Mark| giver(&mark).map(|actor| actor.name);
        assert_eq!(name(mark("bob", None, true, "")).as_deref(), Some("bob"));
        assert_eq!(name(mark("bob", Some("b@x"), false, " /hotfix-reviewed fine")).as_deref(), Some("bob"));
        assert_eq!(name(mark("bob", None, false, "/hotfix-reviewed")), None, "it may be the author's own");
        assert_eq!(name(mark("bob", Some("b@x"), false, "see /hotfix-reviewed")), None);
    }

    #[test]
    fn the_words_of_strangers_are_one_line_without_commands_to_the_terminal() {
        let actor = giver(&mark("bob\u{1b}[31m\nx", None, true, "")).unwrap();
        assert!(!actor.name.contains(['\u{1b}', '\n']), "{actor:?}");
    }
}
