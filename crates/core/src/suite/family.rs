//! Families of runners, and the files they are told by.
//!
//! To add a runner: write a struct with the folder of its project that implements [`Runner`], give it a family that
//! finds such projects in the files of one commit, and put that family into [`FAMILIES`].

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use super::runners::cmake::CMake;
use super::runners::go::Go;
use super::runners::java::Java;
use super::runners::node::Node;
use super::runners::python::Python;
use super::runners::rust::Rust;
use super::runners::shell::{Make, Shell};
use super::{Runner, paths};

/// All families, in the order in which they are asked. Where two runners of one folder could run a file, that of the
/// earlier family does.
pub const FAMILIES: &[&dyn Family] = &[&Python, &Node, &Go, &Rust, &Java, &CMake, &Shell, &Make];

/// Runners that are found by the same files.
pub trait Family: Sync {
    /// One runner for each project of this family, in any order; none if the repository has no such project.
    fn projects(&self, found: &Found<'_>) -> Vec<Box<dyn Runner>>;
}

/// The files of one commit.
pub struct Found<'a> {
    files: &'a [PathBuf],
    known: HashSet<&'a Path>,
    read: &'a dyn Fn(&str) -> Option<Vec<u8>>,
}

impl<'a> Found<'a> {
    /// `files` are all paths of one commit, `read` gives the content of one of them.
    pub fn new(files: &'a [PathBuf], read: &'a dyn Fn(&str) -> Option<Vec<u8>>) -> Self {
        Self { files, known: files.iter().map(PathBuf::as_path).collect(), read }
    }

    /// All files.
    pub fn files(&self) -> &'a [PathBuf] {
        self.files
    }

    /// Whether there is such a file.
    pub fn has(&self, path: impl AsRef<Path>) -> bool {
        self.known.contains(path.as_ref())
    }

    /// The text of a file; `None` if there is no such file.
    pub fn text(&self, path: impl AsRef<Path>) -> Option<String> {
        let path = path.as_ref();
        let bytes = if self.has(path) { (self.read)(path.to_str()?)? } else { return None };
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The folders that hold a file of one of these names, sorted, without those no runner looks into (dependencies,
    /// build output) and those that are data of tests (`testdata`, `fixtures`).
    pub fn folders_with(&self, names: &[&str]) -> Vec<PathBuf> {
        let is_named =
            |path: &&PathBuf| path.file_name().is_some_and(|name| names.iter().any(|one| name == *one));
        let projects = self.files.iter().filter(is_named).filter(|path| !paths::is_skipped(path));
        let folders: BTreeSet<&Path> =
            projects.filter(|path| !paths::is_test_data(path)).filter_map(|path| path.parent()).collect();
        folders.into_iter().map(Path::to_owned).collect()
    }
}
