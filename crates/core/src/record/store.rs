//! Records under `refs/hotfix/record/<id>`, each a tree, each changed by compare-and-swap only.
//!
//! Reading costs one Git process, adding to a record two: one writes all objects, one moves the ref.

use std::collections::BTreeMap;
use std::time::Duration;

use hotfix_model::{Actor, Digest, Fact, Record};
use jiff::Timestamp;

use super::clean::clean_bytes;
use super::line::{self, Line};
use super::nearest::nearest;
use super::tree::{self, Files, Stored, Summary};
use super::{Brief, RecordError, fold};
use crate::error::Result;
use crate::git::{GitError, Oid, RefChange, RefName, Repository};

/// Where records live.
pub const RECORDS: &str = "refs/hotfix/record/";
/// How often a change is tried while others change the same record. Every round somebody wins, so this is also how
/// many may do so at the same moment.
const ATTEMPTS: u32 = 256;
/// How long a change is tried while nobody changes the record and Git still refuses: a lock left behind by a crash.
const STUCK: Duration = Duration::from_secs(5);
/// How many records are read in one go.
const TOGETHER: usize = 2_000;
/// Bytes of an evidence name; with the id put behind it in a merge it still fits every file system.
const EVIDENCE_NAME_LIMIT: usize = 128;

/// The records of a repository.
pub struct Store<'a> {
    repository: &'a Repository,
}

/// A record whose objects are written and that no ref points at yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// The ref it is meant for.
    pub name: RefName,
    /// The tree to point it at.
    pub tree: Oid,
    /// The state.
    pub record: Record,
    lines: Vec<Line>,
}

/// What one call of [`Store::append`] adds.
struct Addition<'a> {
    at: Timestamp,
    actor: &'a Actor,
    facts: Vec<(Fact, Option<u64>)>,
    evidence: Vec<(&'a str, Vec<u8>)>,
}

impl Addition<'_> {
    /// What each file of evidence holds.
    fn digests(&self) -> BTreeMap<String, Digest> {
        let digest = |(name, bytes): &(&str, Vec<u8>)| ((*name).to_owned(), line::sha256(bytes));
        self.evidence.iter().map(digest).collect()
    }
}

impl Prepared {
    /// The change that makes it a record, for a ref transaction of the caller's.
    pub fn claim(&self) -> RefChange {
        RefChange::create(self.name.clone(), self.tree.clone())
    }

    /// The record, once the ref is there.
    pub fn stored(self) -> Stored {
        let Self { tree, record, lines, .. } = self;
        let id = record.id.clone();
        Stored { id, tree, record, lines, intact: true, newer: false, files: Files::default() }
    }
}

impl<'a> Store<'a> {
    /// The records of `repository`.
    pub fn new(repository: &'a Repository) -> Self {
        Self { repository }
    }

    pub(super) fn repository(&self) -> &Repository {
        self.repository
    }

    /// The ref of a record, or [`GitError::BadName`].
    pub fn ref_name(id: &str) -> Result<RefName> {
        RefName::new(format!("{RECORDS}{id}")).map_err(|_| GitError::BadName { name: id.to_owned() }.into())
    }

    /// Writes the objects of a new record that begins with `fact`, a start. No ref is touched: branch and record are
    /// claimed together, in one transaction of the caller's.
    pub fn prepare(&self, id: &str, actor: &Actor, fact: Fact) -> Result<Prepared> {
        let name = Self::ref_name(id)?;
        let addition = Addition { at: self.now(), actor, facts: vec![(fact, None)], evidence: Vec::new() };
        let (lines, record) = self.add_lines(id, &[], &addition)?;
        let tree = self.write(&record, &lines, &mut Files::default(), &[])?;
        Ok(Prepared { name, tree, record, lines })
    }

    /// Reads a record. [`RecordError::Unknown`] names the nearest ids.
    pub fn load(&self, id: &str) -> Result<Stored> {
        let name = Self::ref_name(id)?;
        let mut found = tree::ask(self.repository, name.as_str())?;
        let Some(root) = found.root().cloned() else {
            return Err(self.missing(id)?.into());
        };
        if !found.is_consistent() {
            // The ref moved between two answers; a tree never does.
            found = tree::ask(self.repository, root.as_str())?;
        }
        Ok(found.stored(id)?)
    }

