//! The throw-away copy of the remote: a bare repository in our own folder that borrows all objects, so that it costs
//! nothing to make and what is pushed to it stays in it.

use std::ffi::OsString;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

use crate::env::Environment;
use crate::error::{FileError, Result};
use crate::git::{Oid, Remote, Repository};
use crate::lock::FileLock;
use crate::session::{Project, TargetBranch};

/// What the copy is called. Only the drill's own surroundings know it.
const REMOTE: &str = "hotfix-drill";
/// Below the state folder: one folder for each drill that runs, or was killed.
const DRILLS: &str = "drill";
/// Held while the drill runs; dies with its process.
const LOCK: &str = "lock";
/// The numbers of the slots that were there before, one a line.
const SLOTS: &str = "slots";

/// A copy, and what is known of its drill.
pub struct Copy {
    id: String,
    dir: PathBuf,
    _lock: FileLock,
}

impl Copy {
    /// Makes a copy that has nothing but the target, at `base`. Recorded before anything else is done.
    pub fn make(project: &Project, target: &TargetBranch, base: &Oid) -> Result<Self> {
        let id = format!("drill-{}", project.ctx().clock.ulid().to_lowercase());
        let dir = folder(&project.repository).join(&id);
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir);
        made.map_err(FileError::of("create", &dir))?;
        let taken = || FileError::of("lock", &dir)(std::io::ErrorKind::WouldBlock.into());
        let lock = FileLock::try_take(&dir.join(LOCK))?.ok_or_else(taken)?;
        let loaded = project.config_at(None)?;
        let slots = project.pool(&loaded).list()?;
        let numbers: Vec<String> = slots.iter().map(|slot| slot.number.to_string()).collect();
        std::fs::write(dir.join(SLOTS), numbers.join("\n"))
            .map_err(FileError::of("write", dir.join(SLOTS)))?;
        let copy = Self { id, dir, _lock: lock };
        project.repository.make_borrowing_copy(&copy.path(), &target.0, base)?;
        Ok(copy)
    }

    /// The copies of drills that were killed.
    pub fn abandoned(repository: &Repository) -> Result<Vec<Self>> {
        let all = folder(repository);
        let Ok(listed) = std::fs::read_dir(&all) else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for dir in listed.filter_map(|entry| Some(entry.ok()?.path())) {
            let id = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if let Some(lock) = FileLock::try_take(&dir.join(LOCK))? {
                found.push(Self { id, dir, _lock: lock });
            }
        }
        Ok(found)
    }

    /// What the drill's hotfix is called.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The copy as a remote.
    pub fn remote(&self) -> Remote {
        Remote { name: REMOTE.to_owned(), url: self.path().to_string_lossy().into_owned() }
    }

    /// The numbers of the slots that were there before; `None` if the drill was killed before it looked.
    pub fn slots_before(&self) -> Option<Vec<u32>> {
        let text = std::fs::read_to_string(self.dir.join(SLOTS)).ok()?;
        Some(text.lines().filter_map(|line| line.parse().ok()).collect())
    }

    /// An environment in which the copy is a remote, and Git speaks to nothing that is not a file.
    pub fn environment(&self, outer: &Environment) -> Environment {
        let count = outer.get("GIT_CONFIG_COUNT").and_then(|count| count.to_str()?.parse().ok());
        let count: u32 = count.unwrap_or(0);
        let set: [(OsString, OsString); 5] = [
            ("GIT_CONFIG_COUNT".into(), (count + 1).to_string().into()),
            (format!("GIT_CONFIG_KEY_{count}").into(), format!("remote.{REMOTE}.url").into()),
            (format!("GIT_CONFIG_VALUE_{count}").into(), self.path().into_os_string()),
            ("GIT_ALLOW_PROTOCOL".into(), "file".into()),
            // What a cleanup leaves to a process of its own is timed as well, and over before anything is taken back.
            ("HOTFIX_FOREGROUND".into(), "1".into()),
        ];
        let inherited = outer.variables().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Environment::new(inherited.chain(set), outer.current_dir())
    }

    /// Removes the copy and forgets the drill.
    pub fn remove(&self) -> Result<()> {
        Ok(std::fs::remove_dir_all(&self.dir).map_err(FileError::of("remove", &self.dir))?)
    }

    fn path(&self) -> PathBuf {
        self.dir.join("remote.git")
    }
}

fn folder(repository: &Repository) -> PathBuf {
    repository.state_dir().join(DRILLS)
}
