//! Go: `go test -json`, one project per module (`go.mod`).

mod asked;
mod constraints;
mod coverage;
mod events;
mod failure;
mod module;
mod origin;
mod overtime;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_model::Run;

use self::asked::{Asked, pattern_of_ids};
use self::events::Events;
use self::module::Module;
use self::origin::Origin;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exec::{Command, Ending, Finished};
use crate::suite::family::{Family, Found};
use crate::suite::folder::RunFolder;
use crate::suite::report::{self, End, Told};
use crate::suite::{Footprint, Limits, Place, Repeat, Runner, Selection, SuiteError, existing_files, paths};

/// Its name.
const NAME: &str = "go test";
/// Longest pattern of names given to `-run`; with more names than fit, whole packages run.
const LONGEST_PATTERN: usize = 60 << 10;
/// How often a package may at first take what one test may: Go limits packages, not tests.
const TESTS_PER_PACKAGE: u32 = 4;
/// The part of the time of a run that a package may take then. Go must end it, for only Go says which test hangs.
const PART_OF_RUN: (u32, u32) = (3, 4);
/// How long compiling may take, with all that is imported.
const BUILD_PATIENCE: Duration = Duration::from_mins(30);
/// How long `go list` may take.
const LIST: Duration = Duration::from_mins(1);

/// Go modules.
#[derive(Debug)]
pub struct Go;

impl Family for Go {
    fn projects(&self, found: &Found<'_>) -> Vec<Box<dyn Runner>> {
        let folders = found.folders_with(&["go.mod"]);
        let own = folders.into_iter().filter(|folder| !folder.iter().any(|name| name == "vendor"));
        let has_tests =
            |folder: &PathBuf| found.files().iter().any(|file| file.starts_with(folder) && is_test(file));
        own.filter(has_tests).map(|folder| Box::new(GoTest { folder }) as Box<dyn Runner>).collect()
    }
}

/// The runner.
#[derive(Debug)]
struct GoTest {
    folder: PathBuf,
}

/// Go leaves out folders that begin with `_` or a point, `testdata`, and what is vendored.
fn is_test(path: &Path) -> bool {
    let is_named = paths::stem(path).is_some_and(|stem| stem.ends_with("_test"));
    let is_left_out = |name: &std::ffi::OsStr| {
        let name = name.as_encoded_bytes();
        name.starts_with(b"_") || name.starts_with(b".") || name == b"testdata" || name == b"vendor"
    };
    is_named && is_go(path) && !path.iter().any(is_left_out)
}

fn is_go(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "go")
}

impl Runner for GoTest {
    fn name(&self) -> &str {
        NAME
    }

    fn folder(&self) -> &Path {
        &self.folder
    }

    fn is_test_file(&self, path: &Path) -> bool {
        is_test(path)
    }

    fn is_test_support(&self, path: &Path) -> bool {
        let inside = path.strip_prefix(&self.folder).unwrap_or(path);
        // A package of helpers is source; what lies beside tests without being Go is theirs.
        paths::is_test_data(inside) || (!is_go(path) && paths::is_test_support(inside))
    }

    fn speaks(&self, path: &Path) -> bool {
        is_go(path) || path.file_name().is_some_and(|name| name == "go.mod" || name == "go.sum")
    }

    fn ready(&self, ctx: &Ctx, _: &Place<'_>) -> Result<()> {
        if ctx.env.find_program("go").is_some() {
            return Ok(());
        }
        Err(SuiteError::MissingProgram { program: "go", install: "install Go" }.into())
    }

    fn can_select(&self) -> bool {
        true
    }

    fn can_repeat(&self) -> bool {
        true
    }

    fn command(&self, selection: &Selection) -> Vec<String> {
        let mut words = paths::typed_in(&self.folder, &["go", "test"]);
        match selection {
            Selection::Everything => words.push("./...".to_owned()),
            Selection::Files(files) => words.extend(self.packages(files)),
            Selection::Cases(ids) => {
                words.extend(["-run".to_owned(), pattern_of_ids(ids)]);
                let files: Vec<PathBuf> =
                    ids.iter().map(|id| paths::path_of_text(paths::file_of_id(id))).collect();
                words.extend(self.packages(&files));
            }
        }
        words
    }

    fn run(&self, ctx: &Ctx, place: &Place<'_>, selection: &Selection, limits: &Limits) -> Result<Run> {
        self.run_repeating(ctx, place, selection, &Repeat::default(), limits)
    }

