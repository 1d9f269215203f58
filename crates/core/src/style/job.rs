//! One linter, what it is given, and where it runs.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::folder::Folder;
use super::linter::{Given, Linter, Wanted};

/// A linter with its files.
pub struct Job {
    /// Which.
    pub linter: Family,
    /// Its name, with its folder when that is not the root.
    pub name: String,
    /// The folder it runs in, from the root.
    pub dir: PathBuf,
    /// Its program; absent when it is not installed.
    pub program: Option<PathBuf>,
    /// Arguments before the files.
    pub arguments: Vec<OsString>,
    /// Arguments before the files with which it rewrites them.
    pub rewriting: Option<Vec<OsString>>,
    /// Paths from the root.
    pub files: Vec<PathBuf>,
    /// What of them it is given.
    pub given: Given,
    /// How much its folder wants it.
    pub wanted: Wanted,
    /// Whether it may run.
    pub approved: bool,
    /// What to say besides its messages.
    pub hint: Option<&'static str>,
    /// How long it may run.
    pub deadline: Duration,
}

/// A family of our own or a command of the repository.
#[derive(Clone)]
pub enum Family {
    /// Found by its configuration.
    Found(&'static dyn Linter),
    /// Configured as a line of shell.
    Configured(Arc<super::custom::Custom>),
}

impl Family {
    /// What it can say about itself.
    pub fn get(&self) -> &dyn Linter {
        match self {
            Self::Found(linter) => *linter,
            Self::Configured(custom) => custom.as_ref(),
        }
    }
}

impl Job {
    /// A linter as a folder asks for it; without a folder, as a look for likely bugs.
    pub fn new(linter: Family, folder: Option<&Folder>, files: Vec<PathBuf>) -> Self {
        let family = linter.get();
        let dir = folder.map(|folder| folder.dir.clone()).unwrap_or_default();
        let below = if dir.as_os_str().is_empty() { String::new() } else { format!(" in {}", dir.display()) };
        let name = format!("{}{below}", family.name());
        Self {
            arguments: family.arguments(folder),
            rewriting: family.rewriting(folder),
            name,
            dir,
            program: None,
            files,
            given: Given::Names,
            wanted: folder.map_or(Wanted::ByConfiguration, |folder| family.wanted_by(folder)),
            approved: true,
            hint: None,
            deadline: Duration::MAX,
            linter,
        }
    }

    /// Whether its configuration was found, and no line of the repository's own asks for it.
    pub fn is_found(&self) -> bool {
        matches!(self.linter, Family::Found(_))
    }

    /// The program and its arguments in the slot at `root`, for people.
    pub fn words(&self, root: &Path) -> Vec<String> {
        let program = self.program.as_deref().unwrap_or(Path::new(self.linter.get().program()));
        let all = std::iter::once(program.as_os_str().to_owned()).chain(self.all_arguments(root));
        all.map(|word| word.to_string_lossy().into_owned()).collect()
    }

    /// All arguments in the slot at `root`: what stands for the files comes last.
    pub fn all_arguments(&self, root: &Path) -> Vec<OsString> {
        let of_content =
            |file: &PathBuf| self.linter.get().input_arguments(self.as_argument(file), &root.join(file));
        let given: Vec<OsString> = match self.given {
            Given::Names => self.files.iter().map(|file| self.as_argument(file)).collect(),
            Given::Folders => self.folders(),
            Given::Nothing => Vec::new(),
            Given::Content => self.files.iter().flat_map(of_content).collect(),
        };
        self.arguments.iter().cloned().chain(given).collect()
    }

    /// The folders of the files as arguments, each once.
    fn folders(&self) -> Vec<OsString> {
        let folder = |file: &PathBuf| {
            let inside = file.strip_prefix(&self.dir).unwrap_or(file);
            Path::new(".").join(inside.parent().unwrap_or(Path::new(""))).into_os_string()
        };
        let folders: BTreeSet<OsString> = self.files.iter().map(folder).collect();
        folders.into_iter().collect()
    }

    /// A file as an argument: relative to the folder, and never to be taken for an option or an `@file`.
    pub fn as_argument(&self, file: &Path) -> OsString {
        let path = file.strip_prefix(&self.dir).unwrap_or(file).as_os_str();
        let harmless =
            path.as_bytes().first().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        if harmless { path.to_owned() } else { Path::new(".").join(path).into_os_string() }
    }
}
