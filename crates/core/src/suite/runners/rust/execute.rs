//! Builds, lists and runs the tests of a selection, and gathers what became of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_model::{Case, CaseOutcome, Run};

use super::build::{self, Built};
use super::libtest;
use super::names::{self, Names};
use super::passes::Passes;
use super::scope::{self, Part, Scope, Wanted};
use super::workspace::{Target, Workspace};
use super::{documentation, nextest, origin};
use crate::ctx::Ctx;
use crate::error::{FileError, Result};
use crate::exec::{Command, Ending, Finished, LOG_LIMIT};
use crate::suite;
use crate::suite::folder::RunFolder;
use crate::suite::origin::Root;
use crate::suite::report::{self, End, Told};
use crate::suite::stream::Heard;
use crate::suite::{Limits, Place, Selection, paths};

/// Compiling is no part of what a test may take: a slot that was never built needs minutes for its first one.
const BUILD_PATIENCE: Duration = Duration::from_mins(30);
/// How often a build is tried again without the targets that do not compile.
const BUILDS: usize = 2;

/// One run of one selection.
pub struct Job<'a> {
    pub ctx: &'a Ctx,
    pub place: &'a Place<'a>,
    pub limits: &'a Limits,
    pub folder: RunFolder,
    workspace: &'a Workspace,
    uses_nextest: bool,
    roots: [PathBuf; 2],
}

/// The tests of one test program that are wanted.
pub struct Program<'a> {
    /// What it was made from.
    pub part: Part<'a>,
    /// Its file name.
    pub name: String,
    /// Tests that are wanted and have no result yet.
    pub waiting: BTreeSet<String>,
    /// Number of tests in it.
    pub listed: usize,
}

/// What was found out.
#[derive(Default)]
pub struct Gathered {
    /// Results.
    pub cases: Vec<Case>,
    /// How many there must be.
    pub expected: u64,
    /// What does not compile.
    pub not_loaded: Vec<(String, String)>,
    /// Why it ended before its end.
    pub end: Option<End>,
    /// What was printed last.
    pub output: Vec<u8>,
    /// Folders outside the repository whose packages were built.
    outside: BTreeSet<PathBuf>,
}

/// How a test ended.
#[derive(Debug)]
pub struct Ended {
    pub outcome: CaseOutcome,
    pub reason: Option<String>,
    pub frame: Option<String>,
    pub seconds: Option<f64>,
}

impl<'a> Job<'a> {
    /// Makes the folder of the run.
    pub fn new(
        (ctx, place, limits): (&'a Ctx, &'a Place<'a>, &'a Limits),
        workspace: &'a Workspace,
        uses_nextest: bool,
    ) -> Result<Self> {
        let folder = RunFolder::new(ctx, place.scratch)?;
        let roots =
            [place.root.to_owned(), place.root.canonicalize().unwrap_or_else(|_| place.root.to_owned())];
        let uses_nextest = uses_nextest && ctx.env.find_program("cargo-nextest").is_some();
        Ok(Self { ctx, place, limits, folder, workspace, uses_nextest, roots })
    }

    /// Runs it. Cargo brings a lock file up to date that is not; that is no change the tests have made, so it is put back.
    pub fn run(&self, told: Told, selection: &Selection, files: Option<&[PathBuf]>) -> Result<Run> {
        let lock = self.place.root.join(&self.workspace.folder).join("Cargo.lock");
        let before = std::fs::read(&lock).ok();
        let run = self.run_all(told, selection, files);
        if let Some(before) = before.filter(|before| std::fs::read(&lock).ok().as_ref() != Some(before)) {
            std::fs::write(&lock, before).map_err(FileError::of("write", &lock))?;
        }
        run
    }

    fn run_all(&self, told: Told, selection: &Selection, files: Option<&[PathBuf]>) -> Result<Run> {
        let began = self.ctx.clock.elapsed();
        let names = Names::new(self.place.root);
        let wanted = Wanted::new(&names, selection, files);
        let mut gathered = Gathered::default();
        let scope = Scope::of(self.workspace, files);
        if let Some((scope, built)) = self.build(scope, &mut gathered)? {
            let until = self.ctx.clock.elapsed().saturating_add(self.limits.run);
            let mut programs = self.list((&scope, &built), &wanted, &mut gathered)?;
            gathered.expected = programs.iter().map(|program| program.waiting.len() as u64).sum();
            if gathered.has_ended() {
                programs.clear();
            }
            if self.uses_nextest {
                nextest::run(self, &names, &mut programs, &mut gathered)?;
            } else {
                let mut passes = Passes { job: self, names: &names, until, gathered: &mut gathered };
                passes.run(&mut programs, files)?;
            }
            for part in &scope.opaque {
                self.run_opaque(part, &wanted, until, &mut gathered)?;
            }
            documentation::run(self, &scope, (files, &wanted, until), &mut gathered)?;
            for part in &scope.without_features {
                gathered.pass_over(part, &wanted);
            }
        }
        let foreign = origin::foreign(self.place.root, &gathered.outside);
        Ok(Run { foreign, ..gathered.into_run(told, self.ctx.elapsed_since(began)) })
    }

