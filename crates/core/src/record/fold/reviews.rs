//! What reviews add up to.
//!
//! An approval is of one commit. It settles the review, and the gates that had been skipped when it was given, as soon
//! as that commit is what was merged: one that was given before the merge waits for it, and counts no more once the
//! branch holds another commit. A concern is owed on its own until it is verified.

use hotfix_model::{
    Actor, Event, Fact, Owed, OwedKind, Record, Review, ReviewState, ReviewVerdict, Reviewed, Stage,
};

use super::owing::{self, REVIEW};

/// Everybody who worked on it, the author first.
pub(super) fn hands<'a>(author: &Actor, events: impl Iterator<Item = &'a Event>) -> Vec<Actor> {
    let mut hands = vec![author.clone()];
    for event in events.filter(|event| is_work(&event.fact)) {
        if !hands.iter().any(|known| known.is(&event.actor)) {
            hands.push(event.actor.clone());
        }
    }
    hands
}

/// Whether who does this has a hand in what is shipped.
fn is_work(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::Started(_)
            | Fact::Proved(_)
            | Fact::Skipped { .. }
            | Fact::Committed { .. }
            | Fact::Rebased { .. }
            | Fact::Submitted { .. }
            | Fact::Resumed {}
    )
}

/// Whether somebody worked on it.
pub(super) fn is_hand(record: &Record, who: &Actor) -> bool {
    record.hands.iter().any(|hand| hand.is(who))
}

/// Somebody looked at the fix.
pub(super) fn reviewed(record: &mut Record, event: &Event, review: &Review) {
    let (by, at) = match &review.found {
        Some(found) => (found.by.clone(), found.at),
        None => (event.actor.clone(), event.at),
    };
    let counts = review.verdict != ReviewVerdict::Approve || !is_hand(record, &by);
    let reviewed = Reviewed {
        event: event.id.clone(),
        by,
        at,
        verdict: review.verdict,
        commit: review.commit.clone(),
        text: review.text.clone(),
        signed: review.signature.is_some(),
        url: review.found.as_ref().and_then(|found| found.url.clone()),
        settles: settled_by(record, review.verdict, counts),
        counts,
    };
    match reviewed.verdict {
        ReviewVerdict::Approve if counts => verify(record, &reviewed),
        ReviewVerdict::Concern => raise(record, &reviewed),
        ReviewVerdict::Approve | ReviewVerdict::Request => {}
    }
    record.reviews.push(reviewed);
    settle_approved(record);
}

/// What an approval will have settled once the fix is merged: what it could see.
fn settled_by(record: &Record, verdict: ReviewVerdict, counts: bool) -> Vec<String> {
    if verdict != ReviewVerdict::Approve || !counts {
        return Vec::new();
    }
    let gates = record.outstanding().filter(|owed| owed.kind == OwedKind::SkippedGate);
    std::iter::once(REVIEW.to_owned()).chain(gates.map(|owed| owed.key.clone())).collect()
}

fn raise(record: &mut Record, concern: &Reviewed) {
    let text = concern.text.as_deref().unwrap_or_default();
    let what = format!("{} is concerned: {text}", concern.by.name);
    let due = owing::after(concern.at, record.review_within);
    record.owed.push(owing::debt(OwedKind::Concern, key_of(concern), what, due));
}

/// The key under which a concern is owed.
fn key_of(concern: &Reviewed) -> String {
    format!("concern:{}", concern.event)
}

/// An approval settles the concerns of the same reviewer, and those that somebody asked to have verified.
fn verify(record: &mut Record, approval: &Reviewed) {
    let concerns = record.reviews.iter().enumerate().filter(|(_, review)| is_concern(review));
    let met =
        concerns.filter(|(index, concern)| concern.by.is(&approval.by) || is_asked(&record.reviews, *index));
    let keys: Vec<String> = met.map(|(_, concern)| key_of(concern)).collect();
    for key in keys {
        if let Some(owed) = owing::outstanding(record, &key) {
            owing::pay(owed, approval.at, &approval.by);
        }
    }
}

fn is_concern(review: &Reviewed) -> bool {
    review.verdict == ReviewVerdict::Concern
}

/// Whether, after the review of this index, somebody asked to look again.
fn is_asked(reviews: &[Reviewed], index: usize) -> bool {
    reviews.iter().skip(index).any(|review| review.verdict == ReviewVerdict::Request)
}

/// The first approval that counts of the commit that is shipped.
fn approval(record: &Record) -> Option<&Reviewed> {
    let shipped = [record.commit.as_deref(), record.merged_commit.as_deref()];
    approvals(record).find(|approval| shipped.contains(&Some(approval.commit.as_str())))
}

fn approvals(record: &Record) -> impl Iterator<Item = &Reviewed> {
    record.reviews.iter().filter(|review| review.verdict == ReviewVerdict::Approve && review.counts)
}

/// Settles what was approved, as soon as nothing can be merged any more but what was looked at.
pub(super) fn settle_approved(record: &mut Record) {
    if record.is_open() {
        return;
    }
    let Some(approval) = approval(record).cloned() else { return };
    let at = record.merged_at.map_or(approval.at, |merged| merged.max(approval.at));
    for key in &approval.settles {
        if let Some(owed) = owing::outstanding(record, key) {
            owing::pay(owed, at, &approval.by);
        }
    }
}

/// What was given up and approved, and is then submitted after all with another commit, is owed again.
pub(super) fn reopen(record: &mut Record) {
    if record.stage == Stage::Merged || approvals(record).next().is_none() || approval(record).is_some() {
        return;
    }
    for owed in record.owed.iter_mut().filter(|owed| owed.kind == OwedKind::Review) {
        let Owed { settled, settled_by, .. } = owed;
        (*settled, *settled_by) = (None, None);
    }
}

/// How far the review is.
pub(super) fn state(record: &Record) -> Option<ReviewState> {
    let is_open = |concern: &Reviewed| record.outstanding().any(|owed| owed.key == key_of(concern));
    let concerns = record.reviews.iter().enumerate().filter(|(_, review)| is_concern(review));
    let mut open = concerns.filter(|(_, concern)| is_open(concern)).peekable();
    if open.peek().is_some() {
        let all_asked = open.all(|(index, _)| is_asked(&record.reviews, index));
        return Some(if all_asked { ReviewState::NeedsVerification } else { ReviewState::ConcernRaised });
    }
    let review = record.owed.iter().find(|owed| owed.key == REVIEW);
    if approval(record).is_some() || review.is_some_and(|review| review.settled.is_some()) {
        return Some(ReviewState::Approved);
    }
    (review.is_some() || !record.reviews.is_empty()).then_some(ReviewState::Pending)
}
