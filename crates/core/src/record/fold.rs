//! From events to the state they add up to. Pure: the same lines give the same record in every clone.
//!
//! Facts about the world win over facts about this clone: what is on the remote or in the target is so, whatever else
//! was said. A *closed* hotfix is merged or given up; steps towards a merge no longer move it.

use hotfix_model::event::Started;
use hotfix_model::record::RECORD_VERSION;
use hotfix_model::{
    Event, Fact, Gate, MergeRequest, MergeRequestState, Owed, OwedKind, Period, Proof, ProofVerdict, Record,
    Size, Skip, Stage, Step,
};
use jiff::{SignedDuration, Timestamp};

use super::Line;

/// The state after these events, in whatever order they are given. `None` if none of them is a start.
///
/// | fact | effect |
/// | --- | --- |
/// | started | the first one makes the record, with a slot in use; later ones (two clones took one id) have none |
/// | proved, checked, tested | the newest is kept |
/// | skipped | the skip is kept, the newest per gate, and owed; skipped again after it was settled, it is owed again. Not owed on one that was given up, unless it is submitted after all |
/// | committed | commit, subject, size; stage committed, also after a submit, for the remote has an older commit. None on a closed one |
/// | rebased | base and commit; a submitted one is committed again; the tests must run again, and so must the proof unless waived (its command is kept). None on a closed one |
/// | submitted | commit and merge request; stage submitted, or merged if the merge request is; review, post-mortem and skipped gates are owed, once. Also on one that was given up: it is on the remote |
/// | merged | stage merged, the merge request too; owed as for submitted |
/// | cleaned, resumed | no slot, a slot |
/// | undone | prove, check, test: their result goes. commit: started, without commit. submit: committed, without merge request; what is owed stays. cleanup: a slot. start: as abandoned. follow-up: none. None on a closed one but for cleanup |
/// | abandoned | stage abandoned, no slot; what an unshipped one owed is gone. A merged one only loses its slot |
/// | settled | what was owed is settled, from the first time on |
/// | unknown | none |
pub fn fold(id: &str, lines: &[Line]) -> Option<Record> {
    let mut ordered: Vec<&Line> = lines.iter().filter(|line| line.event().is_some()).collect();
    ordered.sort_by_key(|line| line.order());
    let events = || ordered.iter().filter_map(|line| line.event());
    let mut record = events().find_map(|event| begin(id, event))?;
    for event in events() {
        apply(&mut record, event);
    }
    Some(record)
}

fn begin(id: &str, event: &Event) -> Option<Record> {
    let Fact::Started(started) = &event.fact else {
        return None;
    };
    let Started { alert, branch, base, target, remote, incident, severity, .. } = started.clone();
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
        remote,
        started_at: event.at,
        author: event.actor.clone(),
        proof: None,
        check: None,
        test: None,
        skipped: Vec::new(),
        commit: None,
        subject: None,
        size: None,
        merge_request: None,
        merged_commit: None,
        slot_in_use: true,
        owed: Vec::new(),
        review_within: started.review_within,
        postmortem_within: started.postmortem_within,
    })
}

fn apply(record: &mut Record, event: &Event) {
    let at = event.at;
    match &event.fact {
        Fact::Started(_) | Fact::Unknown => {}
        Fact::Proved(proof) => record.proof = Some(proof.clone()),
        Fact::Checked(report) => record.check = Some(report.clone()),
        Fact::Tested(report) => record.test = Some(report.clone()),
        Fact::Skipped { gate, reason } => skip(record, Skip { gate: *gate, reason: reason.clone(), at }),
        Fact::Committed { commit, subject, size, .. } => committed(record, commit, subject, *size),
        Fact::Rebased { base, commit } => rebased(record, base, commit),
        Fact::Submitted { commit, merge_request } => submitted(record, commit, merge_request, at),
        Fact::Merged { commit } => merged(record, commit, at),
        Fact::Cleaned { .. } => record.slot_in_use = false,
        Fact::Resumed {} => record.slot_in_use = true,
        Fact::Undone { step } => undo(record, *step),
        Fact::Abandoned { .. } => abandon(record),
        Fact::Settled { owed } => settle(record, owed, at),
    }
}

