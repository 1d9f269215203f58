//! What the tools have in common: a project, its settings, a run and its reading.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_model::Run;

use super::modules::{self, Program};
use super::package::Package;
use super::script::Invocation;
use super::{can_hold_tests, coverage, inside, is_source};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exec::{Command, Finished};
use crate::suite::family::Found;
use crate::suite::folder::RunFolder;
use crate::suite::glob::Glob;
use crate::suite::report::{self, End, Told};
use crate::suite::stream::{self, Heard};
use crate::suite::{Footprint, Limits, Place, Runner, Selection, SuiteError, existing_files, paths};

/// The helpers inside the tools.
const HELPERS: &[(&str, &str)] = &[
    ("git_hotfix_stream.cjs", include_str!("../../node_side/git_hotfix_stream.cjs")),
    ("git_hotfix_jest.cjs", include_str!("../../node_side/git_hotfix_jest.cjs")),
    ("git_hotfix_mocha.cjs", include_str!("../../node_side/git_hotfix_mocha.cjs")),
    ("git_hotfix_mocha_settings.cjs", include_str!("../../node_side/git_hotfix_mocha_settings.cjs")),
    ("git_hotfix_node_test.mjs", include_str!("../../node_side/git_hotfix_node_test.mjs")),
    ("git_hotfix_vitest.mjs", include_str!("../../node_side/git_hotfix_vitest.mjs")),
    ("git_hotfix_vitest_related.mjs", include_str!("../../node_side/git_hotfix_vitest_related.mjs")),
];

/// How long a tool may take to say which tests depend on a file.
const RELATED: Duration = Duration::from_secs(30);

/// One of the tools.
pub trait Tool: Sync {
    /// What people call it.
    fn name(&self) -> &'static str;

    /// Whether a script that calls this tool calls it.
    fn is_called(&self, tool: &str) -> bool {
        self.name() == tool
    }

    /// The packages that hold its program, the first that is installed counts; none if it comes with Node.
    fn packages(&self) -> &'static [&'static str];

    /// The starts of the names of its settings files.
    fn settings(&self) -> &'static [&'static str];

    /// Which files are its tests, relative to the project's folder.
    fn tests(&self, found: &Found<'_>, package: &Package, invocation: &Invocation) -> Vec<Glob>;

    /// What a person would type for these files.
    fn typed(&self) -> &'static str;

    /// The command of a run.
    fn command(&self, job: &Job<'_>) -> Command;

    /// The command that prints the test files that depend on these files, as absolute paths in a JSON list.
    fn related(&self, _: &Job<'_>) -> Option<Command> {
        None
    }
}

/// All a tool needs to know of one run.
pub struct Job<'a> {
    /// The folder of the run, with our helpers.
    pub run: &'a RunFolder,
    /// How the project's script calls the tool.
    pub invocation: &'a Invocation,
    /// Its program; `None` if it comes with Node.
    pub program: Option<Program>,
    /// The root of the worktree.
    pub root: PathBuf,
    /// The project's folder, absolute.
    pub folder: PathBuf,
    /// The files, relative to the project's folder; empty for all.
    pub files: Vec<PathBuf>,
    /// The ids of the only tests that count; empty for all of the files.
    pub tests: Vec<String>,
}

impl Job<'_> {
    /// The project's folder, relative to the root.
    pub fn below_root(&self) -> &Path {
        self.folder.strip_prefix(&self.root).unwrap_or(Path::new(""))
    }
}

/// A project whose tests one of the tools runs.
pub struct Project {
    tool: &'static dyn Tool,
    folder: PathBuf,
    invocation: Invocation,
    tests: Vec<Glob>,
}

impl Project {
    /// A project as its files show it.
    pub fn new(
        tool: &'static dyn Tool,
        found: &Found<'_>,
        package: &Package,
        invocation: Invocation,
    ) -> Self {
        let tests = tool.tests(found, package, &invocation);
        Self { tool, folder: package.folder.clone(), invocation, tests }
    }

