//! The verdict on both sides.

use std::collections::BTreeSet;

use hotfix_model::ProofVerdict;
use hotfix_model::Run;
use hotfix_model::proof::SideOutcome;

use super::reasons::is_outage;
use super::side::{Colour, Reading, read_run, without_colour};

/// All there is to judge by. All runs are of one place; between base and the fix only the source part of the change is
/// different there.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// Runs on base with the test part of the change laid over it: the first, and the last of all.
    pub red: &'a [Run],
    /// Runs with the fix, in between; empty while no source has changed.
    pub green: &'a [Run],
    /// What ran in the slot with the fix, if something did: it tells what only the slot has.
    pub slot: Option<&'a Run>,
    /// Tests of [`suspects`] that fail on plain base as well.
    pub failed_on_base: &'a BTreeSet<String>,
    /// Whether a red by import or compile error counts.
    pub accept_load_error: bool,
}

/// The verdict, its reason, and the tests that flipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What the two sides show together.
    pub verdict: ProofVerdict,
    /// The same in one sentence.
    pub why: String,
    /// Tests that were red and are green, each time they ran.
    pub flipped: Vec<String>,
    /// Tests that differed between two runs of the same files. They prove nothing and spoil nothing.
    pub wavering: Vec<String>,
    /// How the red side reads.
    pub red: Reading,
    /// How the green side reads; `None` if it did not run.
    pub green: Option<Reading>,
}

/// Tests that are broken in every run with the fix: to be run on plain base before they are held against the fix.
pub fn suspects(green: &[Run]) -> Vec<String> {
    let Some((first, others)) = green.split_first() else { return Vec::new() };
    let others: Vec<Reading> = others.iter().map(read_run).collect();
    let stays = |test: &String| others.iter().all(|run| !run.ran_test(test) || run.broken.contains(test));
    read_run(first).broken.into_iter().filter(stays).collect()
}

/// The tests that are red in the first run and green in the second: those that have to do it once more. A file that could
/// not be loaded stands for the tests that passed in it with the fix.
pub fn candidates(red: &Run, green: &Run) -> BTreeSet<String> {
    flips(&read_run(red), &read_run(green))
}

/// Judges.
pub fn judge(evidence: &Evidence<'_>) -> Judgement {
    let Some(first_red) = evidence.red.first() else {
        let red = without_colour("it was not run");
        return ReadEvidence::new(evidence, red).conclude(invalid("red side: it was not run"));
    };
    let read = ReadEvidence::new(evidence, read_run(first_red));
    let finding = read.red_trouble().unwrap_or_else(|| read.finding());
    read.conclude(finding)
}

/// A verdict with its reason.
struct Finding {
    verdict: ProofVerdict,
    why: String,
    /// The side whose runs disagreed, if that decided.
    flaky: Option<FlakySide>,
}

enum FlakySide {
    Red,
    Green,
}

impl Finding {
    fn new(verdict: ProofVerdict, why: impl Into<String>) -> Self {
        Self { verdict, why: why.into(), flaky: None }
    }
}

fn invalid(why: impl Into<String>) -> Finding {
    Finding::new(ProofVerdict::Invalid, why)
}

fn green_differs(what: &str) -> Finding {
    let why = format!("green side: {what} differs between two runs of the same files");
    Finding { flaky: Some(FlakySide::Green), ..invalid(why) }
}

/// The evidence with its runs read.
struct ReadEvidence<'a> {
    evidence: &'a Evidence<'a>,
    red: Reading,
    /// The runs on base after those with the fix.
    later_reds: Vec<Reading>,
    green: Option<Reading>,
    later_greens: Vec<Reading>,
    /// Tests that flipped in the first two runs.
    candidates: BTreeSet<String>,
    /// Those of them that did so each time.
    steady: BTreeSet<String>,
    wavering: BTreeSet<String>,
}

