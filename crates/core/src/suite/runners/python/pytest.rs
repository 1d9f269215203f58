//! pytest, version 6 and newer.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hotfix_model::{Case, Run};

use super::candidates::Interpreter;
use super::collected::Collected;
use super::environment::{self, Chosen, Setting, Site};
use super::layout::Layout;
use super::place_file;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exec::{Command, Ending};
use crate::suite::folder::RunFolder;
use crate::suite::junit::{self, TestCase};
use crate::suite::report::{self, End, Told};
use crate::suite::stream::{self, Heard};
use crate::suite::{Footprint, Limits, Place, Repeat, Runner, Selection, existing_files, paths};

/// Its name.
const NAME: &str = "pytest";
/// The runner.
#[derive(Debug)]
pub struct Pytest {
    folder: PathBuf,
    collected: Collected,
    /// Files with tests that the project's settings leave out.
    left_out: BTreeSet<PathBuf>,
    layout: Arc<Layout>,
    pythons: Chosen,
}

impl Pytest {
    /// Of a project. `left_out` are its files with tests that its settings leave out.
    pub fn new(
        folder: &Path,
        collected: Collected,
        left_out: BTreeSet<PathBuf>,
        layout: Arc<Layout>,
    ) -> Self {
        Self { folder: folder.to_owned(), collected, left_out, layout, pythons: Chosen::default() }
    }

    fn site<'a>(&'a self, place: &'a Place<'a>) -> Site<'a> {
        Site { place, folder: &self.folder }
    }

    /// The Python that has pytest, looked for once per root.
    fn python(&self, ctx: &Ctx, place: &Place<'_>) -> Result<Interpreter> {
        self.pythons.get(place.root, || environment::choose(ctx, self.site(place), "pytest"))
    }

    /// pytest with our helpers, in the folder of a run.
    fn prepared(
        &self,
        ctx: &Ctx,
        place: &Place<'_>,
        folder: &RunFolder,
        arguments: Vec<OsString>,
        limits: &Limits,
    ) -> Result<Command> {
        let interpreter = self.python(ctx, place)?;
        let command = Command::new(&interpreter.python).arg(folder.pytest_program()).args(arguments);
        let site = self.site(place);
        let setting = Setting { site, layout: &self.layout, interpreter: Some(&interpreter), folder, limits };
        let command = setting.prepare(ctx, command)?;
        Ok(command.env("HOTFIX_NO_COVERAGE", "1").env("PY_COLORS", "0").env_remove("FORCE_COLOR"))
    }

    /// The arguments that name files.
    fn named<'a>(
        &'a self,
        files: impl Iterator<Item = &'a PathBuf> + 'a,
    ) -> impl Iterator<Item = OsString> + 'a {
        files.map(|file| self.argument(file).into_os_string())
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
        let inside = path.strip_prefix(&self.folder).unwrap_or(path);
        self.collected.is_named(inside) && self.collected.is_reached(inside) && !paths::is_skipped(path)
    }

    fn holds_tests(&self, path: &Path) -> bool {
        self.is_test_file(path) || self.left_out.contains(path)
    }

    fn environment(&self, ctx: &Ctx, place: &Place<'_>) -> Option<PathBuf> {
        let interpreter = self.python(ctx, place).ok()?;
        interpreter.environment.filter(|_| !interpreter.is_on_path)
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

    fn can_repeat(&self) -> bool {
        true
    }

    fn command(&self, selection: &Selection) -> Vec<String> {
        let program = paths::typed_in(&self.folder, &["pytest"]);
        program.into_iter().chain(super::named(&self.folder, selection)).collect()
    }

    fn run(&self, ctx: &Ctx, place: &Place<'_>, selection: &Selection, limits: &Limits) -> Result<Run> {
        self.run_repeating(ctx, place, selection, &Repeat::default(), limits)
    }

    fn run_repeating(
        &self,
        ctx: &Ctx,
        place: &Place<'_>,
        selection: &Selection,
        repeat: &Repeat,
        limits: &Limits,
    ) -> Result<Run> {
        let mut told = Told { runner: NAME, command: self.command(selection), counted: true, claimed: None };
        let files = existing_files(place.root, selection);
        if files.as_ref().is_some_and(Vec::is_empty) {
            return Ok(report::nothing(told, End::finished()));
        }
        let folder = RunFolder::new(ctx, place.scratch)?;
        let texts: Vec<String> = files.iter().flatten().map(|file| paths::text_of_path(file)).collect();
        let cases = if let Selection::Cases(ids) = selection { Some(ids.as_slice()) } else { None };
        let chosen = folder.write_selection(&texts, cases, repeat)?;
        let mut arguments = arguments(&self.site(place).dir(), &folder);
        arguments.extend(self.named(files.iter().flatten()));
        let command = self.prepared(ctx, place, &folder, arguments, limits)?.env("HOTFIX_SELECTION", chosen);
        let finished = command.run(ctx)?;
        let mut heard = stream::read(&folder.stream());
        let junit = junit::read_file(&folder.junit()).ok();
        told.claimed = junit.as_deref().map(count).or(heard.own_count);
        fall_back(&mut heard, junit.as_deref(), &self.folder);
        environment::advise(self.site(place), &mut heard.not_loaded);
        let foreign = place_file::foreign(self.site(place), &folder);
        let end = end(finished.ending, &heard, junit.is_some(), foreign.as_deref());
        Ok(Run { foreign, ..report::run_of(told, &finished, heard, &end) })
    }

    fn listed(&self, ctx: &Ctx, place: &Place<'_>, limit: Duration) -> Option<BTreeSet<PathBuf>> {
        let folder = RunFolder::new(ctx, place.scratch).ok()?;
        let list = folder.file("listed.json");
        let mut arguments = arguments(&self.site(place).dir(), &folder);
        arguments.extend(["--collect-only", "-q"].map(OsString::from));
        let limits = Limits { run: limit, test: None };
        let command = self.prepared(ctx, place, &folder, arguments, &limits).ok()?;
        command.env("HOTFIX_LISTED", &list).run(ctx).ok()?;
        let files: Vec<String> = serde_json::from_slice(&std::fs::read(&list).ok()?).ok()?;
        Some(files.iter().map(|file| paths::path_of_text(file)).collect())
    }

    fn footprints(
        &self,
        ctx: &Ctx,
        place: &Place<'_>,
        files: &[PathBuf],
        limit: Duration,
    ) -> Option<BTreeMap<String, Footprint>> {
        let folder = RunFolder::new(ctx, place.scratch).ok()?;
        let noted = folder.file("coverage.json");
        let mut arguments = arguments(&self.site(place).dir(), &folder);
        arguments.extend(self.named(files.iter()));
        let limits = Limits { run: limit, test: Some(limit / 5) };
        let command = self.prepared(ctx, place, &folder, arguments, &limits).ok()?;
        command.env("HOTFIX_COVERAGE", &noted).run(ctx).ok()?;
        serde_json::from_slice(&std::fs::read(&noted).ok()?).ok()
    }
}

