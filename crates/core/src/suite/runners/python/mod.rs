//! Python: pytest or unittest, as the files of the repository show.

pub mod candidates;
mod collected;
mod django;
pub mod environment;
mod ini;
pub mod layout;
pub mod place_file;
mod pytest;
mod settings;
mod trees;
mod unittest;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::collected::Collected;
use self::django::Django;
use self::layout::Layout;
use self::pytest::Pytest;
use self::settings::PytestSettings;
use self::unittest::Unittest;
use crate::suite::family::{Family, Found};
use crate::suite::{Runner, Selection, paths};

/// Most test files read to tell pytest from unittest.
const MOST_READ: usize = 100;
/// Files that name what a project needs.
const DEPENDENCY_FILES: &[&str] =
    &["pyproject.toml", "setup.py", "setup.cfg", "Pipfile", "tox.ini", "noxfile.py", "environment.yml"];

/// Files that make a folder a project of its own, below one that is none.
const PROJECT_FILES: &[&str] = &["pyproject.toml", "setup.py", "setup.cfg", "Pipfile"];
/// More of them: a service often has nothing but a list of what it needs.
const SERVICE_FILES: &[&str] = &[
    "requirements.txt",
    "requirements.in",
    "requirements-dev.txt",
    "requirements-test.txt",
    "environment.yml",
    "pytest.ini",
    "tox.ini",
    "noxfile.py",
    DJANGO_PROGRAM,
];
/// The program of every Django project.
const DJANGO_PROGRAM: &str = "manage.py";

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
        let layout = Arc::new(Layout::of_found(found));
        let signs = |folder| Signs { found, folder, files: own_of(folder) };
        folders.filter_map(|folder| signs(folder).runner(&layout)).collect()
    }
}

/// Files whose names or texts tell something about the tests.
fn is_telling(path: &Path) -> bool {
    let ending = path.extension();
    ending.is_some_and(|ending| ["py", "txt", "in"].iter().any(|one| ending == *one))
}

/// Folders below the root that are projects: with tests, and with settings of pytest, a lock or a `manage.py` of their
/// own, or any sign of a project where the root has none. A folder of tests is none.
fn nested(found: &Found<'_>, relevant: &[&Path]) -> Vec<PathBuf> {
    let is_project = is_project_at_root(found);
    let tests: Vec<&&Path> = relevant.iter().filter(|path| unittest::is_test_file(path)).collect();
    let marks: Vec<&str> = PROJECT_FILES.iter().chain(SERVICE_FILES).copied().collect();
    let is_own = |folder: &PathBuf| {
        let signs = Signs { found, folder, files: Vec::new() };
        let has_lock = || environment::has_lock(|name| signs.has(name));
        let stands_alone = || signs.settings().is_some() || has_lock() || signs.has_django_program();
        !folder.as_os_str().is_empty()
            && !paths::is_test_support(&folder.join("file"))
            && tests.iter().any(|test| test.starts_with(folder))
            && (!is_project || stands_alone())
    };
    found.folders_with(&marks).into_iter().filter(is_own).collect()
}

