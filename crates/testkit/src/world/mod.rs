//! The judge of "your work stays untouched": everything of a worktree and its repository that belongs to the user,
//! read from the files themselves. No Git runs, so looking changes nothing.
//!
//! Captured: every file and folder of the worktree (size, time of change, inode, mode, content); the private files of
//! the Git folder, among them the index, HEAD, `FETCH_HEAD`, hooks, `info/` and the states of merges, rebases and
//! bisections; the configuration; all refs; all reflogs. Not captured: objects, the folder `hotfix/` of our own, and
//! the private folders of other worktrees (take a `World` of each that matters).

mod difference;
mod entry;
mod place;
mod refs;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use entry::Entry;
use place::Place;

/// The refs that git-hotfix documents as its own, as patterns: `*` stands for anything. Reflogs of the same names
/// belong to them.
pub const DOCUMENTED_REFS: &[&str] = &["refs/heads/hotfix/*", "refs/hotfix/*", "refs/remotes/*/hotfix/*"];

/// All that belongs to the user, at one moment.
pub struct World {
    files: BTreeMap<PathBuf, Entry>,
    private: BTreeMap<PathBuf, Entry>,
    config: String,
    refs: BTreeMap<String, String>,
    reflogs: BTreeMap<String, String>,
}

impl World {
    /// Captures a worktree, main or linked, or a bare repository.
    pub fn of(path: impl AsRef<Path>) -> Self {
        let place = Place::find(path.as_ref());
        assert!(!place.common.join("reftable").exists(), "World reads loose and packed refs only");
        Self {
            files: place.worktree.as_deref().map(worktree).unwrap_or_default(),
            private: place.private(),
            config: refs::user_config(&place.common),
            refs: refs::refs(&place),
            reflogs: refs::reflogs(&place),
        }
    }

    /// Panics, saying each difference, unless `after` is the same world but for [`DOCUMENTED_REFS`].
    #[track_caller]
    pub fn assert_untouched(&self, after: &Self) {
        self.assert_untouched_but(after, &[]);
    }

    /// The same, where a command is also meant to change the refs that match these patterns.
    #[track_caller]
    pub fn assert_untouched_but(&self, after: &Self, refs: &[&str]) {
        let allowed: Vec<&str> = DOCUMENTED_REFS.iter().chain(refs).copied().collect();
        let differences = self.differences(after, &allowed);
        assert!(differences.is_empty(), "the user's work was touched:\n  {}", differences.join("\n  "));
    }

    /// What differs in `after`, one line each, leaving aside the refs that match `allowed`.
    pub fn differences(&self, after: &Self, allowed: &[&str]) -> Vec<String> {
        let mut lines = difference::of_entries("file", &self.files, &after.files);
        lines.extend(difference::of_entries(".git", &self.private, &after.private));
        lines.extend(difference::of_texts("config", &self.config, &after.config));
        lines.extend(difference::of_refs("ref", &self.refs, &after.refs, allowed));
        lines.extend(difference::of_refs("reflog", &self.reflogs, &after.reflogs, allowed));
        lines
    }
}

fn worktree(top: &Path) -> BTreeMap<PathBuf, Entry> {
    let mut files = entry::below(top, &[".git"]);
    // A file that came and went leaves a trace in the time of its folder.
    files.insert(PathBuf::from("."), Entry::of(top));
    files
}
