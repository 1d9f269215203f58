//! What every family of linters can say about itself. One family is one value that implements this.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::folder::Folder;
use super::known::Known;
use super::read::diff::{self, Block};

/// One family of linters.
pub trait Linter: Send + Sync {
    /// Its name in reports.
    fn name(&self) -> &str;

    /// The program to run.
    fn program(&self) -> &str;

    /// What to install to get it.
    fn package(&self) -> Package<'_> {
        Package::Python(self.program())
    }

    /// Whether it reads such a file.
    fn takes(&self, path: &Path) -> bool;

    /// Names of the files that [`Linter::wanted_by`] reads; a name may have a folder in it.
    fn configuration(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// How much a folder wants it.
    fn wanted_by(&self, folder: &Folder) -> Wanted;

    /// Whether a folder's configuration leaves out a file that it would take.
    fn leaves_out(&self, _folder: &Folder, _file: &Path) -> bool {
        false
    }

    /// What it is given of such a file.
    fn given(&self, _path: &Path) -> Given {
        Given::Names
    }

    /// Arguments before the files. Without a folder: likely bugs only, and no configuration from anywhere.
    fn arguments(&self, folder: Option<&Folder>) -> Vec<OsString>;

    /// The arguments that stand for a file that comes on standard input, by its name from where it runs and its
    /// absolute path.
    fn input_arguments(&self, _name: OsString, _path: &Path) -> Vec<OsString> {
        words(["-"])
    }

    /// Whether the exit code means that it did its work, with or without messages.
    fn did_its_work(&self, code: i32) -> bool {
        matches!(code, 0 | 1)
    }

    /// Whether its standard output is the file as it should be.
    fn prints_file(&self) -> bool {
        false
    }

    /// Reads all it printed, and passes on every message; there may be millions.
    fn read(&self, output: &[u8], known: &Known<'_>, hear: &mut dyn FnMut(Said));

    /// What it would write differently, from all it printed; only formatters are asked.
    fn differences(&self, output: &[u8], known: &Known<'_>) -> Vec<Block> {
        diff::blocks(output, known)
    }

    /// Arguments with which it rewrites files; only formatters that are not [`Linter::prints_file`] have them.
    fn rewriting(&self, _folder: Option<&Folder>) -> Option<Vec<OsString>> {
        None
    }
}

/// How much a folder wants a linter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    /// Not at all.
    Not,
    /// Its language is customarily checked so. It runs where it is installed; where it is not, nobody misses it.
    ByCustom,
    /// It is configured.
    ByConfiguration,
}

impl Wanted {
    /// Configured, or not wanted.
    pub fn if_configured(configured: bool) -> Self {
        if configured { Self::ByConfiguration } else { Self::Not }
    }

    /// Customary, or not wanted.
    pub fn if_customary(customary: bool) -> Self {
        if customary { Self::ByCustom } else { Self::Not }
    }
}

/// What a linter is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Given {
    /// The names of the files, all at once.
    Names,
    /// The folders that hold the files, as Go's packages.
    Folders,
    /// Nothing: it looks at the project that the folder is.
    Nothing,
    /// The content of one file, on standard input.
    Content,
}

/// What to install, and by which means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Package<'a> {
    /// From Python's index.
    Python(&'a str),
    /// From the registry of Node.
    Node(&'a str),
    /// A component of the Rust toolchain.
    Rustup(&'a str),
    /// A command that is a Go module.
    Go(&'a str),
    /// A program that every system packages in its own way.
    System(&'a str),
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

/// Whether a file is Python by its name.
pub fn is_python(path: &Path) -> bool {
    has_extension(path, &["py", "pyi"])
}

/// Whether a file's name ends with a dot and one of these.
pub fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension().and_then(|own| own.to_str()).is_some_and(|own| extensions.contains(&own))
}

/// Arguments from plain words.
pub fn words<const N: usize>(words: [&str; N]) -> Vec<OsString> {
    words.into_iter().map(OsString::from).collect()
}
