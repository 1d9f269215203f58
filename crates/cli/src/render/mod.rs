//! Answers as people read them, one file for each kind of output. Nothing here looks anything up.

mod demo;
mod drill;
mod ended;
mod found;
mod lists;
mod paint;
mod places;
mod proof;
mod review;
mod slots;
mod postmortem;
mod ready;
mod report;

use hotfix_core::exec::sanitize_line;
use hotfix_model::OwedKind;
use hotfix_model::output::OwedOutput;
use hotfix_model::printed::PlanOutput;

use crate::answer::Answer;

pub use demo::demo;
pub use drill::drill;
pub use ended::{cleanup, found, ship, submit};
pub use found::{check, explain, prove, test};
pub use lists::{list, log, owed, settings, settled};
pub use paint::Paint;
pub use places::{init, start, status, trust};
pub use postmortem::{postmortem, postmortem_done};
pub use proof::{proof, replay, verify};
pub use ready::{missing, ready, schedule};
pub use report::{report, report_csv};
pub use review::{review, reviewed};
pub use slots::{refreshed, removed, slots};

/// A plan, one line each.
pub fn plan(lines: &[String]) -> Answer {
    Answer::new(&PlanOutput { plan: lines.to_vec() }, lines.join("\n"))
}

/// The commands to type next, as they can be pasted.
pub fn next(paint: Paint, commands: &[String]) -> String {
    let line = |(index, command): (usize, &String)| {
        let label = if index == 0 { "next" } else { "" };
        format!("  {} {}", paint.dim(&format!("{label:<9}")), paint.bold(command))
    };
    commands.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
}

/// A debt by its name: `review: a look at the fix by somebody other than Ada`.
fn debt(owed: &OwedOutput) -> String {
    let what = sanitize_line(&owed.what);
    match owed.kind {
        OwedKind::Review => format!("review: {what}"),
        OwedKind::Postmortem => format!("post-mortem: {what}"),
        OwedKind::Port => format!("port: {what}"),
        // It names the gate, or who is concerned.
        OwedKind::SkippedGate | OwedKind::Concern => what,
    }
}

/// `label     text`, the text in a column of its own.
///
/// Text of other people's goes through [`hotfix_core::exec::sanitize_line`] before it is painted.
fn field(paint: Paint, label: &str, text: &str) -> String {
    format!("  {} {text}\n", paint.dim(&format!("{label:<9}")))
}

/// A number of things: `1 finding`, `2 findings`.
fn count(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

/// A number of seconds as people say it, rounded down: `3 days`, `2 hours`, `5 minutes`, `8 seconds`.
fn ago(seconds: i64) -> String {
    let (count, unit) = match seconds.max(0) {
        seconds @ 0..60 => (seconds, "second"),
        seconds @ 60..3_600 => (seconds / 60, "minute"),
        seconds @ 3_600..86_400 => (seconds / 3_600, "hour"),
        seconds => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

/// The first ten digits of an object id.
fn short(oid: &str) -> &str {
    oid.get(..10).unwrap_or(oid)
}
