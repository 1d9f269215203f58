//! What happened, from the events of a record.

use hotfix_model::{Actor, Event, Fact, Proof, ProofVerdict, Review, ReviewVerdict, SuiteVerdict};

use crate::page::{Happening, Tone};
use crate::record::Line;

/// The moments that tell the story, in the order of events. Of what was repeated the first or the last one, whichever
/// counts.
pub fn of(lines: &[Line]) -> Vec<Happening> {
    let events: Vec<&Event> = lines.iter().filter_map(Line::event).collect();
    let mut told = Vec::new();
    for (index, event) in events.iter().enumerate() {
        let later = events.get(index + 1..).unwrap_or_default();
        for (what, detail, tone) in told_by(event, later) {
            let is_first_time = told.iter().all(|known: &Happening| known.what != what);
            if is_first_time || !ONCE.contains(&what.as_str()) {
                told.push(Happening { at: event.at, what, detail, tone });
            }
        }
    }
    told
}

/// What is told when it happened first.
const ONCE: &[&str] = &["alert", "started", "red", "green", "merge request", "merged", "post-mortem"];

type Told = (String, String, Tone);

fn told_by(event: &Event, later: &[&Event]) -> Vec<Told> {
    let one = |what: &str, detail: String, tone| vec![(what.to_owned(), detail, tone)];
    let is_last = |same: fn(&Fact) -> bool| !later.iter().any(|event| same(&event.fact));
    match &event.fact {
        Fact::Started(started) => {
            let from = format!("from {}", started.base.reference);
            vec![
                ("alert".to_owned(), started.alert.clone(), Tone::Bad),
                ("started".to_owned(), from, Tone::Accent),
            ]
        }
        Fact::Proved(proof) => sides(proof),
        Fact::Tested(report) if is_last(|fact| matches!(fact, Fact::Tested(_))) => {
            let passed = report.verdict == SuiteVerdict::Passed;
            let (what, tone) =
                if passed { ("tests passed", Tone::Good) } else { ("tests failed", Tone::Bad) };
            one(what, report.why.clone(), tone)
        }
        Fact::Skipped { gate, reason } => one(&format!("{gate} skipped"), reason.clone(), Tone::Warning),
        Fact::Committed { subject, .. } if is_last(|fact| matches!(fact, Fact::Committed { .. })) => {
            one("committed", subject.clone(), Tone::Accent)
        }
        Fact::Submitted { merge_request, .. } => {
            let place =
                merge_request.url.clone().unwrap_or_else(|| "pushed to a plain Git remote".to_owned());
            one("merge request", place, Tone::Accent)
        }
        Fact::Merged { commit } => one("merged", format!("as {commit}"), Tone::Good),
        Fact::Undone { step } => one("undone", step.to_string(), Tone::Warning),
        Fact::Abandoned { reason } => one("given up", reason.clone().unwrap_or_default(), Tone::Warning),
        Fact::PostmortemWritten { path, .. } => one("post-mortem", path.clone(), Tone::Accent),
        Fact::Reviewed(review) => reviewed(review, &event.actor),
        Fact::Settled { owed, reason } => {
            one(&format!("{owed} settled"), reason.clone().unwrap_or_default(), Tone::Good)
        }
        _ => Vec::new(),
    }
}

/// What somebody said who looked at the fix.
fn reviewed(review: &Review, actor: &Actor) -> Vec<Told> {
    let (what, tone) = match review.verdict {
        ReviewVerdict::Approve => ("reviewed", Tone::Good),
        ReviewVerdict::Concern => ("concern", Tone::Warning),
        ReviewVerdict::Request => ("asked to look again", Tone::Accent),
    };
    let by = review.found.as_ref().map_or(actor, |found| &found.by);
    let text = review.text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
    vec![(what.to_owned(), format!("by {}{text}", by.name), tone)]
}

fn sides(proof: &Proof) -> Vec<Told> {
    let red = matches!(proof.verdict, ProofVerdict::RedOnly | ProofVerdict::Proven | ProofVerdict::NotGreen);
    let reason = proof.red.as_ref().and_then(|side| side.reason.clone()).unwrap_or_else(|| proof.why.clone());
    let red = red.then(|| ("red".to_owned(), reason, Tone::Bad));
    let green = (proof.verdict == ProofVerdict::Proven)
        .then(|| ("green".to_owned(), format!("with the fix: {}", tests(proof.flipped.len())), Tone::Good));
    red.into_iter().chain(green).collect()
}

/// So many tests flipped; a plain command has none to count.
fn tests(count: usize) -> String {
    match count {
        0 => "the same command passes".to_owned(),
        1 => "1 test flipped".to_owned(),
        count => format!("{count} tests flipped"),
    }
}
