//! The sections of a merge request's description. Each is Markdown that ends with a newline, or empty.

use hotfix_model::gate::{Failure, LinterOutcome, LinterReport};
use hotfix_model::proof::SideOutcome;
use hotfix_model::{Finding, Owed, Proof, ProofVerdict, Side, Skip, SuiteVerdict, TestReport};

use super::neutral::{code, fenced};
use super::request::RequestText;
use crate::exec::{command_line, quoted};

/// Most items of a list; more are counted.
const ITEMS: usize = 20;

pub fn alert(text: &RequestText<'_>) -> String {
    let fix = text.record.subject.as_deref().map(|subject| format!("This fixes it: {}\n", code(subject)));
    format!("The alert:\n\n{}\n\n{}", fenced(&text.record.alert), fix.unwrap_or_default())
}

pub fn facts(text: &RequestText<'_>) -> String {
    let record = text.record;
    let base = format!("{} at {}", code(&record.base.reference), code(short(&record.base.commit)));
    let size = text.size.map(|size| format!("{} files, +{} −{} lines", size.files, size.added, size.removed));
    let rows = [
        ("Hotfix", Some(code(&record.id))),
        ("Incident", record.incident.as_deref().map(code)),
        ("Severity", record.severity.as_deref().map(code)),
        ("Base", Some(base)),
        ("Target", Some(&record.target).filter(|target| !target.is_empty()).map(|target| code(target))),
        ("Commit", record.commit.as_deref().map(|commit| code(short(commit)))),
        ("Size", size),
    ];
    let cells = rows.into_iter().filter_map(|(name, value)| Some(vec![name.to_owned(), value?]));
    table(&["", ""], cells)
}

pub fn proof(text: &RequestText<'_>) -> String {
    let Some(proof) = text.proof else {
        let why = match text.record.proof {
            Some(_) => {
                "What was proven holds other files than this commit does: it was not run on this commit."
            }
            None => "No test was shown to fail without this change and pass with it.",
        };
        return format!("## Not proven\n\n{why}\n");
    };
    let reason = |title: &str, side: Option<&Side>| {
        let reason = side.and_then(|side| side.reason.as_deref());
        reason.map(|reason| format!("\n{title}:\n\n{}\n", fenced(reason))).unwrap_or_default()
    };
    [
        format!("## {}\n\n{}\n", heading(proof.verdict), code(&proof.why)),
        sides(text, proof),
        reason("Why it is red on base", proof.red.as_ref()),
        reason("Why it is not green with the fix", proof.green.as_ref()),
        list("Red on base, green with the fix", &proof.flipped),
        list("Fails on plain base as well, for the same reason", &proof.failed_on_base_too),
        list("Differs from run to run, and counts for nothing", &proof.wavering),
        list("Test files that this change deletes", &proof.removed_tests),
        list("Skipped in the changed test files", &proof.skipped_tests),
        replay(text, proof),
    ]
    .concat()
}

pub fn check(text: &RequestText<'_>) -> String {
    let Some(check) = text.check else {
        return String::new();
    };
    if check.linters.is_empty() {
        return "## Style\n\nNo linter applies to the changed files.\n".to_owned();
    }
    let row = |linter: &LinterReport| {
        let own = |name: &str| {
            linter.name.strip_prefix(name).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
        };
        let findings = check.findings.iter().filter(|finding| own(&finding.linter)).count();
        let (outcome, findings) = match linter.outcome {
            LinterOutcome::Ran => ("ran", findings.to_string()),
            LinterOutcome::Missing => ("not installed", "–".to_owned()),
            LinterOutcome::Failed => ("failed", "–".to_owned()),
            LinterOutcome::Untrusted => ("not approved", "–".to_owned()),
        };
        vec![code(&linter.name), outcome.to_owned(), findings]
    };
    let line = |finding: &Finding| format!("{}:{}: {}", finding.path, finding.line, finding.message);
    let findings: Vec<String> = check.findings.iter().map(line).collect();
    let linters = check.linters.iter().take(ITEMS).map(row);
    let table = table(&["linter", "outcome", "findings"], linters);
    format!("## Style of the changed lines\n\n{table}{}", list("Findings", &findings))
}

pub fn test(text: &RequestText<'_>) -> String {
    let Some(report) = text.test else {
        let what = if text.record.test.is_some() { " on this commit" } else { "" };
        return format!("## Critical tests\n\nThey did not run{what}.\n");
    };
    let files = match report.total {
        Some(total) => format!("{} of {total}", report.selected),
        None => report.selected.to_string(),
    };
    let row = vec![
        code(&report.runner),
        files,
        count(report.ran),
        count(
            report
                .passed
                .or(report.ran.filter(|_| report.failed.is_empty() && report.failed_on_base_too.is_empty())),
        ),
        seconds(report.elapsed_ms),
    ];
    let failure = |failure: &Failure| format!("{}: {}", failure.test, failure.reason);
    let failed: Vec<String> = report.failed.iter().map(failure).collect();
    [
        format!("## Critical tests: {}\n\n{}\n\n", verdict(report), code(&report.why)),
        table(&["runner", "test files", "tests that ran", "passed", "time"], std::iter::once(row)),
        list("Newly broken", &failed),
        list("Near the change, and nothing passed in them", &report.could_not_tell),
        list("Fails on base as well, for the same reason: excused, not passed", &report.failed_on_base_too),
        list("Flaky: failed, then passed on the same tree", &report.flaky),
        list("Left out, the time was short", &report.cut),
        list("Asked for less than the repository does", &report.loosened),
    ]
    .concat()
}