    /// The program, and everything it depends on. Errors: [`SuiteError::NotInstalled`].
    fn program(&self, ctx: &Ctx, place: &Place<'_>) -> Result<Option<Program>> {
        if ctx.env.find_program("node").is_none() {
            return Err(SuiteError::MissingProgram {
                program: "node",
                install: "install Node.js 20 or newer",
            }
            .into());
        }
        let found = self.tool.packages().iter().map(|package| modules::program(place, &self.folder, package));
        let found: Vec<Result<Program>> = found.collect();
        if found.is_empty() {
            // Its tests may need packages although it needs none itself. Without a lock file nobody knows whether they do.
            let needs_some = place.root.join(&self.folder).join("package-lock.json").is_file();
            modules::any(place, &self.folder)
                .or_else(|error| if needs_some { Err(error) } else { Ok(()) })?;
        }
        let mut failed = None;
        for one in found {
            match one {
                Ok(program) => return Ok(Some(program)),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(None), Err)
    }

    fn told(&self, selection: &Selection) -> Told {
        Told { runner: self.tool.name(), command: self.command(selection), counted: true, claimed: None }
    }

    /// The selected files that are tests, relative to the project's folder; `None` for everything.
    fn files(&self, place: &Place<'_>, selection: &Selection) -> Option<Vec<PathBuf>> {
        let files = existing_files(place.root, selection)?;
        let own = files.iter().filter(|file| can_hold_tests(file));
        Some(own.filter_map(|file| file.strip_prefix(&self.folder).ok()).map(Path::to_owned).collect())
    }

    fn in_environment(&self, ctx: &Ctx, command: Command, place: &Place<'_>) -> Command {
        let mut command = command;
        for (name, value) in &self.invocation.variables {
            command = command.env(name, value);
        }
        command
            .dir(place.root.join(&self.folder))
            .contained()
            .env("PATH", modules::search_path(ctx, place, &self.folder))
            .env("HOTFIX_ROOT", place.root)
            .env_remove("HOTFIX_SELECTION")
    }

    /// Runs what the script runs before its tests; gives the first of it that fails, with the reason.
    fn prepare(
        &self,
        ctx: &Ctx,
        place: &Place<'_>,
        run: &RunFolder,
        limits: &Limits,
    ) -> Result<Option<Failed>> {
        for line in &self.invocation.before {
            let command = self.in_environment(ctx, Command::shell(line), place);
            let finished = command.log(run.log()).deadline(limits.run).run(ctx)?;
            if !finished.success() {
                return Ok(Some(Failed { line: line.clone(), finished }));
            }
        }
        Ok(None)
    }

    /// A build that fails is a test part that cannot be loaded: nothing has run.
    fn not_built(&self, selection: &Selection, failed: &Failed) -> Run {
        let file = paths::text_of_path(&self.folder.join("package.json"));
        let reason =
            report::telling_line(&failed.finished.stdout).unwrap_or_else(|| failed.finished.last_line());
        let heard =
            Heard { not_loaded: vec![(file, format!("{}: {reason}", failed.line))], ..Heard::default() };
        let end = End::of(failed.finished.ending).err().unwrap_or_else(End::finished);
        report::run_of(self.told(selection), &failed.finished, heard, &end)
    }
}

/// A command that failed before the tests.
struct Failed {
    line: String,
    finished: Finished,
}

impl Runner for Project {
    fn name(&self) -> &str {
        self.tool.name()
    }

    fn folder(&self) -> &Path {
        &self.folder
    }

    fn is_test_file(&self, path: &Path) -> bool {
        let inside = inside(&self.folder, path).filter(|_| can_hold_tests(path));
        inside.is_some_and(|path| self.tests.iter().any(|glob| glob.covers(&path)))
    }

    fn is_test_support(&self, path: &Path) -> bool {
        path.strip_prefix(&self.folder).is_ok_and(paths::is_test_support)
    }

    fn speaks(&self, path: &Path) -> bool {
        is_source(path)
    }

    fn ready(&self, ctx: &Ctx, place: &Place<'_>) -> Result<()> {
        self.program(ctx, place).map(drop)
    }

    fn can_select(&self) -> bool {
        true
    }

    fn command(&self, selection: &Selection) -> Vec<String> {
        let program: Vec<&str> = self.tool.typed().split(' ').collect();
        let mut words = paths::typed_in(&self.folder, &program);
        let own =
            |file: &str| inside(&self.folder, &paths::path_of_text(file)).unwrap_or_else(|| file.to_owned());
        match selection {
            Selection::Everything => {}
            Selection::Files(files) => words.extend(files.iter().map(|file| own(&paths::text_of_path(file)))),
            Selection::Cases(ids) => words.extend(ids.iter().map(|id| own(id))),
        }
        words
    }

