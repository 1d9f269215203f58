//! What a selection asks for, in terms of the tests that `go test` can be told to run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::module::{Module, TestFile, TopTest};
use crate::suite::paths;

/// The tests of a selection.
#[derive(Debug, Default)]
pub struct Asked<'a> {
    /// The files; `None` for everything.
    pub files: Option<&'a [PathBuf]>,
    /// The single tests, if such were asked for.
    pub ids: Option<&'a [String]>,
    /// Folders in which all tests run: a file there was asked for that does not say which tests are its own.
    whole: BTreeSet<PathBuf>,
    /// Tests in files that were not asked for, which run suites whose methods are in files that were: folder and name.
    carriers: BTreeSet<(PathBuf, String)>,
    /// The names of the functions to run.
    names: BTreeSet<String>,
}

impl<'a> Asked<'a> {
    /// Of files, or of single tests in them.
    pub fn new(module: &Module, files: Option<&'a [PathBuf]>, ids: Option<&'a [String]>) -> Self {
        let mut asked = Self { files, ids, ..Self::default() };
        if ids.is_some() {
            return asked;
        }
        let read = |file: &'a PathBuf| (file.parent().unwrap_or(Path::new("")), module.test_file(file));
        let (helpers, holding): (Vec<_>, Vec<_>) =
            files.unwrap_or_default().iter().map(read).partition(|(_, file)| file.is_of_helpers());
        let with_tests: BTreeSet<&Path> = holding.iter().map(|(folder, _)| *folder).collect();
        for (folder, file) in holding {
            asked.add(module, folder, file);
        }
        // Where tests of the same package were asked for, they use the helpers.
        for (folder, _) in helpers.into_iter().filter(|(folder, _)| !with_tests.contains(folder)) {
            asked.add_whole(module, folder);
        }
        asked
    }

    /// A file with methods of suites runs with the tests that run those suites. Where none is known to, as with a
    /// library in which suites register themselves, its whole package runs.
    fn add(&mut self, module: &Module, folder: &Path, file: TestFile) {
        let suites: BTreeSet<String> = file.methods.into_iter().map(|method| method.suite).collect();
        let running = |suite: &String| -> Vec<String> {
            let all = tests_of(module, folder).into_iter();
            all.filter(|test| test.mentions(suite)).map(|test| test.name).collect()
        };
        let running: Vec<Vec<String>> = suites.iter().map(running).collect();
        if file.registers || running.iter().any(Vec::is_empty) {
            self.add_whole(module, folder);
        }
        for name in running.into_iter().flatten() {
            self.carriers.insert((folder.to_owned(), name.clone()));
            self.names.insert(name);
        }
        self.names.extend(file.tests.into_iter().map(|test| test.name));
    }

    fn add_whole(&mut self, module: &Module, folder: &Path) {
        self.names.extend(tests_of(module, folder).into_iter().map(|test| test.name));
        self.whole.insert(folder.to_owned());
    }

    /// The folders of the packages that run, as far as they are known beforehand.
    pub fn folders(&self) -> BTreeSet<&Path> {
        self.files.unwrap_or_default().iter().filter_map(|file| file.parent()).collect()
    }

    /// What `-run` is given; `None` if all tests of these packages run.
    pub fn pattern(&self, module: &Module) -> Option<String> {
        if let Some(ids) = self.ids {
            return Some(pattern_of_ids(ids));
        }
        let is_chosen = |file: &PathBuf| self.files.unwrap_or_default().contains(file);
        let is_whole = |folder: &&Path| module.test_files(folder).iter().all(is_chosen);
        (!self.folders().iter().all(is_whole)).then(|| pattern_of_names(&self.names))
    }

    /// Whether a file was asked for.
    pub fn has_file(&self, file: &str) -> bool {
        self.files.is_none_or(|files| files.iter().any(|one| paths::text_of_path(one) == file))
    }

    /// Whether the result of a test was asked for.
    pub fn has(&self, id: &str, file: &str) -> bool {
        if let Some(ids) = self.ids {
            return ids.iter().any(|one| one == id);
        }
        let folder = paths::path_of_text(file).parent().map(Path::to_owned).unwrap_or_default();
        self.has_file(file) || self.whole.contains(&folder)
    }

    /// Whether a test runs suites of files that were asked for, and stands in another file. It speaks for them where it
    /// failed before any of their tests had their turn.
    pub fn carries(&self, id: &str) -> bool {
        let (file, name) = id.split_once("::").unwrap_or((id, ""));
        let folder = paths::path_of_text(file).parent().map(Path::to_owned).unwrap_or_default();
        self.carriers.contains(&(folder, name.to_owned()))
    }
}

/// All functions of a package that `go test` runs.
fn tests_of(module: &Module, folder: &Path) -> Vec<TopTest> {
    module.test_files(folder).iter().flat_map(|file| module.test_file(file).tests).collect()
}

fn pattern_of_names(names: &BTreeSet<String>) -> String {
    format!("^({})$", names.iter().map(String::as_str).collect::<Vec<_>>().join("|"))
}

/// `^(TestA|TestB)$/^(part)$`: Go matches each level of names for itself. It may match more than was asked for; what was
/// not is left out when results are read.
pub fn pattern_of_ids(ids: &[String]) -> String {
    let mut levels: Vec<BTreeSet<String>> = Vec::new();
    for id in ids {
        let name = id.split_once("::").map_or(id.as_str(), |(_, name)| name);
        for (level, part) in name.split('/').enumerate() {
            if levels.len() <= level {
                levels.push(BTreeSet::new());
            }
            if let Some(parts) = levels.get_mut(level) {
                parts.insert(regex_lite::escape(part));
            }
        }
    }
    levels.iter().map(pattern_of_names).collect::<Vec<_>>().join("/")
}
