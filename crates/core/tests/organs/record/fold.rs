//! What events add up to.

use std::collections::BTreeMap;

use hotfix_core::record::{Line, fold, line};
use hotfix_model::gate::CheckReport;
use hotfix_model::{
    Event, Fact, Gate, MergeRequestState, OwedKind, Proof, ProofVerdict, Record, Review, ReviewVerdict, Size,
    Stage, Step, SuiteVerdict, TestReport,
};
use jiff::Timestamp;
use proptest::prelude::*;

use super::sandbox::{actor, merge_request, reviewer, started};

/// The hour of day one at which the event of this number happened.
pub(super) fn at(number: usize) -> Timestamp {
    Timestamp::from_second(i64::try_from(number).unwrap() * 3600).unwrap()
}

pub(super) fn lines(facts: &[Fact]) -> Vec<Line> {
    let line = |(number, fact): (usize, &Fact)| line_of(number, fact);
    facts.iter().enumerate().map(line).collect()
}

fn line_of(number: usize, fact: &Fact) -> Line {
    let (id, fact) = (format!("{number:026}"), fact.clone());
    let event = Event {
        id,
        at: at(number),
        actor: match fact {
            Fact::Reviewed(_) | Fact::Settled { .. } => reviewer(),
            _ => actor(),
        },
        previous: Vec::new(),
        elapsed_ms: None,
        evidence: BTreeMap::new(),
        fact,
    };
    match event.fact {
        Fact::Unknown => Line::read(unknown(&event).as_bytes()),
        _ => Line::write(&event).unwrap(),
    }
}

fn unknown(event: &Event) -> String {
    let like = Event { fact: Fact::Resumed {}, ..event.clone() };
    serde_json::to_string(&like).unwrap().replace("resumed", "teleported")
}

pub(super) fn folded(facts: &[Fact]) -> Record {
    let all = [&[started("Auth failing")], facts].concat();
    fold("1.2.3", &lines(&all)).unwrap()
}

pub(super) fn committed() -> Fact {
    let size = Size { files: 1, added: 2, removed: 3 };
    Fact::Committed { commit: "c1".into(), tree: "t1".into(), subject: "fix: auth".into(), size }
}

pub(super) fn rebased() -> Fact {
    Fact::Rebased { base: "b2".into(), commit: "c2".into() }
}

fn submitted(state: MergeRequestState) -> Fact {
    Fact::Submitted { commit: "c1".into(), merge_request: merge_request(state) }
}

pub(super) fn open() -> Fact {
    submitted(MergeRequestState::Open)
}

pub(super) fn merged() -> Fact {
    Fact::Merged { commit: "m1".into() }
}

pub(super) fn skipped(gate: Gate, reason: &str) -> Fact {
    Fact::Skipped { gate, reason: reason.into() }
}

pub(super) fn settled(key: &str) -> Fact {
    Fact::Settled { owed: key.into(), reason: None }
}

fn undone(step: Step) -> Fact {
    Fact::Undone { step }
}

pub(super) fn abandoned() -> Fact {
    Fact::Abandoned { reason: None }
}

fn proved(verdict: ProofVerdict) -> Fact {
    Fact::Proved(Box::new(Proof {
        verdict,
        why: "red on base, green with the fix".into(),
        command: vec!["pytest".into()],
        runner: "pytest".into(),
        red: None,
        green: None,
        flipped: vec!["test_auth".into()],
        wavering: Vec::new(),
        failed_on_base_too: Vec::new(),
        test_files: Vec::new(),
        removed_tests: Vec::new(),
        skipped_tests: Vec::new(),
        machine: None,
    }))
}

fn tested() -> Fact {
    Fact::Tested(Box::new(TestReport {
        verdict: SuiteVerdict::Passed,
        why: String::new(),
        runner: "pytest".into(),
        selected: 1,
        total: None,
        ran: Some(1),
        passed: Some(1),
        cut: Vec::new(),
        could_not_tell: Vec::new(),
        failed: Vec::new(),
        failed_on_base_too: Vec::new(),
        flaky: Vec::new(),
        loosened: Vec::new(),
        elapsed_ms: 1,
        tree: "t1".into(),
    }))
}

fn checked() -> Fact {
    Fact::Checked(CheckReport::default())
}

