//! What every family of linters can say about itself. One file per family implements this.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::folder::Folder;
use super::known::Known;

/// One family of linters.
pub trait Linter: Send + Sync {
    /// Its name in reports.
    fn name(&self) -> &str;

    /// The program to run.
    fn program(&self) -> &str;

    /// What to install to get it.
    fn package(&self) -> &str {
        self.program()
    }

    /// Whether it reads such a file.
    fn takes(&self, path: &Path) -> bool;

    /// Whether a folder's configuration asks for it.
    fn is_asked_for_by(&self, folder: &Folder) -> bool;

    /// Arguments before the files. Without a folder: likely bugs only, and no configuration from anywhere.
    fn arguments(&self, folder: Option<&Folder>) -> Vec<OsString>;

    /// Whether the exit code means that it did its work, with or without messages.
    fn did_its_work(&self, code: i32) -> bool {
        matches!(code, 0 | 1)
    }

    /// Whether it can only be given this file on standard input, under no name.
    fn needs_input(&self, _path: &Path) -> bool {
        false
    }

    /// Reads all it printed, and passes on every message; there may be millions.
    fn read(&self, output: &[u8], known: &Known<'_>, hear: &mut dyn FnMut(Said));

    /// Arguments with which it rewrites files; only formatters have them, and those print unified differences.
    fn rewriting(&self, _folder: Option<&Folder>) -> Option<Vec<OsString>> {
        None
    }
}

/// What a linter said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// About lines of a file that it was given.
    Here(Message),
    /// About another file of the repository.
    Elsewhere,
}

/// One thing a linter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Path from the root of the slot.
    pub path: PathBuf,
    /// The first line it is about, counted from 1.
    pub first: u64,
    /// The last line it is about.
    pub last: u64,
    /// Column, counted from 1.
    pub column: Option<u64>,
    /// The message with its rule's code; one line.
    pub text: String,
}

/// All families that are found by their configuration, in the order of reports.
pub const FAMILIES: &[&dyn Linter] =
    &[&super::ruff::Check, &super::flake8::Flake8, &super::ruff::Format, &super::black::Black];

/// Families that look for likely bugs where nothing is configured, the preferred one first.
pub const BUG_FINDERS: &[&dyn Linter] = &[&super::ruff::Check, &super::flake8::Flake8];

/// Whether a file is Python by its name.
pub fn is_python(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "py" || extension == "pyi")
}

/// Arguments from plain words.
pub fn words<const N: usize>(words: [&str; N]) -> Vec<OsString> {
    words.into_iter().map(OsString::from).collect()
}
