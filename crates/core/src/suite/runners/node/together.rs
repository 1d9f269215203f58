//! Several runs of one project as one.

use std::collections::BTreeMap;

use hotfix_model::{Case, CaseOutcome, Run, RunEnd};

use crate::suite::report::{self, End, Told};

/// A run that did not happen, because it would have tested code from outside the place.
pub fn foreign(told: Told, why: String) -> Run {
    Run { foreign: Some(why.clone()), tail: why, ..report::nothing(told, End::finished()) }
}

/// Runs that followed each other. A test that several of them ran counts once, as the worst of them saw it.
pub fn one_after_another(told: Told, name: &str, mut runs: Vec<Run>) -> Run {
    if runs.len() < 2 {
        let only = runs.pop();
        return only.unwrap_or_else(|| report::nothing(told, End::finished()));
    }
    let read: usize = runs.iter().map(|run| run.cases.len()).sum();
    let ends = [RunEnd::Finished, RunEnd::TimedOut, RunEnd::Crashed, RunEnd::Cancelled];
    let worst = runs.iter().map(|run| run.end).max_by_key(|end| ends.iter().position(|one| one == end));
    let failed =
        runs.iter().find(|run| run.end != RunEnd::Finished || run.exit.is_some_and(|code| code != 0));
    let ended = runs.iter().find(|run| run.exit.is_some());
    let claimed: Option<u64> = runs.iter().filter(|run| !run.cases.is_empty()).map(|run| run.claimed).sum();
    let tails: Vec<&str> = runs.iter().map(|run| run.tail.as_str()).filter(|tail| !tail.is_empty()).collect();
    let tail = failed.map_or_else(|| tails.join("\n"), |run| run.tail.clone());
    let exit = failed.or(ended).and_then(|run| run.exit);
    let cases = worst_of_each(&mut runs);
    let repeated = u64::try_from(read - cases.len()).unwrap_or_default();
    Run {
        runner: name.to_owned(),
        command: told.command,
        end: worst.unwrap_or(RunEnd::Finished),
        exit,
        counted: runs.iter().all(|run| run.counted),
        claimed: claimed.map(|claimed| claimed.saturating_sub(repeated)),
        not_loaded: runs.iter().flat_map(|run| run.not_loaded.clone()).collect(),
        tail,
        foreign: runs.iter().find_map(|run| run.foreign.clone()),
        elapsed_ms: runs.iter().map(|run| run.elapsed_ms).sum(),
        cases,
    }
}

fn worst_of_each(runs: &mut [Run]) -> Vec<Case> {
    let (mut cases, mut places): (Vec<Case>, BTreeMap<String, usize>) = (Vec::new(), BTreeMap::new());
    for case in runs.iter_mut().flat_map(|run| std::mem::take(&mut run.cases)) {
        match places.get(&case.id).and_then(|place| cases.get_mut(*place)) {
            Some(earlier) if badness(earlier.outcome) < badness(case.outcome) => *earlier = case,
            Some(_) => {}
            None => {
                places.insert(case.id.clone(), cases.len());
                cases.push(case);
            }
        }
    }
    cases
}

fn badness(outcome: CaseOutcome) -> u8 {
    match outcome {
        CaseOutcome::Skipped => 0,
        CaseOutcome::Passed => 1,
        CaseOutcome::Failed => 2,
        CaseOutcome::TimedOut => 3,
        CaseOutcome::Crashed => 4,
    }
}
