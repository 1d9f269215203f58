//! What reviews add up to.

use std::collections::BTreeMap;

use hotfix_core::record::{Line, fold};
use hotfix_model::review::FoundReview;
use hotfix_model::{Actor, Event, Fact, Gate, Record, Review, ReviewState, ReviewVerdict};

use super::fold::{
    abandoned, at, committed, folded, lines, merged, open, outstanding, rebased, review, settled, skipped,
};
use super::sandbox::{actor, reviewer, started};

const APPROVE: ReviewVerdict = ReviewVerdict::Approve;
const CONCERN: ReviewVerdict = ReviewVerdict::Concern;
const REQUEST: ReviewVerdict = ReviewVerdict::Request;

fn state(record: &Record) -> Option<ReviewState> {
    record.review
}

/// The facts, each by somebody.
fn by(facts: &[(&Actor, Fact)]) -> Record {
    let ada = actor();
    let all = [&[(&ada, started("Auth failing"))], facts].concat();
    let line = |(number, (actor, fact)): (usize, &(&Actor, Fact))| {
        let event = Event {
            id: format!("{number:026}"),
            at: at(number),
            actor: (*actor).clone(),
            previous: Vec::new(),
            elapsed_ms: None,
            evidence: BTreeMap::new(),
            fact: fact.clone(),
        };
        Line::write(&event).unwrap()
    };
    fold("1.2.3", &all.iter().enumerate().map(line).collect::<Vec<_>>()).unwrap()
}

#[test]
fn an_approval_of_what_is_merged_settles_review_and_skipped_gates() {
    let gate = skipped(Gate::Test, "no database");
    let record = folded(&[gate, committed(), open(), merged(), review(APPROVE, "c1")]);
    assert_eq!((outstanding(&record), state(&record)), (vec!["postmortem"], Some(ReviewState::Approved)));
    let paid = record.owed.iter().find(|owed| owed.key == "review").unwrap();
    assert_eq!((paid.settled, paid.settled_by.clone()), (Some(at(5)), Some(reviewer())));
    let approval = &record.reviews[0];
    assert_eq!((approval.counts, approval.signed, approval.by.clone()), (true, false, reviewer()));
    assert_eq!(approval.settles, ["review", "skipped_gate:test"]);
}

#[test]
fn before_anything_is_there_nothing_is_to_be_reviewed() {
    assert_eq!(state(&folded(&[committed()])), None);
    assert_eq!(state(&folded(&[committed(), open()])), Some(ReviewState::Pending));
}

#[test]
fn an_approval_before_the_merge_waits_for_it() {
    let mut facts = vec![committed(), open(), review(APPROVE, "c1")];
    let record = folded(&facts);
    assert_eq!(outstanding(&record), ["review", "postmortem"], "what is merged may be something else");
    assert_eq!(state(&record), Some(ReviewState::Approved));
    facts.push(merged());
    let record = folded(&facts);
    assert_eq!(outstanding(&record), ["postmortem"]);
    assert_eq!(record.owed[0].settled, Some(at(4)), "not before both are true");
}

#[test]
fn an_approval_of_another_commit_settles_nothing() {
    let record = folded(&[committed(), open(), review(APPROVE, "c0"), merged()]);
    assert_eq!(state(&record), Some(ReviewState::Pending));
    assert_eq!(outstanding(&record), ["review", "postmortem"]);
    let moved = folded(&[committed(), open(), review(APPROVE, "c1"), rebased()]);
    assert_eq!(state(&moved), Some(ReviewState::Pending), "it was moved since");
    let squashed = folded(&[committed(), open(), merged(), review(APPROVE, "m1")]);
    assert_eq!(outstanding(&squashed), ["postmortem"], "the commit of the target is what is shipped");
}

#[test]
fn a_gate_skipped_after_the_approval_is_not_settled_by_it() {
    let gate = skipped(Gate::Prove, "later");
    let record = folded(&[committed(), open(), review(APPROVE, "c1"), gate, merged()]);
    assert_eq!(outstanding(&record), ["postmortem", "skipped_gate:prove"]);
}

#[test]
fn whoever_has_a_hand_in_it_cannot_approve() {
    let bob = reviewer();
    let approval = (&bob, review(APPROVE, "c1"));
    for work in [committed(), open(), skipped(Gate::Test, "no database"), Fact::Resumed {}] {
        let record = by(&[
            (&actor(), committed()),
            (&bob, work.clone()),
            (&actor(), open()),
            (&actor(), merged()),
            approval.clone(),
        ]);
        assert_eq!(record.hands, [actor(), bob.clone()], "{work:?}");
        assert_eq!(record.reviews.iter().map(|review| review.counts).collect::<Vec<_>>(), [false]);
        assert!(outstanding(&record).contains(&"review"), "{work:?}");
    }
    let record = by(&[(&actor(), committed()), (&actor(), open()), (&bob, merged()), approval]);
    assert!(!outstanding(&record).contains(&"review"), "to see that it was merged is no work on it");
}

#[test]
fn an_address_in_other_letters_is_the_same_person() {
    let same = Actor { name: "A. L.".to_owned(), email: " ADA@Example.com".to_owned() };
    let record = by(&[(&actor(), open()), (&actor(), merged()), (&same, review(APPROVE, "c1"))]);
    assert!(!record.reviews[0].counts);
}

