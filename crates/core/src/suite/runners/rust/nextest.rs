//! cargo-nextest: every test in a process of its own, results as `JUnit` XML. It runs neither examples in documentation nor
//! harnesses of their own; those stay with `cargo test`.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use hotfix_model::CaseOutcome;

use super::execute::{Ended, Gathered, Job, Program};
use super::libtest;
use super::names::Names;
use super::scope;
use super::workspace::Kind;
use crate::error::{FileError, Result};
use crate::suite::junit::{self, TestCase};
use crate::suite::report::End;

/// Our own profile, so that neither the repository's retries nor its fail-fast hide results.
const PROFILE: &str = "git-hotfix";
/// Code of nextest for "tests failed" (`NextestExitCode::TEST_RUN_FAILED`).
const TESTS_FAILED: i32 = 100;
/// Tests named one by one; beyond that whole programs run. Linux takes 128 KiB for one argument.
const MOST_EXPRESSION: usize = 100 << 10;

/// Runs the waiting tests of the programs.
pub fn run(
    job: &Job<'_>,
    names: &Names<'_>,
    programs: &mut [Program<'_>],
    gathered: &mut Gathered,
) -> Result<()> {
    if programs.is_empty() {
        return Ok(());
    }
    let junit = job.folder.junit();
    let settings = job.folder.file("nextest.toml");
    std::fs::write(&settings, profile(&junit, job.limits.test)).map_err(FileError::of("write", &settings))?;
    let mut tool = std::ffi::OsString::from("git-hotfix:");
    tool.push(&settings);
    let parts: Vec<_> = programs.iter().map(|program| program.part).collect();
    let command = job.cargo(&["nextest", "run", "--no-fail-fast", "--color=never", "--profile", PROFILE]);
    let command = command.arg("--tool-config-file").arg(tool).args(scope::flags(&parts));
    let command = command.arg("--filterset").arg(expression(programs)).deadline(job.limits.run);
    let (finished, _) = job.logged(command, "nextest.log")?;
    gathered.stop(finished.ending);
    gathered.output = finished.stdout;
    match junit::read_report(&junit) {
        Ok(report) => take(job, names, programs, report, gathered),
        Err(error) if gathered.end.is_none() => {
            let code = finished.ending.code();
            gathered.end = Some(End::crashed(format!("nextest gave no results (code {code:?}): {error}")));
        }
        Err(_) => {}
    }
    if !matches!(finished.ending.code(), Some(0 | TESTS_FAILED) | None) && !gathered.has_ended() {
        gathered.end = Some(End::crashed("nextest could not run the tests"));
    }
    Ok(())
}

/// What the tests ran as. A test that nextest did not run (because it is `#[ignore]`d) is skipped.
fn take(
    job: &Job<'_>,
    names: &Names<'_>,
    programs: &mut [Program<'_>],
    report: junit::Report,
    gathered: &mut Gathered,
) {
    let read = report.cases.len() as u64;
    // A case that nextest counted and that was not read must not look like one that did not run.
    gathered.expected += report.claimed.map_or(0, |claimed| claimed.abs_diff(read));
    let mut results: HashMap<(String, String), TestCase> = HashMap::new();
    for case in report.cases {
        results.insert((case.class.clone(), case.name.clone()), case);
    }
    for program in programs {
        let binary = binary_id(program);
        for test in std::mem::take(&mut program.waiting) {
            let file = names.file_of(&program.part.target.source, &test);
            let ended = match results.remove(&(binary.clone(), test.clone())) {
                Some(case) => {
                    let place = case.text.as_deref().and_then(libtest::place);
                    let frame = job.frame(place.as_ref());
                    Ended { outcome: outcome(&case), reason: reason(&case), frame, seconds: case.seconds }
                }
                None => Ended { outcome: CaseOutcome::Skipped, reason: None, frame: None, seconds: None },
            };
            gathered.take(&file, &test, ended);
        }
    }
}

fn outcome(case: &TestCase) -> CaseOutcome {
    let kind = case.kind.as_deref().unwrap_or_default();
    match case.outcome {
        CaseOutcome::Failed if kind.contains("timeout") => CaseOutcome::TimedOut,
        CaseOutcome::Failed if kind.contains("abort") || kind.contains("signal") => CaseOutcome::Crashed,
        outcome => outcome,
    }
}

/// nextest's own message is the line of the place; the harness says more behind it.
fn reason(case: &TestCase) -> Option<String> {
    let lines: Vec<&str> = case.text.as_deref().unwrap_or_default().lines().collect();
    let panicked = lines.iter().any(|line| line.contains("panicked at "));
    let said = panicked.then(|| libtest::message(&lines)).flatten();
    said.or_else(|| case.reason.clone()).or_else(|| case.kind.clone())
}

fn profile(junit: &Path, limit: Option<Duration>) -> String {
    let path = toml_edit::value(junit.to_string_lossy().into_owned());
    let mut text = format!("[profile.{PROFILE}]\nfail-fast = false\nretries = 0\n");
    if let Some(limit) = limit {
        let milliseconds = limit.as_millis().max(1);
        let slow = format!(
            "slow-timeout = {{ period = \"{milliseconds}ms\", terminate-after = 1, grace-period = \"1s\" }}\n"
        );
        text.push_str(&slow);
    }
    // Writing to a string cannot fail.
    let _ = write!(text, "[profile.{PROFILE}.junit]\npath = {path}\n");
    text
}

/// The filter expression of the waiting tests ("Filterset DSL" of nextest's book).
fn expression(programs: &[Program<'_>]) -> String {
    let of = |program: &Program<'_>, by_name: bool| {
        let binary = format!("binary_id(={})", escaped(&binary_id(program)));
        if !by_name || program.listed == program.waiting.len() {
            return binary;
        }
        let tests: Vec<String> =
            program.waiting.iter().map(|test| format!("test(={})", escaped(test))).collect();
        format!("({binary} & ({}))", tests.join(" | "))
    };
    let whole = |by_name| programs.iter().map(|program| of(program, by_name)).collect::<Vec<_>>().join(" | ");
    let by_name = whole(true);
    if by_name.len() <= MOST_EXPRESSION { by_name } else { whole(false) }
}

fn escaped(name: &str) -> String {
    name.chars()
        .flat_map(|c| matches!(c, '\\' | '(' | ')' | ',' | '/').then_some('\\').into_iter().chain([c]))
        .collect()
}

/// What nextest calls a test program.
fn binary_id(program: &Program<'_>) -> String {
    let (package, name) = (&program.part.package.name, &program.part.target.name);
    match program.part.target.kind {
        Kind::Library => package.clone(),
        Kind::Test => format!("{package}::{name}"),
        Kind::Program => format!("{package}::bin/{name}"),
        Kind::Example => format!("{package}::example/{name}"),
        Kind::Bench => format!("{package}::bench/{name}"),
    }
}
