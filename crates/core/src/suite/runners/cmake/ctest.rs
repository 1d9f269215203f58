//! ctest, the runner of `CMake` projects.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_model::{Case, CaseOutcome, Run};

use super::build::{Build, Built};
use super::listing::{self, Test};
use crate::ctx::Ctx;
use crate::env::without_dots;
use crate::error::{FileError, Result};
use crate::exec::{Command, Finished};
use crate::suite::folder::RunFolder;
use crate::suite::junit::{self, TestCase};
use crate::suite::origin::{self, Root};
use crate::suite::report::{self, End, Told};
use crate::suite::stream::Heard;
use crate::suite::{Limits, Place, Runner, Selection, SuiteError, existing_files, paths};

const NAME: &str = "ctest";
/// What ctest ends with when tests failed.
const TESTS_FAILED: i32 = 8;
/// What ctest says of a test whose program is not there. It skips such a test, and so must not we.
const NO_PROGRAM: &str = "Unable to find executable";
/// What ctest says of a test that it stopped. The time it gives for such a test can be a little less than the limit.
const TIMEOUT: &str = "Timeout";

/// The runner of one project.
#[derive(Debug)]
pub struct CTest {
    folder: PathBuf,
}

/// A test and the file it is in, from the root of the repository.
struct Placed<'a> {
    test: &'a Test,
    file: PathBuf,
    /// All files of the program it runs.
    files: Vec<PathBuf>,
}

impl CTest {
    /// Of a folder.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    fn command_in(build: &Build<'_>, folder: &RunFolder, chosen: &[&Placed<'_>]) -> Result<Command> {
        // A range that is empty, then the numbers.
        let numbers: Vec<String> = chosen.iter().map(|placed| placed.test.number.to_string()).collect();
        let list = folder.file("numbers.txt");
        std::fs::write(&list, format!("0,0,0,{}\n", numbers.join(",")))
            .map_err(FileError::of("write", &list))?;
        let command = Command::new("ctest").arg("--test-dir").arg(&build.place).arg("-I").arg(&list);
        let command = command.args(["--output-on-failure", "--output-junit"]).arg(folder.junit());
        Ok(command.contained().log(folder.log()))
    }
}

