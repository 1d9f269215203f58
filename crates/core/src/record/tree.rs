//! The tree a record's ref points at: `record.json`, `events.jsonl` and the files of `evidence`.

use hotfix_model::Record;
use hotfix_model::record::RECORD_VERSION;
use serde_json::Value;

use super::line::{self, Line};
use super::{Brief, RecordError, fold};
use crate::error::Result;
use crate::git::{NewObjects, Object, Oid, Repository, TreeEntry};

pub(super) const STATE: &str = "record.json";
pub(super) const EVENTS: &str = "events.jsonl";
const EVIDENCE: &str = "evidence";

/// From so many records on, Git reads them faster than we do.
const MANY: usize = 100;

/// Mode of an ordinary file in a tree.
const FILE: &str = "100644";
/// Mode of a folder in a tree.
const FOLDER: &str = "040000";

/// A record as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The hotfix.
    pub id: String,
    /// The tree its ref points at.
    pub tree: Oid,
    /// The state the events add up to.
    pub record: Record,
    /// The events, in their order.
    pub lines: Vec<Line>,
    /// Whether everything could be read and no event is missing.
    pub intact: bool,
    /// Whether a newer git-hotfix wrote it: it may be read, and must not be written.
    pub newer: bool,
    pub(super) files: Files,
}

/// One of all local records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The hotfix.
    pub id: String,
    /// The tree its ref points at.
    pub tree: Oid,
    /// The state; `None` if it is damaged beyond reading.
    pub record: Option<Record>,
    /// Whether everything could be read and no event is missing.
    pub intact: bool,
    /// Whether a newer git-hotfix wrote it.
    pub newer: bool,
}

/// What else the tree holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Files {
    /// Sorted by name.
    pub evidence: Vec<TreeEntry>,
    /// Files of newer versions, kept as they are; sorted by name.
    pub others: Vec<TreeEntry>,
}

/// The answers to [`questions`].
pub(super) struct Found([Option<Object>; 4]);

/// What to ask Git to read a record.
fn questions(treeish: &str) -> [String; 4] {
    [
        treeish.to_owned(),
        format!("{treeish}:{STATE}"),
        format!("{treeish}:{EVENTS}"),
        format!("{treeish}:{EVIDENCE}"),
    ]
}

/// Reads one record, by its ref or its tree.
pub(super) fn ask(repository: &Repository, treeish: &str) -> Result<Found> {
    let mut found = ask_all(repository, [treeish])?;
    Ok(found.pop().unwrap_or(Found([const { None }; 4])))
}

/// Reads several records in one call; the answers come in the order of the questions.
pub(super) fn ask_all<'a>(
    repository: &Repository,
    treeishes: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<Found>> {
    let names: Vec<String> = treeishes.into_iter().flat_map(questions).collect();
    let mut answers = repository.read_objects(&names)?.into_iter();
    let mut next = || answers.next().flatten();
    Ok((0..names.len() / 4).map(|_| Found([next(), next(), next(), next()])).collect())
}

/// Reads the state alone of several records, in one call.
pub(super) fn ask_briefs(repository: &Repository, trees: &[&Oid]) -> Result<Vec<Option<Brief>>> {
    let wanted: Vec<(&Oid, &str)> = trees.iter().map(|tree| (*tree, STATE)).collect();
    let states = match trees.len() {
        0..MANY => repository.read_files(&wanted)?,
        _ => repository.read_many_files(&wanted)?,
    };
    Ok(states.into_iter().map(|state| Brief::read(&state?)).collect())
}

impl Found {
    /// What the ref points at, if it exists.
    pub fn root(&self) -> Option<&Oid> {
        self.0[0].as_ref().map(|object| &object.oid)
    }

