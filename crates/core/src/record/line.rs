//! Events as lines of `events.jsonl`.
//!
//! A line is one event as JSON. Once written its bytes never change: a line of a newer version, or one that cannot be
//! read at all, is carried along as it is. Each line names the digests of the lines that nobody had named before it,
//! so that no line can be changed or left out unnoticed, except at the end.

use std::collections::{BTreeMap, BTreeSet};

use hotfix_model::{Actor, Digest, Event, Fact};
use jiff::Timestamp;
use serde::Deserialize;
use sha2::Digest as _;
use ulid::Ulid;

use super::clean::clean_value;
use crate::clock::Clock;

/// One line of `events.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    text: Vec<u8>,
    digest: Digest,
    event: Option<Event>,
}

/// What every version writes into a line, whatever happened.
#[derive(Deserialize)]
struct Head {
    id: String,
    at: Timestamp,
    actor: Actor,
    previous: Vec<Digest>,
}

impl Line {
    /// A line as it was found. One that is no event is kept without one.
    pub fn read(text: &[u8]) -> Self {
        let event = serde_json::from_slice(text).ok().or_else(|| read_head(text));
        Self { text: text.to_vec(), digest: sha256(text), event }
    }

    /// The line for a new event, credentials taken out of every text in it.
    pub fn write(event: &Event) -> Result<Self, serde_json::Error> {
        let clean = clean_value(serde_json::to_value(event)?);
        Ok(Self::read(clean.to_string().as_bytes()))
    }

    /// Its bytes, without the newline.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// SHA-256 of its bytes.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The event; `None` if the line is none.
    pub fn event(&self) -> Option<&Event> {
        self.event.as_ref()
    }

    /// The order of events, the same in every clone: by id, which sorts by time, then by digest. Lines that are no
    /// events come last.
    pub(super) fn order(&self) -> (bool, &str, &Digest) {
        let id = self.event.as_ref().map_or("", |event| event.id.as_str());
        (self.event.is_none(), id, &self.digest)
    }
}

/// The lines of `events.jsonl`, in the order of events, each once.
pub fn split(file: &[u8]) -> Vec<Line> {
    let lines = file.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    union(&lines.map(Line::read).collect::<Vec<_>>(), &[])
}

/// `events.jsonl` for these lines.
pub fn join(lines: &[Line]) -> Vec<u8> {
    lines.iter().flat_map(|line| [line.text(), b"\n"].concat()).collect()
}

/// What both know together, in the order of events, each line once.
pub fn union(ours: &[Line], theirs: &[Line]) -> Vec<Line> {
    let mut lines: Vec<Line> = ours.iter().chain(theirs).cloned().collect();
    lines.sort_by(|one, other| one.order().cmp(&other.order()));
    lines.dedup_by(|one, other| one.digest == other.digest);
    lines
}

/// The events in the order in which they happened: each after those it follows, and where that leaves a choice by
/// id, which sorts by time. So a clock that goes wrong cannot put an effect before its cause.
pub(super) fn in_causal_order(lines: &[Line]) -> Vec<&Line> {
    let known: BTreeMap<&Digest, &Line> =
        lines.iter().filter(|line| line.event.is_some()).map(|line| (&line.digest, line)).collect();
    let mut waits: BTreeMap<&Digest, usize> = BTreeMap::new();
    let mut followers: BTreeMap<&Digest, Vec<&Line>> = BTreeMap::new();
    for line in known.values().copied() {
        let previous: BTreeSet<&Digest> = line.event.iter().flat_map(|event| &event.previous).collect();
        let previous = previous.into_iter().filter(|digest| known.contains_key(digest));
        let count = previous.map(|digest| followers.entry(digest).or_default().push(line)).count();
        waits.insert(&line.digest, count);
    }
    let first = known.values().copied().filter(|line| waits.get(&line.digest) == Some(&0));
    let mut ready: BTreeMap<_, &Line> = first.map(|line| (line.order(), line)).collect();
    let mut ordered = Vec::new();
    while let Some((_, line)) = ready.pop_first() {
        ordered.push(line);
        for follower in followers.remove(&line.digest).unwrap_or_default() {
            let left = waits.entry(&follower.digest).or_insert(1);
            *left = left.saturating_sub(1);
            if *left == 0 {
                ready.insert(follower.order(), follower);
            }
        }
    }
    ordered
}

/// The digests that no line names: what the next event follows.
pub fn heads(lines: &[Line]) -> Vec<Digest> {
    let named: BTreeSet<&Digest> = previous_of(lines).collect();
    lines.iter().map(Line::digest).filter(|digest| !named.contains(digest)).cloned().collect()
}

/// Whether all of `some` are among `lines`.
pub(super) fn holds(lines: &[Line], some: &[Line]) -> bool {
    let known: BTreeSet<&Digest> = lines.iter().map(Line::digest).collect();
    some.iter().all(|line| known.contains(&line.digest))
}

/// Whether every line can be read and every line that is named is there.
pub fn is_whole(lines: &[Line]) -> bool {
    let known: BTreeSet<&Digest> = lines.iter().map(Line::digest).collect();
    lines.iter().all(|line| line.event.is_some()) && previous_of(lines).all(|digest| known.contains(digest))
}

