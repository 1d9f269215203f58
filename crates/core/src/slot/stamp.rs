//! What is noted of a slot when it is parked, so that taking it again needs no look at its files: as long as the index
//! is the very file that was proved then, it says of every file what it said then.
//!
//! What a stamp cannot see is a file changed behind Git's back. The time of the lease tells it from the user's own
//! work later: see [`Pool::strangers`](super::Pool::strangers).

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::git::{Oid, Worktree};

/// How many bytes at the end of an index are noted: its checksum, in repositories of either kind.
const TRAILER: i64 = 32;

/// What a parked slot was like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    commit: String,
    size: u64,
    modified: Moment,
    inode: u64,
    trailer: String,
}

/// A time as the slot's file system tells it: seconds and nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moment(i64, i64);

impl Stamp {
    /// The stamp of a worktree that was just proved to be exactly at `commit`; `None` if it has no index.
    pub fn of(worktree: &Worktree, commit: &Oid) -> Option<Self> {
        let mut index = File::open(worktree.git_dir.join("index")).ok()?;
        let found = index.metadata().ok()?;
        let mut trailer = Vec::new();
        index.seek(SeekFrom::End(-TRAILER)).ok()?;
        index.read_to_end(&mut trailer).ok()?;
        Some(Self {
            commit: commit.to_string(),
            size: found.size(),
            modified: Moment(found.mtime(), found.mtime_nsec()),
            inode: found.ino(),
            trailer: Oid::of_bytes(&trailer).to_string(),
        })
    }

    /// Whether the worktree still is what the stamp was made of.
    pub(super) fn holds(&self, worktree: &Worktree, commit: &Oid) -> bool {
        Self::of(worktree, commit).as_ref() == Some(self)
    }
}

impl Moment {
    /// When something at this path was last changed in any way: written, renamed, given other rights.
    pub(super) fn of_change(path: &Path) -> Option<Self> {
        let found = path.symlink_metadata().ok()?;
        Some(Self(found.ctime(), found.ctime_nsec()))
    }

    /// Now, by the clock that marks the files of this worktree: one of ours is marked, its content stays as it is.
    pub(super) fn now_in(worktree: &Worktree) -> Option<Self> {
        let pointer = worktree.path.join(".git");
        let mode = pointer.symlink_metadata().ok()?.mode() & 0o7777;
        std::fs::set_permissions(&pointer, std::fs::Permissions::from_mode(mode)).ok()?;
        Self::of_change(&pointer)
    }
}
