//! `check.commands`: lines of shell that print `path:line[:column]: message`.

use std::ffi::OsString;
use std::path::Path;

use super::clean::one_line;
use super::folder::Folder;
use super::known::{Known, Named};
use super::linter::{Linter, Message, Said, is_python};

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
        let first_words = self.line.split_whitespace().take(6).map(base_name);
        is_python(path) || !first_words.into_iter().any(|word| PYTHON_PROGRAMS.contains(&word))
    }

    fn is_asked_for_by(&self, _folder: &Folder) -> bool {
        false
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
        // A name that holds a newline spreads over several lines.
        let mut begun: Vec<u8> = Vec::new();
        for line in output.split(|byte| *byte == b'\n') {
            begun.extend(line);
            match message(line, known).or_else(|| message(&begun, known)) {
                Some(said) => hear(said),
                None if known.may_continue(&begun) => {
                    begun.push(b'\n');
                    continue;
                }
                None => {}
            }
            begun.clear();
        }
    }
}

fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// Reads one message.
fn message(line: &[u8], known: &Known<'_>) -> Option<Said> {
    let colons = line.iter().enumerate().filter(|(_, byte)| **byte == b':').map(|(at, _)| at);
    // A name may hold colons and digits itself: the first place where a known name ends is right. Names are short.
    for at in colons.take(16) {
        let (path, rest) = line.split_at_checked(at)?;
        let Some((row, column, text)) = numbers(rest) else { continue };
        match known.name(path) {
            Named::Given(path) => {
                let path = path.to_owned();
                let text = one_line(&String::from_utf8_lossy(text));
                return Some(Said::Here(Message { path, first: row, last: row, column, text }));
            }
            Named::Elsewhere => return Some(Said::Elsewhere),
            Named::Nothing => {}
        }
    }
    None
}

/// Reads `:line[:column]: message`; the last colon may be missing, as some linters print it.
fn numbers(text: &[u8]) -> Option<(u64, Option<u64>, &[u8])> {
    let (row, rest) = number(text)?;
    let (column, rest) = match number(rest) {
        Some((column, rest)) => (Some(column), rest),
        None => (None, rest),
    };
    match rest.first() {
        Some(b':' | b' ') => Some((row, column, rest.get(1..)?)),
        _ => None,
    }
}

/// Reads `:digits`.
fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let rest = text.strip_prefix(b":")?;
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = rest.split_at_checked(count)?;
    Some((std::str::from_utf8(digits).ok()?.parse().ok()?, rest))
}