#[test]
fn who_worked_on_it_cannot_settle_the_review_in_another_way() {
    let ada = actor();
    let record = by(&[(&ada, committed()), (&ada, open()), (&ada, settled("review"))]);
    assert_eq!(outstanding(&record), ["review", "postmortem"]);
    let record = by(&[(&ada, committed()), (&ada, open()), (&ada, settled("postmortem"))]);
    assert_eq!(outstanding(&record), ["review"]);
}

#[test]
fn a_concern_is_owed_until_who_raised_it_approves() {
    let mut facts = vec![committed(), open(), merged(), review(CONCERN, "c1")];
    let record = folded(&facts);
    let key = format!("concern:{:026}", 4);
    assert_eq!(outstanding(&record), ["review", "postmortem", key.as_str()]);
    assert_eq!(record.owed[2].what, "Bob is concerned: the refund");
    assert_eq!((record.owed[2].due, state(&record)), (at(4 + 24), Some(ReviewState::ConcernRaised)));
    facts.push(review(REQUEST, "c1"));
    assert_eq!(state(&folded(&facts)), Some(ReviewState::NeedsVerification));
    facts.push(review(CONCERN, "c1"));
    assert_eq!(state(&folded(&facts)), Some(ReviewState::ConcernRaised), "not what was hoped for");
    facts.push(review(APPROVE, "c1"));
    let record = folded(&facts);
    assert_eq!((outstanding(&record), state(&record)), (vec!["postmortem"], Some(ReviewState::Approved)));
}

#[test]
fn anothers_concern_stays_unless_it_is_up_for_verification() {
    let carol = Actor { name: "Carol".to_owned(), email: "carol@example.com".to_owned() };
    let (ada, bob) = (actor(), reviewer());
    let mut facts = vec![(&ada, committed()), (&ada, open()), (&ada, merged())];
    facts.extend([(&carol, review(CONCERN, "c1")), (&bob, review(APPROVE, "c1"))]);
    let record = by(&facts);
    assert_eq!(outstanding(&record).len(), 2, "post-mortem and the concern: {:?}", record.owed);
    assert_eq!(state(&record), Some(ReviewState::ConcernRaised));
    facts.extend([(&ada, review(REQUEST, "c1")), (&bob, review(APPROVE, "c1"))]);
    assert_eq!(outstanding(&by(&facts)), ["postmortem"]);
}

#[test]
fn an_approval_found_on_the_forge_is_its_givers() {
    let found = |by: Actor| {
        let found = Some(FoundReview { by, at: at(9), url: Some("https://forge/7".to_owned()) });
        let verdict = ReviewVerdict::Approve;
        Fact::Reviewed(Box::new(Review { verdict, commit: "c1".into(), text: None, found, signature: None }))
    };
    let ada = actor();
    let account = Actor { name: "bob".to_owned(), email: String::new() };
    let shipped = [(&ada, committed()), (&ada, open()), (&ada, merged())];
    let record = by(&[shipped.as_slice(), &[(&ada, found(account.clone()))]].concat());
    assert_eq!(outstanding(&record), ["postmortem"], "whoever writes it down");
    assert_eq!((record.reviews[0].by.clone(), record.reviews[0].at), (account, at(9)));
    let own = Actor { name: "ada".to_owned(), email: String::new() };
    let record = by(&[shipped.as_slice(), &[(&reviewer(), found(own))]].concat());
    assert!(outstanding(&record).contains(&"review"), "without an address the name counts");
}

#[test]
fn what_was_given_up_and_shipped_after_all_is_looked_at_again() {
    let facts = [committed(), open(), abandoned(), review(APPROVE, "c1")];
    assert_eq!(outstanding(&folded(&facts)), ["postmortem"]);
    let again = [facts.as_slice(), &[open()]].concat();
    assert_eq!(outstanding(&folded(&again)), ["postmortem"], "the same commit");
    let Fact::Submitted { merge_request, .. } = open() else { unreachable!() };
    let other = Fact::Submitted { commit: "c9".into(), merge_request };
    let again = [facts.as_slice(), &[other]].concat();
    assert_eq!(outstanding(&folded(&again)), ["review", "postmortem"]);
}

#[test]
fn a_clock_that_goes_wrong_puts_no_effect_before_its_cause() {
    let all = lines(&[started("Auth failing"), committed(), open(), merged()]);
    let mut ordered = all.clone();
    let approval = Event {
        // An id of long ago, though it follows the merge.
        id: format!("{:026}", 0),
        at: at(0),
        actor: reviewer(),
        previous: all.iter().map(|line| line.digest().clone()).collect(),
        elapsed_ms: None,
        evidence: BTreeMap::new(),
        fact: review(APPROVE, "c1"),
    };
    ordered.insert(0, Line::write(&approval).unwrap());
    let record = fold("1.2.3", &ordered).unwrap();
    assert_eq!(outstanding(&record), ["postmortem"]);
    assert_eq!(record.heads.len(), 1, "the approval follows all others");
    assert_eq!(record.owed[0].settled, Some(at(3)), "not before the merge");
}
