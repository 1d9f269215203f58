//! pytest, version 6 and newer.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hotfix_model::{Case, Run};

use super::environment::{self, Site};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exec::{Command, Ending};
use crate::suite::folder::RunFolder;
use crate::suite::junit::{self, TestCase};
use crate::suite::pattern::Pattern;
use crate::suite::report::{self, End, Told};
use crate::suite::stream::{self, Heard};
use crate::suite::{Footprint, Limits, Place, Runner, Selection, existing_files, paths};

/// Its name.
const NAME: &str = "pytest";
/// What pytest collects when a repository does not say (`python_files`).
const DEFAULT_FILES: &[&str] = &["test_*.py", "*_test.py"];

/// The runner.
#[derive(Debug)]
pub struct Pytest {
    folder: PathBuf,
    files: Vec<Pattern>,
    pythons: Mutex<BTreeMap<PathBuf, PathBuf>>,
}

impl Pytest {
    /// Of a project, with its `python_files`; empty for pytest's own default.
    pub fn new(folder: &Path, python_files: &[String]) -> Self {
        let own = python_files.iter().map(String::as_str);
        let files: Vec<_> = own.map(Pattern::new).collect();
        let default = || DEFAULT_FILES.iter().copied().map(Pattern::new).collect();
        let files = if files.is_empty() { default() } else { files };
        Self { folder: folder.to_owned(), files, pythons: Mutex::default() }
    }

    fn site<'a>(&'a self, place: &'a Place<'a>) -> Site<'a> {
        Site { place, folder: &self.folder }
    }

    /// The Python that has pytest, looked for once per root.
    fn python(&self, ctx: &Ctx, place: &Place<'_>) -> Result<PathBuf> {
        let mut known = self.pythons.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(python) = known.get(place.root) {
            return Ok(python.clone());
        }
        let python = environment::choose(ctx, self.site(place), "pytest")?;
        known.insert(place.root.to_owned(), python.clone());
        Ok(python)
    }
}

impl Pytest {
    /// A path, from the project's folder, that pytest cannot take for an option, nor (since 8.2) for a file of
    /// arguments.
    fn argument(&self, file: &Path) -> PathBuf {
        let file = file.strip_prefix(&self.folder).unwrap_or(file);
        match file.as_os_str().as_encoded_bytes().first() {
            Some(b'-' | b'@') => Path::new(".").join(file),
            _ => file.to_owned(),
        }
    }
}

impl Runner for Pytest {
    fn name(&self) -> &str {
        NAME
    }

    fn folder(&self) -> &Path {
        &self.folder
    }

    fn is_test_file(&self, path: &Path) -> bool {
        let name = Path::new(path.file_name().unwrap_or_default());
        let inside = path.strip_prefix(&self.folder).unwrap_or(path);
        let is_named = || self.files.iter().any(|pattern| pattern.covers(name) || pattern.covers(inside));
        path.extension().is_some_and(|extension| extension == "py") && is_named() && !paths::is_skipped(path)
    }

    fn speaks(&self, path: &Path) -> bool {
        environment::is_python(path)
    }

    fn ready(&self, ctx: &Ctx, place: &Place<'_>) -> Result<()> {
        self.python(ctx, place).map(drop)
    }

    fn can_select(&self) -> bool {
        true
    }

    fn command(&self, selection: &Selection) -> Vec<String> {
        let program = paths::typed_in(&self.folder, &["pytest"]);
        program.into_iter().chain(super::named(&self.folder, selection)).collect()
    }

    fn run(&self, ctx: &Ctx, place: &Place<'_>, selection: &Selection, limits: &Limits) -> Result<Run> {
        let mut told = Told { runner: NAME, command: self.command(selection), counted: true, claimed: None };
        let files = existing_files(place.root, selection);
        if files.as_ref().is_some_and(Vec::is_empty) {
            return Ok(report::nothing(told, End::finished()));
        }
        let python = self.python(ctx, place)?;
        let folder = RunFolder::new(ctx, place.scratch)?;
        let texts: Vec<String> = files.iter().flatten().map(|file| paths::text_of_path(file)).collect();
        let cases = if let Selection::Cases(ids) = selection { Some(ids.as_slice()) } else { None };
        let chosen = folder.write_selection(&texts, cases)?;
        let command = Command::new(&python).args(arguments(place.root, &folder));
        let command = command.args(files.iter().flatten().map(|file| self.argument(file)));
        let command = environment::prepare(ctx, command, self.site(place), &folder, limits)
            .env("HOTFIX_SELECTION", chosen)
            .env("HOTFIX_NO_COVERAGE", "1")
            .env("PY_COLORS", "0")
            .env_remove("FORCE_COLOR");
        let finished = command.run(ctx)?;
        let mut heard = stream::read(&folder.stream());
        let junit = junit::read_file(&folder.junit()).ok();
        told.claimed = junit.as_deref().map(count).or(heard.own_count);
        fall_back(&mut heard, junit.as_deref());
        environment::advise(self.site(place), &mut heard.not_loaded);
        let end = end(finished.ending, &heard, junit.is_some());
        Ok(report::run_of(told, &finished, heard, &end))
    }

