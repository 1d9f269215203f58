//! The test part and the source part of a change.

use std::path::{Path, PathBuf};

use crate::git::{Change, ChangeKind};

/// A change taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Tests and what belongs to them: laid over base for the red side.
    pub tests: Vec<Change>,
    /// Everything else: the fix. A file that holds both, with both changed, is in both lists.
    pub source: Vec<Change>,
    /// Files that hold both, whose change could not be taken apart.
    pub unclear: Vec<PathBuf>,
}

/// Takes a change apart by `is_test`, which knows the runner's patterns and the configured ones.
pub fn split(changes: Vec<Change>, is_test: impl Fn(&Path) -> bool) -> Parts {
    let (tests, source) = changes.into_iter().partition(|change| is_test(&change.path));
    Parts { tests, source, unclear: Vec::new() }
}

impl Parts {
    /// Moves files from the source part to the test part.
    pub fn join(&mut self, files: &[PathBuf]) {
        let (joining, source): (Vec<Change>, _) =
            std::mem::take(&mut self.source).into_iter().partition(|change| files.contains(&change.path));
        self.source = source;
        self.tests.extend(joining);
    }

    /// Files of the source part that base does not have.
    pub fn added(&self) -> impl Iterator<Item = &PathBuf> {
        let added = self.source.iter().filter(|change| change.kind == ChangeKind::Added);
        added.map(|change| &change.path)
    }

    /// The test files that exist after the change and hold tests, by `holds_tests`.
    pub fn runnable(&self, holds_tests: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
        let present = self.tests.iter().filter(|change| change.new.is_some());
        present.map(|change| change.path.clone()).filter(|path| holds_tests(path)).collect()
    }
}