    /// Whether all answers are about the same tree: a ref may move between two questions.
    pub fn is_consistent(&self) -> bool {
        let entries = self.0[0].as_ref().and_then(Object::entries).unwrap_or_default();
        let named = |name: &str| entries.iter().find(|entry| entry.name == name).map(|entry| &entry.oid);
        let [_, state, events, evidence] = &self.0;
        let pairs = [(STATE, state), (EVENTS, events), (EVIDENCE, evidence)];
        pairs.into_iter().all(|(name, found)| named(name) == found.as_ref().map(|object| &object.oid))
    }

    /// Puts the record together from whatever can be read.
    pub fn stored(self, id: &str) -> Result<Stored, RecordError> {
        let damaged = |what: &str| RecordError::Damaged { id: id.to_owned(), what: what.to_owned() };
        let [root, state, events, evidence] = self.0;
        let root = root.ok_or_else(|| damaged("its tree is missing"))?;
        let entries = root.entries().ok_or_else(|| damaged("its ref does not point at a tree"))?;
        let lines = line::split(&events.map(|object| object.bytes).unwrap_or_default());
        let state = State::read(&state.map(|object| object.bytes).unwrap_or_default());
        let folded = fold(id, &lines);
        let intact = line::is_whole(&lines) && folded.is_some() && state.record.is_some();
        let newer = state.version > u64::from(RECORD_VERSION);
        let record = if newer { state.record.or(folded) } else { folded.or(state.record) };
        let record = record.ok_or_else(|| damaged("neither its events nor its state can be read"))?;
        let evidence = evidence.and_then(|object| object.entries()).unwrap_or_default();
        let ours = [STATE, EVENTS, EVIDENCE];
        let others = entries.into_iter().filter(|entry| !ours.contains(&entry.name.as_str())).collect();
        let files = Files { evidence, others };
        Ok(Stored { id: id.to_owned(), tree: root.oid, record, lines, intact, newer, files })
    }

    /// The same, as one of a list: damage is not an error there.
    pub fn summary(self, id: &str, tree: Oid) -> Summary {
        let id = id.to_owned();
        match self.stored(&id) {
            Ok(Stored { record, intact, newer, .. }) => {
                Summary { id, tree, record: Some(record), intact, newer }
            }
            Err(_) => Summary { id, tree, record: None, intact: false, newer: false },
        }
    }
}

/// `record.json`, as far as it can be read.
struct State {
    version: u64,
    record: Option<Record>,
}

impl State {
    fn read(bytes: &[u8]) -> Self {
        let value: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let version = value.get("version").and_then(Value::as_u64).unwrap_or_default();
        Self { version, record: serde_json::from_value(value).ok() }
    }
}

impl Files {
    /// What both hold. Of two files with one name, the one whose id sorts first keeps it and the other is found beside
    /// it, its id behind the name: nothing is lost, and every order of merging ends the same.
    pub fn union(&self, other: &Self) -> Self {
        Self { evidence: both(&self.evidence, &other.evidence), others: both(&self.others, &other.others) }
    }

    /// Puts files in, each in the place of an earlier one of its name.
    pub fn put(&mut self, new: Vec<TreeEntry>) {
        for entry in new {
            self.evidence.retain(|known| known.name != entry.name);
            self.evidence.push(entry);
        }
        self.evidence.sort_by(|one, other| one.name.cmp(&other.name));
    }
}

fn both(ours: &[TreeEntry], theirs: &[TreeEntry]) -> Vec<TreeEntry> {
    let mut all: Vec<TreeEntry> = ours.iter().chain(theirs).cloned().collect();
    let key = |entry: &TreeEntry| (entry.name.clone(), entry.oid.clone());
    all.sort_by_key(key);
    all.dedup_by_key(|entry| key(entry));
    let mut taken = String::new();
    for entry in &mut all {
        if entry.name == taken {
            entry.name = format!("{}.{}", entry.name, entry.oid.short());
        } else {
            taken.clone_from(&entry.name);
        }
    }
    all.sort_by_key(key);
    all.dedup_by_key(|entry| key(entry));
    all
}