impl Runner for CTest {
    fn name(&self) -> &'static str {
        NAME
    }

    fn folder(&self) -> &Path {
        &self.folder
    }

    fn is_test_file(&self, path: &Path) -> bool {
        super::is_test_file(path)
    }

    fn speaks(&self, path: &Path) -> bool {
        super::speaks(path)
    }

    fn ready(&self, ctx: &Ctx, _: &Place<'_>) -> Result<()> {
        if ["cmake", NAME].iter().all(|program| ctx.env.find_program(program).is_some()) {
            return Ok(());
        }
        let hint = "install CMake 3.21 or newer, with ctest on the PATH".to_owned();
        Err(SuiteError::MissingRunner { runner: NAME, hint }.into())
    }

    fn can_select(&self) -> bool {
        true
    }

    fn command(&self, selection: &Selection) -> Vec<String> {
        let mut words: Vec<String> = [NAME, "--test-dir"].map(str::to_owned).into();
        words.push(paths::text_of_path(&self.folder.join("build")));
        match selection {
            Selection::Everything => {}
            Selection::Files(files) => words.extend(files.iter().map(|file| paths::text_of_path(file))),
            Selection::Cases(ids) => words.extend(
                ids.iter()
                    .filter_map(|id| id.split_once("::"))
                    .flat_map(|(_, name)| ["-R".to_owned(), format!("^{name}$")]),
            ),
        }
        words
    }

    fn run(&self, ctx: &Ctx, place: &Place<'_>, selection: &Selection, limits: &Limits) -> Result<Run> {
        self.ready(ctx, place)?;
        let told = Told { runner: NAME, command: self.command(selection), counted: true, claimed: None };
        let files = existing_files(place.root, selection);
        if files.as_ref().is_some_and(Vec::is_empty) {
            return Ok(report::nothing(told, End::finished()));
        }
        let folder = RunFolder::with(ctx, place.scratch, &[])?;
        let build = Build::new((ctx, place), &folder, &self.folder);
        let built = build.run()?;
        let placed: Vec<Placed<'_>> = built.tests.iter().map(|test| placed(test, &build, &built)).collect();
        let chosen: Vec<&Placed<'_>> =
            placed.iter().filter(|one| is_chosen(one, selection, files.as_deref())).collect();
        if chosen.is_empty() {
            let broken = built.broken;
            let exit = (!broken.is_empty()).then_some(TESTS_FAILED);
            return Ok(Run { not_loaded: broken, exit, ..report::nothing(told, End::finished()) });
        }
        let mut command = Self::command_in(&build, &folder, &chosen)?.deadline(limits.run);
        if let Some(limit) = limits.test {
            command = command.arg("--timeout").arg(limit.as_secs_f64().max(1.0).to_string());
        }
        let finished = command.dir(place.root.join(&self.folder)).run(ctx)?;
        let log = std::fs::read(folder.log()).unwrap_or_default();
        let root = Root::new(place.root);
        let read = Read { placed: &placed, log: &String::from_utf8_lossy(&log), limits, root: &root };
        Ok(read.conclude(
            told,
            &finished,
            (junit::read_report(&folder.junit()), chosen.len(), built.broken.clone()),
        ))
    }

    /// Known of a project that is built: of a program that is not there, `CMake` does not say what it is made from.
    fn listed(&self, ctx: &Ctx, place: &Place<'_>, limit: Duration) -> Option<BTreeSet<PathBuf>> {
        self.ready(ctx, place).ok()?;
        let folder = RunFolder::with(ctx, place.scratch, &[]).ok()?;
        let build = Build::new((ctx, place), &folder, &self.folder);
        let built = build.list_without_building(limit)?;
        let is_known = built.tests.iter().all(|test| test.is_disabled || !test.command.is_empty());
        let enabled = built.tests.iter().filter(|test| !test.is_disabled);
        let files = enabled.flat_map(|test| placed(test, &build, &built).files);
        is_known.then(|| files.filter(|file| self.is_test_file(file)).collect())
    }

    /// Known once it was configured.
    fn related(&self, ctx: &Ctx, place: &Place<'_>, sources: &[PathBuf]) -> Option<Vec<PathBuf>> {
        let folder = RunFolder::with(ctx, place.scratch, &[]).ok()?;
        let build = Build::new((ctx, place), &folder, &self.folder);
        let root = place.root.canonicalize().ok()?;
        let sources: Vec<PathBuf> = sources.iter().map(|source| root.join(source)).collect();
        let targets = listing::targets(&build.place, &root.join(&self.folder));
        let reached = listing::with_dependents(&targets, &sources);
        // A header is in no list: whoever reads it is not known.
        let is_known = |source: &PathBuf| reached.iter().any(|target| target.sources.contains(source));
        let files = reached.iter().flat_map(|target| &target.sources).filter_map(|file| build.name_of(file));
        let mut files: Vec<PathBuf> = files.filter(|file| self.is_test_file(file)).collect();
        files.sort();
        files.dedup();
        (sources.iter().all(is_known) && !files.is_empty()).then_some(files)
    }
}

/// Finds the file of a test: of the sources of its program the one that speaks of it, else the first; for a script the
/// script; else where it is registered.
fn placed<'a>(test: &'a Test, build: &Build<'_>, built: &Built) -> Placed<'a> {
    let program = test.command.first().map(String::as_str).unwrap_or_default();
    let sources = listing::target_of(&built.targets, program).map(|target| target.sources.as_slice());
    let named = |file: &PathBuf| build.name_of(file);
    let mut files: Vec<PathBuf> = sources.unwrap_or_default().iter().filter_map(named).collect();
    let arguments = test.command.iter().map(|word| without_dots(Path::new(word)));
    files.extend(arguments.filter(|path| path.is_file()).filter_map(|path| build.name_of(&path)));
    let speaks_of_it = |file: &&PathBuf| {
        let pieces: Vec<&str> = test.name.split(['.', '/']).filter(|piece| !piece.is_empty()).collect();
        let text = sources.unwrap_or_default().iter().find(|source| named(source).as_ref() == Some(*file));
        let text = text.and_then(|source| std::fs::read(source).ok()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        !text.is_empty() && pieces.iter().all(|piece| text.contains(piece))
    };
    let file = match files.as_slice() {
        [] => build.lists(),
        [only] => only.clone(),
        [first, ..] => files.iter().find(speaks_of_it).unwrap_or(first).clone(),
    };
    Placed { test, file, files }
}

fn is_chosen(placed: &Placed<'_>, selection: &Selection, files: Option<&[PathBuf]>) -> bool {
    match selection {
        Selection::Everything => true,
        Selection::Files(_) => files.unwrap_or_default().iter().any(|file| placed.files.contains(file)),
        Selection::Cases(ids) => ids.contains(&placed.id()),
    }
}

impl Placed<'_> {
    fn id(&self) -> String {
        format!("{}::{}", paths::text_of_path(&self.file), self.test.name)
    }
}