    /// Reads a record by its tree, whichever ref points at it.
    pub fn load_at(&self, id: &str, tree: &Oid) -> Result<Stored> {
        Ok(tree::ask(self.repository, tree.as_str())?.stored(id)?)
    }

    /// Adds events, in this order, and files of evidence, each in the place of an earlier one of its name. If others
    /// changed the record meanwhile, what they added is kept and the events follow theirs. Credentials are taken out
    /// of everything. Durable when it returns.
    pub fn append(
        &self,
        stored: &Stored,
        actor: &Actor,
        facts: Vec<(Fact, Option<u64>)>,
        evidence: &[(String, Vec<u8>)],
    ) -> Result<Stored> {
        let evidence = clean_evidence(evidence)?;
        let addition = Addition { at: self.now(), actor, facts, evidence };
        if addition.facts.is_empty() && addition.evidence.is_empty() {
            return Ok(stored.clone());
        }
        self.change(stored, |current| self.added(current, &addition))
    }

    /// Writes the objects of a record with more events, without moving its ref: for what must become true together
    /// with something outside, such as a push. [`Store::settle`] moves the ref.
    pub fn draft(
        &self,
        stored: &Stored,
        actor: &Actor,
        facts: Vec<(Fact, Option<u64>)>,
        evidence: &[(String, Vec<u8>)],
    ) -> Result<Stored> {
        let evidence = clean_evidence(evidence)?;
        self.added(stored, &Addition { at: self.now(), actor, facts, evidence })
    }

    /// The state a record would have with more events. Writes nothing.
    pub fn preview(&self, stored: &Stored, actor: &Actor, facts: Vec<(Fact, Option<u64>)>) -> Result<Record> {
        let addition = Addition { at: self.now(), actor, facts, evidence: Vec::new() };
        Ok(self.add_lines(&stored.id, &stored.lines, &addition)?.1)
    }

    /// Moves the ref of a record to a draft of it. What others added meanwhile is kept.
    pub fn settle(&self, stored: &Stored, draft: &Stored) -> Result<Stored> {
        self.change(stored, |current| {
            if current.tree == stored.tree { Ok(draft.clone()) } else { self.merged(current, draft) }
        })
    }

    /// All records here, by id.
    pub fn list(&self) -> Result<Vec<Summary>> {
        self.list_below(RECORDS)
    }

    /// All records whose refs begin with `prefix`.
    pub fn list_below(&self, prefix: &str) -> Result<Vec<Summary>> {
        self.read(self.refs_below(prefix)?)
    }

    /// The ids of all records here, and the trees that they are.
    pub fn refs(&self) -> Result<Vec<(String, Oid)>> {
        self.refs_below(RECORDS)
    }

    /// Reads records, all of them together.
    pub fn read(&self, refs: Vec<(String, Oid)>) -> Result<Vec<Summary>> {
        if refs.is_empty() {
            return Ok(Vec::new());
        }
        let found = tree::ask_all(self.repository, refs.iter().map(|(_, tree)| tree.as_str()))?;
        Ok(refs.into_iter().zip(found).map(|((id, tree), found)| found.summary(&id, tree)).collect())
    }

    /// The states of records in few words, in the order they are asked for; `None` for one that cannot be read. Not all
    /// of them are in memory at once.
    pub fn briefs(&self, refs: &[(String, Oid)]) -> Result<Vec<Option<Brief>>> {
        let mut briefs = Vec::with_capacity(refs.len());
        for some in refs.chunks(TOGETHER) {
            let trees: Vec<&Oid> = some.iter().map(|(_, tree)| tree).collect();
            let found = tree::ask_briefs(self.repository, &trees)?;
            for ((id, tree), brief) in some.iter().zip(found) {
                briefs.push(brief.map_or_else(|| self.brief_of_events(id, tree), |brief| Ok(Some(brief)))?);
            }
        }
        Ok(briefs)
    }

