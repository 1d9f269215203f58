//! Which runner a repository uses, read from its own files.

use std::path::{Path, PathBuf};

use hotfix_model::config::TestConfig;

use super::pytest::Pytest;
use super::unittest::{self, Unittest};
use super::{Runner, SuiteError, command, ini, paths};
use crate::error::Result;

/// Most test files read to tell pytest from unittest.
const MOST_READ: usize = 100;
/// Files that are pytest's own configuration, the strongest first, with the section that counts (pytest's
/// documentation, "Configuration file formats"); an empty section means that the file alone is enough.
const INI_FILES: &[(&str, &str)] =
    &[("pytest.ini", ""), (".pytest.ini", ""), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")];
/// Files that name what a project needs.
const DEPENDENCY_FILES: &[&str] =
    &["pyproject.toml", "setup.py", "setup.cfg", "Pipfile", "tox.ini", "noxfile.py", "environment.yml"];

struct Found<'a> {
    files: &'a [PathBuf],
    read: &'a dyn Fn(&str) -> Option<Vec<u8>>,
}

/// The runner of a repository: `test.command` if it is set, else pytest or unittest as its files show. `files` are all
/// paths of one commit, `read` gives the content of one of them. Errors: [`SuiteError::NoRunner`].
pub fn detect(
    files: &[PathBuf],
    read: &dyn Fn(&str) -> Option<Vec<u8>>,
    config: &TestConfig,
) -> Result<Box<dyn Runner>> {
    if !config.command.trim().is_empty() {
        return command::shell(&config.command);
    }
    let found = Found { files, read };
    let settings = found.settings();
    if settings.is_some() || found.has_conftest() || found.depends_on_pytest() {
        return Ok(Box::new(Pytest::new(&settings.unwrap_or_default())));
    }
    match found.style_of_tests() {
        Some(Style::Unittest) => Ok(Box::new(Unittest)),
        Some(Style::Pytest) => Ok(Box::new(Pytest::new(&[]))),
        None => Err(SuiteError::NoRunner)?,
    }
}

enum Style {
    Pytest,
    Unittest,
}

impl Found<'_> {
    fn text(&self, path: &str) -> Option<String> {
        Some(String::from_utf8_lossy(&(self.read)(path)?).into_owned())
    }

    fn has(&self, path: &str) -> bool {
        self.files.iter().any(|file| file == Path::new(path))
    }

    /// `python_files` of pytest's configuration; `None` without a configuration.
    fn settings(&self) -> Option<Vec<String>> {
        let (own, shared) = INI_FILES.split_at(2);
        self.ini_settings(own).or_else(|| self.toml_settings()).or_else(|| self.ini_settings(shared))
    }

    fn ini_settings(&self, candidates: &[(&str, &str)]) -> Option<Vec<String>> {
        candidates.iter().filter(|(file, _)| self.has(file)).find_map(|(file, section)| {
            let text = self.text(file)?;
            let is_settings = section.is_empty() || ini::has_section(&text, section);
            let section = if section.is_empty() { "pytest" } else { section };
            let words = ini::value(&text, section, "python_files").unwrap_or_default();
            is_settings.then(|| words.split_whitespace().map(str::to_owned).collect())
        })
    }

    fn toml_settings(&self) -> Option<Vec<String>> {
        if let Some(file) = ["pytest.toml", ".pytest.toml"].into_iter().find(|file| self.has(file)) {
            let document: toml_edit::DocumentMut = self.text(file)?.parse().unwrap_or_default();
            return Some(document.get("pytest").map(python_files).unwrap_or_default());
        }
        if !self.has("pyproject.toml") {
            return None;
        }
        let document: toml_edit::DocumentMut = self.text("pyproject.toml")?.parse().ok()?;
        let settings = document.get("tool")?.get("pytest")?;
        Some(python_files(settings.get("ini_options").unwrap_or(settings)))
    }

    fn has_conftest(&self) -> bool {
        let is_conftest = |file: &&PathBuf| file.file_name().is_some_and(|name| name == "conftest.py");
        self.files.iter().filter(is_conftest).any(|file| !paths::is_skipped(file))
    }

    fn depends_on_pytest(&self) -> bool {
        let names = self.files.iter().filter_map(|file| file.to_str());
        names
            .filter(|name| DEPENDENCY_FILES.contains(name) || is_requirements(name))
            .any(|name| self.text(name).is_some_and(|text| has_word(&text, "pytest")))
    }

    fn style_of_tests(&self) -> Option<Style> {
        let pytest = Pytest::new(&[]);
        let tests =
            self.files.iter().filter(|file| pytest.is_test_file(file) || unittest::is_test_file(file));
        let contents: Vec<_> = tests.take(MOST_READ).filter_map(|file| self.text(file.to_str()?)).collect();
        let any = |wanted: fn(&str) -> bool| contents.iter().any(|text| text.lines().any(wanted));
        if any(|line| imports(line, "pytest")) {
            return Some(Style::Pytest);
        }
        if any(|line| imports(line, "unittest")) {
            return Some(Style::Unittest);
        }
        any(|line| line.trim_start().starts_with("def test")).then_some(Style::Pytest)
    }
}

fn python_files(settings: &toml_edit::Item) -> Vec<String> {
    match settings.get("python_files") {
        Some(item) if item.is_array() => {
            let words = item.as_array().into_iter().flatten().filter_map(|value| value.as_str());
            words.map(str::to_owned).collect()
        }
        Some(item) => item.as_str().unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
        None => Vec::new(),
    }
}

fn is_requirements(name: &str) -> bool {
    let base = name.rsplit('/').next().unwrap_or(name);
    let depth = name.matches('/').count();
    let extension = Path::new(base).extension();
    let is_list = extension.is_some_and(|extension| extension == "txt" || extension == "in");
    depth <= 1 && is_list && (base.contains("requirements") || name.starts_with("requirements/"))
}

fn imports(line: &str, module: &str) -> bool {
    let line = line.trim_start();
    let rest = line.strip_prefix("import ").or_else(|| line.strip_prefix("from "));
    let rest = rest.and_then(|rest| rest.trim_start().strip_prefix(module));
    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// Whether a text holds a word that is not a part of a longer one; `pytest-cov` counts as `pytest`.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(place, _)| {
        let before = text.get(..place).and_then(|text| text.chars().next_back());
        let after = text.get(place + word.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}