    fn run(&self, ctx: &Ctx, place: &Place<'_>, selection: &Selection, limits: &Limits) -> Result<Run> {
        let files = self.files(place, selection);
        if files.as_ref().is_some_and(Vec::is_empty) && !self.is_about_the_build(place, selection) {
            return Ok(report::nothing(self.told(selection), End::finished()));
        }
        let program = self.program(ctx, place)?;
        let run = RunFolder::with(ctx, place.scratch, HELPERS)?;
        if let Some(failed) = self.prepare(ctx, place, &run, limits)? {
            return Ok(self.not_built(selection, &failed));
        }
        let files = files.unwrap_or_default();
        if files.is_empty() && *selection != Selection::Everything {
            return Ok(report::nothing(self.told(selection), End::finished()));
        }
        let mut done = self.run_files(ctx, place, (selection, limits), (&program, files.clone()))?;
        // Some tools stop at the first file that cannot be loaded; the others have their turn without it.
        let mut left = files;
        while done.cases.is_empty() && done.not_loaded.iter().any(|(file, _)| self.take_out(&mut left, file))
        {
            if left.is_empty() {
                break;
            }
            let stopped_by = std::mem::take(&mut done.not_loaded);
            done = self.run_files(ctx, place, (selection, limits), (&program, left.clone()))?;
            done.not_loaded.splice(0..0, stopped_by);
        }
        Ok(done)
    }

    fn related(&self, ctx: &Ctx, place: &Place<'_>, sources: &[PathBuf]) -> Option<Vec<PathBuf>> {
        let program = self.program(ctx, place).ok()?;
        let run = RunFolder::with(ctx, place.scratch, HELPERS).ok()?;
        let files = sources
            .iter()
            .filter_map(|path| path.strip_prefix(&self.folder).ok())
            .map(Path::to_owned)
            .collect();
        let command = self.tool.related(&Job { files, ..self.job(place, &run, program) })?;
        let finished = self.in_environment(ctx, command, place).deadline(RELATED).run(ctx).ok()?;
        let found = super::below_root(place.root, &printed_list(&finished.stdout)?);
        (!found.is_empty()).then_some(found)
    }