fn skip(record: &mut Record, skip: Skip) {
    record.skipped.retain(|known| known.gate != skip.gate);
    let owed = skipped_gate(record, &skip);
    record.skipped.push(skip);
    match record.owed.iter_mut().find(|known| known.key == owed.key) {
        Some(known) if known.settled.is_some() => *known = owed,
        // The first reminder stays the date; the newest reason is the one that counts.
        Some(known) => known.what = owed.what,
        None if record.stage == Stage::Abandoned => {}
        None => record.owed.push(owed),
    }
}

fn committed(record: &mut Record, commit: &str, subject: &str, size: Size) {
    if record.is_open() {
        record.commit = Some(commit.to_owned());
        record.subject = Some(subject.to_owned());
        record.size = Some(size);
        record.stage = Stage::Committed;
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

fn submitted(record: &mut Record, commit: &str, merge_request: &MergeRequest, at: Timestamp) {
    record.merge_request = Some(merge_request.clone());
    if record.stage != Stage::Merged {
        record.commit = Some(commit.to_owned());
        let in_target = merge_request.state == MergeRequestState::Merged;
        record.stage = if in_target { Stage::Merged } else { Stage::Submitted };
    } else if let Some(merge_request) = &mut record.merge_request {
        merge_request.state = MergeRequestState::Merged;
    }
    owe_for_shipping(record, at);
}

fn merged(record: &mut Record, commit: &str, at: Timestamp) {
    record.stage = Stage::Merged;
    record.merged_commit = Some(commit.to_owned());
    if let Some(merge_request) = &mut record.merge_request {
        merge_request.state = MergeRequestState::Merged;
    }
    owe_for_shipping(record, at);
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
            (record.commit, record.subject, record.size) = (None, None, None);
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

fn settle(record: &mut Record, key: &str, at: Timestamp) {
    if let Some(owed) = record.owed.iter_mut().find(|owed| owed.key == key) {
        owed.settled.get_or_insert(at);
    }
}

/// What is owed once production may have changed.
fn owe_for_shipping(record: &mut Record, at: Timestamp) {
    let review = Owed {
        key: "review".to_owned(),
        kind: OwedKind::Review,
        what: format!("a look at the fix by somebody other than {}", record.author.name),
        due: after(at, record.review_within),
        settled: None,
    };
    let postmortem = Owed {
        key: "postmortem".to_owned(),
        kind: OwedKind::Postmortem,
        what: "what happened, why, and what keeps it from happening again".to_owned(),
        due: after(at, record.postmortem_within),
        settled: None,
    };
    let gates: Vec<Owed> = record.skipped.iter().map(|skip| skipped_gate(record, skip)).collect();
    for owed in [review, postmortem].into_iter().chain(gates) {
        if record.owed.iter().all(|known| known.key != owed.key) {
            record.owed.push(owed);
        }
    }
}

/// Due together with the review: who looks at the fix looks at what was left out.
fn skipped_gate(record: &Record, skip: &Skip) -> Owed {
    Owed {
        key: skipped_gate_key(skip.gate),
        kind: OwedKind::SkippedGate,
        what: format!("{} was skipped: {}", skip.gate, skip.reason),
        due: after(skip.at, record.review_within),
        settled: None,
    }
}

/// The key under which a skipped gate is owed.
pub fn skipped_gate_key(gate: Gate) -> String {
    format!("skipped_gate:{gate}")
}

/// So much later, or at the end of time.
fn after(at: Timestamp, period: Period) -> Timestamp {
    let seconds = i64::try_from(period.seconds()).unwrap_or(i64::MAX);
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
