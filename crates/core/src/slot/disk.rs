//! What slots take on disk.

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::remove::aside;
use super::{Pool, SlotInfo, SlotState};
use crate::error::Result;

/// Bytes in one of the blocks that `st_blocks` counts, whatever the file system's own are: POSIX, sys/stat.h.
const BLOCK: u64 = 512;

/// Something that Git ignores in a slot or its twin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    /// The file or folder.
    pub path: PathBuf,
    /// Bytes on disk.
    pub bytes: u64,
}

impl Pool<'_> {
    /// Bytes on disk of a slot and its twin. What cannot be looked at does not count.
    pub fn disk_of(&self, slot: &SlotInfo) -> u64 {
        let SlotState::Removing { id } = &slot.state else {
            return slot.twin.iter().chain([&slot.path]).map(|folder| bytes_below(folder)).sum();
        };
        // What else is found under the old names is somebody else's.
        let asides = slot.twin.iter().chain([&slot.path]).map(|folder| aside(folder, id));
        let ours = slot.worktrees.iter().map(|worktree| worktree.path.clone()).chain(asides);
        ours.map(|folder| bytes_below(&folder)).sum()
    }

    /// What Git ignores in a slot and its twin, the largest first.
    pub fn caches_of(&self, slot: &SlotInfo) -> Result<Vec<Cache>> {
        let mut caches = Vec::new();
        for worktree in &slot.worktrees {
            for path in self.repository.all_ignored(worktree)? {
                let path = worktree.path.join(path);
                caches.push(Cache { bytes: bytes_below(&path), path });
            }
        }
        caches.sort_by(|one, other| other.bytes.cmp(&one.bytes).then_with(|| one.path.cmp(&other.path)));
        Ok(caches)
    }
}

/// Links are not followed, and a file with several names counts once.
fn bytes_below(path: &Path) -> u64 {
    let mut seen = HashSet::new();
    let mut bytes = 0;
    let mut left = vec![path.to_owned()];
    while let Some(path) = left.pop() {
        let Ok(found) = path.symlink_metadata() else {
            continue;
        };
        if found.nlink() == 1 || found.is_dir() || seen.insert((found.dev(), found.ino())) {
            bytes += found.blocks() * BLOCK;
        }
        if found.is_dir()
            && let Ok(entries) = std::fs::read_dir(&path)
        {
            left.extend(entries.flatten().map(|entry| entry.path()));
        }
    }
    bytes
}
