//! Puts a [`Run`] together from what the runner streamed and how it ended.

use std::collections::BTreeMap;

use hotfix_model::{Case, CaseOutcome, Run, RunEnd};

use super::stream::{Heard, clean_reason};
use crate::exec::{Ending, Finished, redact, sanitize};

/// Bytes of output kept with the run.
const TAIL: usize = 4 << 10;
/// Bytes looked at for them; terminal sequences take room.
const LOOKED_AT: usize = 64 << 10;

/// How a run ended, and why if it did not come to its own end.
#[derive(Debug)]
pub struct End {
    /// How.
    pub end: RunEnd,
    /// One line.
    pub reason: Option<String>,
}

/// What a runner knows besides what it heard.
pub struct Told {
    /// Its name.
    pub runner: &'static str,
    /// What a person would have typed.
    pub command: Vec<String>,
    /// Whether tests could be counted.
    pub counted: bool,
    /// The independent count.
    pub claimed: Option<u64>,
}

impl End {
    /// The runner came to its own end.
    pub fn finished() -> Self {
        Self { end: RunEnd::Finished, reason: None }
    }

    /// The runner died or cannot be trusted.
    pub fn crashed(reason: impl Into<String>) -> Self {
        Self { end: RunEnd::Crashed, reason: Some(reason.into()) }
    }

    /// The time of the run passed, and no test can be blamed for it.
    pub fn out_of_time() -> Self {
        Self { end: RunEnd::TimedOut, reason: Some("the time limit of the run passed".to_owned()) }
    }

    /// The end of a child that did not end by itself; `None` if it did, with its code.
    pub fn of(ending: Ending) -> Result<i32, Self> {
        match ending {
            Ending::Exited(code) => Ok(code),
            Ending::Signalled(number) => Err(Self::crashed(format!("it was ended by signal {number}"))),
            Ending::TimedOut => Err(Self::out_of_time()),
            Ending::Cancelled => {
                Err(Self { end: RunEnd::Cancelled, reason: Some("you stopped it".to_owned()) })
            }
        }
    }
}

/// The run: every test that began is in it, also those that never ended.
pub fn run_of(told: Told, finished: &Finished, heard: Heard, end: &End) -> Run {
    let mut cases = heard.cases;
    cases.extend(heard.open.into_iter().map(|(id, file)| interrupted(id, file, end)));
    Run {
        runner: told.runner.to_owned(),
        command: told.command,
        end: end.end,
        exit: finished.ending.code(),
        cases,
        counted: told.counted,
        claimed: told.claimed,
        not_loaded: heard.not_loaded,
        tail: tail(&finished.stdout, end.reason.as_deref()),
        foreign: heard.foreign.as_deref().map(foreign_sentence),
        elapsed_ms: u64::try_from(finished.elapsed.as_millis()).unwrap_or(u64::MAX),
    }
}

/// What [`Run::foreign`] says of a file outside the place.
fn foreign_sentence(file: &str) -> String {
    format!("the tests imported {file}, which is not the code that was to be tested")
}

/// A run that never started a process.
pub fn nothing(told: Told, end: End) -> Run {
    Run {
        runner: told.runner.to_owned(),
        command: told.command,
        end: end.end,
        exit: None,
        cases: Vec::new(),
        counted: told.counted,
        claimed: told.claimed,
        not_loaded: Vec::new(),
        tail: end.reason.unwrap_or_default(),
        foreign: None,
        elapsed_ms: 0,
    }
}

/// Tells apart tests of one id: a module that a library and a program both have, a test with several parameters.
pub fn unlike(mut cases: Vec<Case>) -> Vec<Case> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for case in &mut cases {
        let count = seen.entry(case.id.clone()).or_default();
        *count += 1;
        if *count > 1 {
            case.id = format!("{} (in {count})", case.id);
        }
    }
    cases
}

/// The first line of an output that tells of an error, harmless and short.
pub fn telling_line(output: &[u8]) -> Option<String> {
    let start = output.len().saturating_sub(LOOKED_AT);
    let text = sanitize(&String::from_utf8_lossy(output.get(start..).unwrap_or_default()));
    let tells = |line: &&str| {
        let line = line.to_ascii_lowercase();
        ["error", "cannot ", "unexpected ", "undefined", "fatal"].iter().any(|word| line.contains(word))
    };
    clean_reason(text.lines().map(str::trim).find(tells)?)
}

fn interrupted(id: String, file: String, end: &End) -> Case {
    let (outcome, reason) = match end.end {
        RunEnd::TimedOut => (CaseOutcome::TimedOut, "still running when the time limit of the run passed"),
        RunEnd::Cancelled => (CaseOutcome::Crashed, "still running when you stopped it"),
        RunEnd::Finished | RunEnd::Crashed => (CaseOutcome::Crashed, "the runner died while it ran"),
    };
    let reason = match (&end.end, &end.reason) {
        (RunEnd::Crashed, Some(why)) => format!("{reason}: {why}"),
        _ => reason.to_owned(),
    };
    Case { id, file: Some(file), outcome, reason: Some(reason), frame: None, seconds: None, times: None }
}

/// The last line that says something, harmless and without credentials.
pub fn last_line(output: &[u8]) -> String {
    tail(output, None)
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("it said nothing")
        .to_owned()
}

/// The end of what was printed, harmless and without credentials, then the reason.
fn tail(output: &[u8], reason: Option<&str>) -> String {
    let start = output.len().saturating_sub(LOOKED_AT);
    let text = String::from_utf8_lossy(output.get(start..).unwrap_or_default());
    // In this order: a sequence inside an address must not hide a credential from the redaction.
    let text = redact(&sanitize(&text)).into_owned();
    let room = TAIL.saturating_sub(reason.map_or(0, |reason| reason.len() + 1));
    let mut from = text.len().saturating_sub(room);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let mut tail = text.get(from..).unwrap_or_default().trim_end().to_owned();
    if let Some(reason) = reason {
        if !tail.is_empty() {
            tail.push('\n');
        }
        tail.push_str(reason);
    }
    tail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_short_harmless_and_ends_with_the_reason() {
        let output = "ü\u{1b}[31m".repeat(10_000);
        let tail = tail(output.as_bytes(), Some("it was ended by signal 6"));
        assert!(tail.len() <= TAIL, "{}", tail.len());
        assert!(tail.starts_with('ü') && tail.ends_with("\nit was ended by signal 6"));
        assert!(!tail.contains('\u{1b}'));
        assert_eq!(
            super::tail(b"http\x1b[1ms:/\x1b[0m/me:token@host/x \xff\n", None),
            "https://***@host/x \u{fffd}"
        );
    }
}