    /// `-count` repeats all tests of a run or none, so that only a run of single tests repeats any.
    fn run_repeating(
        &self,
        ctx: &Ctx,
        place: &Place<'_>,
        selection: &Selection,
        repeat: &Repeat,
        limits: &Limits,
    ) -> Result<Run> {
        let files = existing_files(place.root, selection);
        let files: Option<Vec<PathBuf>> =
            files.map(|files| files.into_iter().filter(|file| self.is_test_file(file)).collect());
        if files.as_ref().is_some_and(Vec::is_empty) {
            return Ok(report::nothing(self.told(selection), End::finished()));
        }
        self.ready(ctx, place)?;
        let module = Module::read(place.root, &self.folder);
        let origin = Origin::read(ctx, place, &self.folder);
        let asked = Asked::new(&module, files.as_deref(), ids_of(selection));
        let repeats = matches!(selection, Selection::Cases(_)) && !repeat.cases.is_empty();
        let times = if repeats { repeat.times.max(1) } else { 1 };
        let task = Task { ctx, place, module: &module, asked: &asked, origin: &origin, limits, times };
        let whole = limits.run * PART_OF_RUN.0 / PART_OF_RUN.1;
        let short = limits.test.map_or(whole, |test| (test * TESTS_PER_PACKAGE).min(whole));
        let mut attempt = self.attempt(&task, short)?;
        if attempt.finished.ending == Ending::TimedOut && !attempt.events.know(&asked.folders()) {
            self.compile(&task);
            attempt = self.attempt(&task, short)?;
        }
        if short < whole && attempt.events.ran_over() {
            attempt = self.attempt(&task, whole)?;
        }
        let namesakes = attempt.events.with_namesakes();
        attempt.events.leave_out(constraints::left_out_in(&task, self, &namesakes));
        let run = constraints::with_left_out(&task, self, self.judge(selection, attempt, &asked));
        Ok(Run { foreign: origin.foreign, ..run })
    }

    /// As `go list` tells, which knows build constraints. Where a package cannot be read, what could be a test of it is
    /// listed, for Go would stumble over it.
    fn listed(&self, ctx: &Ctx, place: &Place<'_>, limit: Duration) -> Option<BTreeSet<PathBuf>> {
        let module = Module::read(place.root, &self.folder);
        let origin = Origin::read(ctx, place, &self.folder);
        let packages =
            constraints::packages(ctx, (place, &self.folder, &origin), &["./...".to_owned()], limit)?;
        Some(packages.into_iter().flat_map(|package| package.tests(&module)).collect())
    }

    fn related(&self, ctx: &Ctx, place: &Place<'_>, sources: &[PathBuf]) -> Option<Vec<PathBuf>> {
        let changed: BTreeSet<PathBuf> = sources
            .iter()
            .filter(|path| is_go(path))
            .filter_map(|path| path.parent())
            .map(Path::to_owned)
            .collect();
        let module = Module::read(place.root, &self.folder);
        let format = "{{.ImportPath}}\t{{join .Deps \",\"}}";
        let list = Command::new("go").args(["list", "-e", "-test", "-f", format, "./..."]);
        let finished = list.dir(place.root.join(&self.folder)).contained().deadline(LIST).run(ctx).ok()?;
        let names: BTreeSet<String> = changed.iter().filter_map(|folder| module.package_in(folder)).collect();
        let text = String::from_utf8_lossy(&finished.stdout).into_owned();
        let depends = |line: &str| {
            let (package, dependencies) = line.split_once('\t')?;
            let package = package.strip_suffix(".test")?;
            let mut all = dependencies.split(',').map(plain_package);
            (names.contains(package) || all.any(|name| names.contains(name)))
                .then(|| module.folder_of(package))?
        };
        let folders: BTreeSet<PathBuf> = text.lines().filter_map(depends).collect();
        let found: Vec<PathBuf> = folders.iter().flat_map(|folder| module.test_files(folder)).collect();
        (finished.success() && !found.is_empty()).then_some(found)
    }

    fn footprints(
        &self,
        ctx: &Ctx,
        place: &Place<'_>,
        files: &[PathBuf],
        limit: Duration,
    ) -> Option<BTreeMap<String, Footprint>> {
        let module = Module::read(place.root, &self.folder);
        Some(coverage::footprints(ctx, (place, &module, &self.folder), files, limit))
    }
}

/// `a/b [a/b.test]`, a package as compiled for a test, is `a/b`.
fn plain_package(name: &str) -> &str {
    name.split(' ').next().unwrap_or(name)
}

fn ids_of(selection: &Selection) -> Option<&[String]> {
    match selection {
        Selection::Cases(ids) if ids.iter().all(|id| id.contains("::")) => Some(ids),
        _ => None,
    }
}

