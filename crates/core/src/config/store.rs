//! `trust.json`: read without following links, changed under a lock, replaced as a whole.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::commands::digest;
use super::trust::Approval;
use super::trust_error::TrustError;
use crate::ctx::Ctx;
use crate::error::{FileError, Result};
use crate::lock::FileLock;

/// The file of approvals and its folder.
pub(super) struct Store {
    dir: PathBuf,
    file: PathBuf,
}

/// What the file holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    version: u32,
    approvals: Vec<Approval>,
}

/// The one layout of the file there has been.
const VERSION: u32 = 1;

/// A change takes milliseconds; who waits longer waits for a process that hangs.
const PATIENCE: Duration = Duration::from_secs(10);

/// More is no list of approvals; 16 MiB hold some ten thousand.
const LARGEST: u64 = 16 << 20;

impl Store {
    /// The file `trust.json` in `dir`.
    pub(super) fn new(dir: PathBuf) -> Self {
        Self { file: dir.join("trust.json"), dir }
    }

    /// All approvals; none if there is no file.
    pub(super) fn read(&self) -> Result<Vec<Approval>> {
        if !self.check_dir()? {
            return Ok(Vec::new());
        }
        let Some(file) = open_own(&self.file, OpenOptions::new().read(true))? else {
            return Ok(Vec::new());
        };
        let mut bytes = Vec::new();
        file.take(LARGEST).read_to_end(&mut bytes).map_err(FileError::of("read", &self.file))?;
        Ok(self.understand(&bytes)?)
    }

    /// Reads, changes and replaces the file while nobody else can.
    pub(super) fn change<T>(&self, ctx: &Ctx, change: impl FnOnce(&mut Vec<Approval>) -> T) -> Result<T> {
        self.make_dir()?;
        let _lock = self.lock(ctx)?;
        let mut approvals = self.read()?;
        let result = change(&mut approvals);
        self.replace(approvals)?;
        Ok(result)
    }

    fn understand(&self, bytes: &[u8]) -> Result<Vec<Approval>, TrustError> {
        let damaged = |what: String| TrustError::Damaged { path: self.file.clone(), what };
        let content: Content = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
        if content.version != VERSION {
            return Err(damaged(format!("version {} is not known here, only {VERSION}", content.version)));
        }
        match content.approvals.iter().find(|approval| approval.digest != digest(&approval.commands)) {
            Some(wrong) => Err(damaged(format!("digest and commands differ for {}", wrong.repository))),
            None => Ok(content.approvals),
        }
    }

    fn replace(&self, approvals: Vec<Approval>) -> Result<()> {
        let write = || -> std::io::Result<()> {
            // Made readable by the user alone, whatever the umask.
            let mut file = tempfile::Builder::new().prefix(".trust").tempfile_in(&self.dir)?;
            serde_json::to_writer_pretty(&mut file, &Content { version: VERSION, approvals })?;
            file.write_all(b"\n")?;
            file.as_file().sync_all()?;
            file.persist(&self.file)?;
            Ok(())
        };
        Ok(write().map_err(FileError::of("write", &self.file))?)
    }

    fn make_dir(&self) -> Result<()> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.dir);
        made.map_err(FileError::of("create", &self.dir))?;
        self.check_dir()?;
        let closed = std::fs::set_permissions(&self.dir, Permissions::from_mode(0o700));
        Ok(closed.map_err(FileError::of("close", &self.dir))?)
    }

    /// Whether the folder is there, and ours. Others who may write to it can put nothing there that is ours.
    fn check_dir(&self) -> Result<bool> {
        let found = match std::fs::symlink_metadata(&self.dir) {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(FileError::of("read", &self.dir)(error).into()),
        };
        let what = if found.is_symlink() {
            Some("it is a symbolic link".to_owned())
        } else if !found.is_dir() {
            Some("it is not a folder".to_owned())
        } else {
            foreign(found.uid())
        };
        refuse(&self.dir, what)?;
        Ok(true)
    }

    fn lock(&self, ctx: &Ctx) -> Result<FileLock> {
        let path = self.dir.join("trust.lock");
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(0o600);
        let file = open_own(&path, &mut options)?;
        let file = file.ok_or_else(|| FileError::of("create", &path)(ErrorKind::NotFound.into()))?;
        let locked = || TrustError::Locked { path: path.clone(), waited: PATIENCE };
        Ok(FileLock::wait_on(ctx, (file, &path), PATIENCE)?.ok_or_else(locked)?)
    }
}

/// Opens a file that is ours: not through a link, not a pipe, not somebody else's. `None` if there is none.
fn open_own(path: &Path, options: &mut OpenOptions) -> Result<Option<File>> {
    // A pipe would hold the open call until somebody writes to it.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = match options.custom_flags(flags.bits().cast_signed()).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
            refuse(path, Some("it is a symbolic link".to_owned()))?;
            return Ok(None);
        }
        Err(error) => return Err(FileError::of("open", path)(error).into()),
    };
    let found = file.metadata().map_err(FileError::of("read", path))?;
    let strange = (!found.is_file()).then(|| "it is not a file".to_owned());
    refuse(path, strange.or_else(|| open_to_others(&found)))?;
    Ok(Some(file))
}

fn refuse(path: &Path, what: Option<String>) -> Result<(), TrustError> {
    what.map_or(Ok(()), |what| Err(TrustError::Unsafe { path: path.to_owned(), what }))
}

/// How others could have written a file: as its owner, or by its permissions.
fn open_to_others(found: &Metadata) -> Option<String> {
    let open = || format!("others may write to it (mode {:o})", found.mode() & 0o777);
    foreign(found.uid()).or_else(|| (found.mode() & 0o022 != 0).then(open))
}

fn foreign(owner: u32) -> Option<String> {
    let own = rustix::process::geteuid().as_raw();
    (owner != own).then(|| format!("it belongs to user {owner}, you are user {own}"))
}
