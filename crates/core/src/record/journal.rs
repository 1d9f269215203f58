//! The journal: what a command was about to change, and that it did.
//!
//! `<common dir>/hotfix/journal.jsonl` gets a line before and a line after everything that changes refs or the remote.
//! After a crash the lines without a second one say where to look; what really happened is asked of the world.
//!
//! A line is JSON whose first field is a checksum of the rest. It is written between two newlines: a line that was cut
//! off, or a byte that went bad, costs that line and no other.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Duration;

use hotfix_model::Step;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::clean::clean_value;
use super::line::sha256;
use crate::ctx::Ctx;
use crate::error::{FileError, Result};
use crate::failpoint;
use crate::git::{Repository, wait_for};

mod process;

use process::Process;

const FILE: &str = "journal.jsonl";
const FORMER: &str = "journal.1.jsonl";
const LOCK: &str = "journal.lock";
/// From this size on a new file is begun, as soon as nothing is unfinished. Every `status` reads the whole file: this is
/// half a millisecond, and some hundred steps.
const ROTATE_AT: u64 = 1 << 17;
/// How long another process may take to write one line.
const LOCK_LIMIT: Duration = Duration::from_secs(10);
/// Hexadecimal digits of the checksum: 64 bits, against accidents.
const SUM_DIGITS: usize = 16;

/// The journal of a repository.
#[derive(Clone)]
pub struct Journal {
    ctx: Ctx,
    dir: PathBuf,
}

/// Something that was about to happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// ULID.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// For which hotfix.
    pub hotfix: String,
    /// In which step.
    pub step: Step,
    /// What, in a word: `push`.
    pub what: String,
    /// What recovery needs to look it up in the world: refs, object ids.
    pub detail: Value,
    process: Process,
}

/// Something that is about to happen. Dropped without [`Intent::done`] it stays unfinished.
#[must_use]
pub struct Intent {
    journal: Journal,
    id: String,
    point: String,
}

/// One line.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "mark", rename_all = "snake_case")]
enum Mark {
    Intent(Entry),
    Done { id: String, at: Timestamp, outcome: Value },
}

impl Journal {
    /// The journal of `repository`; its folder is made on first use.
    pub fn open(repository: &Repository) -> Result<Self> {
        Ok(Self { ctx: repository.ctx().clone(), dir: repository.make_state_dir()? })
    }

    /// Writes down that `what` is about to happen. If that fails, a full disk for one, it must not happen.
    pub fn intend(&self, hotfix: &str, step: Step, what: &str, detail: Value) -> Result<Intent> {
        let entry = Entry {
            id: self.ctx.clock.ulid(),
            at: self.ctx.now(),
            hotfix: hotfix.to_owned(),
            step,
            what: what.to_owned(),
            detail: clean_value(detail),
            process: Process::own(),
        };
        let point = format!("{step}.{what}");
        let intent = Intent { journal: self.clone(), id: entry.id.clone(), point };
        intent.reach("before");
        self.append(&Mark::Intent(entry))?;
        intent.reach("intended");
        Ok(intent)
    }

    /// What was begun and never finished by processes that are gone, for one hotfix or all, in the order it was begun.
    pub fn unfinished(&self, hotfix: Option<&str>) -> Result<Vec<Entry>> {
        let mut open = self.open_entries()?;
        open.retain(|entry| hotfix.is_none_or(|id| entry.hotfix == id) && !entry.process.is_alive());
        Ok(open)
    }

    /// What was begun and never finished for one hotfix, also by processes that live.
    pub fn open_of(&self, hotfix: &str) -> Result<Vec<Entry>> {
        let mut open = self.open_entries()?;
        open.retain(|entry| entry.hotfix == hotfix);
        Ok(open)
    }

    /// Writes down what became of something unfinished, after looking at the world.
    pub fn close(&self, entry: &Entry, outcome: Value) -> Result<()> {
        self.finish(&entry.id, outcome)
    }

    fn finish(&self, id: &str, outcome: Value) -> Result<()> {
        let outcome = clean_value(outcome);
        self.append(&Mark::Done { id: id.to_owned(), at: self.ctx.now(), outcome })
    }