pub fn skipped(text: &RequestText<'_>) -> String {
    let item = |skip: &Skip| format!("- {}: {}\n", skip.gate, code(&skip.reason));
    titled("## Skipped\n\n", text.skipped.iter().map(item))
}

pub fn owed(text: &RequestText<'_>) -> String {
    let open = text.owed.iter().filter(|owed| owed.settled.is_none());
    let item =
        |owed: &Owed| format!("- {}, due {}\n", code(&owed.what), owed.due.strftime("%Y-%m-%d %H:%M UTC"));
    titled("## Owed after the merge\n\n", open.map(item))
}

pub fn rollback(text: &RequestText<'_>) -> String {
    let commit = text.record.commit.as_deref();
    let line = commit.map(|commit| fenced(&format!("git revert {}", quoted(commit))));
    line.map(|line| format!("## Rollback\n\n{line}\n")).unwrap_or_default()
}

fn sides(text: &RequestText<'_>, proof: &Proof) -> String {
    let fix = text.record.commit.as_deref();
    let sides = [("Base", proof.red.as_ref(), None), ("Fix", proof.green.as_ref(), fix)];
    let row = |(name, side, commit)| Option::map(side, |side: &Side| row(name, side, commit));
    let mut rows = sides.into_iter().filter_map(row).peekable();
    if rows.peek().is_none() {
        return String::new();
    }
    format!("\n{}", table(&["side", "outcome", "tests that ran", "runs", "time"], rows))
}

fn row(name: &str, side: &Side, commit: Option<&str>) -> Vec<String> {
    let outcome = match side.outcome {
        SideOutcome::Passed => "green",
        SideOutcome::Failed => "red",
        SideOutcome::NotLoaded => "could not be loaded",
        SideOutcome::TimedOut => "timed out",
        SideOutcome::Crashed => "crashed",
        SideOutcome::NothingRan => "nothing ran",
        SideOutcome::Flaky => "flaky",
    };
    let name = format!("{name} {}", code(short(commit.unwrap_or(&side.commit))));
    vec![name, outcome.to_owned(), count(side.ran), side.runs.to_string(), seconds(side.elapsed_ms)]
}

/// How anybody can see both sides with nothing but Git.
fn replay(text: &RequestText<'_>, proof: &Proof) -> String {
    let commit = text.record.commit.as_deref();
    let Some(commit) = commit.filter(|_| !proof.command.is_empty() && proof.red.is_some()) else {
        return String::new();
    };
    let (base, command) = (&text.record.base.commit, command_line(&proof.command));
    let files = command_line(&proof.test_files);
    let mut lines = vec![format!("git switch --detach {base}")];
    if !files.is_empty() {
        lines.push(format!("git checkout {commit} -- {files}"));
    }
    if !proof.removed_tests.is_empty() {
        lines.push(format!("git rm -q -- {}", command_line(&proof.removed_tests)));
    }
    lines.push(format!("{command}   # {}", colour(proof.red.as_ref())));
    lines.push(format!("git reset --hard && git switch --detach {commit}"));
    lines.push(format!("{command}   # {}", colour(proof.green.as_ref())));
    format!("\nTo see it yourself, in a worktree without work in it:\n\n{}\n", fenced(&lines.join("\n")))
}

/// What a side shows, as the comment behind the command that shows it.
fn colour(side: Option<&Side>) -> &'static str {
    match side.map(|side| side.outcome) {
        Some(SideOutcome::Passed) => "green",
        Some(SideOutcome::NothingRan | SideOutcome::Flaky) | None => "shows nothing",
        Some(_) => "red",
    }
}

fn heading(verdict: ProofVerdict) -> &'static str {
    match verdict {
        ProofVerdict::Proven => "Proven: red on base, green with the fix",
        ProofVerdict::RedOnly => "Reproduced: red on base",
        ProofVerdict::NotRed => "Not proven: green on base already",
        ProofVerdict::NotGreen => "Not proven: still red with the fix",
        ProofVerdict::Invalid => "Not proven: the runs tell nothing",
        ProofVerdict::Waived => "Proof waived",
    }
}

fn verdict(report: &TestReport) -> &'static str {
    match report.verdict {
        SuiteVerdict::Passed => "passed",
        SuiteVerdict::Failed => "failed",
        SuiteVerdict::Unknown => "unknown",
    }
}

/// A Markdown table. Cells are code or words of our own.
fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let names = line(head.iter().map(|&name| name.to_owned()).collect());
    let rule = line(head.iter().map(|_| "---".to_owned()).collect());
    std::iter::once(names).chain(std::iter::once(rule)).chain(rows.map(line)).collect()
}

fn list(title: &str, items: &[String]) -> String {
    let items = items.iter().map(|item| format!("- {}\n", code(item)));
    titled(&format!("\n{title}:\n\n"), items)
}

/// The title and its first [`ITEMS`] items; nothing when there is no item.
fn titled(title: &str, items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    let shown = items.get(..ITEMS).unwrap_or(&items);
    let more = match items.len() - shown.len() {
        0 => String::new(),
        more => format!("- and {more} more\n"),
    };
    if items.is_empty() { String::new() } else { format!("{title}{}{more}", shown.concat()) }
}

fn count(number: Option<u64>) -> String {
    number.map_or_else(|| "not known".to_owned(), |number| number.to_string())
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100)
}

/// The first ten digits of an id.
fn short(oid: &str) -> &str {
    oid.get(..10).unwrap_or(oid)
}
