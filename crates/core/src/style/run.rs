//! Runs one linter.

use std::path::Path;

use hotfix_model::Finding;
use hotfix_model::gate::{LinterOutcome, LinterReport};

use crate::ctx::Ctx;
use crate::exec::{self, Command, Ending, ExecError};

use super::clean::one_line;
use super::job::Job;
use super::known::Known;
use super::linter::{Given, Said};
use super::touched::Touched;
use super::{Place, failure, program};

/// What Maven before 3.9 ends its output with, whatever it is told about colours.
const COLORS_TAKEN_BACK: &[u8] = b"\x1b[0m";

/// What became of one linter.
pub struct Ran {
    /// For the report.
    pub report: LinterReport,
    /// What it said about changed lines.
    pub findings: Vec<Finding>,
    /// How many of its messages were about other lines.
    pub ignored: u64,
}

/// What a linter that ran left behind.
pub struct Finished {
    /// How it ended.
    pub end: exec::Finished,
    /// All it printed, up to [`exec::LOG_LIMIT`]; of one that prints the file as it should be only that.
    pub output: Vec<u8>,
}

/// Runs it and reads what it says.
pub fn run(ctx: &Ctx, place: &Place<'_>, job: &Job, touched: &Touched) -> Ran {
    match start(ctx, place, job) {
        Ok(finished) => read(place, job, &finished, touched),
        Err(report) => Ran { report, findings: Vec::new(), ignored: 0 },
    }
}

/// Runs it, or reports why it could not be run.
pub fn start(ctx: &Ctx, place: &Place<'_>, job: &Job) -> Result<Finished, LinterReport> {
    if !job.approved {
        return Err(silent(job, LinterOutcome::Untrusted, "git hotfix trust".to_owned()));
    }
    let Some(program) = &job.program else {
        let command = program::how_to_install(ctx, place, &job.dir, job.linter.get().package());
        return Err(silent(job, LinterOutcome::Missing, command));
    };
    let log = place.scratch.join(format!("check-{}.log", ctx.clock.ulid()));
    let command = command(ctx, place, job, program).args(job.all_arguments(place.root));
    // What it says besides the file must not become a part of the file.
    let prints_file = job.linter.get().prints_file();
    let command = if prints_file { command } else { command.log(&log) };
    let command = if job.given == Given::Content { command.input(content(place, job)) } else { command };
    let end = command.run(ctx).map_err(|error| match error {
        ExecError::NotFound { .. } => {
            silent(job, LinterOutcome::Missing, format!("install {} anew", program.display()))
        }
        ExecError::Refused { source, .. } => silent(job, LinterOutcome::Failed, source.to_string()),
    })?;
    if prints_file {
        let printed = end.stdout.strip_suffix(COLORS_TAKEN_BACK).unwrap_or(&end.stdout);
        let output = if end.success() { printed.to_vec() } else { Vec::new() };
        return Ok(Finished { end, output });
    }
    let logged = std::fs::read(&log).unwrap_or_default();
    // A full disk can leave the log short; then the end that is in memory is all there is.
    let output = if logged.len() < end.stdout.len() { end.stdout.clone() } else { logged };
    Ok(Finished { end, output })
}

/// The command without its arguments: contained, and kept from writing caches into the slot.
pub fn command(ctx: &Ctx, place: &Place<'_>, job: &Job, program: &Path) -> Command {
    Command::new(program)
        .dir(place.root.join(&job.dir))
        .deadline(job.deadline)
        .contained()
        .env("PATH", program::search_path(ctx, place))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        // Names of files are bytes; this makes Python carry them through.
        .env("PYTHONUTF8", "1")
        .env("RUFF_NO_CACHE", "true")
        .env("BLACK_CACHE_DIR", place.scratch)
        .env("MYPY_CACHE_DIR", place.scratch.join("mypy"))
        .env("NO_COLOR", "1")
        .env_remove("FORCE_COLOR")
        .env_remove("CLICOLOR_FORCE")
}

fn content(place: &Place<'_>, job: &Job) -> Vec<u8> {
    // A file that vanished meanwhile has no style.
    let path = job.files.first().map(|file| place.root.join(file));
    path.and_then(|path| std::fs::read(path).ok()).unwrap_or_default()
}

fn read(place: &Place<'_>, job: &Job, finished: &Finished, touched: &Touched) -> Ran {
    let known = Known::new(place.root, &job.dir, &job.files);
    let linter = job.linter.get();
    let (mut findings, mut ignored) = (Vec::new(), 0);
    linter.read(&finished.output, &known, &mut |said| match finding(said, linter.name(), touched) {
        Some(finding) => findings.push(finding),
        None => ignored += 1,
    });
    let said_something = !findings.is_empty() || ignored > 0;
    let (outcome, hint) = judge(job, &finished.end, said_something);
    let elapsed_ms = u64::try_from(finished.end.elapsed.as_millis()).unwrap_or(u64::MAX);
    let report = LinterReport { name: job.name.clone(), outcome, hint, elapsed_ms };
    Ran { report, findings, ignored }
}

/// The message as a finding, if it is about a changed line.
pub fn finding(said: Said, linter: &str, touched: &Touched) -> Option<Finding> {
    let Said::Here(message) = said else { return None };
    let line = touched.first(&message.path, message.first, message.last)?;
    Some(Finding {
        path: message.path.to_string_lossy().into_owned(),
        line,
        column: message.column,
        message: message.text,
        linter: linter.to_owned(),
    })
}

/// An exit code that is not zero needs messages to be believed: linters that die often end with the code of findings.
fn judge(job: &Job, end: &exec::Finished, said_something: bool) -> (LinterOutcome, Option<String>) {
    let failed = |why: String| (LinterOutcome::Failed, Some(one_line(&why)));
    let why = failure::reason(end);
    match end.ending {
        Ending::Exited(0) => (LinterOutcome::Ran, job.hint.map(str::to_owned)),
        Ending::Exited(code) if job.linter.get().did_its_work(code) && said_something => {
            (LinterOutcome::Ran, job.hint.map(str::to_owned))
        }
        Ending::Exited(127) => {
            (LinterOutcome::Missing, Some(one_line(&format!("install what it needs: {why}"))))
        }
        Ending::Exited(code) => failed(format!("ended with code {code}: {why}")),
        Ending::Signalled(signal) => failed(format!("ended by signal {signal}")),
        Ending::TimedOut => failed(format!(
            "took longer than {}s; raise check.timeout in hotfix.toml, or make it faster",
            job.deadline.as_secs()
        )),
        Ending::Cancelled => failed("stopped".to_owned()),
    }
}

fn silent(job: &Job, outcome: LinterOutcome, hint: String) -> LinterReport {
    LinterReport { name: job.name.clone(), outcome, hint: Some(hint), elapsed_ms: 0 }
}
