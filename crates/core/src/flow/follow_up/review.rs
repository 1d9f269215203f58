//! review: shows what shipped to somebody who did not write it, and writes down what they say.
//!
//! A hotfix that is not merged yet may be reviewed as it is. The debt stays until what is merged is what was looked at:
//! another commit on the branch needs another look.

use hotfix_model::output::{OwedOutput, ReviewOutput};
use hotfix_model::{Actor, Fact, Record, Review, ReviewVerdict, Reviewed, Stage};

use super::settle::own;
use super::{FollowUpError, ask_team};
use crate::error::Result;
use crate::exec::{redact, sanitize};
use crate::git::Oid;
use crate::record::{RecordError, Stored};
use crate::session::{Project, oid};

/// Name of the variable that approves one commit without a terminal.
const APPROVAL: &str = "HOTFIX_REVIEW";

/// What is to be said.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What.
    pub verdict: ReviewVerdict,
    /// Why, or what was done; empty only for an approval.
    pub text: Option<String>,
    /// The commit that was shown.
    pub commit: String,
}

/// What there is to look at. Asks the remote first, unless `offline`; writes nothing.
pub fn look(project: &Project, id: &str, offline: bool) -> Result<ReviewOutput> {
    if !offline {
        ask_team(project)?;
    }
    let stored = project.known_record(id)?;
    let record = as_it_is(project, &stored)?;
    output(project, &record, None)
}

/// Whether a person may approve without being at a terminal: by naming the commit in the environment.
pub fn may_approve_unattended(project: &Project, commit: &str) -> bool {
    project.ctx().env.get(APPROVAL).is_some_and(|value| value == commit)
}

/// The error for an approval with nobody there.
pub fn nobody_there(output: &ReviewOutput) -> FollowUpError {
    FollowUpError::NobodyThere { id: output.id.clone(), commit: output.commit.clone() }
}

/// Fails if whoever types this cannot approve.
pub fn may_approve(project: &Project, id: &str) -> Result<()> {
    let record = project.known_record(id)?.record;
    let actor = project.actor()?;
    let written_by = commit_authors(project, &record)?;
    let wrote = |author: &String| author.trim().eq_ignore_ascii_case(actor.email.trim());
    match record.hands.iter().any(|hand| hand.is(&actor)) || written_by.iter().any(wrote) {
        true => Err(own(&record, &actor).into()),
        false => Ok(()),
    }
}

/// Writes down what somebody says about a hotfix, signed if they sign their commits, and takes it to the remote.
pub fn say(project: &Project, id: &str, verdict: &Verdict) -> Result<ReviewOutput> {
    let stored = project.adopt_record(id)?;
    if stored.newer {
        return Err(RecordError::Newer { id: id.to_owned() }.into());
    }
    let actor = project.actor()?;
    let now = as_it_is(project, &stored)?;
    fits(project, &now, verdict)?;
    if was_said(&now, &actor, verdict) {
        project.ctx().warn(format!("you have approved {id} as it is before; nothing is written"));
        return output(project, &now, None);
    }
    let text = verdict.text.as_deref().map(|text| redact(&sanitize(text)).into_owned());
    let mut review = Review {
        verdict: verdict.verdict,
        commit: verdict.commit.clone(),
        text,
        found: None,
        signature: None,
    };
    review.signature = signature(project, id, &review, &actor)?;
    let mut facts = Vec::new();
    if let (Stage::Merged, Some(merged)) = (now.stage, now.merged_commit.filter(|_| !is_merged(&stored))) {
        facts.push((Fact::Merged { commit: merged }, None));
    }
    facts.push((Fact::Reviewed(Box::new(review)), None));
    let written = project.store().append(&stored, &actor, facts, &[])?;
    project.remember_debts_of(&written.record);
    project.share_or_say(id)?;
    super::on_forge::relabel(project, &written.record);
    let recorded = written.record.reviews.last().cloned();
    output(project, &written.record, recorded)
}

fn is_merged(stored: &Stored) -> bool {
    stored.record.stage == Stage::Merged
}

/// The record by what this clone knows of the target: merged, if the fix is in it.
fn as_it_is(project: &Project, stored: &Stored) -> Result<Record> {
    if stored.record.stage != Stage::Submitted {
        return Ok(stored.record.clone());
    }
    match project.landed(&stored.record)? {
        Some(merged) => {
            let facts = vec![(Fact::Merged { commit: merged.to_string() }, None)];
            project.store().preview(stored, &project.actor()?, facts)
        }
        None => Ok(stored.record.clone()),
    }
}

