//! From events to the state they add up to. Pure: the same lines give the same record in every clone.
//!
//! Facts about the world win over facts about this clone: what is on the remote or in the target is so, whatever else
//! was said. A *closed* hotfix is merged or given up; steps towards a merge no longer move it.

mod owing;
mod reviews;

use hotfix_model::event::Started;
use hotfix_model::record::RECORD_VERSION;
use hotfix_model::review::Authorised;
use hotfix_model::{
    Digest, Event, Fact, Landing, MergeRequest, MergeRequestState, Postmortem, Proof, ProofVerdict, Record,
    Skip, Stage, Step,
};
use jiff::Timestamp;

use super::{Line, line};
use owing::owe_for_shipping;
pub use owing::{REVIEW, skipped_gate_key};

/// The state after these events, in whatever order they are given. `None` if none of them is a start.
///
/// | fact | effect |
/// | --- | --- |
/// | started | the first one makes the record, with a slot in use; later ones (two clones took one id) have none |
/// | proved, checked, tested | the newest is kept |
/// | skipped | the skip is kept, the newest per gate, and owed; skipped again after it was settled, it is owed again. Not owed on one that was given up, unless it is submitted after all |
/// | committed | commit, tree, subject, size; stage committed, also after a submit, for the remote has an older commit. None on a closed one |
/// | targeted | the branch to merge into. None on a closed one |
/// | rebased | base and commit; a submitted one is committed again; the tests must run again, and so must the proof unless waived (its command is kept). None on a closed one |
/// | submitted | commit and merge request; stage submitted, or merged if the merge request is; review, post-mortem and skipped gates are owed, once. Also on one that was given up: it is on the remote |
/// | merged | stage merged, the merge request too; owed as for submitted |
/// | cleaned, resumed | no slot, a slot |
/// | undone | prove, check, test: their result goes. commit: started, without commit. submit: committed, without merge request; what is owed stays. cleanup: a slot. start: as abandoned. follow-up: none. None on a closed one but for cleanup |
/// | abandoned | stage abandoned, no slot; what an unshipped one owed is gone. A merged one only loses its slot |
/// | reviewed | kept; an approval of what is merged settles the review and the skipped gates, a concern is owed; see `reviews` |
/// | settled | what was owed is settled, from the first time on; review and concerns only by somebody who did not work on it |
/// | post-mortem written | the newest one is kept; written anew it keeps its time and author |
/// | replayed, unknown | none |
pub fn fold(id: &str, lines: &[Line]) -> Option<Record> {
    let ordered = line::in_causal_order(lines);
    let events = || ordered.iter().filter_map(|line| line.event());
    let mut record = events().find_map(|event| begin(id, event))?;
    record.hands = reviews::hands(&record.author, events());
    for event in events() {
        apply(&mut record, event);
    }
    record.review = reviews::state(&record);
    record.heads = line::heads(lines);
    record.heads.sort();
    record.heads.dedup();
    Some(record)
}

fn begin(id: &str, event: &Event) -> Option<Record> {
    let Fact::Started(started) = &event.fact else {
        return None;
    };
    let Started { alert, branch, base, target, target_choices, remote, incident, severity, .. } =
        started.clone();
    Some(Record {
        version: RECORD_VERSION,
        id: id.to_owned(),
        stage: Stage::Started,
        alert,
        incident,
        severity,
        branch,
        base,
        target,
        target_choices,
        remote,
        started_at: event.at,
        author: event.actor.clone(),
        proof: None,
        check: None,
        test: None,
        skipped: Vec::new(),
        commit: None,
        tree: None,
        subject: None,
        size: None,
        hands: Vec::new(),
        authorised: None,
        merge_request: None,
        submitted_at: None,
        merged_commit: None,
        merged_at: None,
        review: None,
        reviews: Vec::new(),
        postmortem: None,
        slot_in_use: true,
        owed: Vec::new(),
        review_within: started.review_within,
        postmortem_within: started.postmortem_within,
        heads: Vec::new(),
    })
}

fn apply(record: &mut Record, event: &Event) {
    let at = event.at;
    match &event.fact {
        Fact::Started(_) | Fact::Replayed { .. } | Fact::Unknown => {}
        Fact::Proved(proof) => record.proof = Some(proof.clone()),
        Fact::Checked(report) => record.check = Some(report.clone()),
        Fact::Tested(report) => record.test = Some(report.clone()),
        Fact::Skipped { gate, reason } => {
            owing::skip(record, Skip { gate: *gate, reason: reason.clone(), at });
        }
        Fact::Committed { commit, tree, subject, size } => {
            if record.is_open() {
                record.commit = Some(commit.clone());
                record.tree = Some(tree.clone());
                record.subject = Some(subject.clone());
                record.size = Some(*size);
                record.stage = Stage::Committed;
            }
        }
        Fact::Targeted { target } => targeted(record, target),
        Fact::Rebased { base, commit } => rebased(record, base, commit),
        Fact::Submitted { commit, merge_request } => submitted(record, event, commit, merge_request),
        Fact::Landing(landing) => landed(record, landing, at),
        Fact::BrokeGlass { reason } => owing::broke_glass(record, reason, at),
        Fact::Merged { commit } => merged(record, commit, at),
        Fact::Cleaned { .. } => record.slot_in_use = false,
        Fact::Resumed {} => record.slot_in_use = true,
        Fact::Undone { step } => undo(record, *step),
        Fact::Abandoned { .. } => abandon(record),
        Fact::Reviewed(review) => reviews::reviewed(record, event, review),
        Fact::Settled { owed, reason } => owing::settle(record, event, owed, reason.as_deref()),
        Fact::PostmortemWritten { path, written } => postmortem(record, event, (path, written)),
    }
}

