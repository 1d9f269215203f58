//! What several runs of one side say together.

use std::collections::BTreeSet;

use hotfix_model::proof::SideOutcome;
use hotfix_model::{Case, CaseOutcome, Run, RunEnd};

/// A side as a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Something is broken, the same in every run.
    Red,
    /// Something ran and nothing is broken, in every run.
    Green,
    /// No colour; the outcome and the reason say why.
    None,
}

/// What the runs of one side say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The side as a colour.
    pub colour: Colour,
    /// The same, finer.
    pub outcome: SideOutcome,
    /// Broken tests, the same in every run.
    pub broken: BTreeSet<String>,
    /// Tests that passed in every run.
    pub passed: BTreeSet<String>,
    /// Test files that could not be loaded.
    pub not_loaded: BTreeSet<String>,
    /// Assertion or exception of the first broken test, or why there is no colour.
    pub reason: Option<String>,
    /// Tests that ran; `None` if they cannot be counted.
    pub ran: Option<u64>,
}

/// Reads the runs of one side. Runs that differ make it flaky; a count that does not agree with the runner's own
/// makes it worth nothing.
pub fn read_side(runs: &[Run]) -> Reading {
    let Some(first) = runs.first() else { return nothing("it was not run") };
    if let Some(trouble) = runs.iter().find_map(trouble) {
        return Reading { ran: count(first), ..nothing(&trouble) };
    }
    let mut reading = read_run(first);
    if let Some(case) = runs.iter().flat_map(Run::flaky).next() {
        let reason = Some(format!("{} passed only when the runner tried it again", case.id));
        return Reading { reason, ..flaky(&reading, &reading) };
    }
    for other in runs.iter().skip(1).map(read_run) {
        if !reading.agrees_with(&other) {
            return flaky(&reading, &other);
        }
        // Ids that change from run to run, as those with an address in them, are merely no evidence.
        reading.passed.retain(|test| other.passed.contains(test));
    }
    reading
}

impl Reading {
    fn agrees_with(&self, other: &Self) -> bool {
        self.colour == other.colour
            && self.broken == other.broken
            && self.not_loaded == other.not_loaded
            && self.ran.is_some() == other.ran.is_some()
    }
}

/// What makes a run worth nothing, in one sentence.
fn trouble(run: &Run) -> Option<String> {
    let broken = run.broken().next().is_some();
    match run.end {
        RunEnd::Cancelled => return Some("it was stopped".to_owned()),
        // A plain command that a signal ended has crashed, which is a result; one that could not start has not.
        RunEnd::Crashed if !broken && (run.counted || run.exit.is_some()) => {
            let said = run.tail.lines().last().unwrap_or_default();
            return Some(format!("the runner could not run the tests: {said}"));
        }
        RunEnd::TimedOut if !broken && run.counted => {
            return Some("the time limit ended the run before a test could be blamed".to_owned());
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

fn read_run(run: &Run) -> Reading {
    let ids = |cases: &mut dyn Iterator<Item = &Case>| cases.map(|case| case.id.clone()).collect();
    let outcome = outcome(run);
    let colour = match outcome {
        SideOutcome::Passed => Colour::Green,
        SideOutcome::NothingRan | SideOutcome::Flaky => Colour::None,
        _ => Colour::Red,
    };
    Reading {
        colour,
        outcome,
        broken: ids(&mut run.broken()),
        passed: ids(&mut run.cases.iter().filter(|case| case.outcome == CaseOutcome::Passed)),
        not_loaded: run.not_loaded.iter().map(|(file, _)| file.clone()).collect(),
        reason: reason(run, outcome),
        ran: count(run),
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
        SideOutcome::NothingRan => Some("no test ran".to_owned()),
        _ => of_case.or_else(of_file).or_else(|| run.tail.lines().last().map(str::to_owned)),
    }
}

fn count(run: &Run) -> Option<u64> {
    run.counted.then(|| u64::try_from(run.ran().count()).unwrap_or(u64::MAX))
}

fn nothing(why: &str) -> Reading {
    Reading {
        colour: Colour::None,
        outcome: SideOutcome::NothingRan,
        broken: BTreeSet::new(),
        passed: BTreeSet::new(),
        not_loaded: BTreeSet::new(),
        reason: Some(why.to_owned()),
        ran: None,
    }
}

fn flaky(one: &Reading, other: &Reading) -> Reading {
    let differs: Vec<&String> = one.broken.symmetric_difference(&other.broken).collect();
    let named = differs.first().map_or("the result", |test| test.as_str());
    Reading {
        colour: Colour::None,
        outcome: SideOutcome::Flaky,
        broken: one.broken.union(&other.broken).cloned().collect(),
        passed: one.passed.intersection(&other.passed).cloned().collect(),
        not_loaded: one.not_loaded.union(&other.not_loaded).cloned().collect(),
        reason: Some(format!("{named} differs between two runs of the same files")),
        ran: one.ran,
    }
}
