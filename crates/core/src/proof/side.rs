//! What one run of a side says.

use std::collections::{BTreeMap, BTreeSet};

use hotfix_model::proof::SideOutcome;
use hotfix_model::{Case, CaseOutcome, Run, RunEnd};

/// A side as a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Something is broken.
    Red,
    /// Something ran and nothing is broken.
    Green,
    /// No colour; the outcome and the reason say why.
    None,
}

/// What a run says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The run as a colour.
    pub colour: Colour,
    /// The same, finer.
    pub outcome: SideOutcome,
    /// Broken tests.
    pub broken: BTreeSet<String>,
    /// Tests that passed at the first try.
    pub passed: BTreeSet<String>,
    /// Tests that passed only when the runner tried them again: neither passed nor broken.
    pub retried: BTreeSet<String>,
    /// Test files that could not be loaded.
    pub not_loaded: BTreeSet<String>,
    /// Assertion or exception of the first broken test, or why there is no colour.
    pub reason: Option<String>,
    /// Assertion or exception by broken test, where the runner tells it.
    pub reasons: BTreeMap<String, String>,
    /// Tests that ran; `None` if they cannot be counted.
    pub ran: Option<u64>,
    /// Whether nothing may be concluded from the run, whatever its tests say.
    pub is_worth_nothing: bool,
}

/// Reads a run. One that died without a broken test, was stopped, tested code of another place, or whose results are not
/// those the runner counted has no colour.
pub fn read_run(run: &Run) -> Reading {
    if let Some(trouble) = trouble(run) {
        return Reading { ran: count(run), ..without_colour(&trouble) };
    }
    let ids = |cases: &mut dyn Iterator<Item = &Case>| cases.map(|case| case.id.clone()).collect();
    let outcome = outcome(run);
    let colour = match outcome {
        SideOutcome::Passed => Colour::Green,
        SideOutcome::NothingRan | SideOutcome::Flaky => Colour::None,
        _ => Colour::Red,
    };
    let passed = |case: &&Case| case.outcome == CaseOutcome::Passed && !case.is_flaky();
    let with_reason = run.broken().filter_map(|case| Some((case.id.clone(), case.reason.clone()?)));
    Reading {
        colour,
        outcome,
        broken: ids(&mut run.broken()),
        passed: ids(&mut run.cases.iter().filter(passed)),
        retried: ids(&mut run.flaky()),
        not_loaded: run.not_loaded.iter().map(|(file, _)| file.clone()).collect(),
        reason: reason(run, outcome),
        reasons: with_reason.chain(run.not_loaded.iter().cloned()).collect(),
        ran: count(run),
        is_worth_nothing: false,
    }
}

impl Reading {
    /// The reason of this test, else that of its file, else that of the run.
    pub fn reason_of(&self, test: &str) -> &str {
        let of_file = || self.reasons.get(test.split("::").next().unwrap_or_default());
        let own = self.reasons.get(test).or_else(of_file).or(self.reason.as_ref());
        own.map_or("no reason given", String::as_str)
    }

    /// All tests that ran, whatever became of them.
    pub fn ran_tests(&self) -> impl Iterator<Item = &String> {
        self.broken.iter().chain(&self.passed).chain(&self.retried)
    }

    /// Whether a test ran, whatever became of it.
    pub fn ran_test(&self, test: &str) -> bool {
        self.broken.contains(test) || self.passed.contains(test) || self.retried.contains(test)
    }
}

/// What makes a run worth nothing, in one sentence.
fn trouble(run: &Run) -> Option<String> {
    if let Some(foreign) = &run.foreign {
        return Some(foreign.clone());
    }
    let broken = run.broken().next().is_some();
    match run.end {
        RunEnd::Cancelled => return Some("it was stopped".to_owned()),
        // A plain command that a signal ended has crashed, which is a result; one that could not start has not.
        RunEnd::Crashed if !broken && (run.counted || run.exit.is_some()) => {
            let said = run.tail.lines().last().unwrap_or_default();
            return Some(format!("the runner could not run the tests: {said}"));
        }
        RunEnd::TimedOut if !broken && run.counted => {
            let why = "the time limit ended the run before a test could be blamed";
            return Some(format!("{why}; tests that need longer: --set prove.timeout=10m"));
        }
        _ => {}
    }
    let read = u64::try_from(run.cases.len()).unwrap_or(u64::MAX);
    match run.claimed {
        Some(claimed) if run.counted && run.end == RunEnd::Finished && claimed != read => {
            Some(format!("the runner says it ran {claimed} tests, but {read} results could be read"))
        }
        _ => None,
    }
}

fn outcome(run: &Run) -> SideOutcome {
    if let Some(case) = run.broken().next() {
        return match case.outcome {
            CaseOutcome::TimedOut => SideOutcome::TimedOut,
            CaseOutcome::Crashed => SideOutcome::Crashed,
            _ => SideOutcome::Failed,
        };
    }
    match run.end {
        RunEnd::TimedOut => return SideOutcome::TimedOut,
        RunEnd::Crashed => return SideOutcome::Crashed,
        RunEnd::Finished | RunEnd::Cancelled => {}
    }
    if !run.not_loaded.is_empty() {
        return SideOutcome::NotLoaded;
    }
    match (run.counted, run.ran().next()) {
        (true, None) => SideOutcome::NothingRan,
        _ if run.exit == Some(0) => SideOutcome::Passed,
        _ => SideOutcome::Failed,
    }
}

fn reason(run: &Run, outcome: SideOutcome) -> Option<String> {
    let of_case = run.broken().find_map(|case| case.reason.clone());
    let of_file = || run.not_loaded.first().map(|(file, why)| format!("{file}: {why}"));
    match outcome {
        SideOutcome::Passed => None,
        SideOutcome::NothingRan => Some(why_nothing_ran(run)),
        _ => of_case.or_else(of_file).or_else(|| run.tail.lines().last().map(str::to_owned)),
    }
}

/// What the runner says of tests that it left out, or of having nothing to run.
fn why_nothing_ran(run: &Run) -> String {
    let skipped = run.cases.iter().find_map(|case| case.reason.clone());
    let said = || run.tail.lines().last().filter(|line| line.starts_with("no test ran")).map(str::to_owned);
    match skipped {
        Some(why) => format!("no test ran: {why}"),
        None => said().unwrap_or_else(|| "no test ran".to_owned()),
    }
}

fn count(run: &Run) -> Option<u64> {
    run.counted.then(|| u64::try_from(run.ran().count()).unwrap_or(u64::MAX))
}

/// What is read where nothing may be concluded, for this reason.
pub(super) fn without_colour(why: &str) -> Reading {
    Reading {
        colour: Colour::None,
        outcome: SideOutcome::NothingRan,
        broken: BTreeSet::new(),
        passed: BTreeSet::new(),
        retried: BTreeSet::new(),
        not_loaded: BTreeSet::new(),
        reason: Some(why.to_owned()),
        reasons: BTreeMap::new(),
        ran: None,
        is_worth_nothing: true,
    }
}