    fn footprints(
        &self,
        ctx: &Ctx,
        place: &Place<'_>,
        files: &[PathBuf],
        limit: Duration,
    ) -> Option<BTreeMap<String, Footprint>> {
        let python = self.python(ctx, place).ok()?;
        let folder = RunFolder::new(ctx, place.scratch).ok()?;
        let noted = folder.file("coverage.json");
        let command = Command::new(&python).args(arguments(place.root, &folder));
        let command = command.args(files.iter().map(|file| self.argument(file)));
        let limits = Limits { run: limit, test: Some(limit / 5) };
        let command = environment::prepare(ctx, command, self.site(place), &folder, &limits);
        command.env("HOTFIX_COVERAGE", &noted).env("HOTFIX_NO_COVERAGE", "1").run(ctx).ok()?;
        serde_json::from_slice(&std::fs::read(&noted).ok()?).ok()
    }
}

fn arguments(root: &Path, folder: &RunFolder) -> Vec<OsString> {
    let with = |name: &str, path: &Path| {
        let mut argument = OsString::from(name);
        argument.push(path);
        argument
    };
    let mut arguments: Vec<OsString> = ["-m", "pytest", "-p", "git_hotfix_pytest"].map(OsString::from).into();
    arguments.extend([
        // Ids are relative to this, so they are the same in slot and twin.
        with("--rootdir=", root),
        // A folder of ours instead of `-p no:cacheprovider`: a repository may ask for `--lf`, which needs the plugin.
        "-o".into(),
        with("cache_dir=", &folder.cache()),
        // The form that names the file of each test.
        "-o".into(),
        "junit_family=xunit1".into(),
        with("--junitxml=", &folder.junit()),
        "--junitprefix=".into(),
        "--color=no".into(),
        // All results, whatever the repository's own options: one failure or one broken file must not hide others.
        "--maxfail=0".into(),
        "--continue-on-collection-errors".into(),
    ]);
    arguments
}

/// Number of tests in the XML. A file that was skipped or not loaded has a case without class; a test that fails and
/// whose teardown fails as well has two.
fn count(cases: &[TestCase]) -> u64 {
    let tests: BTreeSet<_> =
        cases.iter().filter(|case| !case.class.is_empty()).map(|case| (&case.class, &case.name)).collect();
    tests.len() as u64
}

/// Takes the cases from the XML when the helper could not tell anything.
fn fall_back(heard: &mut Heard, junit: Option<&[TestCase]>) {
    if heard.began > 0 {
        return;
    }
    let tests = junit.unwrap_or_default().iter().filter(|case| !case.class.is_empty());
    heard.cases = tests.map(case_of).collect();
}

fn case_of(case: &TestCase) -> Case {
    let module = case.file.as_deref().unwrap_or_default().trim_end_matches(".py").replace('/', ".");
    let inside = case.class.strip_prefix(&module).unwrap_or_default().replace('.', "::");
    let file = case.file.as_deref().unwrap_or(&case.class);
    Case {
        id: format!("{file}{inside}::{}", case.name),
        file: case.file.clone(),
        outcome: case.outcome,
        reason: case.reason.clone(),
        frame: None,
        seconds: case.seconds,
    }
}

/// Exit codes are those of pytest's `ExitCode`.
fn end(ending: Ending, heard: &Heard, has_junit: bool) -> End {
    let code = match End::of(ending) {
        Ok(code) => code,
        Err(end) => return end,
    };
    if let Some(file) = &heard.foreign {
        return End::crashed(format!(
            "the tests imported {file} of the main worktree instead of the code here: install the project in the slot \
             ([slot] setup in hotfix.toml)"
        ));
    }
    let came_to_its_end = heard.finished > 0 || has_junit;
    match code {
        2 | 4 if !heard.not_loaded.is_empty() => End::finished(),
        2 => End::crashed("pytest was interrupted (code 2)"),
        3 => End::crashed("pytest had an internal error (code 3)"),
        4 => End::crashed("pytest did not accept its options or its configuration (code 4)"),
        code if !came_to_its_end => {
            End::crashed(format!("pytest ended with code {code} before its tests did"))
        }
        _ => End::finished(),
    }
}
