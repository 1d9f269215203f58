//! Which Cargo workspaces a repository has, and which of their files hold tests.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Cargo, is_for_tests_alone, lines};
use crate::suite::family::{Family, Found};
use crate::suite::{Runner, paths};

/// Cargo workspaces.
#[derive(Debug)]
pub struct Rust;

/// Files that say how a repository runs its tests, besides nextest's own.
const HABITS: &[&str] = &[
    "justfile",
    "Justfile",
    ".justfile",
    "Makefile",
    "Makefile.toml",
    ".cargo/config.toml",
    "xtask/src/main.rs",
];

impl Family for Rust {
    fn projects(&self, found: &Found<'_>) -> Vec<Box<dyn Runner>> {
        let folders = roots(found);
        if folders.is_empty() {
            return Vec::new();
        }
        let holding = files_with_tests(found);
        let uses_nextest = uses_nextest(found);
        let nearest = |file: &Path| {
            let around = folders.iter().filter(|folder| file.starts_with(folder));
            around.max_by_key(|folder| folder.components().count()).cloned()
        };
        let project = |folder: &PathBuf| {
            let own = holding.iter().filter(|file| nearest(file).as_ref() == Some(folder));
            Cargo { folder: folder.clone(), holding: own.cloned().collect(), uses_nextest }
        };
        // Also without a test: the first one may be that of the fix, and is asked about on base.
        folders.iter().map(project).map(|project| Box::new(project) as Box<dyn Runner>).collect()
    }
}

/// Folders of workspaces: manifests that say so, and those without another above them.
fn roots(found: &Found<'_>) -> Vec<PathBuf> {
    let all = found.folders_with(&["Cargo.toml"]);
    let is_inner = |folder: &Path| all.iter().any(|other| other != folder && folder.starts_with(other));
    let says_so = |folder: &Path| {
        let manifest = found.text(folder.join("Cargo.toml")).unwrap_or_default();
        manifest.lines().any(|line| line.trim_start().starts_with("[workspace"))
    };
    all.iter().filter(|folder| !is_inner(folder) || says_so(folder)).cloned().collect()
}

/// `tests/*.rs`, and every other file with a test or an example in it. Files in folders below `tests/` without a test
/// are helpers, or data such as programs that must not compile.
fn files_with_tests(found: &Found<'_>) -> BTreeSet<PathBuf> {
    let sources = found.files().iter().filter(|path| path.extension().is_some_and(|ending| ending == "rs"));
    let looked_at = sources.filter(|path| !paths::is_skipped(path) && !paths::is_test_data(path));
    let holds = |path: &&PathBuf| found.text(path).is_some_and(|text| lines::may_hold_tests(&text));
    looked_at.filter(|path| is_test_program(path) || holds(path)).cloned().collect()
}

/// `tests/login.rs`: a test program of its own, also where macros hide its tests.
fn is_test_program(path: &Path) -> bool {
    let folder = path.parent().and_then(Path::file_name);
    folder.is_some_and(|folder| folder == "tests") && is_for_tests_alone(path) && !is_module_of_source(path)
}

fn is_module_of_source(path: &Path) -> bool {
    path.iter().any(|folder| folder == "src")
}

fn uses_nextest(found: &Found<'_>) -> bool {
    let is_workflow = |path: &&PathBuf| {
        path.starts_with(".github/workflows") || path.as_path() == Path::new(".gitlab-ci.yml")
    };
    let workflows = found.files().iter().filter(is_workflow).map(PathBuf::as_path);
    let habits = HABITS.iter().map(Path::new).chain(workflows);
    found.has(".config/nextest.toml")
        || habits.filter_map(|path| found.text(path)).any(|text| {
            text.contains("cargo nextest") || text.contains("cargo-nextest") || text.contains("nextest run")
        })
}
