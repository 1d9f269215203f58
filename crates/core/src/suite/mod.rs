//! Test runners: found, run, read, ranked.
//!
//! One file per runner behind [`Runner`]. Results come from structured channels only: a stream of JSON lines that a
//! small helper inside the runner writes (it survives the death of the runner), and `JUnit` XML as the independent count.

mod bytecode;
mod command;
mod detect;
mod durations;
mod error;
mod folder;
mod imports;
mod ini;
pub mod junit;
mod paths;
mod pattern;
mod pytest;
mod python;
mod rank;
mod report;
mod select;
mod stream;
mod unittest;

use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_model::Run;

use crate::ctx::Ctx;
use crate::error::Result;

pub use bytecode::forget_bytecode;
pub use command::{plain, shell};
pub use detect::detect;
pub use durations::Durations;
pub use error::SuiteError;
pub use paths::{file_of_id, is_test_file_of_any_language, is_test_support, path_of_text, text_of_path};
pub use pattern::Pattern;
pub use rank::{Nearness, RankInput, Ranked, rank};
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
    /// All tests the runner finds by itself.
    Everything,
    /// These files, relative to the root, in this order. Those that do not exist are left out; an empty list runs
    /// nothing.
    Files(Vec<PathBuf>),
    /// These tests, by [`hotfix_model::Case::id`]. Those that do not exist are left out.
    Cases(Vec<String>),
}

/// A test runner. All paths given to it are relative to the root of the repository.
pub trait Runner: Send + Sync {
    /// `pytest`, `unittest` or `command`.
    fn name(&self) -> &'static str;

    /// Whether a file holds tests that the runner would collect.
    fn is_test_file(&self, path: &Path) -> bool;

    /// Whether a file helps tests without holding any: `conftest.py`, fixtures, data, snapshots, anything below
    /// `tests/`. It belongs to the test part of a change.
    fn is_test_support(&self, path: &Path) -> bool {
        is_test_support(path)
    }

    /// Whether it can run a part of the tests; a plain command cannot.
    fn can_select(&self) -> bool;

    /// What a person would type, as an argument list.
    fn command(&self, selection: &Selection) -> Vec<String>;

    /// Runs tests and reads what became of them. A run that could not be read is [`hotfix_model::RunEnd::Crashed`],
    /// its reason the last line of `tail`; a run that selected nothing has no cases and no exit code.
    ///
    /// Errors: [`SuiteError::MissingRunner`]; the scratch folder cannot be written.
    fn run(&self, ctx: &Ctx, place: &Place<'_>, selection: &Selection, limits: &Limits) -> Result<Run>;
}
