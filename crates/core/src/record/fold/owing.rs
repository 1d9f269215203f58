//! What is owed once production may have changed, and how it is settled.

use hotfix_model::{Actor, Event, Gate, Owed, OwedKind, Period, Record, Skip, Stage};
use jiff::{SignedDuration, Timestamp};

use super::reviews;

/// The key under which the review is owed.
pub const REVIEW: &str = "review";

/// A gate was skipped.
pub(super) fn skip(record: &mut Record, skip: Skip) {
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

/// Somebody says that something is settled. Who worked on a fix can settle neither its review nor a concern about it.
pub(super) fn settle(record: &mut Record, event: &Event, key: &str, reason: Option<&str>) {
    let by_a_hand = reviews::is_hand(record, &event.actor);
    let Some(owed) = outstanding(record, key) else { return };
    let needs_other = matches!(owed.kind, OwedKind::Review | OwedKind::Concern);
    if !(needs_other && by_a_hand) {
        pay(owed, event.at, &event.actor);
        owed.reason = reason.map(str::to_owned);
    }
}

/// The debt of this key, while it is one.
pub(super) fn outstanding<'a>(record: &'a mut Record, key: &str) -> Option<&'a mut Owed> {
    record.owed.iter_mut().find(|owed| owed.key == key && owed.settled.is_none())
}

/// Settles a debt.
pub(super) fn pay(owed: &mut Owed, at: Timestamp, by: &Actor) {
    owed.settled = Some(at);
    owed.settled_by = Some(by.clone());
}

/// A debt that nobody has settled.
pub(super) fn debt(kind: OwedKind, key: String, what: String, due: Timestamp) -> Owed {
    Owed { key, kind, what, due, settled: None, settled_by: None, reason: None }
}

/// What is owed once production may have changed.
pub(super) fn owe_for_shipping(record: &mut Record, at: Timestamp) {
    let what = format!("a look at the fix by somebody other than {}", record.author.name);
    let review = debt(OwedKind::Review, REVIEW.to_owned(), what, after(at, record.review_within));
    let what = "what happened, why, and what keeps it from happening again".to_owned();
    let due = after(at, record.postmortem_within);
    let postmortem = debt(OwedKind::Postmortem, "postmortem".to_owned(), what, due);
    let gates: Vec<Owed> = record.skipped.iter().map(|skip| skipped_gate(record, skip)).collect();
    for owed in [review, postmortem].into_iter().chain(gates) {
        if record.owed.iter().all(|known| known.key != owed.key) {
            record.owed.push(owed);
        }
    }
}

/// Due together with the review: who looks at the fix looks at what was left out.
fn skipped_gate(record: &Record, skip: &Skip) -> Owed {
    let what = format!("{} was skipped: {}", skip.gate, skip.reason);
    let due = after(skip.at, record.review_within);
    debt(OwedKind::SkippedGate, skipped_gate_key(skip.gate), what, due)
}

/// Whoever bypasses the forge's rules owes what these would have asked for.
pub(super) fn broke_glass(record: &mut Record, reason: &str, at: Timestamp) {
    let what = format!("the forge's rules were bypassed: {reason}");
    let due = after(at, record.review_within);
    let owed = debt(OwedKind::SkippedGate, "break_glass".to_owned(), what, due);
    if record.owed.iter().all(|known| known.key != owed.key) {
        record.owed.push(owed);
    }
}

/// The key under which a skipped gate is owed.
pub fn skipped_gate_key(gate: Gate) -> String {
    format!("skipped_gate:{gate}")
}

/// So much later, or at the end of time.
pub(super) fn after(at: Timestamp, period: Period) -> Timestamp {
    let seconds = i64::try_from(period.seconds()).unwrap_or(i64::MAX);
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
