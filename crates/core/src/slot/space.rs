//! Room on a file system.

use std::path::Path;

use crate::error::{FileError, Result};

/// What is free at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes that this user may still write.
    pub bytes: u64,
    /// Files that this user may still make; `None` where the file system has no limit.
    pub files: Option<u64>,
}

impl Space {
    /// What is free where `path` is, or would be made.
    pub fn at(path: &Path) -> Result<Self> {
        let existing = path.ancestors().find(|dir| dir.exists()).unwrap_or(Path::new("/"));
        let found = rustix::fs::statvfs(existing).map_err(std::io::Error::from);
        let found = found.map_err(FileError::of("measure", existing))?;
        let files = (found.f_files > 0).then_some(found.f_favail);
        Ok(Self { bytes: found.f_bavail.saturating_mul(found.f_frsize), files })
    }
}
