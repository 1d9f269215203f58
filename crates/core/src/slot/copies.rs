//! Which files of a slot are copies of the user's, and what both were when they were copied.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::place::Stored;
use super::{Held, Pool};
use crate::error::{FileError, Result};
use crate::git::Worktree;

/// The list, in the private folder of a worktree.
const FILE: &str = "hotfix-copies.json";

/// The copies in one worktree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copies(Vec<Copy>);

/// One copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copy {
    /// The path below both worktrees.
    pub path: Stored,
    /// The user's file.
    pub source: Stamp,
    /// What it was copied to.
    pub target: Stamp,
}

/// What changes when somebody writes a file: size, seconds and nanoseconds of its time. No digest: it would tell
/// something about a short secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp(u64, i64, i64);

impl Stamp {
    /// The stamp of a regular file.
    pub fn of(path: &Path) -> Option<Self> {
        let found = path.symlink_metadata().ok().filter(std::fs::Metadata::is_file)?;
        Some(Self(found.size(), found.mtime(), found.mtime_nsec()))
    }
}

impl Copy {
    /// A copy that was just made.
    pub fn new(path: &Path, source: Stamp, target: Stamp) -> Self {
        Self { path: Stored(path.to_owned()), source, target }
    }
}

impl Copies {
    /// What is known of a worktree; nothing if that cannot be read: then what is there counts as the user's own.
    pub fn of(worktree: &Worktree) -> Self {
        let bytes = std::fs::read(worktree.git_dir.join(FILE)).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// Replaces what is known of a worktree.
    pub fn save(&self, worktree: &Worktree) -> Result<()> {
        if *self == Self::of(worktree) {
            return Ok(());
        }
        let path = worktree.git_dir.join(FILE);
        let write = || -> std::io::Result<()> { std::fs::write(&path, serde_json::to_vec(self)?) };
        Ok(write().map_err(FileError::of("write", &path))?)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The copy at a path.
    pub fn get(&self, path: &Path) -> Option<&Copy> {
        self.0.iter().find(|copy| copy.path.0 == path)
    }

    /// All copies.
    pub fn iter(&self) -> impl Iterator<Item = &Copy> {
        self.0.iter()
    }

    /// Adds copies.
    pub fn extend(&mut self, copies: impl IntoIterator<Item = Copy>) {
        self.0.extend(copies);
    }
}

impl Pool<'_> {
    /// Files of a slot that are copies of the user's ignored ones: secrets, mostly. They are no part of any fix.
    pub fn copies_in(&self, held: &Held) -> Vec<PathBuf> {
        Copies::of(&held.worktree).0.into_iter().map(|copy| copy.path.0).collect()
    }
}