/// What the reviewer says about a commit.
pub(super) fn review(verdict: ReviewVerdict, commit: &str) -> Fact {
    let text = (verdict != ReviewVerdict::Approve).then(|| "the refund".to_owned());
    Fact::Reviewed(Box::new(Review { verdict, commit: commit.into(), text, found: None, signature: None }))
}

fn is_settled(record: &Record, key: &str) -> bool {
    record.owed.iter().any(|owed| owed.key == key && owed.settled_by.is_some())
}

pub(super) fn outstanding(record: &Record) -> Vec<&str> {
    record.outstanding().map(|owed| owed.key.as_str()).collect()
}

#[test]
fn nothing_without_a_start() {
    assert_eq!(fold("1.2.3", &[]), None);
    assert_eq!(fold("1.2.3", &lines(&[committed(), Fact::Unknown])), None);
}

#[test]
fn the_first_start_makes_the_record() {
    let record = folded(&[started("something else"), Fact::Unknown]);
    assert_eq!((record.alert.as_str(), record.stage), ("Auth failing", Stage::Started));
    assert_eq!((record.id.as_str(), record.branch_name()), ("1.2.3", "hotfix/1.2.3"));
    assert_eq!((record.started_at, record.author.clone()), (at(0), actor()));
    assert!(record.slot_in_use && record.is_open() && record.owed.is_empty());
}

#[test]
fn from_the_alert_to_nothing_owed() {
    let mut facts = vec![proved(ProofVerdict::Proven), checked(), tested(), committed()];
    let record = folded(&facts);
    assert!(record.proof.is_some() && record.check.is_some() && record.test.is_some());
    assert_eq!((record.stage, record.commit.as_deref()), (Stage::Committed, Some("c1")));
    assert_eq!((record.subject.as_deref(), record.size.unwrap().removed), (Some("fix: auth"), 3));

    facts.extend([open(), Fact::Cleaned { discarded: None }]);
    let record = folded(&facts);
    assert_eq!((record.stage, record.slot_in_use), (Stage::Submitted, false));
    assert_eq!(outstanding(&record), ["review", "postmortem"]);
    let due: Vec<Timestamp> = record.owed.iter().map(|owed| owed.due).collect();
    assert_eq!(due, [at(5 + 24), at(5 + 5 * 24)]);

    facts.extend([merged(), settled("review"), settled("postmortem"), settled("review")]);
    let record = folded(&facts);
    assert_eq!((record.stage, record.merged_commit.as_deref()), (Stage::Merged, Some("m1")));
    assert_eq!(record.merge_request.unwrap().state, MergeRequestState::Merged);
    let settled: Vec<_> = record.owed.iter().map(|owed| owed.settled).collect();
    assert_eq!(settled, [Some(at(8)), Some(at(9))], "the first time counts");
}

#[test]
fn review_and_postmortem_are_owed_once() {
    let record = folded(&[committed(), open(), undone(Step::Submit), open(), merged()]);
    assert_eq!(outstanding(&record), ["review", "postmortem"]);
    assert_eq!(record.owed[0].due, at(2 + 24), "the first submit sets the date");
    let record = folded(&[committed(), open(), settled("review"), open()]);
    assert_eq!(outstanding(&record), ["postmortem"]);
    assert_eq!(record.authorised.unwrap().at, at(2), "who submitted first took it upon them");
}

#[test]
fn a_skipped_gate_is_owed_until_settled() {
    let first = skipped(Gate::Test, "no database here");
    let record = folded(&[first.clone(), skipped(Gate::Test, "still none"), skipped(Gate::Prove, "later")]);
    assert_eq!(outstanding(&record), ["skipped_gate:test", "skipped_gate:prove"]);
    assert_eq!(record.owed[0].kind, OwedKind::SkippedGate);
    assert_eq!(record.owed[0].what, "test was skipped: still none");
    assert_eq!(record.owed[0].due, at(1 + 24));
    assert_eq!(record.skipped.len(), 2);
    let again = folded(&[first.clone(), settled("skipped_gate:test"), first]);
    assert_eq!((outstanding(&again), again.owed[0].due), (vec!["skipped_gate:test"], at(3 + 24)));
}