/// One run, as it was asked for.
struct Task<'a> {
    ctx: &'a Ctx,
    place: &'a Place<'a>,
    module: &'a Module,
    asked: &'a Asked<'a>,
    origin: &'a Origin,
    limits: &'a Limits,
    /// How many times each test runs.
    times: usize,
}

/// How it went once.
struct Attempt<'a> {
    finished: Finished,
    events: Events<'a>,
}

impl GoTest {
    fn told(&self, selection: &Selection) -> Told {
        Told { runner: NAME, command: self.command(selection), counted: true, claimed: None }
    }

    /// Results go into a file of their own: what a log keeps is bounded, and results must be whole.
    fn go(&self, place: &Place<'_>, arguments: Vec<OsString>) -> Command {
        let redirect = r#"exec "$0" "$@" > "$HOTFIX_RESULTS""#;
        Command::new("sh")
            .args(["-c", redirect, "go", "test"])
            .args(arguments)
            .dir(place.root.join(&self.folder))
            .contained()
    }

    /// Runs the tests; no package may take longer than `package`.
    fn attempt<'a>(&self, task: &Task<'a>, package: Duration) -> Result<Attempt<'a>> {
        let run = RunFolder::with(task.ctx, task.place.scratch, &[])?;
        let results = run.file("results.jsonl");
        let command = task.origin.apply(self.go(task.place, self.arguments(task, package)));
        let command = command.deadline(task.limits.run).log(run.log()).env("HOTFIX_RESULTS", &results);
        let finished = command.run(task.ctx)?;
        Ok(Attempt { finished, events: Events::read(&results, task.module, task.limits.test) })
    }

    /// Compiles all that the tests need into Go's cache, when that took all the time of a run; what comes of it the next
    /// run tells.
    fn compile(&self, task: &Task<'_>) {
        let packages =
            task.asked.files.map_or_else(|| vec!["./...".to_owned()], |files| self.packages(files));
        let list = Command::new("go").args(["list", "-e", "-export", "-test", "-deps", "-f", ""]);
        let list = list.args(packages).dir(task.place.root.join(&self.folder)).contained();
        drop(task.origin.apply(list).deadline(BUILD_PATIENCE).run(task.ctx));
    }

    fn arguments(&self, task: &Task<'_>, package: Duration) -> Vec<OsString> {
        // Without `-count` a result may be one of an earlier run.
        let mut arguments: Vec<OsString> = vec!["-json".into(), format!("-count={}", task.times).into()];
        arguments.push(format!("-timeout={}ms", package.as_millis().max(1)).into());
        let Some(files) = task.asked.files else {
            arguments.push("./...".into());
            return arguments;
        };
        if let Some(pattern) =
            task.asked.pattern(task.module).filter(|pattern| pattern.len() <= LONGEST_PATTERN)
        {
            arguments.extend(["-run".into(), pattern.into()]);
        }
        arguments.extend(self.packages(files).into_iter().map(OsString::from));
        arguments
    }

    /// The packages of files, as Go's command line names them.
    fn packages(&self, files: &[PathBuf]) -> Vec<String> {
        let inside = files.iter().filter_map(|file| file.strip_prefix(&self.folder).ok()?.parent());
        let folders: BTreeSet<&Path> = inside.collect();
        let name = |folder: &Path| match folder.as_os_str().is_empty() {
            true => ".".to_owned(),
            false => format!("./{}", paths::text_of_path(folder)),
        };
        folders.into_iter().map(name).collect()
    }

    fn judge(&self, selection: &Selection, attempt: Attempt<'_>, asked: &Asked<'_>) -> Run {
        let Attempt { finished, events } = attempt;
        let (tests_built, ran_over) = (events.any, events.ran_over());
        let said = String::from_utf8_lossy(&finished.stdout).into_owned();
        let heard = events.into_heard(&said, asked);
        let end = match End::of(finished.ending) {
            Err(end) => end,
            Ok(_) if ran_over => End::out_of_time(),
            Ok(0) => End::finished(),
            Ok(_) if tests_built => End::finished(),
            Ok(code) => End::crashed(match report::telling_line(&finished.stdout) {
                Some(line) => format!("go test ended with code {code}: {line}"),
                None => {
                    format!("go test ended with code {code} before its tests did: {}", finished.last_line())
                }
            }),
        };
        let told = Told { claimed: heard.own_count, ..self.told(selection) };
        report::run_of(told, &finished, heard, &end)
    }
}
