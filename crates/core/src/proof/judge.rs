//! The verdict on two sides.

use std::collections::BTreeSet;

use hotfix_model::ProofVerdict;
use hotfix_model::Run;
use hotfix_model::proof::SideOutcome;

use super::side::{Colour, Reading, read_side};

/// All there is to judge by.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// Runs on base with the test part of the change laid over it.
    pub red: &'a [Run],
    /// Runs on the fix; empty while no source has changed.
    pub green: &'a [Run],
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
    /// Tests that were red and are green.
    pub flipped: Vec<String>,
    /// How the red side reads.
    pub red: Reading,
    /// How the green side reads; `None` if it did not run.
    pub green: Option<Reading>,
}

/// Tests that are broken with the fix: to be run on plain base before they are held against the fix.
pub fn suspects(green: &[Run]) -> Vec<String> {
    read_side(green).broken.into_iter().collect()
}

/// Judges.
pub fn judge(evidence: &Evidence<'_>) -> Judgement {
    let red = read_side(evidence.red);
    let green = (!evidence.green.is_empty()).then(|| read_side(evidence.green));
    let flipped = green.as_ref().map(|green| flips(&red, green)).unwrap_or_default();
    let (verdict, why) = match (red_trouble(&red, evidence.accept_load_error), &green) {
        (Some(trouble), _) => trouble,
        (None, None) => (ProofVerdict::RedOnly, format!("reproduced: {}", describe(&red))),
        (None, Some(green)) => with_fix(&red, green, &flipped, evidence.failed_on_base),
    };
    Judgement { verdict, why, flipped: flipped.into_iter().collect(), red, green }
}

/// What keeps a red side from being a reproduction.
fn red_trouble(red: &Reading, accept_load_error: bool) -> Option<(ProofVerdict, String)> {
    let because = red.reason.as_deref().unwrap_or("no reason given");
    match (red.colour, red.outcome) {
        (Colour::None, _) => Some((ProofVerdict::Invalid, format!("red side: {because}"))),
        (Colour::Green, _) => {
            Some((ProofVerdict::NotRed, "it passes on base: it does not show the bug".to_owned()))
        }
        (Colour::Red, SideOutcome::NotLoaded) if !accept_load_error => Some((
            ProofVerdict::Invalid,
            format!("on base the tests cannot even be loaded ({because}); that is not yet the bug"),
        )),
        (Colour::Red, _) => None,
    }
}

fn with_fix(
    red: &Reading,
    green: &Reading,
    flipped: &BTreeSet<String>,
    failed_on_base: &BTreeSet<String>,
) -> (ProofVerdict, String) {
    let because = green.reason.as_deref().unwrap_or("no reason given");
    if green.colour == Colour::None {
        return (ProofVerdict::Invalid, format!("green side: {because}"));
    }
    let mut newly_broken = green.broken.difference(failed_on_base);
    if let Some(test) = newly_broken.next() {
        return (ProofVerdict::NotGreen, format!("{test} fails with the fix: {because}"));
    }
    if green.colour == Colour::Red && green.broken.is_empty() {
        return (ProofVerdict::NotGreen, format!("still red with the fix: {because}"));
    }
    // A code alone proves only what it alone has shown: tests that were named as red must be named as green, and what
    // still fails with the fix, on plain base or not, is no code 0.
    let by_code = red.ran.is_none() && green.colour == Colour::Green;
    match flipped.len() {
        0 if !by_code => (
            ProofVerdict::Invalid,
            "what was red on base did not run with the fix, or fails on plain base as well".to_owned(),
        ),
        0 => (ProofVerdict::Proven, format!("red on base ({}), green with the fix", describe(red))),
        1 => (ProofVerdict::Proven, format!("1 test flipped from red to green ({})", describe(red))),
        count => {
            (ProofVerdict::Proven, format!("{count} tests flipped from red to green ({})", describe(red)))
        }
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

fn describe(red: &Reading) -> String {
    let reason = red.reason.as_deref().unwrap_or("no reason given");
    match red.outcome {
        SideOutcome::TimedOut => format!("time limit: {reason}"),
        SideOutcome::Crashed => format!("runner crashed: {reason}"),
        SideOutcome::NotLoaded => format!("not loadable: {reason}"),
        _ => reason.to_owned(),
    }
}