/// Whether the root is a project. A `pyproject.toml` may only say how some tools behave, in all services below it.
fn is_project_at_root(found: &Found<'_>) -> bool {
    let root = Signs { found, folder: Path::new(""), files: Vec::new() };
    let described = || root.text("pyproject.toml").is_some_and(|text| settings::describes_project(&text));
    let others = ["setup.py", "setup.cfg", "Pipfile", "requirements.txt"];
    others.iter().any(|name| root.has(name)) || root.settings().is_some() || described()
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
    fn runner(&self, layout: &Arc<Layout>) -> Option<Box<dyn Runner>> {
        let settings = self.settings();
        let collected = self.collected(settings.as_ref());
        if self.is_tested_by_django(settings.as_ref(), &collected) {
            return Some(Box::new(Django::new(self.folder, Arc::clone(layout))));
        }
        let style = match settings.is_some() || self.has_conftest() || self.depends_on_pytest() {
            true => Style::Pytest,
            false => self.style_of_tests(&collected)?,
        };
        Some(match style {
            Style::Unittest => Box::new(Unittest::new(self.folder, Arc::clone(layout))),
            Style::Pytest => {
                let left_out = self.left_out(&collected);
                Box::new(Pytest::new(self.folder, collected, left_out, Arc::clone(layout)))
            }
        })
    }

    /// What pytest would collect of the project.
    fn collected(&self, settings: Option<&PytestSettings>) -> Collected {
        let default = PytestSettings::default();
        let inside: Vec<&Path> =
            self.files.iter().filter_map(|file| file.strip_prefix(self.folder).ok()).collect();
        Collected::new(settings.unwrap_or(&default), &inside)
    }

    /// Files with tests that the project's settings keep pytest from. One that is only called like a test is source.
    fn left_out(&self, collected: &Collected) -> BTreeSet<PathBuf> {
        let is_left_out = |file: &&&Path| {
            let inside = file.strip_prefix(self.folder).unwrap_or(file);
            collected.is_named(inside) && !collected.is_reached(inside) && !paths::is_skipped(file)
        };
        let candidates = self.files.iter().filter(is_left_out).take(MOST_READ);
        let with_tests = candidates.filter(|file| self.found.text(file).is_some_and(|text| has_tests(&text)));
        with_tests.map(|file| (*file).to_owned()).collect()
    }

    fn has_django_program(&self) -> bool {
        self.text(DJANGO_PROGRAM).is_some_and(|text| text.to_ascii_lowercase().contains("django"))
    }

    /// Whether tests run by `manage.py test`: in Django's own layout, and not by pytest with its plugin for Django, unless
    /// that would find none of them.
    fn is_tested_by_django(&self, settings: Option<&PytestSettings>, collected: &Collected) -> bool {
        if !self.has_django_program() {
            return false;
        }
        let tests: Vec<&Path> =
            self.files.iter().copied().filter(|file| django::is_test_file(file)).collect();
        let is_collected = |file: &&&Path| {
            let inside = file.strip_prefix(self.folder).unwrap_or(file);
            collected.is_named(inside) && collected.is_reached(inside)
        };
        let by_plugin =
            settings.is_some_and(|settings| settings.names_django) || self.depends_on("pytest-django");
        if by_plugin && tests.iter().any(|file| is_collected(&file)) {
            return false;
        }
        let texts = tests.iter().take(MOST_READ).filter_map(|file| self.found.text(file));
        let of_django = |line: &str| imports(line, "django") || imports(line, "rest_framework");
        let mut is_of_django = false;
        let mut is_of_pytest = false;
        for text in texts {
            is_of_django |= text.lines().any(of_django);
            is_of_pytest |= text.lines().any(|line| imports(line, "pytest"));
        }
        is_of_django && (!is_of_pytest || by_plugin)
    }

    fn has(&self, name: &str) -> bool {
        self.found.has(self.folder.join(name))
    }

    fn text(&self, name: &str) -> Option<String> {
        self.found.text(self.folder.join(name))
    }

    /// pytest's settings; `None` without any.
    fn settings(&self) -> Option<PytestSettings> {
        PytestSettings::read(&|name| self.text(name))
    }

    fn has_conftest(&self) -> bool {
        let is_conftest = |file: &&&Path| file.file_name().is_some_and(|name| name == "conftest.py");
        self.files.iter().filter(is_conftest).any(|file| !paths::is_skipped(file))
    }

    fn depends_on_pytest(&self) -> bool {
        self.depends_on("pytest")
    }

    fn depends_on(&self, package: &str) -> bool {
        let inside = self.files.iter().filter_map(|file| file.strip_prefix(self.folder).ok()?.to_str());
        let lists = inside.filter(|name| is_requirements(name));
        let mut names = DEPENDENCY_FILES.iter().copied().chain(lists);
        names.any(|name| self.text(name).is_some_and(|text| has_word(&text, package)))
    }

    fn style_of_tests(&self, collected: &Collected) -> Option<Style> {
        let is_pytest = |file: &&&Path| {
            let inside = file.strip_prefix(self.folder).unwrap_or(file);
            collected.is_named(inside) && !paths::is_skipped(file)
        };
        let tests = self.files.iter().filter(|file| is_pytest(file) || unittest::is_test_file(file));
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

/// Whether a text defines tests, as pytest and unittest name them.
fn has_tests(text: &str) -> bool {
    let begins = ["def test", "async def test", "class Test"];
    text.lines().any(|line| {
        let line = line.trim_start();
        begins.iter().any(|begin| line.starts_with(begin))
            || (line.starts_with("class ") && line.contains("TestCase"))
    })
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
