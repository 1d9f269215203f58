//! What a run of the critical tests says. A pass needs evidence: tests passed, among them some in each test file nearest to
//! the change. What is excused by base is neither passed nor forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use hotfix_model::gate::Failure;
use hotfix_model::{CaseOutcome, Period, Run, RunEnd, SuiteVerdict};

use crate::proof::is_outage;
use crate::suite::{self, Nearness, Ranked};

/// From this score on a file is near enough to count as the nearest: an import two steps away, a name, a word that both
/// use. Settings and folders of one name say too little.
const NEAR: u32 = 10;

/// All there is to judge by.
pub(super) struct Found<'a> {
    pub run: &'a Run,
    /// Newly broken.
    pub failed: &'a [Failure],
    /// Failures that were not compared with base.
    pub not_compared: usize,
    /// Failures that base has as well, with the reason there.
    pub excused: &'a BTreeMap<String, String>,
    /// Failures that passed when they were tried again in the slot.
    pub passed_again: &'a BTreeSet<String>,
    /// Test files, the nearest first.
    pub ranked: &'a [Ranked],
    /// Test files of the proof.
    pub proof_files: &'a [PathBuf],
    /// Changed test files that the project's configuration leaves out.
    pub left_out: &'a [PathBuf],
    /// How many files had no turn.
    pub cut: usize,
    pub budget: Period,
    /// The project's own command, for people.
    pub command: String,
}

/// A verdict, its reason, and the files near the change that could not tell.
pub(super) struct Conclusion {
    pub verdict: SuiteVerdict,
    pub why: String,
    pub could_not_tell: Vec<String>,
}

fn failed(why: impl Into<String>) -> Conclusion {
    Conclusion { verdict: SuiteVerdict::Failed, why: why.into(), could_not_tell: Vec::new() }
}

fn unknown(why: impl Into<String>) -> Conclusion {
    Conclusion { verdict: SuiteVerdict::Unknown, why: why.into(), could_not_tell: Vec::new() }
}

fn passed_with(why: String) -> Conclusion {
    Conclusion { verdict: SuiteVerdict::Passed, why, could_not_tell: Vec::new() }
}

/// How many tests passed.
pub(super) fn passed(run: &Run) -> u64 {
    run.cases.iter().filter(|case| case.outcome == CaseOutcome::Passed).count() as u64
}

