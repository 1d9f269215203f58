//! Rust: `cargo test`, or cargo-nextest where the repository uses it.
//!
//! Three steps, so that each tells what it alone can tell: the build, whose errors Cargo gives as JSON; the list of
//! tests, from which what was asked for is chosen; the tests. The harness has no stable structured output, so its lines
//! are read strictly against its own sums and the list, and whatever does not agree runs again alone, where the exit code
//! decides. That also names the test that hangs or kills the process.

mod build;
mod documentation;
mod execute;
mod family;
mod libtest;
mod lines;
mod names;
mod nextest;
mod origin;
mod passes;
mod scope;
mod workspace;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_model::Run;

pub use family::Rust;

use self::execute::Job;
use self::workspace::Workspace;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::suite::report::{self, End, Told};
use crate::suite::{Limits, Place, Runner, Selection, SuiteError, existing_files, paths};

/// The runner of one workspace.
#[derive(Debug)]
struct Cargo {
    folder: PathBuf,
    /// Files with tests in them.
    holding: BTreeSet<PathBuf>,
    /// Files that only tests use: modules that are compiled for tests alone, and what only tests include.
    for_tests: BTreeSet<PathBuf>,
    /// Whether the repository uses cargo-nextest.
    uses_nextest: bool,
}

impl Runner for Cargo {
    fn name(&self) -> &'static str {
        if self.uses_nextest { "cargo nextest" } else { "cargo test" }
    }

    fn folder(&self) -> &Path {
        &self.folder
    }

    fn is_test_file(&self, path: &Path) -> bool {
        self.holding.contains(path)
    }

    fn is_test_support(&self, path: &Path) -> bool {
        paths::is_test_support(path) || is_for_tests_alone(path) || self.for_tests.contains(path)
    }

    fn holds_both(&self, path: &Path) -> bool {
        self.speaks(path) && !self.is_test_support(path)
    }

    fn test_lines(&self, _: &Path, text: &str) -> Vec<RangeInclusive<u64>> {
        lines::of_tests(text)
    }

    fn speaks(&self, path: &Path) -> bool {
        path.extension().is_some_and(|extension| extension == "rs")
    }

    fn ready(&self, ctx: &Ctx, _: &Place<'_>) -> Result<()> {
        match ctx.env.find_program("cargo") {
            Some(_) => Ok(()),
            None => Err(missing().into()),
        }
    }

    fn can_select(&self) -> bool {
        true
    }

    fn command(&self, selection: &Selection) -> Vec<String> {
        let words: &[&str] =
            if self.uses_nextest { &["cargo", "nextest", "run"] } else { &["cargo", "test"] };
        let mut words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        if !self.folder.as_os_str().is_empty() {
            words
                .extend(["--manifest-path".to_owned(), paths::text_of_path(&self.folder.join("Cargo.toml"))]);
        }
        words.extend(shown(selection));
        words
    }

    fn run(&self, ctx: &Ctx, place: &Place<'_>, selection: &Selection, limits: &Limits) -> Result<Run> {
        self.ready(ctx, place)?;
        let told = self.told(selection);
        let files = existing_files(place.root, selection);
        if files.as_ref().is_some_and(Vec::is_empty) {
            return Ok(report::nothing(told, End::finished()));
        }
        match Workspace::of(ctx, place, &self.folder) {
            Ok(workspace) => {
                let job = Job::new((ctx, place, limits), &workspace, self.uses_nextest)?;
                Ok(job.run(told, selection, files.as_deref())?)
            }
            Err(why) => Ok(unreadable(told, &why)),
        }
    }

    /// As `cargo metadata` tells: what the manifests leave out, by `test = false`, `required-features` or
    /// `default-members`, is not listed.
    fn listed(&self, ctx: &Ctx, place: &Place<'_>, _limit: Duration) -> Option<BTreeSet<PathBuf>> {
        let workspace = Workspace::of(ctx, place, &self.folder).ok()?;
        let holds_example = |file: &Path| documentation::holds_example(&place.root.join(file));
        Some(self.holding.iter().filter(|file| workspace.runs(file, holds_example)).cloned().collect())
    }

    fn related(&self, ctx: &Ctx, place: &Place<'_>, sources: &[PathBuf]) -> Option<Vec<PathBuf>> {
        let workspace = Workspace::of(ctx, place, &self.folder).ok()?;
        let changed = sources.iter().filter_map(|source| workspace.package_of(source));
        let names: BTreeSet<&str> = changed.map(|package| package.name.as_str()).collect();
        let reached = workspace.with_dependents(&names);
        let owner =
            |file: &&PathBuf| workspace.package_of(file).is_some_and(|package| reached.contains(&package));
        let files: Vec<PathBuf> = self.holding.iter().filter(owner).cloned().collect();
        (!files.is_empty()).then_some(files)
    }
}

impl Cargo {
    fn told(&self, selection: &Selection) -> Told {
        let runner = if self.uses_nextest { "cargo nextest" } else { "cargo test" };
        Told { runner, command: self.command(selection), counted: true, claimed: None }
    }
}

/// A file that is named, or lies, as only tests do.
fn is_for_tests_alone(path: &Path) -> bool {
    paths::is_test_file_of_any_language(path) || path.iter().any(|folder| folder == "benches")
}

/// What the selection looks like on the command line: the file names and the tests' own names.
fn shown(selection: &Selection) -> Vec<String> {
    match selection {
        Selection::Everything => Vec::new(),
        Selection::Files(files) => files.iter().map(|file| paths::text_of_path(file)).collect(),
        Selection::Cases(ids) => ids.iter().map(|id| names::name_of(id).to_owned()).collect(),
    }
}

fn unreadable(told: Told, why: &str) -> Run {
    let file = "Cargo.toml".to_owned();
    let reason = format!("Cargo cannot read the workspace: {why}");
    let nothing = report::nothing(told, End::finished());
    Run { exit: Some(101), tail: reason.clone(), not_loaded: vec![(file, reason)], ..nothing }
}

fn missing() -> SuiteError {
    SuiteError::MissingRunner { runner: "cargo", hint: "install Rust, with Cargo on the PATH".to_owned() }
}