/// What is needed to read results.
struct Read<'a> {
    placed: &'a [Placed<'a>],
    log: &'a str,
    limits: &'a Limits,
    root: &'a Root,
}

type Results = (Result<junit::Report, junit::JunitError>, usize, Vec<(String, String)>);

impl Read<'_> {
    fn conclude(&self, told: Told, finished: &Finished, (report, asked, broken): Results) -> Run {
        let end = match (End::of(finished.ending), &report) {
            (Err(end), _) => end,
            (Ok(0 | TESTS_FAILED), Ok(_)) => End::finished(),
            (Ok(code), Err(error)) => End::crashed(format!("ctest gave no results (code {code}): {error}")),
            (Ok(code), Ok(_)) => End::crashed(format!("ctest could not run the tests (code {code})")),
        };
        let report = report.unwrap_or_default();
        // What a fixture needs runs as well; what was asked for and is not there was dropped.
        let claimed = report.claimed.map(|claimed| claimed.max(asked as u64));
        let by_name: HashMap<&str, &Placed<'_>> =
            self.placed.iter().rev().map(|placed| (placed.test.name.as_str(), placed)).collect();
        let cases =
            report.cases.into_iter().map(|case| self.case(by_name.get(case.name.as_str()).copied(), case));
        let cases = report::unlike(cases.collect());
        let heard = Heard { cases, not_loaded: broken, ..Heard::default() };
        report::run_of(Told { claimed, ..told }, finished, heard, &end)
    }

    fn case(&self, placed: Option<&Placed<'_>>, case: TestCase) -> Case {
        let file = placed.map_or_else(|| super::LISTS.to_owned(), |placed| paths::text_of_path(&placed.file));
        let has_no_program = case.reason.as_deref().is_some_and(|reason| reason.starts_with(NO_PROGRAM));
        let own = placed.and_then(|placed| placed.test.limit);
        let limit = own.or_else(|| self.limits.test.map(|limit| limit.as_secs_f64().max(1.0)));
        let took_all = case.seconds.zip(limit).is_some_and(|(seconds, limit)| seconds >= limit)
            || case.reason.as_deref() == Some(TIMEOUT);
        let outcome = match case.outcome {
            CaseOutcome::Skipped if has_no_program => CaseOutcome::Failed,
            CaseOutcome::Failed if took_all => CaseOutcome::TimedOut,
            outcome => outcome,
        };
        let output = if outcome == CaseOutcome::Failed { self.output_of(&case.name) } else { Vec::new() };
        let frame = output.iter().find_map(|line| self.frame(line));
        let reason = telling_line(&output).or(case.reason).filter(|_| outcome != CaseOutcome::Passed);
        Case {
            id: format!("{file}::{}", case.name),
            file: Some(file),
            outcome,
            reason,
            frame,
            seconds: case.seconds,
            times: None,
        }
    }

    /// The place that a line names, as `assert` and the frameworks print it: `a_test: /slot/a_test.c:3: main: Assertion`.
    fn frame(&self, line: &str) -> Option<String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.iter().enumerate().find_map(|(number, word)| {
            let mut parts = word.trim_end_matches(':').rsplitn(2, ':');
            let line: Option<u64> = parts.next()?.parse().ok();
            let file = self.root.file(Path::new(line.and_then(|_| parts.next())?))?;
            let is_assertion = words.get(number + 2).is_some_and(|word| *word == "Assertion");
            let function =
                words.get(number + 1).map(|word| word.trim_end_matches(':')).filter(|_| is_assertion);
            Some(origin::frame(&file, function))
        })
    }

    /// What a failed test printed.
    fn output_of(&self, name: &str) -> Vec<&str> {
        let is_headline = |line: &str| {
            let line = line.trim_start();
            line.starts_with("Start ")
                || line.split_once(" Test ").is_some_and(|(count, _)| count.contains('/'))
        };
        let begins =
            |line: &&str| is_headline(line) && line.contains(&format!(": {name} .")) && line.contains("***");
        let lines = self.log.lines().skip_while(|line| !begins(line)).skip(1);
        lines.take_while(|line| !is_headline(line)).collect()
    }
}

/// The line of a failed test's output that tells most; the outcome does not depend on it.
fn telling_line(said: &[&str]) -> Option<String> {
    let telling = said
        .iter()
        .find(|line| ["ssert", "rror", "ailed", "ailure", "xpected"].iter().any(|word| line.contains(word)));
    let last = || said.iter().rev().find(|line| !line.trim().is_empty());
    crate::suite::stream::clean_reason(telling.or_else(last)?)
}