    fn footprints(
        &self,
        ctx: &Ctx,
        place: &Place<'_>,
        files: &[PathBuf],
        limit: Duration,
    ) -> Option<BTreeMap<String, Footprint>> {
        let program = self.program(ctx, place).ok()?;
        let began = ctx.clock.elapsed();
        let first = RunFolder::with(ctx, place.scratch, HELPERS).ok()?;
        let limits = Limits { run: limit, test: None };
        self.prepare(ctx, place, &first, &limits).ok().filter(Option::is_none)?;
        let mut found = BTreeMap::new();
        for file in self.files(place, &Selection::Files(files.to_vec())).unwrap_or_default() {
            let Some(left) = limit.checked_sub(ctx.elapsed_since(began)) else { break };
            let name = paths::text_of_path(&self.folder.join(&file));
            found.extend(self.footprint(ctx, place, (&program, file), left).map(|print| (name, print)));
        }
        Some(found)
    }
}

impl Project {
    fn job<'a>(&'a self, place: &Place<'_>, run: &'a RunFolder, program: Option<Program>) -> Job<'a> {
        Job {
            run,
            invocation: &self.invocation,
            program,
            root: place.root.to_owned(),
            folder: place.root.join(&self.folder),
            files: Vec::new(),
            tests: Vec::new(),
        }
    }

    /// One run of the tool.
    fn run_files(
        &self,
        ctx: &Ctx,
        place: &Place<'_>,
        (selection, limits): (&Selection, &Limits),
        (program, files): (&Option<Program>, Vec<PathBuf>),
    ) -> Result<Run> {
        let run = RunFolder::with(ctx, place.scratch, HELPERS)?;
        let ids = if let Selection::Cases(ids) = selection { ids.as_slice() } else { &[] };
        let whole = ids.iter().any(|id| !id.contains("::"));
        let tests = if whole { Vec::new() } else { ids.to_vec() };
        let chosen = run.write_selection(&[], Some(tests.as_slice()).filter(|tests| !tests.is_empty()))?;
        let job = Job { files, tests, ..self.job(place, &run, program.clone()) };
        let seconds = limits.test.map(|limit| limit.as_secs_f64().to_string()).unwrap_or_default();
        let command =
            self.in_environment(ctx, self.tool.command(&job), place).deadline(limits.run).log(run.log());
        let command = command.env("HOTFIX_STREAM", run.stream()).env("HOTFIX_TEST_LIMIT", seconds);
        let finished = command.env("HOTFIX_SELECTION", chosen).run(ctx)?;
        Ok(self.judge(place, selection, &finished, &run))
    }

    /// What one test file runs; a process of its own tells.
    fn footprint(
        &self,
        ctx: &Ctx,
        place: &Place<'_>,
        (program, file): (&Option<Program>, PathBuf),
        limit: Duration,
    ) -> Option<Footprint> {
        let run = RunFolder::with(ctx, place.scratch, HELPERS).ok()?;
        let job = Job { files: vec![file], ..self.job(place, &run, program.clone()) };
        let command = self.in_environment(ctx, self.tool.command(&job), place).deadline(limit).log(run.log());
        let command = command.env("HOTFIX_STREAM", run.stream());
        let reports = run.file("coverage");
        let done = command.env("NODE_V8_COVERAGE", &reports).run(ctx).ok()?;
        let found = coverage::read(place.root, &reports);
        (done.ending.code().is_some() && !found.is_empty()).then_some(found)
    }

    /// Takes a file that could not be loaded out of a list; whether it was in it.
    fn take_out(&self, files: &mut Vec<PathBuf>, file: &str) -> bool {
        let file = paths::path_of_text(file);
        let before = files.len();
        files.retain(|one| self.folder.join(one) != file);
        files.len() < before
    }

    /// The test file that the output of a tool speaks of which died before any test.
    fn blamed(&self, place: &Place<'_>, finished: &Finished) -> Option<String> {
        let text = String::from_utf8_lossy(&finished.stdout);
        let real = std::fs::canonicalize(place.root).unwrap_or_else(|_| place.root.to_owned());
        let root = format!("{}/", real.display());
        let tail_of = |rest: &str| rest.split([':', ' ', ')', '\'', '"', '\n']).next().map(str::to_owned);
        text.split(root.as_str()).skip(1).filter_map(tail_of).find(|path| self.is_test_file(Path::new(path)))
    }

    /// Whether the build itself is asked for: it was what could not be loaded.
    fn is_about_the_build(&self, place: &Place<'_>, selection: &Selection) -> bool {
        let manifest = self.folder.join("package.json");
        existing_files(place.root, selection).is_some_and(|files| files.contains(&manifest))
    }

    fn judge(&self, place: &Place<'_>, selection: &Selection, finished: &Finished, run: &RunFolder) -> Run {
        let mut heard = stream::read(&run.stream());
        let told = Told { claimed: heard.own_count, ..self.told(selection) };
        let code = finished.ending.code().unwrap_or_default();
        if heard.began == 0
            && code != 0
            && let Some(file) = self.blamed(place, finished)
        {
            let reason = report::telling_line(&finished.stdout).unwrap_or_else(|| finished.last_line());
            heard.not_loaded.push((file, reason));
            return report::run_of(told, finished, heard, &End::finished());
        }
        let end = end(self.tool.name(), finished, &heard);
        report::run_of(told, finished, heard, &end)
    }
}

/// The last line that is a JSON list of texts.
fn printed_list(output: &[u8]) -> Option<Vec<String>> {
    let text = String::from_utf8_lossy(output);
    text.lines().rev().find_map(|line| serde_json::from_str(line.trim()).ok())
}

fn end(name: &str, finished: &Finished, heard: &Heard) -> End {
    if heard.gave_up {
        return End { end: hotfix_model::RunEnd::TimedOut, reason: Some("a test took too long".to_owned()) };
    }
    match End::of(finished.ending) {
        Err(end) => end,
        Ok(_) if heard.finished > 0 => End {
            reason: heard.trouble.clone().filter(|_| finished.ending.code() != Some(0)),
            ..End::finished()
        },
        // Nothing to run: the tools do not even start their reporters.
        Ok(0) if heard.cases.is_empty() => End::finished(),
        Ok(code) => End::crashed(match report::telling_line(&finished.stdout) {
            Some(line) => format!("{name} ended with code {code} before its tests did: {line}"),
            None => format!("{name} ended with code {code} before its tests did"),
        }),
    }
}
