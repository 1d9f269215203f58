//! How soon an order of test files shows what is broken.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use hotfix_core::suite::path_of_text;
use hotfix_model::{CaseOutcome, Run};

/// No test counts less: some runners round to hundredths of a second, and then only the number of tests tells.
const SHORTEST: f64 = 0.001;

/// The tests of a green run, by file, in the order and with the times of that run.
pub struct Known {
    files: BTreeMap<PathBuf, Vec<(String, f64)>>,
    failing: BTreeSet<String>,
}

impl Known {
    /// What a run of all tests tells.
    pub fn of(run: &Run) -> Self {
        let mut files: BTreeMap<PathBuf, Vec<(String, f64)>> = BTreeMap::new();
        for case in &run.cases {
            let file = path_of_text(case.file.as_deref().unwrap_or_default());
            let seconds = case.seconds.unwrap_or_default().max(SHORTEST);
            files.entry(file).or_default().push((case.id.clone(), seconds));
        }
        Self { files, failing: broken(run) }
    }

    /// Time of all tests, seconds.
    pub fn total(&self) -> f64 {
        self.files.values().flatten().map(|(_, seconds)| seconds).sum()
    }

    /// Number of tests.
    pub fn tests(&self) -> usize {
        self.files.values().map(Vec::len).sum()
    }

    /// Tests that are broken in a run and were not before.
    pub fn newly_broken(&self, run: &Run) -> BTreeSet<String> {
        broken(run).difference(&self.failing).cloned().collect()
    }

    /// The share of the time of all tests that passes until the first of `broken` has ended, in this order of files.
    pub fn share(&self, order: &[PathBuf], broken: &BTreeSet<String>) -> f64 {
        let files: BTreeSet<PathBuf> =
            broken.iter().map(|id| path_of_text(id.split("::").next().unwrap_or_default())).collect();
        let mut time = 0.0;
        for file in order {
            let cannot_load = file.to_str().is_some_and(|name| broken.contains(name));
            let tests = self.files.get(file).filter(|_| !cannot_load).map(Vec::as_slice).unwrap_or_default();
            for (id, seconds) in tests {
                time += seconds;
                if broken.contains(id) {
                    return time / self.total().max(f64::MIN_POSITIVE);
                }
            }
            // A test that was not there before, or the file as a whole.
            if files.contains(file) {
                break;
            }
        }
        (time / self.total().max(f64::MIN_POSITIVE)).min(1.0)
    }
}

/// Tests that failed, and files that could not be loaded.
fn broken(run: &Run) -> BTreeSet<String> {
    let bad = |outcome: &CaseOutcome| !matches!(outcome, CaseOutcome::Passed | CaseOutcome::Skipped);
    let tests = run.cases.iter().filter(|case| bad(&case.outcome)).map(|case| case.id.clone());
    tests.chain(run.not_loaded.iter().map(|(file, _)| file.clone())).collect()
}