/// Our own options, for a project in `dir`.
fn arguments(dir: &Path, folder: &RunFolder) -> Vec<OsString> {
    let with = |name: &str, path: &Path| {
        let mut argument = OsString::from(name);
        argument.push(path);
        argument
    };
    let mut arguments: Vec<OsString> = ["-p", "git_hotfix_pytest"].map(OsString::from).into();
    arguments.extend([
        // Where `testpaths` count: the folder it runs in. Never one outside of the place, which pytest may find by itself.
        with("--rootdir=", dir),
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
fn fall_back(heard: &mut Heard, junit: Option<&[TestCase]>, folder: &Path) {
    if heard.began > 0 {
        return;
    }
    let tests = junit.unwrap_or_default().iter().filter(|case| !case.class.is_empty());
    heard.cases = tests.map(|case| case_of(case, folder)).collect();
}

fn case_of(case: &TestCase, folder: &Path) -> Case {
    let module = case.file.as_deref().unwrap_or_default().trim_end_matches(".py").replace('/', ".");
    let inside = case.class.strip_prefix(&module).unwrap_or_default().replace('.', "::");
    let at_root = |file: &str| paths::text_of_path(&folder.join(file));
    let file = case.file.as_deref().map(at_root);
    let begin = file.as_deref().unwrap_or(&case.class);
    Case {
        id: format!("{begin}{inside}::{}", case.name),
        file,
        outcome: case.outcome,
        reason: case.reason.clone(),
        frame: None,
        seconds: case.seconds,
        times: None,
    }
}

/// Exit codes are those of pytest's `ExitCode`.
fn end(ending: Ending, heard: &Heard, has_junit: bool, foreign: Option<&str>) -> End {
    let code = match End::of(ending) {
        Ok(code) => code,
        Err(end) => return end,
    };
    if let Some(foreign) = foreign {
        return End::crashed(foreign);
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
