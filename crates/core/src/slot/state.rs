//! What is recorded of each slot: one small JSON file, replaced as a whole. Only what is recorded here is ours.
//!
//! The file is not flushed to the platter: after a power cut the record refs tell which hotfixes are open, and a slot
//! whose file is lost is merely not used again.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use hotfix_model::output::SlotKind;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::claim::is_pending;
use super::place::Place;
use super::stamp::{Moment, Stamp};
use crate::error::{FileError, Result};
use crate::git::{Oid, RefName, Repository};

/// `<state folder>/slots/<number>.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub number: u32,
    pub place: Place,
    pub state: SlotState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twin: Option<Place>,
    #[serde(default)]
    pub setup: SetupDigests,
}

/// What a slot is for at the moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SlotState {
    /// Git is making it, or was stopped while it did.
    Making,
    /// Nobody's; detached at this commit.
    Parked {
        /// The commit.
        #[serde(with = "oid")]
        commit: Oid,
        /// What it was like then; without it every file is looked at before it is taken.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stamp: Option<Stamp>,
    },
    /// The slot of an open hotfix.
    Held(Lease),
    /// On its way to a commit; whoever finds it so finishes that.
    Moving(Move),
    /// Being removed with its twin; whoever finds it so finishes that.
    Removing {
        /// A part of the names that their folders have while they are deleted. Nobody else has such a name.
        id: String,
    },
}

/// Which open hotfix a slot belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The hotfix.
    pub hotfix: String,
    /// Its branch.
    #[serde(with = "ref_name")]
    pub branch: RefName,
    /// The commit the slot was taken at.
    #[serde(with = "oid")]
    pub base: Oid,
    /// When it was taken.
    pub since: Timestamp,
    /// The same by the clock that marks the slot's files; absent in leases of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<Moment>,
    /// Whether it was waiting or had to be made.
    pub slot: SlotKind,
    /// Where an untouched slot is moving to, while it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moving_to: Option<Move>,
}

/// A slot on its way to a commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// Where to.
    #[serde(with = "oid")]
    pub commit: Oid,
    /// The hotfix it belonged to, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hotfix: Option<String>,
    /// Where files go that are in no commit; absent once they are there, or when there is nothing to keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub save_to: Option<super::place::Stored>,
}

/// The inputs that `slot.setup` last succeeded with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SetupDigests {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twin: Option<String>,
    /// How the slot was last warmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warmed: Option<super::Warmed>,
}

/// The folder of the state files.
#[derive(Clone, Debug)]
pub(super) struct Store {
    dir: PathBuf,
    common_dir: PathBuf,
}

impl Store {
    /// The state files of the slots of a repository.
    pub fn new(repository: &Repository) -> Self {
        Self { dir: repository.state_dir().join("slots"), common_dir: repository.common_dir().to_owned() }
    }

    /// Makes the folder, readable by the user alone.
    pub fn make(&self) -> Result<()> {
        use std::os::unix::fs::DirBuilderExt;
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.dir);
        Ok(made.map_err(FileError::of("create", &self.dir))?)
    }

    /// The file that is locked by who works in a slot.
    pub fn lock_path(&self, number: u32) -> PathBuf {
        self.dir.join(format!("{number}.lock"))
    }

    /// The file that is there while somebody waits for a slot that is being parked.
    pub fn wish_path(&self, number: u32) -> PathBuf {
        self.dir.join(format!("{number}.wanted"))
    }

    fn path(&self, number: u32) -> PathBuf {
        self.dir.join(format!("{number}.json"))
    }

    /// Whether something is recorded under that number, readable or not.
    pub fn has(&self, number: u32) -> bool {
        self.path(number).symlink_metadata().is_ok()
    }

    /// One entry; `None` if there is none, or none that can be read: then the slot is left alone. Where its folders are
    /// is up to Git's entries for them: they may have been moved since it was written.
    pub fn load(&self, number: u32) -> Option<Entry> {
        let bytes = std::fs::read(self.path(number)).ok()?;
        let mut entry = serde_json::from_slice(&bytes).ok().filter(|entry: &Entry| entry.number == number)?;
        for place in entry.twin.iter_mut().chain([&mut entry.place]) {
            place.follow_move(&self.common_dir);
        }
        Some(entry)
    }

    /// All readable entries by number.
    pub fn load_all(&self) -> Result<Vec<Entry>> {
        let listed = match std::fs::read_dir(&self.dir) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            listed => listed.map_err(FileError::of("read", &self.dir))?,
        };
        let number = |name: &Path| name.to_str()?.strip_suffix(".json")?.parse().ok();
        let numbers = listed.filter_map(|file| number(Path::new(&file.ok()?.file_name())));
        let mut entries: Vec<Entry> = numbers.filter_map(|number: u32| self.load(number)).collect();
        entries.sort_by_key(|entry| entry.number);
        Ok(entries)
    }

    /// Replaces an entry as a whole. The caller holds the slot's lock, so nobody else writes the new file; it always has
    /// the same name, so that what a killed process left is overwritten.
    pub fn save(&self, entry: &Entry) -> Result<()> {
        let path = self.path(entry.number);
        let new = path.with_extension("json.new");
        let write = || -> std::io::Result<()> {
            let mut options = std::fs::OpenOptions::new();
            let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
            file.write_all(&serde_json::to_vec_pretty(entry)?)?;
            std::fs::rename(&new, &path)
        };
        Ok(write().map_err(FileError::of("write", &path))?)
    }

    /// Forgets an entry. The caller holds the slot's lock.
    pub fn remove(&self, number: u32) -> Result<()> {
        let path = self.path(number);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(FileError::of("remove", path)(error).into())
            }
            _ => Ok(()),
        }
    }
}

impl Entry {
    /// The lease, if an open hotfix has one.
    pub fn lease(&self) -> Option<&Lease> {
        match &self.state {
            SlotState::Held(lease) => Some(lease),
            _ => None,
        }
    }

    /// What it was like when it was parked.
    pub fn stamp(&self) -> Option<&Stamp> {
        match &self.state {
            SlotState::Parked { stamp, .. } => stamp.as_ref(),
            _ => None,
        }
    }

    /// The commit it waits at, or is on its way to wait at.
    pub fn waits_at(&self) -> Option<&Oid> {
        match &self.state {
            SlotState::Parked { commit, .. } | SlotState::Moving(Move { commit, .. }) => Some(commit),
            SlotState::Held(lease) if is_pending(&lease.hotfix) => Some(&lease.base),
            _ => None,
        }
    }
}

mod oid {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::git::Oid;

    pub fn serialize<S: Serializer>(oid: &Oid, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(oid.as_str())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Oid, D::Error> {
        let text = String::deserialize(deserializer)?;
        Oid::parse(&text).ok_or_else(|| D::Error::custom("not an object id"))
    }
}

mod ref_name {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::git::RefName;

    pub fn serialize<S: Serializer>(name: &RefName, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(name.as_str())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RefName, D::Error> {
        RefName::new(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