    /// A file as the compiler names it, which is from the folder of the workspace, as a place in the repository.
    pub fn frame(&self, printed: Option<&String>) -> Option<String> {
        let printed = Path::new(printed?);
        let root = Root::new(self.place.root);
        let file = match printed.is_absolute() {
            true => root.file(printed)?,
            false => self.workspace.folder.join(printed),
        };
        self.place.root.join(&file).is_file().then(|| suite::origin::frame(&file, None))
    }

    /// `cargo` at the workspace, ready to be started.
    pub fn cargo(&self, words: &[&str]) -> Command {
        let command = Command::new("cargo").args(words).dir(self.place.root.join(&self.workspace.folder));
        command
            .contained()
            .env("CARGO_TERM_COLOR", "never")
            .env("CARGO_TERM_QUIET", "false")
            .env("CARGO_TERM_VERBOSE", "false")
            .env("CARGO_TERM_PROGRESS_WHEN", "never")
            .env_remove("RUST_TEST_NOCAPTURE")
    }

    /// Builds the test programs. Targets that do not compile are left out, and noted; `None` if nothing is left to run.
    fn build(&self, mut scope: Scope<'a>, gathered: &mut Gathered) -> Result<Option<(Scope<'a>, Built)>> {
        for _ in 0..BUILDS {
            if scope.parts.is_empty() {
                break;
            }
            let words = ["test", "--no-run", "--no-fail-fast", "--message-format=json"];
            let finished = self.cargo(&words).args(scope.flags()).deadline(BUILD_PATIENCE).run(self.ctx)?;
            let built = build::read(&finished.stdout, &self.workspace.folder, &self.roots);
            gathered.outside.extend(built.outside.iter().cloned());
            if finished.success() {
                return Ok(Some((scope, built)));
            }
            gathered.output = finished.stderr;
            gathered.not_loaded.extend(built.errors);
            if built.broken.is_empty() {
                gathered.end =
                    Some(trouble("built", finished.ending, &String::from_utf8_lossy(&gathered.output)));
                return Ok(None);
            }
            scope = scope.narrowed(|part| !built.broken.contains(&part.target.source));
        }
        let nothing_was_to_build = gathered.not_loaded.is_empty();
        Ok(nothing_was_to_build.then(|| (scope, Built::default())))
    }

    /// Asks the programs for their tests, and keeps those that are wanted.
    fn list(
        &self,
        (scope, built): (&Scope<'a>, &Built),
        wanted: &Wanted<'_>,
        gathered: &mut Gathered,
    ) -> Result<Vec<Program<'a>>> {
        if scope.parts.is_empty() {
            return Ok(Vec::new());
        }
        let flags = scope::flags(&scope.parts);
        let command = self.cargo(&["test", "--no-fail-fast"]).args(flags);
        let command = command.args(["--", "--list", "--format", "terse"]).deadline(self.limits.run);
        let (finished, output) = self.logged(command, "list.log")?;
        if !finished.success() {
            gathered.end = Some(trouble("listed", finished.ending, &output));
        }
        let mut programs = Vec::new();
        for (name, _, tests) in libtest::listed(&output) {
            let source = built.programs.get(&name);
            let Some(part) = scope.parts.iter().find(|part| Some(&part.target.source) == source) else {
                continue;
            };
            let listed = tests.len();
            let waiting: BTreeSet<String> =
                tests.into_iter().filter(|test| wanted.wants(part.target, test)).collect();
            if !waiting.is_empty() {
                programs.push(Program { part: *part, name, waiting, listed });
            }
        }
        Ok(programs)
    }

