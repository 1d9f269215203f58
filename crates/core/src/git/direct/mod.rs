//! Answers that are read from Git's own files, without a process. Only where the format is documented, plain, and what
//! is read proves itself; every function here gives `None` where only Git can know, and its caller then asks Git.
//! This is the one place that decides between the two.

mod config;
mod delta;
mod objects;
mod pack;
mod packed_refs;
mod place;
mod refs;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

pub(super) use config::ConfigFile;
pub(super) use objects::{Kind, checksum, name_of};
pub(super) use place::Place;
pub(super) use refs::Target;

/// An answer: `None` where only Git can know.
pub(super) type Known<T> = Option<T>;

/// The files of one repository, as far as their format is known to us.
#[derive(Debug)]
pub(super) struct Direct {
    common_dir: PathBuf,
    /// Length of an object id in bytes: 20 or 32.
    width: usize,
    /// The repository's own configuration, if it can be read and tells of nothing that changes where refs and objects
    /// lie.
    config: Option<ConfigFile>,
    packs: OnceLock<Vec<pack::Pack>>,
    replaced: OnceLock<bool>,
}

impl Direct {
    /// The files of a repository whose configuration was read, or of one that only Git may read.
    pub(super) fn new(common_dir: &Path, object_format: &str) -> Self {
        let config = ConfigFile::read(&common_dir.join("config")).flatten();
        Self {
            common_dir: common_dir.to_owned(),
            width: if object_format == "sha256" { 32 } else { 20 },
            config: config.filter(ConfigFile::is_plain),
            packs: OnceLock::new(),
            replaced: OnceLock::new(),
        }
    }

    /// The repository's own configuration, if all of this repository is as we know it.
    pub(super) fn config(&self) -> Option<&ConfigFile> {
        self.config.as_ref()
    }

    /// Length of an object id in bytes.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Whether new files of the repository get no other rights than the user's own mask gives them.
    pub(super) fn writes_plainly(&self) -> bool {
        self.config.as_ref().is_some_and(|config| config.last("core.sharedrepository").is_none())
    }

    /// Whether an object may stand for another one (git-replace(1)), so that the object read is not the one meant.
    fn has_replacements(&self) -> bool {
        *self.replaced.get_or_init(|| {
            self.list_refs(&["refs/replace/"]).is_none_or(|replacements| !replacements.is_empty())
        })
    }
}

/// What a file holds: `Some(None)` if there is none, `None` if that cannot be told.
fn content(path: &Path) -> Known<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Some(Some(bytes)),
        Err(error) if is_absence(&error) => Some(None),
        Err(_) => None,
    }
}

/// Whether an error means that nothing is there: neither the file nor, maybe, the folders that lead to it.
fn is_absence(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