impl<'a> ReadEvidence<'a> {
    fn new(evidence: &'a Evidence<'a>, red: Reading) -> Self {
        let later = |runs: &[Run]| runs.iter().skip(1).map(read_run).collect::<Vec<_>>();
        let (later_reds, later_greens) = (later(evidence.red), later(evidence.green));
        let green = evidence.green.first().map(read_run);
        let candidates = match &green {
            Some(green) => flips(&red, green),
            None => red.broken.clone(),
        };
        let slot = evidence.slot.map(read_run);
        let is_steady = |test: &&String| {
            later_reds.iter().all(|run| is_red(run, test))
                && later_greens.iter().all(|run| is_green(run, test))
                && slot
                    .as_ref()
                    .is_none_or(|slot| !slot.broken.contains(*test) && !slot.retried.contains(*test))
        };
        let steady: BTreeSet<String> = candidates.iter().filter(is_steady).cloned().collect();
        let neighbours = green.iter().flat_map(|green| &green.broken);
        let wavering_neighbours = neighbours.filter(|test| {
            later_greens.iter().any(|run| run.passed.contains(*test) || run.retried.contains(*test))
        });
        let wavering = candidates.difference(&steady).chain(wavering_neighbours).cloned().collect();
        Self { evidence, red, later_reds, green, later_greens, candidates, steady, wavering }
    }

    fn conclude(self, finding: Finding) -> Judgement {
        let proven = finding.verdict == ProofVerdict::Proven;
        let (mut red, mut green) = (self.red, self.green);
        // The reason that is shown is that of a test that flipped, not of a neighbour.
        if let Some(first) = self.steady.first() {
            red.reason = Some(red.reason_of(first).to_owned());
        }
        match (&finding.flaky, &mut green) {
            (Some(FlakySide::Red), _) => red.outcome = SideOutcome::Flaky,
            (Some(FlakySide::Green), Some(green)) => green.outcome = SideOutcome::Flaky,
            _ => {}
        }
        if let Some(green) = green.as_mut().filter(|_| proven) {
            (green.outcome, green.reason) = (SideOutcome::Passed, None);
        }
        let flipped = if green.is_some() { self.steady.into_iter().collect() } else { Vec::new() };
        Judgement {
            verdict: finding.verdict,
            why: finding.why,
            flipped,
            wavering: self.wavering.into_iter().collect(),
            red,
            green,
        }
    }

    /// What keeps the red side from being a reproduction.
    fn red_trouble(&self) -> Option<Finding> {
        let because = self.red.reason.as_deref().unwrap_or("no reason given");
        match (self.red.colour, self.red.outcome) {
            (Colour::None, _) => Some(invalid(format!("red side: {because}"))),
            (Colour::Green, _) => {
                Some(Finding::new(ProofVerdict::NotRed, "it passes on base: it does not show the bug"))
            }
            (Colour::Red, SideOutcome::NotLoaded) if !self.evidence.accept_load_error => Some(invalid(
                format!("on base the tests cannot even be loaded ({because}); that is not yet the bug"),
            )),
            (Colour::Red, _) => None,
        }
    }

    fn finding(&self) -> Finding {
        for (side, runs) in [("red", &self.later_reds), ("green", &self.later_greens)] {
            if let Some(run) = runs.iter().find(|run| run.is_worth_nothing) {
                return invalid(format!(
                    "{side} side: {}",
                    run.reason.as_deref().unwrap_or("no reason given")
                ));
            }
        }
        match &self.green {
            None => self.reproduced(),
            Some(green) => self.with_fix(green),
        }
    }

    /// No source has changed yet: red, twice, is what is wanted.
    fn reproduced(&self) -> Finding {
        let unlike = self.later_reds.iter().any(|run| run.colour != Colour::Red);
        if unlike || (!self.candidates.is_empty() && self.steady.is_empty()) {
            return Finding {
                flaky: Some(FlakySide::Red),
                ..invalid(format!(
                    "red side: {} differs between two runs of the same files",
                    self.candidates.first().map_or("the result", String::as_str)
                ))
            };
        }
        if let Some(outage) = self.outage() {
            return outage;
        }
        Finding::new(ProofVerdict::RedOnly, format!("reproduced: {}", self.describe_red()))
    }

