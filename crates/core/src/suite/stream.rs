//! Reads the stream that the helper inside a runner wrote, however far it came.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use hotfix_model::{Case, CaseOutcome};
use serde::Deserialize;

use crate::exec::{redact, sanitize_line};

/// More than any real run writes (a million tests); a test that writes into the stream must not fill the memory.
const LONGEST_STREAM: u64 = 256 << 20;
/// Longest reason kept, in characters.
const LONGEST_REASON: usize = 300;

/// What the helper told.
#[derive(Debug, Default)]
pub struct Heard {
    /// Tests that ended, in that order.
    pub cases: Vec<Case>,
    /// Tests that began and did not end: id and file.
    pub open: Vec<(String, String)>,
    /// Files that could not be loaded, with the reason.
    pub not_loaded: Vec<(String, String)>,
    /// Number of sessions that began.
    pub began: u32,
    /// Number of sessions that came to their end.
    pub finished: u32,
    /// The runner's own count, if exactly one session told it.
    pub own_count: Option<u64>,
    /// A file of the user's own worktree that was imported instead of the tested one.
    pub foreign: Option<String>,
    /// Whether the helper ended the run because a test took too long.
    pub gave_up: bool,
    /// What went wrong outside of any test.
    pub trouble: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line {
    Session,
    NotLoaded {
        file: String,
        reason: String,
    },
    Began {
        id: String,
        file: String,
    },
    Ended {
        id: String,
        file: String,
        outcome: CaseOutcome,
        reason: Option<String>,
        seconds: Option<f64>,
        /// Where it failed: see [`Case::frame`].
        #[serde(default)]
        frame: Option<String>,
        /// What an earlier try said.
        #[serde(default)]
        flaky: Option<String>,
        /// How many times it ran, if more than once.
        #[serde(default)]
        times: Option<u64>,
    },
    Finished {
        ran: Option<u64>,
    },
    Foreign {
        file: String,
    },
    FileBegan {
        file: String,
    },
    Now {
        file: String,
        id: Option<String>,
    },
    FileEnded {
        file: String,
    },
    GaveUp,
    Trouble {
        reason: String,
    },
}

#[derive(Default)]
struct Reader {
    heard: Heard,
    known: HashMap<String, usize>,
    /// Lines that could not be read.
    lost: u64,
    /// Files that are running, of helpers that tell the results of a file at its end, with the test at hand.
    files: BTreeMap<String, Option<String>>,
}

/// Reads a stream; a missing file is an empty one. After a line that cannot be read the runner's own count never agrees
/// with what was read: that line may have been a case.
pub fn read(path: &Path) -> Heard {
    match File::open(path) {
        Ok(file) => of(BufReader::new(file.take(LONGEST_STREAM))),
        Err(_) => Heard::default(),
    }
}

fn of(lines: impl BufRead) -> Heard {
    let mut reader = Reader::default();
    for line in lines.split(b'\n').map_while(Result::ok).filter(|line| !line.is_empty()) {
        match serde_json::from_slice(&line) {
            Ok(line) => reader.take(line),
            Err(_) => reader.lost += 1,
        }
    }
    reader.finish()
}

/// A reason fit for everybody: harmless, without credentials, one line, not long. `None` for nothing.
pub fn clean_reason(reason: &str) -> Option<String> {
    let line = sanitize_line(reason);
    let line = redact(&line);
    (!line.is_empty()).then(|| line.chars().take(LONGEST_REASON).collect())
}

impl Reader {
    fn take(&mut self, line: Line) {
        match line {
            Line::Session => self.heard.began += 1,
            Line::NotLoaded { file, reason } => {
                let reason = clean_reason(&reason).unwrap_or_else(|| "no reason given".to_owned());
                self.heard.not_loaded.push((sanitize_line(&file), reason));
            }
            Line::Began { id, file } => self.begin(sanitize_line(&id), sanitize_line(&file)),
            Line::Ended { id, file, outcome, reason, frame, seconds, flaky, times } => {
                let id = sanitize_line(&id);
                let said = if outcome == CaseOutcome::Passed { flaky } else { reason };
                let reason = said.as_deref().and_then(clean_reason);
                let frame = frame.as_deref().and_then(clean_reason);
                let file = Some(sanitize_line(&file));
                self.end(Case { id, file, outcome, reason, frame, seconds, times });
            }
            Line::Finished { ran } => {
                self.heard.finished += 1;
                self.heard.own_count = ran.filter(|_| self.heard.finished == 1);
            }
            Line::Foreign { file } => self.heard.foreign = Some(sanitize_line(&file)),
            Line::FileBegan { file } => {
                self.files.insert(sanitize_line(&file), None);
            }
            Line::Now { file, id } => {
                self.files.insert(sanitize_line(&file), id.map(|id| sanitize_line(&id)));
            }
            Line::FileEnded { file } => {
                self.files.remove(&sanitize_line(&file));
            }
            Line::GaveUp => self.heard.gave_up = true,
            Line::Trouble { reason } => self.heard.trouble = clean_reason(&reason),
        }
    }

