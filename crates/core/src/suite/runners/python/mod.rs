//! Python: pytest or unittest, as the files of the repository show.

pub mod environment;
mod ini;
mod pytest;
mod unittest;

use std::path::{Path, PathBuf};

use self::pytest::Pytest;
use self::unittest::Unittest;
use crate::suite::family::{Family, Found};
use crate::suite::{Runner, Selection, paths};

/// Most test files read to tell pytest from unittest.
const MOST_READ: usize = 100;
/// Files that are pytest's own configuration, the strongest first, with the section that counts (pytest's
/// documentation, "Configuration file formats"); an empty section means that the file alone is enough.
const INI_FILES: &[(&str, &str)] =
    &[("pytest.ini", ""), (".pytest.ini", ""), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")];
/// Files that name what a project needs.
const DEPENDENCY_FILES: &[&str] =
    &["pyproject.toml", "setup.py", "setup.cfg", "Pipfile", "tox.ini", "noxfile.py", "environment.yml"];

/// Files that make a folder a project of its own, below one that is none.
const PROJECT_FILES: &[&str] = &["pyproject.toml", "setup.py", "setup.cfg", "Pipfile"];

/// Python projects.
#[derive(Debug)]
pub struct Python;

impl Family for Python {
    fn projects(&self, found: &Found<'_>) -> Vec<Box<dyn Runner>> {
        let relevant: Vec<&Path> =
            found.files().iter().map(PathBuf::as_path).filter(|path| is_telling(path)).collect();
        let nested = nested(found, &relevant);
        let own_of = |folder: &Path| {
            let deeper: Vec<&PathBuf> = nested
                .iter()
                .filter(|other| other.as_path() != folder && other.starts_with(folder))
                .collect();
            let mine = relevant.iter().filter(|path| path.starts_with(folder));
            mine.filter(|path| !deeper.iter().any(|other| path.starts_with(other))).copied().collect()
        };
        let root = PathBuf::new();
        let folders = std::iter::once(&root).chain(&nested);
        folders.filter_map(|folder| Signs { found, folder, files: own_of(folder) }.runner()).collect()
    }
}

/// Files whose names or texts tell something about the tests.
fn is_telling(path: &Path) -> bool {
    let ending = path.extension();
    ending.is_some_and(|ending| ["py", "txt", "in"].iter().any(|one| ending == *one))
}

/// Folders below the root that are projects: with tests, and with settings of pytest or a lock of their own, or any sign
/// of a project where the root has none. A folder of tests is none.
fn nested(found: &Found<'_>, relevant: &[&Path]) -> Vec<PathBuf> {
    let root = PathBuf::new();
    let is_project = PROJECT_FILES.iter().any(|name| found.has(name))
        || found.has("requirements.txt")
        || Signs { found, folder: &root, files: Vec::new() }.settings().is_some();
    let tests: Vec<&&Path> = relevant.iter().filter(|path| unittest::is_test_file(path)).collect();
    let marks: Vec<&str> = PROJECT_FILES.iter().chain(&["pytest.ini", "tox.ini"]).copied().collect();
    let is_own = |folder: &PathBuf| {
        let signs = Signs { found, folder, files: Vec::new() };
        let stands_alone = || signs.settings().is_some() || environment::has_lock(|name| signs.has(name));
        !folder.as_os_str().is_empty()
            && !paths::is_test_support(&folder.join("file"))
            && tests.iter().any(|test| test.starts_with(folder))
            && (!is_project || stands_alone())
    };
    found.folders_with(&marks).into_iter().filter(is_own).collect()
}

/// What the files of one project say about pytest and unittest.
struct Signs<'a> {
    found: &'a Found<'a>,
    /// The project's; empty for the root.
    folder: &'a Path,
    files: Vec<&'a Path>,
}

enum Style {
    Pytest,
    Unittest,
}

impl Signs<'_> {
    fn runner(&self) -> Option<Box<dyn Runner>> {
        let settings = self.settings();
        if settings.is_some() || self.has_conftest() || self.depends_on_pytest() {
            return Some(Box::new(Pytest::new(self.folder, &settings.unwrap_or_default())));
        }
        match self.style_of_tests()? {
            Style::Unittest => Some(Box::new(Unittest::new(self.folder))),
            Style::Pytest => Some(Box::new(Pytest::new(self.folder, &[]))),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.found.has(self.folder.join(name))
    }

    fn text(&self, name: &str) -> Option<String> {
        self.found.text(self.folder.join(name))
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
        let is_conftest = |file: &&&Path| file.file_name().is_some_and(|name| name == "conftest.py");
        self.files.iter().filter(is_conftest).any(|file| !paths::is_skipped(file))
    }

    fn depends_on_pytest(&self) -> bool {
        let inside = self.files.iter().filter_map(|file| file.strip_prefix(self.folder).ok()?.to_str());
        let lists = inside.filter(|name| is_requirements(name));
        let mut names = DEPENDENCY_FILES.iter().copied().chain(lists);
        names.any(|name| self.text(name).is_some_and(|text| has_word(&text, "pytest")))
    }

    fn style_of_tests(&self) -> Option<Style> {
        let pytest = Pytest::new(self.folder, &[]);
        let tests =
            self.files.iter().filter(|file| pytest.is_test_file(file) || unittest::is_test_file(file));
        let contents: Vec<_> = tests.take(MOST_READ).filter_map(|file| self.found.text(file)).collect();
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

/// What a person types for a selection, seen from the project's folder.
fn named(folder: &Path, selection: &Selection) -> Vec<String> {
    let prefix = format!("{}/", paths::text_of_path(folder));
    let own = |name: &str| name.strip_prefix(&prefix).unwrap_or(name).to_owned();
    match selection {
        Selection::Everything => Vec::new(),
        Selection::Files(files) => files.iter().map(|file| own(&paths::text_of_path(file))).collect(),
        Selection::Cases(ids) => ids.iter().map(|id| own(id)).collect(),
    }
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