/// Fails if what is to be said does not fit what there is.
fn fits(project: &Project, record: &Record, verdict: &Verdict) -> Result<()> {
    let id = || record.id.clone();
    if record.commit.as_ref() != Some(&verdict.commit) {
        return Err(FollowUpError::Moved { id: id(), commit: verdict.commit.clone() }.into());
    }
    match verdict.verdict {
        ReviewVerdict::Approve if diff(project, record)?.is_none() => {
            Err(FollowUpError::NotHere { id: id(), commit: verdict.commit.clone() }.into())
        }
        ReviewVerdict::Approve => may_approve(project, &record.id),
        ReviewVerdict::Request if !owes_a_concern(record) => {
            Err(FollowUpError::NoConcern { id: id() }.into())
        }
        ReviewVerdict::Request | ReviewVerdict::Concern => Ok(()),
    }
}

fn owes_a_concern(record: &Record) -> bool {
    record.outstanding().any(|owed| owed.kind == hotfix_model::OwedKind::Concern)
}

/// Whether the same person has approved the same commit, and no concern waits for another word.
fn was_said(record: &Record, actor: &Actor, verdict: &Verdict) -> bool {
    let same = |review: &Reviewed| {
        review.verdict == ReviewVerdict::Approve && review.by.is(actor) && review.commit == verdict.commit
    };
    verdict.verdict == ReviewVerdict::Approve && record.reviews.iter().any(same) && !owes_a_concern(record)
}

/// Addresses of all who wrote the commits, or are named in them as having helped. None if the commits are not here.
fn commit_authors(project: &Project, record: &Record) -> Result<Vec<String>> {
    match range(project, record)? {
        Some((base, commit)) => project.repository.commit_authors(&base, &commit),
        None => Ok(Vec::new()),
    }
}

/// The change, for people; `None` if it is not in this clone.
fn diff(project: &Project, record: &Record) -> Result<Option<String>> {
    let Some((base, commit)) = range(project, record)? else { return Ok(None) };
    let diff = project.repository.diff_text(&base, &commit)?;
    Ok(Some(sanitize(&redact(&String::from_utf8_lossy(&diff)))))
}

/// Base and fix, if both are in this clone.
fn range(project: &Project, record: &Record) -> Result<Option<(Oid, Oid)>> {
    let Some(commit) = &record.commit else { return Ok(None) };
    let (base, commit) = (oid(&record.base.commit)?, oid(commit)?);
    let found = project.repository.read_objects(&[base.to_string(), commit.to_string()])?;
    Ok(found.iter().all(Option::is_some).then_some((base, commit)))
}

/// Who signs commits signs reviews. A signature that cannot be made is said, and does not hold up the review.
fn signature(
    project: &Project,
    id: &str,
    review: &Review,
    actor: &Actor,
) -> Result<Option<hotfix_model::review::Signature>> {
    let signer = project.repository.signer()?;
    let statement = review.statement(id, actor);
    let scratch = project.run_dir(id)?;
    let signed = project.repository.sign(&signer, statement.as_bytes(), &scratch);
    Ok(signed.unwrap_or_else(|why| {
        project.ctx().warn(format!("the review is not signed: {why}"));
        None
    }))
}

fn output(project: &Project, record: &Record, recorded: Option<Reviewed>) -> Result<ReviewOutput> {
    let id = record.id.clone();
    let Some(commit) = record.commit.clone() else {
        return Err(match record.stage {
            Stage::Abandoned => FollowUpError::NeverShipped { id }.into(),
            _ => FollowUpError::NothingToReview { id }.into(),
        });
    };
    Ok(ReviewOutput {
        stage: record.stage,
        state: record.review,
        alert: record.alert.clone(),
        commit,
        subject: record.subject.clone(),
        base: record.base.commit.clone(),
        target: record.target.clone(),
        hands: record.hands.clone(),
        authorised: record.authorised.clone(),
        size: record.size,
        proof: record.proof_of_fix().cloned(),
        check: record.check_of_fix().cloned(),
        test: record.test_of_fix().cloned(),
        skipped: record.skipped.clone(),
        diff: diff(project, record)?,
        url: record.merge_request.as_ref().and_then(|merge_request| merge_request.url.clone()),
        reviews: record.reviews.clone(),
        owed: OwedOutput::of(record, project.ctx().now()),
        next: match recorded {
            Some(_) => vec!["git hotfix owed".to_owned()],
            None => next(&id),
        },
        recorded,
        id,
    })
}

fn next(id: &str) -> Vec<String> {
    vec![
        format!("git hotfix proof replay {id}"),
        format!("git hotfix review {id} --approve"),
        format!("git hotfix review {id} --concern \"WHAT IS WRONG\""),
    ]
}
