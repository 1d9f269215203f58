//! Test runners: found, run, read, ranked.
//!
//! One file per runner behind [`Runner`], found by its [`Family`], joined by the [`Suite`] of a repository. Results come from structured channels only: a stream of JSON lines that a
//! small helper inside the runner writes (it survives the death of the runner), and `JUnit` XML as the independent count.

mod bytecode;
mod command;
mod contention;
#[cfg(test)]
mod damage;
mod durations;
mod error;
mod family;
mod folder;
mod glob;
mod habits;
mod idle;
mod joined;
pub mod junit;
mod origin;
mod paths;
mod pattern;
mod rank;
mod report;
mod runners;
mod select;
mod stream;
mod tap;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_model::Run;

use crate::ctx::Ctx;
use crate::error::Result;

pub use bytecode::forget_bytecode;
pub use command::{plain, shell};
pub use contention::found_something_taken;
pub use durations::Durations;
pub use error::SuiteError;
pub use family::{FAMILIES, Family, Found};
pub use habits::{keep as keep_habits, recall as recall_habits};
pub use joined::{Suite, detect};
pub use paths::{
    doubtful_test_folder, file_of_id, is_test_file_of_any_language, is_test_support, path_of_text,
    test_of_snapshot, text_of_path,
};
pub use pattern::Pattern;
pub use rank::{
    Edit, Footprint, ImpactMap, Learnt, Lines, Nearness, RankInput, Ranked, Reach, Signal, is_settings, rank,
};
pub use runners::node::link_packages;
use select::existing_files;
pub use select::{Chosen, never_ran, within_budget};

/// Where a run happens.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The root of the slot or twin: the working directory of the tests.
    pub root: &'a Path,
    /// The repository's main folder; the virtual environment in it is used when `root` has none.
    pub home: &'a Path,
    /// A folder of ours, mode 0700, for logs, result files and helpers. Each run makes a new folder in it.
    pub scratch: &'a Path,
}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The whole run.
    pub run: Duration,
    /// One test, where the runner can be told.
    pub test: Option<Duration>,
}

/// What is to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// The project's own command, with no files named: what it would run by itself, with its own settings.
    Everything,
    /// These files, relative to the root, in this order. Those that do not exist are left out; an empty list runs
    /// nothing.
    Files(Vec<PathBuf>),
    /// These tests, by [`hotfix_model::Case::id`]. Those that do not exist are left out.
    Cases(Vec<String>),
}

/// Tests of a run that are to run several times in its process.
#[derive(Clone, Debug, Default)]
pub struct Repeat {
    /// Ids of tests; a test file stands for all its tests.
    pub cases: BTreeSet<String>,
    /// How many times each runs. A runner that can end earlier does once `enough` has passed, but not before a test has
    /// run twice.
    pub times: usize,
    /// Once the repeated tests have run this long together, the others run no more than twice.
    pub enough: Duration,
}

/// A test runner of one project. All paths it is given and gives, also those in ids and before the `::` of an id, are
/// relative to the root of the repository, whatever its project's folder.
pub trait Runner: Send + Sync {
    /// What people call it: `pytest`, `go test`.
    fn name(&self) -> &str;

    /// The folder of its project; empty for the root. It runs there, and only files below it are its own.
    fn folder(&self) -> &Path {
        Path::new("")
    }

    /// Whether a file holds tests that the runner would collect.
    fn is_test_file(&self, path: &Path) -> bool;

    /// Whether a file holds tests, even if the project's settings leave it out: named, it runs, so a change of it can
    /// prove something.
    fn holds_tests(&self, path: &Path) -> bool {
        self.is_test_file(path)
    }

    /// Whether a file is written in its language, so that a change of it may matter to its tests.
    fn speaks(&self, _: &Path) -> bool {
        true
    }

    /// Where the tests would find what they depend on in this place, if it is not what the machine has for everybody.
    fn environment(&self, _: &Ctx, _: &Place<'_>) -> Option<PathBuf> {
        None
    }

    /// Fails if the tests cannot run in this place because something is not installed. Costs no more than a look at
    /// a few files. Errors: [`SuiteError::MissingRunner`].
    fn ready(&self, _: &Ctx, _: &Place<'_>) -> Result<()> {
        Ok(())
    }

    /// Whether a file helps tests without holding any: `conftest.py`, fixtures, data, snapshots, anything below
    /// `tests/`. It belongs to the test part of a change.
    fn is_test_support(&self, path: &Path) -> bool {
        is_test_support(path)
    }

    /// Whether a file may hold both tests and source, so that its lines must be told apart: see
    /// [`test_lines`](Self::test_lines).
    fn holds_both(&self, _: &Path) -> bool {
        false
    }

    /// The lines of tests in the text of a file that may hold both, counted from 1, ascending, not overlapping.
    fn test_lines(&self, _: &Path, _: &str) -> Vec<RangeInclusive<u64>> {
        Vec::new()
    }

    /// Whether it can run a part of the tests; a plain command cannot.
    fn can_select(&self) -> bool;

    /// Whether [`run_repeating`](Self::run_repeating) can run a test several times in one process.
    fn can_repeat(&self) -> bool {
        false
    }

    /// What a person would type at the root, as words.
    fn command(&self, selection: &Selection) -> Vec<String>;

    /// Runs tests and reads what became of them. A run that could not be read is [`hotfix_model::RunEnd::Crashed`],
    /// its reason the last line of `tail`; a run that selected nothing has no cases and no exit code.
    ///
    /// Errors: [`SuiteError::MissingRunner`]; the scratch folder cannot be written.
    fn run(&self, ctx: &Ctx, place: &Place<'_>, selection: &Selection, limits: &Limits) -> Result<Run>;

    /// Like [`run`](Self::run), and runs some of the selected tests several times if the runner
    /// [can](Self::can_repeat). The case of such a test has passed if all its runs passed, and is broken if all are; else
    /// it is [flaky](hotfix_model::Case::is_flaky). [`hotfix_model::Case::times`] says how many times it really ran.
    fn run_repeating(
        &self,
        ctx: &Ctx,
        place: &Place<'_>,
        selection: &Selection,
        _: &Repeat,
        limits: &Limits,
    ) -> Result<Run> {
        self.run(ctx, place, selection, limits)
    }

    /// The test files that the project's own command would run in this place, with the project's own settings, as the
    /// runner itself lists them. `None` if it cannot tell within `limit`; then [`is_test_file`](Self::is_test_file)
    /// decides.
    fn listed(&self, _: &Ctx, _: &Place<'_>, _limit: Duration) -> Option<BTreeSet<PathBuf>> {
        None
    }

    /// The test files that depend on these sources, as the tools of the ecosystem know it. `None` if they cannot tell;
    /// an empty answer is not to be trusted either, and is `None` as well.
    fn related(&self, _: &Ctx, _: &Place<'_>, _: &[PathBuf]) -> Option<Vec<PathBuf>> {
        None
    }

    /// What each of these test files runs, learnt by running them with coverage until `limit`. `None` if it cannot be
    /// learnt here; files that had no turn or failed to run are left out.
    fn footprints(
        &self,
        _: &Ctx,
        _: &Place<'_>,
        _: &[PathBuf],
        _limit: Duration,
    ) -> Option<BTreeMap<String, Footprint>> {
        None
    }
}
