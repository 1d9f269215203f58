//! Which Cargo workspaces a repository has, and which of their files hold tests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Cargo, is_for_tests_alone, lines, names};
use crate::env::without_dots;
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
        let for_tests = files_for_tests(found);
        let uses_nextest = uses_nextest(found);
        let nearest = |file: &Path| {
            let around = folders.iter().filter(|folder| file.starts_with(folder));
            around.max_by_key(|folder| folder.components().count()).cloned()
        };
        let project = |folder: &PathBuf| {
            let own = holding.iter().filter(|file| nearest(file).as_ref() == Some(folder));
            let holding = own.cloned().collect();
            Cargo { folder: folder.clone(), holding, for_tests: for_tests.clone(), uses_nextest }
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

/// Files that only tests use: modules declared behind `#[cfg(test)]` with all below them, and what only tests include.
fn files_for_tests(found: &Found<'_>) -> BTreeSet<PathBuf> {
    let sources: Vec<&PathBuf> =
        found.files().iter().filter(|path| path.extension().is_some_and(|ending| ending == "rs")).collect();
    let mut texts: BTreeMap<&Path, String> = BTreeMap::new();
    for path in sources.iter().filter(|path| !paths::is_skipped(path) && !paths::is_test_data(path)) {
        let text = found.text(path).unwrap_or_default();
        if text.contains("test") || text.contains("include") {
            texts.insert(path, text);
        }
    }
    let is_alone = |path: &Path| is_test_program(path) || is_for_tests_alone(path);
    let mut modules: BTreeSet<PathBuf> = BTreeSet::new();
    for (path, text) in &texts {
        for declared in lines::outside(text, is_alone(path)).modules {
            modules.extend(file_of_module(found, path, &declared));
        }
    }
    let below: Vec<PathBuf> = modules.iter().map(|module| names::folder_of_modules(module)).collect();
    let inner = sources.iter().filter(|path| below.iter().any(|folder| path.starts_with(folder)));
    modules.extend(inner.map(|path| (*path).clone()));
    let is_module = |path: &Path| modules.contains(path);
    let written = |path: &Path, names: Vec<String>| -> Vec<PathBuf> {
        let folder = path.parent().unwrap_or(Path::new(""));
        names.iter().map(|name| without_dots(&folder.join(name))).collect()
    };
    let mut of_source: BTreeSet<PathBuf> = BTreeSet::new();
    let mut of_tests: BTreeSet<PathBuf> = BTreeSet::new();
    for (path, text) in texts.iter().filter(|(_, text)| text.contains("include")) {
        let alone = is_alone(path) || is_module(path);
        of_tests.extend(written(path, lines::outside(text, alone).included));
        if !alone {
            of_source.extend(written(path, lines::included_by_source(text)));
        }
    }
    modules.extend(of_tests.difference(&of_source).filter(|path| found.has(path)).cloned());
    modules
}

/// The file of a module that is declared in another.
fn file_of_module(found: &Found<'_>, file: &Path, declared: &lines::Declared) -> Option<PathBuf> {
    let beside = file.parent().unwrap_or(Path::new(""));
    if let Some(path) = &declared.path {
        return Some(without_dots(&beside.join(path))).filter(|path| found.has(path));
    }
    let is_root = file.file_stem().is_some_and(|stem| stem == "lib" || stem == "main");
    let own = if is_root { beside.to_owned() } else { names::folder_of_modules(file) };
    let candidates = [own.as_path(), beside].map(|folder| {
        [folder.join(format!("{}.rs", declared.name)), folder.join(&declared.name).join("mod.rs")]
    });
    candidates.into_iter().flatten().find(|path| found.has(path))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_tests_use_is_found_in_other_files() {
        let texts = [
            (
                "src/lib.rs",
                "pub mod till;\n#[cfg(test)]\nmod fake;\n#[cfg(test)]\nmod tests { const A: &str = include_str!(\"../samples/a.txt\"); }\n",
            ),
            ("src/fake.rs", "mod deep;\npub fn till() {}\n"),
            ("src/fake/deep.rs", ""),
            (
                "src/till.rs",
                "const B: &str = include_str!(\"../samples/b.txt\");\n#[cfg(all(test, unix))]\n#[path = \"checks_of_till.rs\"]\nmod checks;\n",
            ),
            ("src/checks_of_till.rs", "#[test]\nfn a() { include_str!(\"../samples/b.txt\"); }\n"),
            ("tests/it.rs", "const C: &[u8] = include_bytes!(\"../samples/c.bin\");\n"),
            ("samples/a.txt", ""),
            ("samples/b.txt", ""),
            ("samples/c.bin", ""),
        ];
        let paths: Vec<PathBuf> = texts.iter().map(|(path, _)| PathBuf::from(path)).collect();
        let read = |wanted: &str| {
            texts.iter().find(|(path, _)| *path == wanted).map(|(_, text)| text.as_bytes().to_vec())
        };
        let found = files_for_tests(&Found::new(&paths, &read));
        let found: Vec<String> = found.iter().map(|path| path.display().to_string()).collect();
        assert_eq!(
            found,
            ["samples/a.txt", "samples/c.bin", "src/checks_of_till.rs", "src/fake/deep.rs", "src/fake.rs"]
        );
    }
}