impl Stored {
    /// This one, and all that `other` knows besides. Whoever knows all the other's events has the newer files; else
    /// both keep theirs. The tree is still this one's.
    pub(super) fn with(self, other: &Self) -> Self {
        let ahead = line::holds(&self.lines, &other.lines);
        let behind = line::holds(&other.lines, &self.lines);
        let files = match (ahead, behind) {
            (true, false) => self.files,
            (false, true) => other.files.clone(),
            _ => self.files.union(&other.files),
        };
        let lines = line::union(&self.lines, &other.lines);
        let record = fold(&self.id, &lines).unwrap_or(self.record);
        let intact = self.intact && other.intact || line::is_whole(&lines);
        let newer = self.newer || other.newer;
        Self { record, lines, intact, newer, files, ..self }
    }

    /// Whether two hold the same events and files.
    pub(super) fn holds_the_same(&self, other: &Self) -> bool {
        let digests =
            |stored: &Self| stored.lines.iter().map(|line| line.digest().clone()).collect::<Vec<_>>();
        self.files == other.files && digests(self) == digests(other)
    }

    /// Names of files that this version knows nothing of, sorted.
    pub(super) fn strangers(&self) -> impl Iterator<Item = &str> {
        self.files.others.iter().map(|entry| entry.name.as_str())
    }

    /// Names of the pieces of evidence, sorted.
    pub fn evidence_names(&self) -> impl Iterator<Item = &str> {
        self.files.evidence.iter().map(|entry| entry.name.as_str())
    }
}

/// Adds the objects of a record and gives its tree.
pub(super) fn compose(
    objects: &mut NewObjects<'_>,
    record: &Record,
    lines: &[Line],
    files: &Files,
) -> Result<Oid, serde_json::Error> {
    let mut state = serde_json::to_vec_pretty(record)?;
    state.push(b'\n');
    let mut entries = files.others.clone();
    entries.push(file(STATE, objects.blob(state)));
    entries.push(file(EVENTS, objects.blob(line::join(lines))));
    if !files.evidence.is_empty() {
        let oid = objects.tree(&files.evidence);
        entries.push(TreeEntry { mode: FOLDER.to_owned(), oid, name: EVIDENCE.to_owned() });
    }
    Ok(objects.tree(&entries))
}

/// An ordinary file of a tree.
pub(super) fn file(name: &str, oid: Oid) -> TreeEntry {
    TreeEntry { mode: FILE.to_owned(), oid, name: name.to_owned() }
}

/// Where a piece of evidence is, from the root of the tree.
pub(super) fn evidence_path(name: &str) -> String {
    format!("{EVIDENCE}/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kind: &str, digit: &str, bytes: &[u8]) -> Object {
        let oid = Oid::parse(&digit.repeat(40)).unwrap();
        Object { oid, kind: kind.to_owned(), bytes: bytes.to_vec() }
    }

    #[test]
    fn answers_about_different_trees_are_told_apart() {
        let root = [b"100644 events.jsonl\0".as_slice(), &[0x22; 20]].concat();
        let answers = |events: &str| {
            Found([Some(object("tree", "1", &root)), None, Some(object("blob", events, b"")), None])
        };
        assert!(answers("2").is_consistent());
        assert!(!answers("3").is_consistent());
        let mut more = answers("2");
        more.0[1] = Some(object("blob", "4", b""));
        assert!(!more.is_consistent());
    }

    #[test]
    fn files_of_one_name_are_all_kept_whatever_the_order() {
        let files = |digit: &str| {
            let oid = Oid::parse(&digit.repeat(40)).unwrap();
            Files { evidence: vec![file("log", oid)], others: Vec::new() }
        };
        let (a, b, c) = (files("a"), files("b"), files("c"));
        let all = a.union(&b).union(&c);
        assert_eq!(all, c.union(&a).union(&b));
        assert_eq!(all, b.union(&c).union(&a).union(&b));
        let names: Vec<&str> = all.evidence.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["log", "log.bbbbbbbbbb", "log.cccccccccc"]);
    }
}