fn targeted(record: &mut Record, target: &str) {
    if record.is_open() {
        target.clone_into(&mut record.target);
        record.target_choices.clear();
    }
}

fn rebased(record: &mut Record, base: &str, commit: &str) {
    if !record.is_open() {
        return;
    }
    base.clone_into(&mut record.base.commit);
    if let Some(known) = &mut record.commit {
        commit.clone_into(known);
        record.stage = Stage::Committed;
        record.tree = None;
    }
    record.test = None;
    if let Some(proof) = &mut record.proof {
        outdate(proof);
    }
}

/// The command and the tests are still what to prove with; what they showed was shown of other trees.
fn outdate(proof: &mut Proof) {
    if proof.verdict != ProofVerdict::Waived {
        proof.verdict = ProofVerdict::Invalid;
        "the base moved since it was proven".clone_into(&mut proof.why);
    }
}

fn submitted(record: &mut Record, event: &Event, commit: &str, merge_request: &MergeRequest) {
    let at = event.at;
    record.authorised.get_or_insert_with(|| Authorised { by: event.actor.clone(), at });
    record.merge_request = Some(merge_request.clone());
    record.submitted_at.get_or_insert(at);
    if merge_request.state == MergeRequestState::Merged {
        record.merged_at.get_or_insert(at);
    }
    if record.stage != Stage::Merged {
        if record.commit.as_deref() != Some(commit) {
            (record.commit, record.tree) = (Some(commit.to_owned()), None);
        }
        let in_target = merge_request.state == MergeRequestState::Merged;
        record.stage = if in_target { Stage::Merged } else { Stage::Submitted };
        record.merged_at = record.merged_at.or(in_target.then_some(at));
    } else if let Some(merge_request) = &mut record.merge_request {
        merge_request.state = MergeRequestState::Merged;
    }
    owe_for_shipping(record, at);
    reviews::reopen(record);
    reviews::settle_approved(record);
}

/// A merge request that was merged stays merged, whatever was asked before that was known.
fn landed(record: &mut Record, landing: &Landing, at: Timestamp) {
    if let Some(merge_request) = &mut record.merge_request
        && record.stage != Stage::Merged
    {
        merge_request.follow(landing);
    }
    if landing.state == MergeRequestState::Merged {
        let commit = landing.merged_commit.clone().or_else(|| record.commit.clone());
        merged(record, &commit.unwrap_or_default(), at);
    }
}

fn merged(record: &mut Record, commit: &str, at: Timestamp) {
    record.stage = Stage::Merged;
    record.merged_commit = Some(commit.to_owned());
    record.merged_at.get_or_insert(at);
    if let Some(merge_request) = &mut record.merge_request {
        merge_request.state = MergeRequestState::Merged;
    }
    owe_for_shipping(record, at);
    reviews::settle_approved(record);
}

fn undo(record: &mut Record, step: Step) {
    match step {
        Step::Cleanup => record.slot_in_use = true,
        _ if !record.is_open() => {}
        Step::Start => abandon(record),
        Step::Prove => record.proof = None,
        Step::Check => record.check = None,
        Step::Test => record.test = None,
        Step::Commit => {
            record.stage = Stage::Started;
            (record.commit, record.tree) = (None, None);
            (record.subject, record.size) = (None, None);
        }
        Step::Submit => {
            record.stage = if record.commit.is_some() { Stage::Committed } else { Stage::Started };
            record.merge_request = None;
        }
        Step::FollowUp => {}
    }
}

fn abandon(record: &mut Record) {
    record.slot_in_use = false;
    match record.stage {
        Stage::Merged => {}
        // It was on the remote; what is owed for that stays owed, however often it is given up.
        Stage::Submitted | Stage::Abandoned => record.stage = Stage::Abandoned,
        Stage::Started | Stage::Committed => {
            record.stage = Stage::Abandoned;
            record.owed.retain(|owed| owed.settled.is_some());
        }
    }
}

/// A second one is there only because somebody said so: it moved.
fn postmortem(record: &mut Record, event: &Event, (path, written): (&str, &Digest)) {
    let (at, by) = match record.postmortem.take() {
        Some(known) if known.path == path => (known.at, known.by),
        _ => (event.at, event.actor.clone()),
    };
    record.postmortem = Some(Postmortem { path: path.to_owned(), at, by, written: written.clone() });
}