/// What one new event says.
pub struct New<'a> {
    /// Who did it.
    pub actor: &'a Actor,
    /// When.
    pub at: Timestamp,
    /// What happened, and the wall time of the deed in milliseconds where it took any.
    pub fact: (Fact, Option<u64>),
    /// The files that are written with it.
    pub evidence: BTreeMap<String, Digest>,
}

/// The lines with one more at the end.
pub fn add(lines: &[Line], clock: &dyn Clock, new: New<'_>) -> Result<Vec<Line>, serde_json::Error> {
    let (fact, elapsed_ms) = new.fact;
    let event = Event {
        id: next_id(lines, clock),
        at: new.at,
        actor: new.actor.clone(),
        previous: heads(lines),
        elapsed_ms,
        evidence: new.evidence,
        fact,
    };
    Ok(union(lines, &[Line::write(&event)?]))
}

/// An id later than all there are. Within one millisecond ids sort by chance, and clocks go wrong: then the time in
/// the id, not the time of the event, is one millisecond after the newest.
fn next_id(lines: &[Line], clock: &dyn Clock) -> String {
    let id_of = |line: &Line| Ulid::from_string(&line.event()?.id).ok();
    let newest = lines.iter().filter_map(id_of).map(|id| id.timestamp_ms()).max();
    let id = clock.ulid();
    match (newest, Ulid::from_string(&id)) {
        (Some(newest), Ok(fresh)) if fresh.timestamp_ms() <= newest => {
            Ulid::from_parts(newest.saturating_add(1), fresh.random()).to_string()
        }
        _ => id,
    }
}

fn previous_of(lines: &[Line]) -> impl Iterator<Item = &Digest> {
    lines.iter().filter_map(Line::event).flat_map(|event| &event.previous)
}

/// An event of a kind, or with data, that this version does not know.
fn read_head(text: &[u8]) -> Option<Event> {
    let Head { id, at, actor, previous } = serde_json::from_slice(text).ok()?;
    let evidence = BTreeMap::new();
    Some(Event { id, at, actor, previous, elapsed_ms: None, evidence, fact: Fact::Unknown })
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> Digest {
    let sum = sha2::Sha256::digest(bytes);
    let halves = sum.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
    Digest(halves.filter_map(|half| char::from_digit(half.into(), 16)).collect())
}

#[cfg(test)]
mod tests {
    use hotfix_model::Step;
    use proptest::prelude::*;

    use super::*;

    fn actor() -> Actor {
        Actor { name: "Ada".to_owned(), email: "ada@example.com".to_owned() }
    }

    fn event(id: &str, fact: Fact) -> Event {
        let at = Timestamp::UNIX_EPOCH;
        let evidence = BTreeMap::new();
        Event {
            id: id.to_owned(),
            at,
            actor: actor(),
            previous: Vec::new(),
            elapsed_ms: None,
            evidence,
            fact,
        }
    }

    #[test]
    fn writes_one_line_and_reads_it_back() {
        let told = "two\nlines, see https://me:secret@host/x".to_owned();
        let line = Line::write(&event("1", Fact::Abandoned { reason: Some(told) })).unwrap();
        insta::assert_snapshot!(
            String::from_utf8_lossy(line.text()),
            @r#"{"id":"1","at":"1970-01-01T00:00:00Z","actor":{"name":"Ada","email":"ada@example.com"},"previous":[],"kind":"abandoned","data":{"reason":"two\nlines, see https://***@host/x"}}"#
        );
        assert_eq!(Line::read(line.text()), line);
    }

    #[test]
    fn carries_what_it_does_not_know() {
        let head = r#""id":"01J","at":"2026-08-01T00:00:00Z","actor":{"name":"n","email":"e"},"previous":[]"#;
        let newer = [
            format!(r#"{{{head},"kind":"teleported","data":{{"to":["moon"]}}}}"#),
            format!(r#"{{{head},"kind":"skipped","data":{{"gate":"moon","reason":""}}}}"#),
            format!(r#"{{{head},"kind":"undone","data":"all","extra":1}}"#),
            format!("{{{head}}}"),
        ];
        for text in newer {
            let line = Line::read(text.as_bytes());
            assert_eq!(line.event().unwrap().fact, Fact::Unknown, "{text}");
            assert_eq!(line.text(), text.as_bytes());
        }
        let damaged = Line::read(b"\xff{");
        assert_eq!((damaged.event(), damaged.text()), (None, b"\xff{".as_slice()));
    }

    #[test]
    fn unknown_fields_of_a_known_kind_do_not_hide_it() {
        let text = r#"{"id":"1","at":"2026-08-01T00:00:00Z","actor":{"name":"n","email":"e","team":"x"},"previous":[],"mood":1,"kind":"undone","data":{"step":"commit","why":"typo"}}"#;
        let line = Line::read(text.as_bytes());
        assert_eq!(line.event().unwrap().fact, Fact::Undone { step: Step::Commit });
    }

    proptest! {
        #[test]
        fn any_file_splits_and_joins_to_the_same_lines(file in proptest::collection::vec(any::<u8>(), 0..200)) {
            let lines = split(&file);
            prop_assert_eq!(split(&join(&lines)), lines);
        }
    }
}
