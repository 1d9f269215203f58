//! The hotfix at hand: its record, its slot, its configuration.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_model::{Fact, Record, Stage};

use super::{Happened, Project, REMOTE_RECORDS, SessionError};
use crate::config::Loaded;
use crate::error::{FileError, Result};
use crate::git::{GitError, Oid, RefName};
use crate::lock::FileLock;
use crate::record::{Store, Stored};
use crate::slot::{Held, SlotInfo, SlotState};

/// One hotfix, locked for this process.
pub struct Hotfix {
    /// Its record as last read or written.
    pub stored: Stored,
    /// The configuration as of its base.
    pub loaded: Loaded,
    /// What happened and is not written yet.
    noted: Noted,
    /// Held so that two commands cannot work on one hotfix at once.
    _lock: WorkLock,
}

/// How long a lock is waited for that somebody holds: a child that was just started keeps the locks of a parent that was
/// killed until it runs its own program.
const LOCK_PATIENCE: Duration = Duration::from_millis(100);

/// The right to work on one hotfix. Dies with its process.
#[derive(Debug)]
pub struct WorkLock(#[expect(dead_code, reason = "held for its lock")] FileLock);

/// A fact, and the wall time of the deed in milliseconds where it took any.
pub type Timed = (Fact, Option<u64>);

/// What is to be written with the next append.
#[derive(Default)]
struct Noted {
    facts: Vec<Timed>,
    evidence: EvidenceFiles,
}

/// Evidence files of one event: name and bytes.
pub type EvidenceFiles = Vec<(String, Vec<u8>)>;

impl Project {
    /// The records.
    pub fn store(&self) -> Store<'_> {
        Store::new(&self.repository)
    }

    /// The id of the hotfix that is meant: the one named, else that of the slot you stand in, else the only open one.
    pub fn find(&self, named: Option<&str>) -> Result<String> {
        if let Some(id) = named {
            return Ok(id.to_owned());
        }
        let loaded = self.config_at(None)?;
        if let Some(held) = self.pool(&loaded).of_dir(self.ctx().env.current_dir())? {
            return Ok(held.hotfix);
        }
        let mut open: Vec<String> = self.open_here()?;
        match open.len() {
            0 => Err(SessionError::NoneOpen.into()),
            1 => Ok(open.remove(0)),
            _ => Err(SessionError::SeveralOpen { ids: open }.into()),
        }
    }

    /// The id of the hotfix that is meant, open or not: as [`Project::find`], else the newest of this clone.
    pub fn find_any(&self, named: Option<&str>) -> Result<String> {
        match self.find(named) {
            Err(error) if matches!(error.downcast_ref(), Some(SessionError::NoneOpen)) => {
                let records = self.store().list()?.into_iter().filter_map(|summary| summary.record);
                let newest = records.max_by_key(|record| record.started_at);
                Ok(newest.map(|record| record.id).ok_or(SessionError::NoneOpen)?)
            }
            found => found,
        }
    }

    /// Where the slot of a hotfix is, as far as we know.
    pub fn slot_path(&self, id: &str) -> Result<Option<PathBuf>> {
        let loaded = self.config_at(None)?;
        let of_hotfix = |info: &SlotInfo| matches!(&info.state, SlotState::Held(lease) if lease.hotfix == id);
        Ok(self.pool(&loaded).list()?.into_iter().find(of_hotfix).map(|info| info.path))
    }

    /// All records this clone knows, those of the team included. One that is known twice is taken as this clone has
    /// it. Those that cannot be read are named.
    pub fn all_records(&self) -> Result<Vec<Record>> {
        let store = self.store();
        let ours = store.list()?;
        let known: BTreeSet<&str> = ours.iter().map(|summary| summary.id.as_str()).collect();
        let theirs = store.refs_below(REMOTE_RECORDS)?.into_iter();
        let theirs = store.read(theirs.filter(|(id, _)| !known.contains(id.as_str())).collect())?;
        for damaged in ours.iter().chain(&theirs).filter(|summary| summary.record.is_none()) {
            self.ctx().warn(format!("the record of {} cannot be read", damaged.id));
        }
        Ok(ours.into_iter().chain(theirs).filter_map(|summary| summary.record).collect())
    }

    /// Opens a hotfix to work on it.
    pub fn hotfix(&self, id: &str) -> Result<Hotfix> {
        let stored = self.store().load(id)?;
        let lock = WorkLock::acquire(self, id)?;
        let base = oid(&stored.record.base.commit)?;
        let loaded = self.config_at(Some(&base))?;
        Ok(Hotfix { stored, loaded, noted: Noted::default(), _lock: lock })
    }

    /// Removes what the runs of a hotfix left in its folder: raw output and results, no longer needed once it is
    /// shipped. What the record needs of them is in the record.
    pub fn forget_runs(&self, id: &str) -> Result<()> {
        let dir = self.run_dir(id)?;
        let entries = std::fs::read_dir(&dir).map_err(FileError::of("read", &dir))?;
        for entry in entries.flatten() {
            if entry.file_name().as_encoded_bytes().starts_with(b"run-") {
                let path = entry.path();
                std::fs::remove_dir_all(&path).map_err(FileError::of("remove", &path))?;
            }
        }
        Ok(())
    }

    /// Folder for logs, results and saved files of a hotfix; made on first use, for the user's eyes only.
    pub fn run_dir(&self, id: &str) -> Result<PathBuf> {
        let dir = self.repository.state_dir().join("runs").join(id);
        make_private_dir(&dir)?;
        Ok(dir)
    }
}

