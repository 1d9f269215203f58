//! Test files that Go leaves out because of build constraints: their tests are there and did not run, which is said.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_model::{Case, CaseOutcome, Run};
use serde::Deserialize;

use super::module::Module;
use super::origin::Origin;
use super::{GoTest, LIST, Task};
use crate::ctx::Ctx;
use crate::exec::Command;
use crate::suite::origin::Root;
use crate::suite::{Place, paths};

/// A package as `go list -json` tells it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
pub struct Package {
    dir: PathBuf,
    test_go_files: Vec<PathBuf>,
    x_test_go_files: Vec<PathBuf>,
    ignored_go_files: Vec<PathBuf>,
    error: Option<serde::de::IgnoredAny>,
}

impl Package {
    /// The test files that Go compiles, and those it would stumble over.
    pub fn tests(&self, module: &Module) -> BTreeSet<PathBuf> {
        let mut files = self.files(module, &[&self.test_go_files, &self.x_test_go_files]);
        if self.error.is_some() {
            let left_out = self.left_out(module);
            let all = Root::new(module.root()).relative(&self.dir).map(|folder| module.test_files(&folder));
            files.extend(all.into_iter().flatten().filter(|file| !left_out.contains(file)));
        }
        files
    }

    /// The files that build constraints leave out.
    fn left_out(&self, module: &Module) -> BTreeSet<PathBuf> {
        self.files(module, &[&self.ignored_go_files])
    }

    fn files(&self, module: &Module, names: &[&Vec<PathBuf>]) -> BTreeSet<PathBuf> {
        let folder = Root::new(module.root()).relative(&self.dir);
        let names = names.iter().copied().flatten();
        names.filter_map(|name| Some(folder.as_ref()?.join(name))).collect()
    }
}

/// What Go knows of packages; `None` if it cannot tell.
pub fn packages(
    ctx: &Ctx,
    (place, folder, origin): (&Place<'_>, &Path, &Origin),
    names: &[String],
    limit: Duration,
) -> Option<Vec<Package>> {
    let fields = "-json=Dir,TestGoFiles,XTestGoFiles,IgnoredGoFiles,Error";
    let list = Command::new("go").args(["list", "-e", fields]).args(names);
    let list = origin.apply(list.dir(place.root.join(folder)).contained().deadline(limit.min(LIST)));
    let finished = list.run(ctx).ok().filter(|finished| finished.ending.code() == Some(0))?;
    serde_json::Deserializer::from_slice(&finished.stdout).into_iter().collect::<Result<_, _>>().ok()
}

/// The files in some folders that build constraints leave out.
pub fn left_out_in(task: &Task<'_>, runner: &GoTest, folders: &[PathBuf]) -> BTreeSet<PathBuf> {
    if folders.is_empty() {
        return BTreeSet::new();
    }
    let files: Vec<PathBuf> = folders.iter().map(|folder| folder.join("any")).collect();
    let names = runner.packages(&files);
    let found = packages(task.ctx, (task.place, &runner.folder, task.origin), &names, LIST);
    found.into_iter().flatten().flat_map(|package| package.left_out(task.module)).collect()
}

/// A run with the tests of those files that were asked for and that Go left out, as skipped and with the reason.
pub fn with_left_out(task: &Task<'_>, runner: &GoTest, run: Run) -> Run {
    let Some(files) = task.asked.files.filter(|_| task.asked.ids.is_none()) else { return run };
    let told: BTreeSet<&str> = run.cases.iter().filter_map(|case| case.file.as_deref()).collect();
    let is_silent = |file: &&PathBuf| !told.contains(paths::text_of_path(file).as_str());
    let silent: Vec<PathBuf> = files.iter().filter(is_silent).cloned().collect();
    if silent.is_empty() {
        return run;
    }
    let folders: BTreeSet<PathBuf> =
        silent.iter().filter_map(|file| file.parent()).map(Path::to_owned).collect();
    let left_out = left_out_in(task, runner, &folders.into_iter().collect::<Vec<_>>());
    let silent: Vec<&PathBuf> = silent.iter().filter(|file| left_out.contains(*file)).collect();
    let skipped: Vec<Case> = silent.iter().flat_map(|file| skipped(task.module, file)).collect();
    let names: BTreeSet<String> = silent.iter().map(|file| paths::text_of_path(file)).collect();
    let mut run = run;
    run.not_loaded.retain(|(file, _)| !names.contains(file));
    run.claimed = run.claimed.map(|count| count + skipped.len() as u64);
    run.cases.extend(skipped);
    run
}

fn skipped(module: &Module, file: &Path) -> Vec<Case> {
    let reason = reason(file, &module.text_of(file));
    let file_text = paths::text_of_path(file);
    let case = |name: String| Case {
        id: format!("{file_text}::{name}"),
        file: Some(file_text.clone()),
        outcome: CaseOutcome::Skipped,
        reason: Some(reason.clone()),
        frame: None,
        seconds: None,
        times: None,
    };
    module.tests_in(file).into_iter().map(case).collect()
}

/// Why Go left a file out, and what runs it.
fn reason(file: &Path, text: &str) -> String {
    let head = text.lines().take_while(|line| !line.starts_with("package "));
    let constraint =
        head.filter_map(|line| line.strip_prefix("//go:build ").or_else(|| line.strip_prefix("// +build ")));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    match constraint.map(str::trim).next() {
        Some(tag) if is_plain(tag) => {
            format!("{name} is left out without the build tag {tag}: go test -tags={tag}")
        }
        Some(condition) => format!("{name} is left out by its build constraint: {condition}"),
        None => format!("{name} is left out by its name, which is for another system"),
    }
}

fn is_plain(tag: &str) -> bool {
    tag.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_is_named() {
        let told = |name: &str, text: &str| reason(Path::new(name), text);
        let live = "//go:build integration\n\npackage a\n";
        assert_eq!(
            told("a/live_test.go", live),
            "live_test.go is left out without the build tag integration: go test -tags=integration"
        );
        let both = "// Copyright\n\n//go:build linux && !race\npackage a\n";
        assert_eq!(told("b_test.go", both), "b_test.go is left out by its build constraint: linux && !race");
        let none = "package a\n\n//go:build no\n";
        assert_eq!(
            told("c_windows_test.go", none),
            "c_windows_test.go is left out by its name, which is for another system"
        );
    }
}
