//! black.

use std::ffi::OsString;
use std::path::Path;

use crate::style::folder::Folder;
use crate::style::known::Known;
use crate::style::linter::{Given, Linter, Said, Wanted, is_python, words};
use crate::style::read::diff;

/// black, configured by `[tool.black]`.
pub struct Black;

impl Linter for Black {
    fn name(&self) -> &'static str {
        "black"
    }

    fn program(&self) -> &'static str {
        "black"
    }

    fn takes(&self, path: &Path) -> bool {
        is_python(path)
    }

    fn configuration(&self) -> Vec<&'static str> {
        vec!["pyproject.toml"]
    }

    fn wanted_by(&self, folder: &Folder) -> Wanted {
        Wanted::if_configured(folder.toml("pyproject.toml", &["tool", "black"]).is_some())
    }

    fn arguments(&self, folder: Option<&Folder>) -> Vec<OsString> {
        let mut arguments = self.rewriting(folder).unwrap_or_default();
        arguments.extend(words(["--diff", "--no-color"]));
        arguments
    }

    /// Black dies when it has to print a name that is not UTF-8.
    fn given(&self, path: &Path) -> Given {
        if path.to_str().is_none() { Given::Content } else { Given::Names }
    }

    fn read(&self, output: &[u8], known: &Known<'_>, hear: &mut dyn FnMut(Said)) {
        diff::read(output, known, hear);
    }

    fn rewriting(&self, folder: Option<&Folder>) -> Option<Vec<OsString>> {
        let mut arguments = words(["--quiet"]);
        if let Some(pattern) = folder.and_then(excluded) {
            arguments.push(format!("--force-exclude={pattern}").into());
        }
        Some(arguments)
    }
}

/// What black leaves out where `exclude` says nothing else, as its `--help` tells.
const USUALLY: &str = r"/(\.direnv|\.eggs|\.git|\.hg|\.ipynb_checkpoints|\.mypy_cache|\.nox|\.pytest_cache|\.ruff_cache|\.tox|\.svn|\.venv|\.vscode|__pypackages__|_build|buck-out|build|dist|venv)/";

/// Black ignores `exclude` and `extend-exclude` for files given by name; handed over as `force-exclude` they hold.
fn excluded(folder: &Folder) -> Option<String> {
    let table = folder.toml("pyproject.toml", &["tool", "black"])?;
    let text = |key| table.get(key).and_then(|value| value.as_str());
    let others = ["extend-exclude", "force-exclude"].into_iter().filter_map(text);
    let patterns: Vec<&str> = std::iter::once(text("exclude").unwrap_or(USUALLY)).chain(others).collect();
    match patterns.as_slice() {
        [] => None,
        [one] => Some((*one).to_owned()),
        // On a line of its own, a closing bracket cannot end up in a pattern's comment.
        many => Some(
            many.iter()
                .map(|pattern| format!("(?:{pattern}{})", line_end(many)))
                .collect::<Vec<_>>()
                .join("|"),
        ),
    }
}

/// Black reads a pattern that holds a newline in verbose mode, in which white space does not count.
fn line_end(patterns: &[&str]) -> &'static str {
    if patterns.iter().any(|pattern| pattern.contains('\n')) { "\n" } else { "" }
}