    fn with_fix(&self, green: &Reading) -> Finding {
        let because = green.reason.as_deref().unwrap_or("no reason given");
        if green.colour == Colour::None {
            return invalid(format!("green side: {because}"));
        }
        if let Some(finding) = self.still_broken(green) {
            return finding;
        }
        // An exit code alone proves only what it alone has shown: tests that were named as red must be named as green,
        // and what still fails with the fix, on plain base or not, is no code 0.
        if self.red.ran.is_none() && green.colour == Colour::Green {
            return self.by_code();
        }
        if self.steady.is_empty() {
            return self.nothing_steady(green);
        }
        if let Some(outage) = self.outage() {
            return outage;
        }
        let red = self.describe_red();
        let why = match self.steady.len() {
            1 => format!("1 test flipped from red to green ({red})"),
            count => format!("{count} tests flipped from red to green ({red})"),
        };
        Finding::new(ProofVerdict::Proven, why)
    }

    /// A test that is broken with the fix, each time it ran, and not on plain base. One that passes in the slot with the
    /// same files is no fault of the fix: the twin lacks what it needs.
    fn still_broken(&self, green: &Reading) -> Option<Finding> {
        let steadily = |test: &&String| {
            self.later_greens.iter().all(|run| !run.ran_test(test) || run.broken.contains(*test))
        };
        let mut broken = green.broken.difference(self.evidence.failed_on_base).filter(steadily);
        let because = green.reason.as_deref().unwrap_or("no reason given");
        let Some(test) = broken.next() else {
            let opaque = green.colour == Colour::Red && green.broken.is_empty();
            if opaque && self.later_greens.iter().any(|run| run.colour == Colour::Green) {
                return Some(green_differs("the result"));
            }
            return opaque.then(|| match self.evidence.slot {
                Some(slot) if slot.is_green() => the_twin_lacks(because),
                _ => Finding::new(
                    ProofVerdict::NotGreen,
                    format!("still red with the fix: {because}{}", time_limit_hint(green)),
                ),
            });
        };
        let passes_in_slot = self.evidence.slot.is_some_and(|slot| {
            std::iter::once(test).chain(broken).all(|test| read_run(slot).passed.contains(test))
        });
        let because = green.reason_of(test);
        if passes_in_slot {
            return Some(the_twin_lacks(because));
        }
        let hint = match self.is_down_on_both_sides(green, test) {
            true => "; it is an outage on base as well: start what the test needs",
            false => time_limit_hint(green),
        };
        let why = format!("{test} fails with the fix: {because}{hint}");
        Some(Finding::new(ProofVerdict::NotGreen, why))
    }

    /// Whether a test is broken on both sides for want of something it needs.
    fn is_down_on_both_sides(&self, green: &Reading, test: &str) -> bool {
        self.red.broken.contains(test)
            && is_outage(self.red.reason_of(test))
            && is_outage(green.reason_of(test))
    }

    /// The verdict on a plain command, whose tests cannot be told apart.
    fn by_code(&self) -> Finding {
        if self.later_reds.iter().any(|run| run.colour != Colour::Red) {
            return self.moved("the command");
        }
        if self.later_greens.iter().any(|run| run.colour != Colour::Green) {
            return green_differs("the result");
        }
        self.outage().unwrap_or_else(|| {
            let why = format!("red on base ({}), green with the fix", self.describe_red());
            Finding::new(ProofVerdict::Proven, why)
        })
    }