impl Hotfix {
    /// The folded record.
    pub fn record(&self) -> &Record {
        &self.stored.record
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.stored.record.id
    }

    /// The commit it starts from.
    pub fn base(&self) -> Result<Oid> {
        oid(&self.record().base.commit)
    }

    /// Its branch.
    pub fn branch(&self) -> Result<RefName> {
        Ok(RefName::new(self.record().branch.clone())?)
    }

    /// Its slot, or [`SessionError::NoSlot`].
    pub fn held(&self, project: &Project) -> Result<Held> {
        let held = project.pool(&self.loaded).held(self.id())?;
        Ok(held.ok_or_else(|| SessionError::NoSlot { id: self.id().to_owned() })?)
    }

    /// Takes note of what happened: [`Hotfix::record`] tells it from now on, and the next [`Hotfix::append`] writes it.
    /// For what is worth nothing without what follows at once.
    pub fn note(&mut self, project: &Project, facts: Vec<Timed>, evidence: EvidenceFiles) -> Result<()> {
        self.noted.facts.extend(facts);
        self.noted.evidence.extend(evidence);
        let facts = self.noted.facts.clone();
        self.stored.record = project.store().preview(&self.stored, &project.actor()?, facts)?;
        Ok(())
    }

    /// The record as it would be with these facts, and with what is noted.
    pub fn record_with(&self, project: &Project, facts: Vec<Timed>) -> Result<Record> {
        let facts = self.noted.facts.iter().cloned().chain(facts).collect();
        project.store().preview(&self.stored, &project.actor()?, facts)
    }

    /// Writes what is only noted, if anything is.
    pub fn write_notes(&mut self, project: &Project) -> Result<()> {
        match self.noted.facts.is_empty() {
            true => Ok(()),
            false => self.append(project, Vec::new(), &EvidenceFiles::new()),
        }
    }

    /// Writes what happened into the record.
    pub fn append(&mut self, project: &Project, facts: Vec<Timed>, evidence: &EvidenceFiles) -> Result<()> {
        let actor = project.actor()?;
        let all = self.noted.facts.iter().cloned().chain(facts).collect();
        let files: EvidenceFiles = self.noted.evidence.iter().chain(evidence).cloned().collect();
        let before = self.record().stage;
        self.stored = project.store().append(&self.stored, &actor, all, &files)?;
        project.remember_debts_of(self.record());
        self.noted = Noted::default();
        self.tell_end(project, before);
        Ok(())
    }
}

impl Hotfix {
    /// Others are told when it is over, wherever that was noticed.
    fn tell_end(&self, project: &Project, before: Stage) {
        match self.record().stage {
            now if now == before => {}
            Stage::Merged => project.tell(self.record(), Happened::Merged),
            Stage::Abandoned => project.tell(self.record(), Happened::GivenUp),
            Stage::Started | Stage::Committed | Stage::Submitted => {}
        }
    }
}

impl WorkLock {
    fn acquire(project: &Project, id: &str) -> Result<Self> {
        let path = project.run_dir(id)?.join("lock");
        let busy = || SessionError::Busy { id: id.to_owned() };
        Ok(FileLock::wait(project.ctx(), &path, LOCK_PATIENCE)?.map(Self).ok_or_else(busy)?)
    }
}

/// An object id that a record holds.
pub fn oid(text: &str) -> Result<Oid> {
    Ok(Oid::parse(text).ok_or_else(|| GitError::UnknownCommit { name: text.to_owned() })?)
}

fn make_private_dir(dir: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
    Ok(made.map_err(FileError::of("create", dir))?)
}
