//! The order in which test files run: those that tell soonest whether the fix breaks something come first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};

use super::imports::{imported, module_names, package_of};
use super::{Pattern, Runner, paths};

/// Why a test file is where it is, the nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// It holds the proof.
    Proof,
    /// The fix changes it.
    Changed,
    /// `test.critical` names it.
    Critical,
    /// Its name says so: `tests/test_auth.py` for `src/auth.py`.
    Name,
    /// It imports a changed module, or its `conftest.py` changed.
    Import,
    /// It often changed together with a changed file.
    ChangedTogether,
    /// None of these.
    Rest,
}

impl fmt::Display for Nearness {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Proof => "holds the proof",
            Self::Changed => "changed",
            Self::Critical => "test.critical names it",
            Self::Name => "its name says so",
            Self::Import => "imports what changed",
            Self::ChangedTogether => "often changed together",
            Self::Rest => "one of the rest",
        })
    }
}

/// A test file in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked {
    /// Relative to the root.
    pub path: PathBuf,
    /// Why it is where it is.
    pub why: Nearness,
}

/// What the order follows from.
pub struct RankInput<'a> {
    /// All files of the fix.
    pub files: &'a [PathBuf],
    /// Files the fix changes.
    pub changed: &'a [PathBuf],
    /// Test files of the proof.
    pub proof: &'a [PathBuf],
    /// `test.critical`: paths, folders or `*` patterns.
    pub critical: &'a [String],
    /// Content of a file of the fix, for its imports.
    pub read: &'a dyn Fn(&Path) -> Option<Vec<u8>>,
    /// How often a file changed in one commit with a changed file.
    pub changed_together: &'a HashMap<PathBuf, u32>,
    /// Says which files hold tests.
    pub runner: &'a dyn Runner,
}

/// All test files, each once, the nearest first. The order of the input does not matter.
pub fn rank(input: &RankInput<'_>) -> Vec<Ranked> {
    let change = Change::of(input);
    let critical: Vec<_> = input.critical.iter().map(|text| Pattern::new(text)).collect();
    let is_test =
        |path: &&PathBuf| input.runner.is_test_file(path) || critical.iter().any(|pattern| pattern.is(path));
    let proof = input.proof.iter().filter(|path| input.runner.is_test_file(path));
    let tests: BTreeSet<&PathBuf> = input.files.iter().filter(is_test).chain(proof).collect();
    let mut placed: Vec<_> =
        tests.into_iter().map(|path| (change.place(input, &critical, path), path)).collect();
    placed.sort();
    placed.into_iter().map(|(place, path)| Ranked { path: path.clone(), why: place.why }).collect()
}

/// Sorts ascending: nearest first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    why: Nearness,
    strength: Reverse<u32>,
    together: Reverse<u32>,
    shared_folders: Reverse<usize>,
}

/// What the changed files are called.
struct Change<'a> {
    files: HashSet<&'a Path>,
    paths: HashSet<&'a Path>,
    proof: HashSet<&'a Path>,
    modules: BTreeSet<String>,
    stems: BTreeMap<String, Option<String>>,
    folders: BTreeSet<&'a str>,
    conftest_folders: Vec<&'a Path>,
}

impl<'a> Change<'a> {
    fn of(input: &RankInput<'a>) -> Self {
        let files: HashSet<_> = input.files.iter().map(PathBuf::as_path).collect();
        let changed = || input.changed.iter().map(PathBuf::as_path);
        let conftests = changed().filter(|path| path.file_name().is_some_and(|name| name == "conftest.py"));
        let is_source = |path: &&Path| !input.runner.is_test_file(path) || input.runner.holds_both(path);
        let sources = || changed().filter(is_source);
        Self {
            modules: sources().flat_map(|path| module_names(path, &files)).collect(),
            stems: sources().filter_map(source_name).collect(),
            folders: sources().flat_map(folders).collect(),
            conftest_folders: conftests.filter_map(Path::parent).collect(),
            paths: changed().collect(),
            proof: input.proof.iter().map(PathBuf::as_path).collect(),
            files,
        }
    }