    fn open_entries(&self) -> Result<Vec<Entry>> {
        let path = self.dir.join(FILE);
        match fs::read(&path) {
            Ok(bytes) => Ok(open_entries(&bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(FileError::of("read", path)(error).into()),
        }
    }

    /// Adds a line, durably; one process at a time.
    fn append(&self, mark: &Mark) -> Result<()> {
        let path = self.dir.join(FILE);
        let failed = |error| FileError::of("write", &path)(error);
        let line = seal(mark).map_err(|error| failed(error.into()))?;
        let _lock = wait_for(&self.ctx, &self.dir.join(LOCK), LOCK_LIMIT)?;
        self.rotate()?;
        let mut file =
            OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        file.write_all(line.as_bytes()).and_then(|()| file.sync_data()).map_err(failed)?;
        if length == 0 {
            // A new file is only found again once its folder is on the disk.
            File::open(&self.dir).and_then(|dir| dir.sync_all()).map_err(failed)?;
        }
        Ok(())
    }

    /// Begins a new file when this one is large and holds nothing anybody needs; the last one is kept.
    fn rotate(&self) -> Result<()> {
        let path = self.dir.join(FILE);
        let large = fs::metadata(&path).is_ok_and(|found| found.len() > ROTATE_AT);
        if large && self.open_entries()?.is_empty() {
            fs::rename(&path, self.dir.join(FORMER)).map_err(FileError::of("rename", path))?;
        }
        Ok(())
    }
}

impl Intent {
    /// Writes down that it happened. If that fails there is a warning: recovery will find it done.
    pub fn done(self, outcome: Value) {
        self.reach("effect");
        if let Err(error) = self.journal.finish(&self.id, outcome) {
            self.journal.ctx.warn(format!("{error} ({}); what was done is done", error.why()));
        }
        self.reach("done");
    }

    /// Points at which tests stop the process: `submit.push.intended`.
    fn reach(&self, moment: &str) {
        failpoint::reach(&self.journal.ctx, &format!("{}.{moment}", self.point));
    }
}

/// The line, with its checksum and between newlines.
fn seal(mark: &Mark) -> Result<String, serde_json::Error> {
    let body = serde_json::to_string(mark)?;
    let fields = body.strip_prefix('{').unwrap_or(&body);
    Ok(format!("\n{{\"sum\":\"{}\",{fields}\n", checksum(fields.as_bytes())))
}

/// The line's content, if its checksum is right.
fn unseal(line: &[u8]) -> Option<Mark> {
    let (sum, rest) = line.strip_prefix(b"{\"sum\":\"")?.split_at_checked(SUM_DIGITS)?;
    let fields = rest.strip_prefix(b"\",")?;
    if checksum(fields).as_bytes() != sum {
        return None;
    }
    serde_json::from_slice(&[b"{", fields].concat()).ok()
}

fn checksum(bytes: &[u8]) -> String {
    let mut digits = sha256(bytes).0;
    digits.truncate(SUM_DIGITS);
    digits
}

/// All lines that can be read.
fn marks(file: &[u8]) -> impl Iterator<Item = Mark> {
    file.split(|byte| *byte == b'\n').filter_map(unseal)
}

/// What has an intent and no done.
fn open_entries(file: &[u8]) -> Vec<Entry> {
    let mut open: Vec<Entry> = Vec::new();
    for mark in marks(file) {
        match mark {
            Mark::Intent(entry) => open.push(entry),
            Mark::Done { id, .. } => open.retain(|entry| entry.id != id),
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn mark(number: u8, done: bool) -> Mark {
        let (id, at) = (format!("id-{number}"), Timestamp::UNIX_EPOCH);
        if done {
            return Mark::Done { id, at, outcome: json!("\n{\"sum\":\"") };
        }
        let (hotfix, what) = ("1.2.3".to_owned(), "push".to_owned());
        let detail = json!({ "sum": "0123456789abcdef", "text": "two\nlines" });
        Mark::Intent(Entry { id, at, hotfix, step: Step::Submit, what, detail, process: Process::own() })
    }

    fn file(marks: &[Mark]) -> Vec<u8> {
        marks.iter().flat_map(|mark| seal(mark).unwrap().into_bytes()).collect()
    }

    fn some_marks() -> impl Strategy<Value = Vec<Mark>> {
        proptest::collection::vec(
            (0_u8..4, any::<bool>()).prop_map(|(number, done)| mark(number, done)),
            1..5,
        )
    }

    #[test]
    fn a_line_is_json_with_a_checksum_in_front() {
        let done = Mark::Done { id: "1".to_owned(), at: Timestamp::UNIX_EPOCH, outcome: json!("ok") };
        let line = seal(&done).unwrap();
        insta::assert_snapshot!(line.trim(), @r#"{"sum":"eed30120f9e6f6c3","mark":"done","id":"1","at":"1970-01-01T00:00:00Z","outcome":"ok"}"#);
        assert!(serde_json::from_str::<Value>(&line).is_ok());
    }

    #[test]
    fn done_closes_its_own_intent_only() {
        let marks = [mark(1, false), mark(2, false), mark(3, true), mark(1, true)];
        let ids: Vec<String> = open_entries(&file(&marks)).into_iter().map(|entry| entry.id).collect();
        assert_eq!(ids, ["id-2"]);
    }

    #[test]
    fn cut_at_any_byte_the_rest_is_a_prefix() {
        let all: Vec<Mark> = (0..6).map(|number| mark(number, number % 2 == 1)).collect();
        let bytes = file(&all);
        for length in 0..=bytes.len() {
            let read: Vec<Mark> = marks(&bytes[..length]).collect();
            assert!(all.starts_with(&read), "{length}");
            let mut torn = bytes[..length].to_vec();
            torn.extend(seal(&mark(9, true)).unwrap().bytes());
            let after: Vec<Mark> = marks(&torn).collect();
            assert_eq!(after.last(), Some(&mark(9, true)), "a torn line must not take the next with it");
            assert_eq!(after.len(), read.len() + 1);
        }
    }

    proptest! {
        #[test]
        fn a_bad_byte_costs_one_line(all in some_marks(), place in any::<prop::sample::Index>(), byte: u8) {
            let mut bytes = file(&all);
            let place = place.index(bytes.len());
            bytes[place] = byte;
            let read: Vec<Mark> = marks(&bytes).collect();
            prop_assert!(read.len() + 1 >= all.len());
            let mut rest = all.iter();
            prop_assert!(read.iter().all(|mark| rest.any(|known| known == mark)));
        }

        #[test]
        fn any_bytes_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(open_entries(&bytes).is_empty());
        }
    }
}