#[test]
fn steps_can_be_taken_back() {
    let record = folded(&[committed(), undone(Step::Commit)]);
    assert_eq!(
        (record.stage, record.commit, record.subject, record.size),
        (Stage::Started, None, None, None)
    );
    let record = folded(&[committed(), open(), undone(Step::Submit)]);
    assert_eq!((record.stage, record.merge_request.is_none()), (Stage::Committed, true));
    let record = folded(&[proved(ProofVerdict::Proven), checked(), tested(), undone(Step::Prove)]);
    assert!(record.proof.is_none() && record.check.is_some() && record.test.is_some());
    let record = folded(&[Fact::Cleaned { discarded: None }, undone(Step::Cleanup)]);
    assert!(record.slot_in_use);
    let record = folded(&[undone(Step::Start)]);
    assert_eq!((record.stage, record.slot_in_use), (Stage::Abandoned, false));
    let record = folded(&[committed(), open(), merged(), undone(Step::Submit), undone(Step::Commit)]);
    assert_eq!((record.stage, record.commit.as_deref()), (Stage::Merged, Some("c1")), "merged stays merged");
}

#[test]
fn a_rebase_asks_for_proof_and_tests_again() {
    let record = folded(&[proved(ProofVerdict::Proven), checked(), tested(), committed(), open(), rebased()]);
    assert_eq!((record.base.commit.as_str(), record.commit.as_deref()), ("b2", Some("c2")));
    assert_eq!((record.stage, record.test, record.check.is_some()), (Stage::Committed, None, true));
    let proof = record.proof.unwrap();
    assert_eq!((proof.verdict, proof.command), (ProofVerdict::Invalid, vec!["pytest".to_owned()]));
    let waived = folded(&[proved(ProofVerdict::Waived), rebased()]);
    assert_eq!(waived.proof.unwrap().verdict, ProofVerdict::Waived);
    assert_eq!((waived.stage, waived.commit), (Stage::Started, None));
}

#[test]
fn given_up_before_it_shipped_nothing_is_owed() {
    let skip = skipped(Gate::Test, "no database");
    let record = folded(&[skip.clone(), abandoned()]);
    assert_eq!((record.stage, record.slot_in_use, outstanding(&record)), (Stage::Abandoned, false, vec![]));
    let late = folded(&[abandoned(), skip.clone()]);
    assert_eq!((outstanding(&late), late.skipped.len()), (vec![], 1));
    let shipped = folded(&[committed(), skip.clone(), open(), abandoned(), abandoned()]);
    assert_eq!(outstanding(&shipped), ["skipped_gate:test", "review", "postmortem"]);
    let after_all = folded(&[skip, abandoned(), open()]);
    assert_eq!(after_all.stage, Stage::Submitted);
    assert_eq!(outstanding(&after_all), ["review", "postmortem", "skipped_gate:test"]);
    let merged = folded(&[committed(), open(), merged(), abandoned()]);
    assert_eq!((merged.stage, merged.slot_in_use), (Stage::Merged, false));
}

#[test]
fn a_new_commit_after_a_submit_must_be_submitted() {
    let record =
        folded(&[committed(), open(), Fact::Cleaned { discarded: None }, Fact::Resumed {}, committed()]);
    assert_eq!((record.stage, record.slot_in_use), (Stage::Committed, true));
    assert!(record.merge_request.is_some());
}

#[test]
fn a_merge_request_that_says_merged_is() {
    assert_eq!(folded(&[committed(), submitted(MergeRequestState::Merged)]).stage, Stage::Merged);
    let late = folded(&[committed(), merged(), open()]);
    assert_eq!(late.merge_request.unwrap().state, MergeRequestState::Merged);
}

#[test]
fn due_dates_end_with_time() {
    let Fact::Started(mut start) = started("x") else { unreachable!() };
    start.review_within = hotfix_model::Period::from_seconds(u64::MAX);
    let record = fold("1", &lines(&[Fact::Started(start), open()])).unwrap();
    assert_eq!(record.owed[0].due, Timestamp::MAX);
}

fn any_fact() -> impl Strategy<Value = Fact> {
    let gate = prop::sample::select(Gate::ALL.to_vec());
    let step = prop::sample::select(Step::ALL.to_vec());
    let states = vec![MergeRequestState::Open, MergeRequestState::Merged, MergeRequestState::Closed];
    let keys = vec!["review", "postmortem", "skipped_gate:test", "skipped_gate:prove", "nothing"];
    let plain = vec![
        started("again"),
        proved(ProofVerdict::Proven),
        proved(ProofVerdict::Waived),
        checked(),
        tested(),
        committed(),
        rebased(),
        merged(),
        Fact::Cleaned { discarded: None },
        Fact::Resumed {},
        abandoned(),
        Fact::Unknown,
        review(ReviewVerdict::Approve, "c1"),
        review(ReviewVerdict::Approve, "c2"),
        review(ReviewVerdict::Concern, "c1"),
        review(ReviewVerdict::Request, "c1"),
    ];
    prop_oneof![
        5 => prop::sample::select(plain),
        1 => gate.prop_map(|gate| skipped(gate, "why")),
        1 => step.prop_map(undone),
        2 => prop::sample::select(states).prop_map(submitted),
        1 => prop::sample::select(keys).prop_map(settled),
    ]
}

