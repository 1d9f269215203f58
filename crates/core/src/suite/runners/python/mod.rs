//! Python: pytest or unittest, as the files of the repository show.

pub mod environment;
mod ini;
mod pytest;
mod unittest;

use std::path::{Path, PathBuf};

use self::pytest::Pytest;
use self::unittest::Unittest;
use crate::suite::family::{Family, Found};
use crate::suite::{Runner, paths};

/// Most test files read to tell pytest from unittest.
const MOST_READ: usize = 100;
/// Files that are pytest's own configuration, the strongest first, with the section that counts (pytest's
/// documentation, "Configuration file formats"); an empty section means that the file alone is enough.
const INI_FILES: &[(&str, &str)] =
    &[("pytest.ini", ""), (".pytest.ini", ""), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")];
/// Files that name what a project needs.
const DEPENDENCY_FILES: &[&str] =
    &["pyproject.toml", "setup.py", "setup.cfg", "Pipfile", "tox.ini", "noxfile.py", "environment.yml"];

/// Python projects.
#[derive(Debug)]
pub struct Python;

impl Family for Python {
    fn projects(&self, found: &Found<'_>) -> Vec<Box<dyn Runner>> {
        let signs = Signs(found);
        let settings = signs.settings();
        if settings.is_some() || signs.has_conftest() || signs.depends_on_pytest() {
            return vec![Box::new(Pytest::new(&settings.unwrap_or_default()))];
        }
        match signs.style_of_tests() {
            Some(Style::Unittest) => vec![Box::new(Unittest)],
            Some(Style::Pytest) => vec![Box::new(Pytest::new(&[]))],
            None => Vec::new(),
        }
    }
}

/// What the files say about pytest and unittest.
struct Signs<'a>(&'a Found<'a>);

enum Style {
    Pytest,
    Unittest,
}

impl Signs<'_> {
    /// `python_files` of pytest's configuration; `None` without a configuration.
    fn settings(&self) -> Option<Vec<String>> {
        let (own, shared) = INI_FILES.split_at(2);
        self.ini_settings(own).or_else(|| self.toml_settings()).or_else(|| self.ini_settings(shared))
    }

    fn ini_settings(&self, candidates: &[(&str, &str)]) -> Option<Vec<String>> {
        candidates.iter().filter(|(file, _)| self.0.has(file)).find_map(|(file, section)| {
            let text = self.0.text(file)?;
            let is_settings = section.is_empty() || ini::has_section(&text, section);
            let section = if section.is_empty() { "pytest" } else { section };
            let words = ini::value(&text, section, "python_files").unwrap_or_default();
            is_settings.then(|| words.split_whitespace().map(str::to_owned).collect())
        })
    }

    fn toml_settings(&self) -> Option<Vec<String>> {
        if let Some(file) = ["pytest.toml", ".pytest.toml"].into_iter().find(|file| self.0.has(file)) {
            let document: toml_edit::DocumentMut = self.0.text(file)?.parse().unwrap_or_default();
            return Some(document.get("pytest").map(python_files).unwrap_or_default());
        }
        if !self.0.has("pyproject.toml") {
            return None;
        }
        let document: toml_edit::DocumentMut = self.0.text("pyproject.toml")?.parse().ok()?;
        let settings = document.get("tool")?.get("pytest")?;
        Some(python_files(settings.get("ini_options").unwrap_or(settings)))
    }

    fn has_conftest(&self) -> bool {
        let is_conftest = |file: &&PathBuf| file.file_name().is_some_and(|name| name == "conftest.py");
        self.0.files().iter().filter(is_conftest).any(|file| !paths::is_skipped(file))
    }

    fn depends_on_pytest(&self) -> bool {
        let names = self.0.files().iter().filter_map(|file| file.to_str());
        names
            .filter(|name| DEPENDENCY_FILES.contains(name) || is_requirements(name))
            .any(|name| self.0.text(name).is_some_and(|text| has_word(&text, "pytest")))
    }

    fn style_of_tests(&self) -> Option<Style> {
        let pytest = Pytest::new(&[]);
        let tests =
            self.0.files().iter().filter(|file| pytest.is_test_file(file) || unittest::is_test_file(file));
        let contents: Vec<_> = tests.take(MOST_READ).filter_map(|file| self.0.text(file.to_str()?)).collect();
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