impl Found<'_> {
    /// Judges.
    pub fn conclude(&self) -> Conclusion {
        self.what_blocks().unwrap_or_else(|| self.what_is_known())
    }

    /// What stops the fix whatever else passed.
    fn what_blocks(&self) -> Option<Conclusion> {
        let run = self.run;
        if let Some(foreign) = &run.foreign {
            return Some(unknown(foreign.clone()));
        }
        if let Some(first) = self.failed.first() {
            let others = self.failed.len() - 1 + self.not_compared;
            let more = if others == 0 { String::new() } else { format!(" and {others} more") };
            return Some(failed(format!("newly broken: {}{more}: {}", first.test, first.reason)));
        }
        let miscounted = run.claimed.is_some_and(|claimed| claimed != run.cases.len() as u64);
        if miscounted && run.counted && run.end == RunEnd::Finished {
            return Some(failed("the results that were read are not those the runner counted"));
        }
        let ran = run.ran().count();
        match (run.end, run.counted, run.exit) {
            (RunEnd::TimedOut, true, _) if ran > 0 => None,
            (RunEnd::TimedOut, ..) => Some(failed(format!("nothing finished within {}", self.budget))),
            (RunEnd::Crashed | RunEnd::Cancelled, ..) => {
                Some(failed(format!("the runner died: {}", self.last_line())))
            }
            (RunEnd::Finished, true, _) if ran == 0 && run.not_loaded.is_empty() => {
                Some(unknown(self.nothing_ran()))
            }
            // A coverage threshold, a plugin, or a patch that prints "passed": whatever it is, it is not a pass.
            (RunEnd::Finished, true, exit) if exit != Some(0) && !self.explains_its_exit() => Some(failed(
                format!("the runner ended with an error although no test failed: {}", self.last_line()),
            )),
            (RunEnd::Finished, true, _) | (RunEnd::Finished, false, Some(0)) => None,
            (RunEnd::Finished, false, _) if !self.excused.is_empty() => Some(unknown(format!(
                "`{}` fails on base as well, so nobody can tell what is new: {}",
                self.command,
                self.last_line()
            ))),
            (RunEnd::Finished, false, _) => Some(failed(format!("the command failed: {}", self.last_line()))),
        }
    }

    /// What the tests say, when nothing is newly broken.
    fn what_is_known(&self) -> Conclusion {
        if !self.run.counted {
            return passed_with("the command passed".to_owned());
        }
        let passed = passed(self.run);
        if passed == 0 && self.passed_again.is_empty() {
            let excused = self.excused.len();
            let all =
                if excused == 1 { "the only one fails".to_owned() } else { format!("all {excused} fail") };
            return unknown(match excused {
                0 => "no test passed, which is not a pass".to_owned(),
                _ => format!("no test passed: {all} on base as well{}", self.what_is_down()),
            });
        }
        if let Some(file) = self.left_out.first() {
            let file = file.display();
            return unknown(format!(
                "{file} was changed, and the project's own configuration leaves it out, so it did not run"
            ));
        }
        let silent = self.silent_files();
        if let Some(first) = silent.first() {
            let why =
                format!("{first} is nearest to the change, and nothing passed in it{}", self.what_is_down());
            return Conclusion { could_not_tell: silent, ..unknown(why) };
        }
        let tests = if passed == 1 { "1 test".to_owned() } else { format!("{passed} tests") };
        match (self.run.end, self.cut) {
            (RunEnd::TimedOut, cut) => {
                passed_with(format!("{tests} passed within the budget; {cut} files did not get their turn"))
            }
            (_, 0) => passed_with(format!("{tests} passed")),
            (_, cut) => passed_with(format!("{tests} passed; the budget cut {cut} files")),
        }
    }

    /// The files nearest to the change that hold tests of which none passed. A file without any result is none of tests,
    /// as far as anybody can tell.
    fn silent_files(&self) -> Vec<String> {
        let ended = self.run.cases.iter().filter_map(|case| {
            let passed = case.outcome == CaseOutcome::Passed || self.passed_again.contains(&case.id);
            Some((case.file.as_deref()?, passed))
        });
        let mut with_tests: BTreeSet<&str> = BTreeSet::new();
        let mut with_pass: BTreeSet<&str> = BTreeSet::new();
        for (file, passed) in ended {
            with_tests.insert(file);
            if passed {
                with_pass.insert(file);
            }
        }
        with_tests.extend(self.run.not_loaded.iter().map(|(file, _)| file.as_str()));
        let silent = |file: &String| with_tests.contains(file.as_str()) && !with_pass.contains(file.as_str());
        let texts = |files: Vec<&PathBuf>| {
            files.into_iter().map(|file| suite::text_of_path(file)).collect::<Vec<_>>()
        };
        let own = texts(self.of_the_change());
        let could_tell = own.iter().any(|file| with_pass.contains(file.as_str()));
        let nearest = if could_tell { own } else { [own, texts(self.with_the_highest_score())].concat() };
        nearest.into_iter().filter(silent).collect()
    }

    /// The test files of the proof and of the change, and those that the configuration calls critical.
    fn of_the_change(&self) -> Vec<&PathBuf> {
        let ranked = self.ranked.iter().filter(|file| file.why <= Nearness::Critical).map(|file| &file.path);
        let mut seen = BTreeSet::new();
        self.proof_files.iter().chain(ranked).filter(|file| seen.insert(file.as_path())).collect()
    }

    /// Of the other test files those with the highest score: they have to tell where those of the change cannot.
    fn with_the_highest_score(&self) -> Vec<&PathBuf> {
        let near = || self.ranked.iter().filter(|file| file.why == Nearness::Near);
        let best = near().map(Ranked::score).max();
        let is_best = |file: &&Ranked| file.score() >= NEAR && Some(file.score()) == best;
        near().filter(is_best).map(|file| &file.path).collect()
    }

    /// Names what keeps tests from telling, as far as the excused failures say.
    fn what_is_down(&self) -> String {
        let outage = self.excused.values().find(|reason| is_outage(reason));
        match outage.or_else(|| self.excused.values().next()) {
            Some(reason) if is_outage(reason) => format!(" ({reason}): is something down that they need?"),
            Some(reason) => format!(" ({reason})"),
            None => String::new(),
        }
    }

    /// Whether a test or a file accounts for an exit code that is not 0.
    fn explains_its_exit(&self) -> bool {
        self.run.broken().next().is_some() || !self.run.not_loaded.is_empty()
    }

    /// That nothing ran, with what the runner says of it.
    fn nothing_ran(&self) -> String {
        let skipped = self.run.cases.iter().find_map(|case| case.reason.clone());
        let said = || {
            let line = self.last_line().strip_prefix("no test ran: ")?;
            Some(line.to_owned())
        };
        let why = skipped.or_else(said).map(|why| format!(" ({why})")).unwrap_or_default();
        format!("no test ran, which is not a pass{why}")
    }

    fn last_line(&self) -> &str {
        self.run.tail.lines().last().unwrap_or_default()
    }
}
