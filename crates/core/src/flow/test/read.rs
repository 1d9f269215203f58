//! What a run of tests says, test by test.

use std::collections::BTreeSet;
use std::path::PathBuf;

use hotfix_model::gate::Failure;
use hotfix_model::{Case, CaseOutcome, Run, RunEnd};

use crate::suite::{self, Ranked, Selection};

/// Broken tests that may pass when run alone. A file that cannot be loaded will not load the next time either, and a test
/// that hangs costs its whole limit once more; but what still ran when the budget was used up may merely be slow. Runners
/// that run files at the same time have several of those, and no time for any of them.
pub fn worth_another_turn(run: &Run) -> Vec<String> {
    let interrupted = |case: &Case| run.end == RunEnd::TimedOut && case.seconds.is_none();
    let ended = |case: &&Case| case.outcome != CaseOutcome::TimedOut || interrupted(case);
    run.broken().filter(ended).map(|case| case.id.clone()).collect()
}

/// Whether a test passed; of a file, whether all did that ran in it.
pub fn passed_in(run: &Run, id: &str) -> bool {
    let of_file = |case: &&Case| case.id == id || (is_file(id) && case.file.as_deref() == Some(id));
    let mut cases = run.ran().filter(of_file).peekable();
    cases.peek().is_some() && cases.all(|case| case.outcome == CaseOutcome::Passed)
}

/// Tests that failed, then files that could not be loaded, with their reasons.
pub fn failures(run: &Run) -> Vec<Failure> {
    let not_loaded = run
        .not_loaded
        .iter()
        .map(|(file, reason)| Failure { test: file.clone(), reason: format!("cannot be loaded: {reason}") });
    run.broken().map(failure).chain(not_loaded).collect()
}

/// These tests alone; whole files as soon as one of them is a file that could not be loaded.
pub fn selection_of(ids: &[String]) -> Selection {
    if !ids.iter().any(|id| is_file(id)) {
        return Selection::Cases(ids.to_vec());
    }
    let files: BTreeSet<PathBuf> = ids.iter().map(|id| file_of(id)).collect();
    Selection::Files(files.into_iter().collect())
}

/// Whether an id names a file that could not be loaded, not a test in it.
pub fn is_file(id: &str) -> bool {
    suite::file_of_id(id) == id
}

pub fn file_of(id: &str) -> PathBuf {
    suite::path_of_text(suite::file_of_id(id))
}

pub fn paths_of(ranked: &[Ranked]) -> Vec<PathBuf> {
    ranked.iter().map(|ranked| ranked.path.clone()).collect()
}

pub fn failure(case: &Case) -> Failure {
    Failure {
        test: case.id.clone(),
        reason: case.reason.clone().unwrap_or_else(|| "no reason given".to_owned()),
    }
}

/// A run and another one of tests that had no turn in it, as one. A test that both have counts as the later one has it.
pub fn merged(first: Run, later: Run) -> Run {
    let again: BTreeSet<&str> = later.cases.iter().map(|case| case.id.as_str()).collect();
    let kept: Vec<Case> = first.cases.into_iter().filter(|case| !again.contains(case.id.as_str())).collect();
    let claimed = first.claimed.zip(later.claimed).map(|_| (kept.len() + later.cases.len()) as u64);
    let ended_badly = first.end == RunEnd::Finished && first.exit != Some(0);
    Run {
        command: first.command,
        runner: first.runner,
        end: later.end,
        exit: if ended_badly { first.exit } else { later.exit },
        counted: first.counted && later.counted,
        claimed,
        not_loaded: first.not_loaded.into_iter().chain(later.not_loaded).collect(),
        tail: if later.tail.is_empty() { first.tail } else { later.tail },
        foreign: first.foreign.or(later.foreign),
        elapsed_ms: first.elapsed_ms + later.elapsed_ms,
        cases: kept.into_iter().chain(later.cases).collect(),
    }
}

pub fn empty_run(runner: &str) -> Run {
    Run {
        runner: runner.to_owned(),
        command: Vec::new(),
        end: RunEnd::Finished,
        exit: None,
        cases: Vec::new(),
        counted: true,
        claimed: None,
        not_loaded: Vec::new(),
        tail: String::new(),
        foreign: None,
        elapsed_ms: 0,
    }
}