    fn brief_of_events(&self, id: &str, tree: &Oid) -> Result<Option<Brief>> {
        let found = self.read(vec![(id.to_owned(), tree.clone())])?.pop();
        Ok(found.and_then(|found| found.record).map(Brief::of))
    }

    /// What two clones know of one record together. Writes nothing; `None` if neither can be read.
    pub fn joined(&self, id: &str, ours: &Oid, theirs: &Oid) -> Result<Option<Record>> {
        let read = |tree: &Oid| {
            Ok::<_, crate::error::Error>(tree::ask(self.repository, tree.as_str())?.stored(id).ok())
        };
        let both = match (read(ours)?, read(theirs)?) {
            (Some(ours), Some(theirs)) => Some(ours.with(&theirs)),
            (ours, theirs) => ours.or(theirs),
        };
        Ok(both.map(|stored| stored.record))
    }

    /// The ids of all records whose refs begin with `prefix`, and the trees that they are.
    pub fn refs_below(&self, prefix: &str) -> Result<Vec<(String, Oid)>> {
        let refs = self.repository.list_refs(&[prefix])?;
        let id = |name: &RefName| name.as_str().strip_prefix(prefix).unwrap_or_default().to_owned();
        Ok(refs.into_iter().map(|(name, tree)| (id(&name), tree)).collect())
    }

    /// A piece of evidence; `None` if there is none of that name.
    pub fn evidence(&self, stored: &Stored, name: &str) -> Result<Option<Vec<u8>>> {
        self.repository.read_file(&stored.tree, &tree::evidence_path(evidence_name(name)?))
    }

    /// Joins what another clone knows, a tree whose objects are here: all events and all evidence of both.
    pub fn merge(&self, ours: &Stored, theirs: &Oid) -> Result<Stored> {
        let theirs = self.load_at(&ours.id, theirs)?;
        self.change(ours, |current| self.merged(current, &theirs))
    }

    /// Takes over a record that a remote has: as it is if there is none here, else by [`Store::merge`].
    pub fn adopt(&self, id: &str, theirs: &Oid) -> Result<Stored> {
        let name = Self::ref_name(id)?;
        let stored = self.load_at(id, theirs)?;
        match self.repository.change_refs("hotfix: fetched", &[RefChange::create(name, theirs.clone())]) {
            Ok(()) => Ok(stored),
            Err(error) if said_by_race(&error).is_some() => self.merge(&self.load(id)?, theirs),
            Err(error) => Err(error),
        }
    }

    fn now(&self) -> Timestamp {
        self.repository.ctx().now()
    }

    /// Compare-and-swap until it succeeds: `make` writes the next state of the one it is given.
    fn change(&self, start: &Stored, make: impl Fn(&Stored) -> Result<Stored>) -> Result<Stored> {
        let id = &start.id;
        let name = Self::ref_name(id)?;
        let ctx = self.repository.ctx();
        let (mut current, mut last, mut moved) = (start.clone(), String::new(), ctx.clock.elapsed());
        for attempt in 0..ATTEMPTS {
            let next = make(&current)?;
            if next.tree == current.tree {
                return Ok(next);
            }
            let change = RefChange::update(name.clone(), current.tree.clone(), next.tree.clone());
            match self.repository.change_refs("hotfix: record", &[change]) {
                Ok(()) => return Ok(next),
                Err(error) => last = said_by_race(&error).ok_or(error)?,
            }
            self.pause(attempt)?;
            let seen = self.load(id)?.with(start);
            if seen.tree != current.tree {
                moved = ctx.clock.elapsed();
            } else if ctx.elapsed_since(moved) >= STUCK {
                break;
            }
            current = seen;
        }
        Err(RecordError::Busy { id: id.clone(), said: last }.into())
    }

    /// Lets the others finish: a random time, longer the more there seem to be.
    fn pause(&self, attempt: u32) -> Result<()> {
        let ctx = self.repository.ctx();
        ctx.go_on()?;
        let at_most = 1_u128 << attempt.min(5);
        let milliseconds = u64::try_from(ctx.clock.chance() % at_most).unwrap_or_default();
        std::thread::sleep(Duration::from_millis(milliseconds));
        Ok(())
    }