    fn place(&self, input: &RankInput<'_>, critical: &[Pattern], path: &Path) -> Place {
        let together = input.changed_together.get(path).copied().unwrap_or_default();
        let (why, strength) = if self.proof.contains(path) {
            (Nearness::Proof, 0)
        } else if self.paths.contains(path) {
            (Nearness::Changed, 0)
        } else if critical.iter().any(|pattern| pattern.covers(path)) {
            (Nearness::Critical, 0)
        } else {
            self.nearness(input, path, together)
        };
        let shared = folders(path).filter(|folder| self.folders.contains(folder)).count();
        Place {
            why,
            strength: Reverse(strength),
            together: Reverse(together),
            shared_folders: Reverse(shared),
        }
    }

    fn nearness(&self, input: &RankInput<'_>, path: &Path, together: u32) -> (Nearness, u32) {
        let name = self.name_strength(path);
        let imports = u32::from(self.is_imported_by(input, path));
        match (name, imports, together) {
            (0, 0, 0) => (Nearness::Rest, 0),
            (0, 0, _) => (Nearness::ChangedTogether, 0),
            (0, _, _) => (Nearness::Import, 0),
            (name, imports, _) => (Nearness::Name, 2 * name + imports),
        }
    }

    /// 2 for the very name of a changed file, 1 for a longer name with it at either end, else 0.
    fn name_strength(&self, test: &Path) -> u32 {
        let Some(subject) = paths::stem(test).map(subject_of) else {
            return 0;
        };
        self.stems.iter().map(|(stem, parent)| likeness(&subject, stem, parent.as_deref())).max().unwrap_or(0)
    }

    fn is_imported_by(&self, input: &RankInput<'_>, test: &Path) -> bool {
        if self.conftest_folders.iter().any(|folder| test.starts_with(folder)) {
            return true;
        }
        if self.modules.is_empty() || test.extension().is_none_or(|extension| extension != "py") {
            return false;
        }
        let content = (input.read)(test).unwrap_or_default();
        let packages = module_names(test, &self.files).iter().map(|name| package_of(name)).collect();
        !imported(&String::from_utf8_lossy(&content), &packages).is_disjoint(&self.modules)
    }
}

/// The name of a source file and of its folder. `pkg/__init__.py` goes by the name of its folder.
fn source_name(path: &Path) -> Option<(String, Option<String>)> {
    let parent =
        path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).map(str::to_lowercase);
    let stem = paths::stem(path)?.trim_matches('_').to_lowercase();
    match stem.as_str() {
        "init" | "index" | "mod" | "lib" => Some((parent?, None)),
        "" | "conftest" => None,
        _ => Some((stem, parent)),
    }
}

/// What a test file is about: `test_auth`, `auth_test`, `auth.spec` and `AuthTest` all say `auth`.
fn subject_of(stem: &str) -> String {
    let stem = stem.to_lowercase();
    let ends = ["_tests", "_test", "_spec", ".test", ".spec", "-test", "tests", "test"];
    let start = stem.strip_prefix("test_").or_else(|| stem.strip_prefix("tests_")).unwrap_or(&stem);
    let end = ends.iter().find_map(|end| start.strip_suffix(end)).unwrap_or(start);
    end.trim_matches('_').to_owned()
}

fn likeness(subject: &str, stem: &str, parent: Option<&str>) -> u32 {
    if subject == stem || parent.is_some_and(|parent| subject == format!("{parent}_{stem}")) {
        return 2;
    }
    let begins = subject.strip_prefix(stem).is_some_and(|rest| rest.starts_with('_'));
    let ends = subject.strip_suffix(stem).is_some_and(|rest| rest.ends_with('_'));
    u32::from(begins || ends)
}

/// The folders of a path, without those that say nothing about its subject.
fn folders(path: &Path) -> impl Iterator<Item = &str> {
    let names = path.parent().unwrap_or(Path::new("")).iter().filter_map(|name| name.to_str());
    names.filter(|name| !["src", "lib", "tests", "test", "unit", "integration"].contains(name))
}