    fn nothing_steady(&self, green: &Reading) -> Finding {
        let Some(first) = self.candidates.first() else {
            if let Some(test) = self.wavering.first() {
                return green_differs(test);
            }
            let retried = self.red.broken.iter().find(|test| green.retried.contains(*test));
            return invalid(match retried {
                Some(test) => format!("green side: {test} passed at one try and failed at another"),
                None => {
                    "what was red on base did not run with the fix, or fails on plain base as well".to_owned()
                }
            });
        };
        if self.later_reds.iter().any(|run| !is_red(run, first)) {
            return self.moved(first);
        }
        match self.later_greens.iter().all(|run| is_green(run, first)) {
            true => invalid(format!("{first} passes in the twin and fails in the slot with the same files")),
            false => green_differs(first),
        }
    }

    /// The last run on base is not what the first was: something besides the source changed meanwhile.
    fn moved(&self, what: &str) -> Finding {
        let why = format!(
            "{what} was red on base at first ({}) and no longer was after the runs with the fix: something besides the \
             change made the difference",
            self.red.reason_of(what)
        );
        Finding { flaky: Some(FlakySide::Red), ..invalid(why) }
    }

    /// Tests that were red for an outage alone reproduce nothing.
    fn outage(&self) -> Option<Finding> {
        let readings = || std::iter::once(&self.red).chain(&self.later_reds);
        let is_out = |test: &String| readings().any(|reading| is_outage(reading.reason_of(test)));
        let all_out = match self.steady.is_empty() {
            true => readings().any(|reading| reading.reason.as_deref().is_some_and(is_outage)),
            false => self.steady.iter().all(is_out),
        };
        all_out.then(|| {
            let reason = self.steady.first().map_or_else(
                || self.red.reason.as_deref().unwrap_or_default(),
                |test| self.red.reason_of(test),
            );
            invalid(format!(
                "red for want of something the test needs ({reason}), which is an outage and no reproduction"
            ))
        })
    }

    fn describe_red(&self) -> String {
        let reason = match self.steady.first() {
            Some(test) => self.red.reason_of(test),
            None => self.red.reason.as_deref().unwrap_or("no reason given"),
        };
        match self.red.outcome {
            SideOutcome::TimedOut => format!("time limit: {reason}"),
            SideOutcome::Crashed => format!("runner crashed: {reason}"),
            SideOutcome::NotLoaded => format!("not loadable: {reason}"),
            _ => reason.to_owned(),
        }
    }
}

fn is_red(reading: &Reading, test: &String) -> bool {
    let file = test.split("::").next().unwrap_or_default();
    reading.broken.contains(test) || reading.not_loaded.contains(file)
}

fn is_green(reading: &Reading, test: &String) -> bool {
    reading.passed.contains(test)
}

fn the_twin_lacks(because: &str) -> Finding {
    invalid(format!(
        "the twin lacks something that the slot has, for the same test passes there ({because}); slot.setup or slot.copy \
         in hotfix.toml names what makes it or copies it"
    ))
}

/// What to set where a test, or a command as a whole, honestly takes longer than its limit.
fn time_limit_hint(green: &Reading) -> &'static str {
    match (green.outcome, green.broken.is_empty()) {
        (SideOutcome::TimedOut, false) => "; for a test that needs longer: --set prove.test_timeout=60s",
        (SideOutcome::TimedOut, true) => "; for tests that need longer: --set prove.timeout=10m",
        _ => "",
    }
}

/// Tests that were broken on base and passed with the fix. A file that could not be loaded on base stands for the
/// tests that passed in it with the fix.
fn flips(red: &Reading, green: &Reading) -> BTreeSet<String> {
    if red.colour == Colour::None || green.colour == Colour::None {
        return BTreeSet::new();
    }
    let unloaded = |test: &&String| {
        red.not_loaded
            .iter()
            .any(|file| test.strip_prefix(file.as_str()).is_some_and(|rest| rest.starts_with("::")))
    };
    let loaded_now = green.passed.iter().filter(unloaded);
    red.broken.intersection(&green.passed).chain(loaded_now).cloned().collect()
}
