//! What a reviewer sees.

use hotfix_core::exec::sanitize_line;
use hotfix_model::event::Actor;
use hotfix_model::output::ReviewOutput;
use hotfix_model::{ReviewState, ReviewVerdict, Reviewed, SuiteVerdict};

use super::found::side;
use super::places::stage;
use super::{Paint, count, debt, field, short};

/// What shipped: alert, proof, tests, what was skipped, what others said, and the change.
pub fn review(paint: Paint, output: &ReviewOutput) -> String {
    let mut text = format!("{}  {}\n", paint.bold(&output.id), sanitize_line(&output.alert));
    text += &field(paint, "commit", &subject(output));
    text += &field(paint, "stage", &format!("{} ({})", stage(output.stage), output.target));
    text += &field(paint, "by", &names(&output.hands));
    if let Some(authorised) = &output.authorised {
        let at = authorised.at.strftime("%Y-%m-%d %H:%M UTC");
        let by = sanitize_line(&authorised.by.to_string());
        text += &field(paint, "shipped", &format!("by {by} on {at}"));
    }
    if let Some(url) = &output.url {
        text += &field(paint, "merge", &sanitize_line(url));
    }
    text += &evidence(paint, output);
    for review in &output.reviews {
        text += &field(paint, "said", &line(review));
    }
    if let Some(state) = output.state {
        text += &field(paint, "review", word(state));
    }
    match &output.diff {
        Some(diff) => text + "\n" + &coloured(paint, diff),
        None => text + &field(paint, "change", "its commits are not in this clone"),
    }
}

/// What was written down, and what is still owed.
pub fn reviewed(paint: Paint, output: &ReviewOutput) -> String {
    let mut text = match &output.recorded {
        Some(review) => format!("{}  {}\n", paint.bold(&output.id), line(review)),
        None => format!("{}  nothing new\n", paint.bold(&output.id)),
    };
    if let Some(state) = output.state {
        text += &field(paint, "review", word(state));
    }
    for owed in &output.owed {
        text += &field(paint, "owed", &debt(owed));
    }
    text
}

fn subject(output: &ReviewOutput) -> String {
    let subject = output.subject.as_deref().map(sanitize_line).unwrap_or_default();
    format!("{} {subject}", short(&output.commit))
}

fn names(hands: &[Actor]) -> String {
    sanitize_line(&hands.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
}

fn evidence(paint: Paint, output: &ReviewOutput) -> String {
    let mut text = String::new();
    match &output.proof {
        Some(proof) => {
            let verdict = hotfix_core::flow::prove::word(proof.verdict);
            text += &field(paint, "proof", &format!("{verdict}: {}", sanitize_line(&proof.why)));
            text += &side(paint, "red", proof.red.as_ref());
            text += &side(paint, "green", proof.green.as_ref());
        }
        None => text += &field(paint, "proof", &paint.warning("there is none")),
    }
    if let Some(check) = &output.check {
        let found = count(check.findings.len() as u64, "finding");
        text += &field(paint, "check", &format!("{found} on changed lines"));
    }
    text += &match &output.test {
        Some(test) if test.verdict == SuiteVerdict::Passed => {
            field(paint, "test", &format!("{}: {}", paint.good("passed"), sanitize_line(&test.why)))
        }
        Some(test) => field(paint, "test", &format!("{}: {}", paint.bad("failed"), sanitize_line(&test.why))),
        None => field(paint, "test", &paint.warning("did not run on what was committed")),
    };
    for skip in &output.skipped {
        let reason = sanitize_line(&skip.reason);
        text += &field(paint, "skipped", &paint.warning(&format!("{}: {reason}", skip.gate)));
    }
    text
}

fn line(review: &Reviewed) -> String {
    let said = match review.verdict {
        ReviewVerdict::Approve if review.counts => "approved",
        ReviewVerdict::Approve => "approved, which does not count: own work",
        ReviewVerdict::Concern => "concerned",
        ReviewVerdict::Request => "asks to look again",
    };
    let text = review.text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
    let signed = if review.signed { ", signed" } else { "" };
    sanitize_line(&format!("{} {said}{text} ({}{signed})", review.by.name, short(&review.commit)))
}

/// The state of a review as people say it.
fn word(state: ReviewState) -> &'static str {
    match state {
        ReviewState::Pending => "pending",
        ReviewState::Approved => "approved",
        ReviewState::ConcernRaised => "a concern was raised",
        ReviewState::NeedsVerification => "something was done about the concern: needs verification",
    }
}

/// A diff with the colours people know from Git.
fn coloured(paint: Paint, diff: &str) -> String {
    let line = |line: &str| match line.as_bytes().first() {
        _ if line.starts_with("diff --git") || line.starts_with("+++") || line.starts_with("---") => {
            paint.bold(line)
        }
        Some(b'+') => paint.good(line),
        Some(b'-') => paint.bad(line),
        Some(b'@') => paint.dim(line),
        _ => line.to_owned(),
    };
    diff.lines().map(line).collect::<Vec<_>>().join("\n") + "\n"
}
