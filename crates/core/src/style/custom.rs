//! `check.commands`: lines of shell that print `path:line[:column]: message`.

use std::ffi::OsString;
use std::path::Path;

use super::families;
use super::folder::Folder;
use super::known::Known;
use super::linter::{Linter, Said, Wanted, is_python};
use super::read::lines;

/// Programs that would take any file they are given for Python.
const PYTHON_PROGRAMS: [&str; 13] = [
    "bandit",
    "black",
    "flake8",
    "isort",
    "mypy",
    "pycodestyle",
    "pydocstyle",
    "pyflakes",
    "pylint",
    "pyright",
    "ruff",
    "ty",
    "vulture",
];

/// One line of `check.commands`.
#[derive(Debug)]
pub struct Custom {
    line: String,
}

impl Custom {
    /// A command as configured.
    pub fn new(line: &str) -> Self {
        Self { line: line.trim().to_owned() }
    }

    /// Whether the line runs what a family would run, so that the family is not needed as well.
    pub fn replaces(&self, linter: &dyn Linter) -> bool {
        let names: Vec<&str> = linter.name().split(' ').collect();
        let words: Vec<&str> = self.line.split_whitespace().map(base_name).collect();
        words.windows(names.len()).any(|window| window == names)
    }
}

impl Linter for Custom {
    fn name(&self) -> &str {
        &self.line
    }

    fn program(&self) -> &'static str {
        "sh"
    }

    fn takes(&self, path: &Path) -> bool {
        // `uv run --frozen python -m mypy` names its program fifth.
        let mut first_words = self.line.split_whitespace().take(6).map(base_name);
        let of_python = || is_python(path);
        let family = |word: &str| families::all().find(|linter| linter.program() == word);
        first_words
            .find_map(|word| match PYTHON_PROGRAMS.contains(&word) {
                true => Some(of_python()),
                false => family(word).map(|linter| linter.takes(path)),
            })
            .unwrap_or(true)
    }

    fn wanted_by(&self, _folder: &Folder) -> Wanted {
        Wanted::Not
    }

    /// The files are the shell's own arguments, so no name can be read as shell. A line that places them itself
    /// (`$@`, `$*`) is left as it is.
    fn arguments(&self, _folder: Option<&Folder>) -> Vec<OsString> {
        let places_files = self.line.contains("$@") || self.line.contains("$*");
        let line = if places_files { self.line.clone() } else { format!("{} \"$@\"", self.line) };
        vec!["-c".into(), line.into(), "sh".into()]
    }

    /// Linters differ in their exit codes; only those of the shell itself are known.
    fn did_its_work(&self, code: i32) -> bool {
        !matches!(code, 126 | 127)
    }

    fn read(&self, output: &[u8], known: &Known<'_>, hear: &mut dyn FnMut(Said)) {
        lines::read(output, known, hear);
    }
}

fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}