    /// A file that never came to its end stands for its test at hand, or for itself when that is not known.
    fn finish(mut self) -> Heard {
        let came_to_its_end = self.heard.finished > 0;
        for (file, id) in self.files.into_iter().filter(|_| !came_to_its_end) {
            let id = id.unwrap_or_else(|| file.clone());
            if !self.known.contains_key(&id) {
                self.heard.open.push((id, file));
            }
        }
        if self.lost > 0 {
            let read = (self.heard.cases.len() + self.heard.open.len()) as u64;
            self.heard.own_count = Some(self.heard.own_count.unwrap_or_default().max(read) + self.lost);
        }
        self.heard
    }

    /// Plugins that try a failed test again announce it again.
    fn begin(&mut self, id: String, file: String) {
        if self.heard.open.iter().all(|(other, _)| *other != id) {
            self.heard.open.push((id, file));
        }
    }

    /// A command may run a test twice; the worse time counts.
    fn end(&mut self, case: Case) {
        // From the back: the test that ends is nearly always the one that began last.
        if let Some(place) = self.heard.open.iter().rposition(|(id, _)| *id == case.id) {
            self.heard.open.remove(place);
        }
        let known = self.known.get(&case.id).and_then(|place| self.heard.cases.get_mut(*place));
        match known {
            Some(earlier) if badness(earlier.outcome) < badness(case.outcome) => *earlier = case,
            Some(_) => {}
            None => {
                self.known.insert(case.id.clone(), self.heard.cases.len());
                self.heard.cases.push(case);
            }
        }
    }
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

#[cfg(test)]
mod fuzz_tests;

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &[u8]) -> Heard {
        of(text)
    }

    #[test]
    fn a_stream_cut_anywhere_is_read_up_to_there() {
        let whole = concat!(
            "{\"event\":\"session\"}\n",
            "{\"event\":\"began\",\"id\":\"t.py::a\",\"file\":\"t.py\"}\n",
            "{\"event\":\"ended\",\"id\":\"t.py::a\",\"file\":\"t.py\",\"outcome\":\"passed\",\"reason\":null,\"seconds\":0.1}\n",
            "{\"event\":\"began\",\"id\":\"t.py::b\",\"file\":\"t.py\"}\n",
        );
        for length in 0..whole.len() {
            let heard = read_text(&whole.as_bytes()[..length]);
            assert!(heard.cases.len() + heard.open.len() <= 2);
        }
        let heard = read_text(whole.as_bytes());
        assert_eq!(heard.cases.len(), 1);
        assert_eq!(heard.open, [("t.py::b".to_owned(), "t.py".to_owned())]);
        assert_eq!((heard.began, heard.finished, heard.own_count), (1, 0, None));
    }

    #[test]
    fn a_file_that_did_not_end_stands_for_its_test_at_hand() {
        let heard = read_text(
            concat!(
                "{\"event\":\"file_began\",\"file\":\"a\"}\n{\"event\":\"file_began\",\"file\":\"b\"}\n",
                "{\"event\":\"file_began\",\"file\":\"c\"}\n{\"event\":\"now\",\"file\":\"b\",\"id\":\"b::x\"}\n",
                "{\"event\":\"file_ended\",\"file\":\"c\"}\n{\"event\":\"gave_up\"}\n",
            )
            .as_bytes(),
        );
        let open = [("a".to_owned(), "a".to_owned()), ("b::x".to_owned(), "b".to_owned())];
        assert_eq!((heard.open, heard.gave_up), (open.into(), true));
    }

    #[test]
    fn a_test_that_is_tried_again_is_one_test() {
        let line = |event: &str| {
            format!(
                "{{\"event\":\"{event}\",\"id\":\"a\",\"file\":\"a\",\"outcome\":\"passed\",\"reason\":null,\"seconds\":1}}\n"
            )
        };
        let heard = read_text([line("began"), line("began"), line("ended")].concat().as_bytes());
        assert_eq!((heard.cases.len(), heard.open.len()), (1, 0));
    }

    #[test]
    fn what_a_test_prints_into_a_reason_is_harmless() {
        let heard = read_text(
            b"{\"event\":\"ended\",\"id\":\"a\\u001b[2J\",\"file\":\"a\",\"outcome\":\"failed\",\
              \"reason\":\"see https://me:secret@host/\\u202e\\n\",\"seconds\":1}\n",
        );
        assert_eq!(heard.cases[0].id, "a");
        assert_eq!(heard.cases[0].reason.as_deref(), Some("see https://***@host/"));
    }
}