#[test]
fn the_first_submit_and_the_first_merge_are_the_times() {
    let record = folded(&[committed(), open(), open(), merged(), merged()]);
    assert_eq!((record.submitted_at, record.merged_at), (Some(at(2)), Some(at(4))));
    let at_once = folded(&[committed(), submitted(MergeRequestState::Merged)]);
    assert_eq!((at_once.submitted_at, at_once.merged_at), (Some(at(2)), Some(at(2))));
}

#[test]
fn a_postmortem_keeps_its_author_until_it_is_somewhere_else() {
    let written = |path: &str, digest: &str| Fact::PostmortemWritten {
        path: path.into(),
        written: hotfix_model::Digest(digest.into()),
    };
    let renewed = folded(&[open(), written("a.md", "1"), written("a.md", "2")]).postmortem.unwrap();
    assert_eq!((renewed.path.as_str(), renewed.at, renewed.by), ("a.md", at(2), actor()));
    assert_eq!(renewed.written.0, "2");
    let moved = folded(&[open(), written("a.md", "1"), written("b.md", "2")]).postmortem.unwrap();
    assert_eq!((moved.path.as_str(), moved.at), ("b.md", at(3)));
}

fn any_lines() -> impl Strategy<Value = Vec<Line>> {
    let one = (0_usize..12, any_fact()).prop_map(|(number, fact)| line_of(number, &fact));
    prop::collection::vec(one, 0..12)
}

proptest! {
    #[test]
    fn any_order_of_lines_folds_alike(
        (given, shuffled) in any_lines().prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle()))
    ) {
        prop_assert_eq!(fold("1", &given), fold("1", &shuffled));
        prop_assert_eq!(fold("1", &given), fold("1", &line::union(&given, &shuffled)));
        prop_assert_eq!(line::union(&given, &[]), line::union(&shuffled, &[]));
        prop_assert_eq!(line::split(&line::join(&shuffled)), line::union(&given, &[]));
    }

    #[test]
    fn union_is_that_of_sets(a in any_lines(), b in any_lines(), c in any_lines()) {
        let union = line::union;
        prop_assert_eq!(union(&a, &b), union(&b, &a));
        prop_assert_eq!(union(&union(&a, &b), &c), union(&a, &union(&b, &c)));
        let once = union(&a, &b);
        prop_assert_eq!(&union(&once, &b), &once);
        prop_assert!(a.iter().all(|line| once.contains(line)));
    }

    #[test]
    fn nothing_owed_is_lost(facts in prop::collection::vec(any_fact(), 0..25)) {
        let mut before: Option<Record> = None;
        for (number, fact) in facts.iter().enumerate() {
            let record = folded(&facts[..=number]);
            for owed in before.iter().flat_map(Record::outstanding) {
                let still = record.outstanding().any(|other| other.key == owed.key && other.due == owed.due);
                let gone = match fact {
                    Fact::Settled { owed: key, .. } => *key == owed.key,
                    Fact::Reviewed(_) | Fact::Merged { .. } => is_settled(&record, &owed.key),
                    Fact::Submitted { .. } => record.stage == Stage::Merged && is_settled(&record, &owed.key),
                    Fact::Abandoned { .. } | Fact::Undone { step: Step::Start } => {
                        record.stage == Stage::Abandoned
                    }
                    _ => false,
                };
                prop_assert!(still || gone, "{} lost by {fact:?}", owed.key);
            }
            let shipped = matches!(record.stage, Stage::Submitted | Stage::Merged);
            prop_assert!(!shipped || record.owed.iter().any(|owed| owed.key == "review"));
            let keys: Vec<&str> = record.owed.iter().map(|owed| owed.key.as_str()).collect();
            prop_assert!((1..keys.len()).all(|last| !keys[..last].contains(&keys[last])), "{keys:?}");
            before = Some(record);
        }
    }
}
