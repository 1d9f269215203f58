//! The post-mortem as its page shows it.

use hotfix_model::{Owed, OwedKind, Proof, Record, Stage};
use jiff::Timestamp;
use serde::Serialize;

use super::answers::{PARTS, section, written};
use super::{happenings, text};
use crate::flow::{counted, prove};
use crate::git::Oid;
use crate::journey::report::{Figure, debt, is_address, proof_tone, stage, state};
use crate::page::{Block, Section, Timeline};
use crate::record::Stored;
use crate::session::Project;

/// What the page shows.
#[derive(Serialize)]
pub struct View<'a> {
    title: String,
    alert: &'a str,
    badges: Vec<String>,
    figures: Vec<Figure>,
    timeline: Timeline,
    answers: Vec<Answer>,
    changed: Vec<Field>,
    files: Vec<String>,
    evidence: Vec<Field>,
    flipped: &'a [String],
    skipped: Vec<Field>,
    owed: Vec<Field>,
}

#[derive(Serialize)]
struct Answer {
    name: &'static str,
    question: &'static str,
    blocks: Vec<Block>,
}

/// A name and what belongs to it.
#[derive(Default, Serialize)]
struct Field {
    name: String,
    text: String,
    link: Option<String>,
    code: bool,
    tone: &'static str,
}

impl Field {
    fn new(name: &str, text: impl Into<String>) -> Self {
        Self { name: name.to_owned(), text: text.into(), ..Self::default() }
    }

    fn code(name: &str, text: impl Into<String>) -> Self {
        Self { code: true, ..Self::new(name, text) }
    }

    fn tone(self, tone: &'static str) -> Self {
        Self { tone, ..self }
    }
}

/// The files that the fix changes; none where the commits are not here.
pub fn files(project: &Project, record: &Record) -> Vec<String> {
    let ends = record
        .commit
        .as_deref()
        .and_then(|commit| Some((Oid::parse(&record.base.commit)?, Oid::parse(commit)?)));
    let changes = ends.and_then(|(base, commit)| project.repository.changes(&base, &commit).ok());
    changes.unwrap_or_default().iter().map(|change| change.path.to_string_lossy().into_owned()).collect()
}

/// The view of one hotfix, with what people have answered so far.
pub fn of<'a>(project: &Project, stored: &'a Stored, files: Vec<String>, answered: &[Section]) -> View<'a> {
    let record = &stored.record;
    let now = project.ctx().now();
    let badges = [Some(format!("hotfix {}", record.id)), record.incident.clone(), record.severity.clone()];
    View {
        title: format!("Post-mortem of hotfix {}", record.id),
        alert: &record.alert,
        badges: badges.into_iter().flatten().chain([stage(record.stage).to_owned()]).collect(),
        figures: figures(record),
        timeline: Timeline::of(&happenings::of(&stored.lines)),
        answers: answers(answered),
        changed: changed(record),
        files,
        evidence: evidence(record),
        flipped: record.proof_of_fix().map_or(&[], |proof| &proof.flipped),
        skipped: record.skipped.iter().map(|skip| Field::new(&skip.gate.to_string(), &skip.reason)).collect(),
        owed: record.owed.iter().map(|owed| debt_field(owed, now)).collect(),
    }
}

fn figures(record: &Record) -> Vec<Figure> {
    let figure = |value: String, what: &str, tone| Figure { value, what: what.to_owned(), tone };
    let restored = match record.merged_at {
        Some(_) => text::restored(record),
        None => "–".to_owned(),
    };
    let (proof, tone) = match record.proof_of_fix() {
        Some(proof) => (prove::word(proof.verdict), proof_tone(proof.verdict)),
        None => ("none", "warning"),
    };
    let skipped = record.skipped.len();
    let size = record.size.unwrap_or_default();
    vec![
        figure(restored, "time to restore", if record.stage == Stage::Merged { "good" } else { "" }),
        figure(proof.to_owned(), "proof", tone),
        figure(skipped.to_string(), "gates skipped", if skipped == 0 { "good" } else { "warning" }),
        figure(format!("+{} −{}", size.added, size.removed), "lines changed", ""),
    ]
}

fn answers(answered: &[Section]) -> Vec<Answer> {
    let answer = |part: &super::Part| Answer {
        name: part.name,
        question: part.question,
        blocks: section(part, answered).map(written).unwrap_or_default(),
    };
    PARTS.iter().map(answer).collect()
}

fn changed(record: &Record) -> Vec<Field> {
    let mut fields = Vec::new();
    fields.extend(record.commit.as_ref().map(|commit| Field::code("commit", commit)));
    fields.extend(record.subject.as_ref().map(|subject| Field::new("subject", subject)));
    fields.push(Field::code("branch", record.branch_name()));
    fields.push(Field::code("target", &record.target));
    fields.push(Field::code("base", format!("{} {}", record.base.reference, record.base.commit)));
    fields.extend(record.merged_commit.as_ref().map(|commit| Field::code("merged as", commit)));
    if let Some(size) = record.size {
        let text = format!("{}: {} added, {} removed", counted(size.files, "file"), size.added, size.removed);
        fields.push(Field::new("size", text));
    }
    if let Some(url) = record.merge_request.as_ref().and_then(|request| request.url.clone()) {
        let link = is_address(&url).then(|| url.clone());
        fields.push(Field { link, ..Field::new("merge request", url) });
    }
    fields.push(Field::new("author", record.author.to_string()));
    fields
}

fn evidence(record: &Record) -> Vec<Field> {
    let mut fields = match record.proof_of_fix() {
        Some(proof) => proven(proof),
        None => vec![Field::new("proof", "none").tone("warning")],
    };
    fields.push(match record.test_of_fix() {
        Some(test) => Field::new("critical tests", &test.why),
        None => Field::new("critical tests", "did not run").tone("warning"),
    });
    if let Some(check) = record.check_of_fix() {
        let found = counted(u64::try_from(check.findings.len()).unwrap_or(u64::MAX), "finding");
        fields.push(Field::new("check", format!("{found} on changed lines")));
    }
    fields
}

fn proven(proof: &Proof) -> Vec<Field> {
    let verdict = format!("{}: {}", prove::word(proof.verdict), proof.why);
    let mut fields = vec![Field::new("proof", verdict).tone(proof_tone(proof.verdict))];
    if !proof.command.is_empty() {
        fields.push(Field::code("command", proof.command.join(" ")));
    }
    for (name, side, tone) in
        [("red, on base", &proof.red, "bad"), ("green, with the fix", &proof.green, "good")]
    {
        let Some(side) = side else { continue };
        fields.push(Field::new(name, text::outcome(side)).tone(tone));
        fields.extend(side.reason.as_ref().map(|reason| Field::code("", reason)));
    }
    fields
}

fn debt_field(owed: &Owed, now: Timestamp) -> Field {
    let name = match owed.kind {
        OwedKind::Review => "review",
        OwedKind::Postmortem => "post-mortem",
        OwedKind::Port => "port",
        OwedKind::Concern => "concern",
        OwedKind::SkippedGate => "skipped gate",
    };
    let (how, tone) = debt(state(owed, now));
    let due = owed.due.strftime("%Y-%m-%d %H:%M UTC");
    let settled = owed.settled.map(|at| format!(", settled {}", at.strftime("%Y-%m-%d %H:%M UTC")));
    Field::new(name, format!("{} ({how}; due {due}{})", owed.what, settled.unwrap_or_default())).tone(tone)
}