    /// A target with a harness of its own is one test: its exit code decides.
    fn run_opaque(
        &self,
        part: &Part<'_>,
        wanted: &Wanted<'_>,
        until: Duration,
        gathered: &mut Gathered,
    ) -> Result<()> {
        if !wanted.wants_name(&part.target.name) || gathered.end.is_some() {
            return Ok(());
        }
        let limit = self.left(until);
        let command = self.cargo(&["test"]).args(scope::flags(&[*part])).deadline(limit);
        let (finished, output) = self.logged(command, &format!("own-{}.log", part.target.name))?;
        let outcome = match finished.ending {
            Ending::Exited(0) => CaseOutcome::Passed,
            Ending::TimedOut => CaseOutcome::TimedOut,
            _ if output.contains("error: could not compile") => {
                let file = paths::text_of_path(&part.target.source);
                gathered.not_loaded.push((file, "does not compile".to_owned()));
                return Ok(());
            }
            _ => CaseOutcome::Failed,
        };
        let reason =
            output.lines().rev().find(|line| !line.is_empty() && !line.starts_with("error: test failed"));
        let reason = reason.filter(|_| outcome != CaseOutcome::Passed).map(str::to_owned);
        let seconds = Some(finished.elapsed.as_secs_f64());
        gathered.expected += 1;
        let frame = self.frame(libtest::place(&output).as_ref()).filter(|_| outcome != CaseOutcome::Passed);
        let ended = Ended { outcome, reason, frame, seconds };
        gathered.take(&part.target.source, &part.target.name, ended);
        Ok(())
    }

    /// Time left of the run.
    pub fn left(&self, until: Duration) -> Duration {
        until.saturating_sub(self.ctx.clock.elapsed())
    }

    /// Runs a child with both streams merged, and gives what it printed.
    pub fn logged(&self, command: Command, name: &str) -> Result<(Finished, String)> {
        let path = self.folder.file(name);
        let finished = command.log(&path).run(self.ctx)?;
        let bytes = if finished.total_bytes > LOG_LIMIT {
            finished.stdout.clone()
        } else {
            std::fs::read(&path).map_err(FileError::of("read", &path))?
        };
        Ok((finished, String::from_utf8_lossy(&bytes).into_owned()))
    }
}

fn trouble(what: &str, ending: Ending, output: &str) -> End {
    let error = output.lines().find(|line| line.starts_with("error")).unwrap_or("Cargo gave no reason");
    match End::of(ending) {
        Ok(code) => End::crashed(format!("the tests could not be {what} (code {code}): {error}")),
        Err(end) => end,
    }
}

impl Gathered {
    /// Takes in a result.
    pub fn take(&mut self, file: &Path, name: &str, ended: Ended) {
        let Ended { outcome, reason, frame, seconds } = ended;
        let id = names::id(file, name);
        let reason = reason.filter(|_| outcome != CaseOutcome::Passed);
        let file = Some(paths::text_of_path(file));
        self.cases.push(Case { id, file, outcome, reason, frame, seconds, times: None });
    }

    /// A target that Cargo passes over stands for its tests, which did not run.
    fn pass_over(&mut self, part: &Part<'_>, wanted: &Wanted<'_>) {
        let Target { source, name, missing_features, .. } = part.target;
        if !wanted.wants_file(source) || !wanted.wants_name(name) {
            return;
        }
        let features = missing_features.join(",");
        let reason = format!("{name} is left out without its features: cargo test --features {features}");
        let ended = Ended { outcome: CaseOutcome::Skipped, reason: Some(reason), frame: None, seconds: None };
        self.expected += 1;
        self.take(source, name, ended);
    }

    /// Whether there is a reason not to go on.
    pub fn has_ended(&self) -> bool {
        self.end.is_some()
    }

    /// Notes that the time is over, or that the user stopped it.
    pub fn stop(&mut self, ending: Ending) {
        if let Err(end) = End::of(ending) {
            self.end.get_or_insert(end);
        }
    }

    fn into_run(self, told: Told, elapsed: Duration) -> Run {
        let is_broken = |case: &Case| !matches!(case.outcome, CaseOutcome::Passed | CaseOutcome::Skipped);
        let clean = self.not_loaded.is_empty() && self.end.is_none() && !self.cases.iter().any(is_broken);
        // 101 is the code of Cargo and of the harness for whatever is broken.
        let ending = Ending::Exited(if clean { 0 } else { 101 });
        let is_empty = self.cases.is_empty() && clean;
        let total_bytes = self.output.len() as u64;
        let finished = Finished { ending, stdout: self.output, stderr: Vec::new(), total_bytes, elapsed };
        let heard =
            Heard { cases: report::unlike(self.cases), not_loaded: self.not_loaded, ..Heard::default() };
        let told = Told { claimed: Some(self.expected), ..told };
        let run = report::run_of(told, &finished, heard, &self.end.unwrap_or_else(End::finished));
        Run { exit: run.exit.filter(|_| !is_empty), ..run }
    }
}
