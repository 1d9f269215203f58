//! The post-mortem as Markdown. Texts from outside stand in it as code only: see [`crate::message::neutral`].

use hotfix_model::{OwedKind, Proof, Record, Side};
use jiff::Timestamp;

use super::answers::{ACTIONS, PARTS};
use super::happenings;
use crate::flow::{counted, prove};
use crate::journey::report::seconds;
use crate::message::neutral::{code, fenced};
use crate::page::duration;
use crate::record::Stored;

/// Most flipped tests and files that are listed.
const MOST: usize = 30;

/// The text, with the parts that people fill still empty.
pub fn of(stored: &Stored, files: &[String]) -> String {
    let record = &stored.record;
    let mut sections = vec![
        format!("# Post-mortem: hotfix {}", code(&record.id)),
        fenced(&record.alert),
        facts(record),
        timeline(stored),
        changed(record, files),
        evidence(record),
    ];
    sections.extend(PARTS.iter().map(|part| {
        let table = if part == &ACTIONS {
            "\n| action | owner | due |\n| --- | --- | --- |\n|  |  |  |\n"
        } else {
            ""
        };
        format!("## {}\n\n<!-- {} -->\n{table}", part.name, part.question).trim_end().to_owned()
    }));
    sections.join("\n\n") + "\n"
}

fn facts(record: &Record) -> String {
    let mut rows = vec![("started", format!("{} by {}", time(record.started_at), code(&record.author.name)))];
    rows.extend(record.severity.as_ref().map(|severity| ("severity", code(severity))));
    rows.extend(record.incident.as_ref().map(|incident| ("incident", code(incident))));
    rows.push(("merged", record.merged_at.map_or_else(|| "not known yet".to_owned(), time)));
    rows.push(("time to restore", restored(record)));
    let rows = rows.into_iter().map(|(name, value)| format!("| {name} | {value} |"));
    format!("| | |\n| --- | --- |\n{}", rows.collect::<Vec<_>>().join("\n"))
}

/// Time from start to merge, in words.
pub fn restored(record: &Record) -> String {
    match record.merged_at.map(|merged| seconds(record.started_at, merged)) {
        Some(Some(seconds)) => duration(seconds),
        Some(None) => "unknown: the clocks of two machines contradict each other".to_owned(),
        None => "not merged yet, as far as this clone knows".to_owned(),
    }
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn timeline(stored: &Stored) -> String {
    let first = stored.record.started_at;
    let row = |happening: crate::page::Happening| {
        let since = seconds(first, happening.at).map_or_else(|| "–".to_owned(), duration);
        let detail = if happening.detail.is_empty() { String::new() } else { code(&happening.detail) };
        format!("| {} | {since} | {} | {detail} |", time(happening.at), happening.what)
    };
    let rows: Vec<String> = happenings::of(&stored.lines).into_iter().map(row).collect();
    format!(
        "## Timeline\n\n| time | since the alert | what | |\n| --- | --- | --- | --- |\n{}",
        rows.join("\n")
    )
}

fn changed(record: &Record, files: &[String]) -> String {
    let mut lines = Vec::new();
    if let Some(commit) = &record.commit {
        lines.push(format!(
            "- commit {} {}",
            code(commit),
            code(record.subject.as_deref().unwrap_or_default())
        ));
    }
    lines.push(format!("- branch {} into {}", code(record.branch_name()), code(&record.target)));
    if let Some(size) = record.size {
        lines.push(format!(
            "- {}: {} added, {} removed",
            counted(size.files, "file"),
            size.added,
            size.removed
        ));
    }
    if let Some(url) = record.merge_request.as_ref().and_then(|request| request.url.as_ref()) {
        lines.push(format!("- merge request {}", code(url)));
    }
    lines.extend(listed(files, "  - "));
    format!("## What changed\n\n{}", lines.join("\n"))
}

fn listed(items: &[String], mark: &str) -> Vec<String> {
    let shown = items.iter().take(MOST).map(|item| format!("{mark}{}", code(item)));
    let more = items.len().saturating_sub(MOST);
    shown.chain((more > 0).then(|| format!("{mark}and {more} more"))).collect()
}

fn evidence(record: &Record) -> String {
    let mut lines = match record.proof_of_fix() {
        Some(proof) => proven(proof),
        None => vec!["- there is no proof".to_owned()],
    };
    match record.test_of_fix() {
        Some(test) => lines.push(format!("- critical tests: {}", code(&test.why))),
        None => lines.push("- the critical tests did not run".to_owned()),
    }
    if record.skipped.is_empty() {
        lines.push("- no gate was skipped".to_owned());
    }
    lines
        .extend(record.skipped.iter().map(|skip| format!("- skipped {}: {}", skip.gate, code(&skip.reason))));
    if record.owed.iter().any(|owed| owed.kind == OwedKind::Review && owed.settled.is_some()) {
        lines.push("- reviewed".to_owned());
    }
    format!("## Evidence\n\n{}", lines.join("\n"))
}

fn proven(proof: &Proof) -> Vec<String> {
    let mut lines = vec![format!("- {}: {}", prove::word(proof.verdict), code(&proof.why))];
    if !proof.command.is_empty() {
        lines.push(format!("- command {}", code(&proof.command.join(" "))));
    }
    let side = |name: &str, side: &Option<Side>| {
        let side = side.as_ref()?;
        let reason = side.reason.as_ref().map(|reason| format!(" {}", code(reason))).unwrap_or_default();
        Some(format!("- {name}: {}{reason}", outcome(side)))
    };
    lines.extend(side("red, on base", &proof.red));
    lines.extend(side("green, with the fix", &proof.green));
    lines.extend(listed(&proof.flipped, "  - flipped "));
    lines
}

/// How a side came out, in words.
pub fn outcome(side: &Side) -> String {
    use hotfix_model::proof::SideOutcome as Outcome;
    let how = match side.outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "failed",
        Outcome::NotLoaded => "could not be loaded",
        Outcome::TimedOut => "ran past its time limit",
        Outcome::Crashed => "crashed",
        Outcome::NothingRan => "ran nothing",
        Outcome::Flaky => "came out differently each time",
    };
    let ran = side.ran.map(|ran| format!(", {} ran", counted(ran, "test"))).unwrap_or_default();
    format!("{how}{ran}, {}", counted(side.runs.into(), "run"))
}