    fn added(&self, current: &Stored, addition: &Addition<'_>) -> Result<Stored> {
        refuse_newer(current)?;
        let (lines, record) = self.add_lines(&current.id, &current.lines, addition)?;
        let mut files = current.files.clone();
        let tree = self.write(&record, &lines, &mut files, &addition.evidence)?;
        Ok(Stored {
            id: current.id.clone(),
            tree,
            record,
            lines,
            files,
            intact: current.intact,
            newer: false,
        })
    }

    fn merged(&self, current: &Stored, theirs: &Stored) -> Result<Stored> {
        let mut both = current.clone().with(theirs);
        if both.holds_the_same(current) {
            return Ok(current.clone());
        }
        if both.holds_the_same(theirs) {
            return Ok(theirs.clone());
        }
        refuse_newer(&both)?;
        both.tree = self.write(&both.record, &both.lines, &mut both.files, &[])?;
        Ok(both)
    }

    fn add_lines(&self, id: &str, lines: &[Line], addition: &Addition<'_>) -> Result<(Vec<Line>, Record)> {
        let clock = self.repository.ctx().clock.as_ref();
        let mut lines = lines.to_vec();
        for (index, fact) in addition.facts.iter().enumerate() {
            // The last event stands for all that was written together.
            let is_last = index + 1 == addition.facts.len();
            let evidence = if is_last { addition.digests() } else { BTreeMap::new() };
            let new = line::New { actor: addition.actor, at: addition.at, fact: fact.clone(), evidence };
            let added = line::add(&lines, clock, new);
            lines = added.map_err(|source| RecordError::Unwritable { id: id.to_owned(), source })?;
        }
        let what = "none of its events is a start".to_owned();
        let record = fold(id, &lines).ok_or(RecordError::Damaged { id: id.to_owned(), what })?;
        Ok((lines, record))
    }

    fn write(
        &self,
        record: &Record,
        lines: &[Line],
        files: &mut Files,
        evidence: &[(&str, Vec<u8>)],
    ) -> Result<Oid> {
        let mut objects = self.repository.new_objects();
        let new =
            evidence.iter().map(|(name, bytes)| tree::file(name, objects.blob(bytes.clone()))).collect();
        files.put(new);
        let composed = tree::compose(&mut objects, record, lines, files);
        let tree = composed.map_err(|source| RecordError::Unwritable { id: record.id.clone(), source })?;
        objects.write()?;
        Ok(tree)
    }

    fn missing(&self, id: &str) -> Result<RecordError> {
        let refs = self.repository.list_refs(&[RECORDS])?;
        let known = || refs.iter().map(|(name, _)| id_of(name));
        if known().any(|known| known == id) {
            return Ok(RecordError::Damaged { id: id.to_owned(), what: "its tree is missing".to_owned() });
        }
        Ok(RecordError::Unknown { id: id.to_owned(), nearest: nearest(id, known()) })
    }
}

fn id_of(name: &RefName) -> &str {
    name.as_str().strip_prefix(RECORDS).unwrap_or_default()
}

fn refuse_newer(stored: &Stored) -> Result<(), RecordError> {
    if stored.newer { Err(RecordError::Newer { id: stored.id.clone() }) } else { Ok(()) }
}

/// What Git said, if the error is a lost race.
fn said_by_race(error: &crate::error::Error) -> Option<String> {
    match error.downcast_ref::<GitError>() {
        Some(GitError::RefMoved { said }) => Some(said.clone()),
        _ => None,
    }
}

/// Files as they may be kept: under names that can hurt nobody, and without credentials.
fn clean_evidence(evidence: &[(String, Vec<u8>)]) -> Result<Vec<(&str, Vec<u8>)>, RecordError> {
    evidence.iter().map(|(name, bytes)| Ok((evidence_name(name)?, clean_bytes(bytes)))).collect()
}

/// The name, if it is one component of a path on every file system.
fn evidence_name(name: &str) -> Result<&str, RecordError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let right = name.bytes().all(allowed) && !name.is_empty() && !name.starts_with(['.', '-']);
    if right && name.len() <= EVIDENCE_NAME_LIMIT {
        return Ok(name);
    }
    Err(RecordError::EvidenceName { name: name.to_owned() })
}
