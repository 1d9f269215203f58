//! The style of what changed: runs the linters a repository is configured for on the changed files, at the same time,
//! and keeps what they say about changed lines.
//!
//! A linter that is missing, dies or hangs is one line of the report, never an error: style must not stop an
//! emergency fix.

mod clean;
mod custom;
mod detect;
mod failure;
mod families;
mod fix;
mod folder;
mod installed;
mod job;
mod known;
mod linter;
mod manager;
mod program;
mod read;
mod run;
mod tool;
mod touched;

use std::path::{Path, PathBuf};

use hotfix_model::config::CheckConfig;
use hotfix_model::gate::LinterReport;
use hotfix_model::{CheckReport, Step};

use crate::ctx::Ctx;
use crate::error::Result;
use crate::git::FileDiff;

use job::Job;
use manager::Manager;
use run::Ran;
use touched::Touched;

pub use detect::linters_found;
pub use installed::{Installed, linters_installed};

/// Where a check happens.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Root of the slot.
    pub root: &'a Path,
    /// The repository's main folder, whose `.venv` serves when the slot has none.
    pub home: &'a Path,
    /// An existing folder of mode 0700 for logs and caches; nothing else is written outside the slot.
    pub scratch: &'a Path,
}

/// What is to be checked.
pub struct Request<'a> {
    /// Changed or added files, relative to the root. What is not a plain file by now is left out.
    pub files: Vec<PathBuf>,
    /// Which lines of the new side are part of the change.
    pub lines: &'a [FileDiff],
    /// All files of the repository, to find configuration among them.
    pub tracked: &'a [PathBuf],
    /// Reads a configuration file as it is at base, never the fix's own.
    pub read: &'a dyn Fn(&str) -> Option<Vec<u8>>,
    /// `[check]` of the configuration.
    pub config: &'a CheckConfig,
    /// Whether somebody approved the commands that the repository brings.
    pub trusted: bool,
    /// Whether formatters may rewrite changed files that they would write differently at a changed line.
    pub fix: bool,
    /// The tree that is checked.
    pub tree: String,
    /// Lays that tree into an empty folder, as a Git repository of its own in which the change is staged. In a folder that
    /// it laid out before, stages what changed since.
    pub copy: &'a (dyn Fn(&Path) -> Result<()> + Sync),
    /// Makes the packages for Node that the main worktree has installed usable in a folder of the slot that has none.
    pub link_packages: &'a (dyn Fn(&Path) + Sync),
}

/// A linter that would run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedLinter {
    /// Its name, with its folder when that is not the root.
    pub name: String,
    /// The command as an argument list. Runs in the folder whose configuration asks for it.
    pub command: Vec<String>,
}

/// Names of all linters that are found by the files of a repository, in the order of reports.
pub fn linters_known() -> Vec<&'static str> {
    families::all().map(linter::Linter::name).collect()
}

/// What [`check`] would run. Looks for configuration and programs; changes nothing.
pub fn plan(ctx: &Ctx, place: &Place<'_>, request: &Request<'_>) -> Vec<PlannedLinter> {
    let manager = manager_for(request);
    let mut jobs = detect::jobs(ctx, place, request);
    if manager.is_some_and(|manager| manager.missing(ctx, place).is_none()) {
        jobs.retain(|job| !job.is_found());
    }
    let planned = manager.map(|manager| manager.plan(ctx, place, request));
    let planned_job = |job: &Job| PlannedLinter { name: job.name.clone(), command: job.words(place.root) };
    let others = jobs.iter().map(planned_job);
    planned.into_iter().chain(others).collect()
}

/// Runs the manager of hooks that the repository has configured; else, or if it cannot do its work, the linters found.
/// Commands of the configuration run besides. Linters run all at once. Fails only when somebody wants it to stop.
///
/// After a fix (`fixed` is not empty) the report's tree is the one before it: take a new snapshot.
pub fn check(ctx: &Ctx, place: &Place<'_>, request: &Request<'_>) -> Result<CheckReport> {
    let mut jobs = detect::jobs(ctx, place, request);
    let mut touched = Touched::new(request.lines);
    let mut ran = Vec::new();
    let mut fixed = Vec::new();
    if let Some(manager) = manager_for(request) {
        ctx.now_doing(Step::Check, manager.name);
        let managed = manager.run(ctx, place, request, &mut touched);
        (ran, fixed) = (managed.ran, managed.fixed);
        jobs.retain(|job| !(managed.worked && job.is_found()));
    }
    if request.fix {
        fixed.extend(fix::fix(ctx, place, &jobs, &mut touched));
    }
    if !jobs.is_empty() {
        let mut names: Vec<&str> = jobs.iter().map(|job| job.name.as_str()).collect();
        names.dedup();
        ctx.now_doing(Step::Check, names.join(", "));
    }
    ran.extend(run_all(ctx, place, &jobs, &touched));
    ctx.go_on()?;
    Ok(report(ran, fixed, &request.tree))
}

fn manager_for(request: &Request<'_>) -> Option<&'static Manager> {
    let manager = manager::configured(request.read, request.tracked);
    manager.filter(|_| !request.files.is_empty())
}

fn run_all(ctx: &Ctx, place: &Place<'_>, jobs: &[Job], touched: &Touched) -> Vec<Ran> {
    std::thread::scope(|scope| {
        let start = |job| scope.spawn(move || run::run(ctx, place, job, touched));
        let threads: Vec<_> = jobs.iter().map(start).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    })
}

fn report(all: Vec<Ran>, fixed: Vec<String>, tree: &str) -> CheckReport {
    let mut report = CheckReport { fixed, tree: tree.to_owned(), ..CheckReport::default() };
    for ran in all {
        report.findings.extend(ran.findings);
        report.ignored_outside_change += ran.ignored;
        add(&mut report.linters, ran.report);
    }
    report.findings.sort();
    report.findings.dedup();
    report
}

/// Several runs of one linter that came to the same are one line of the report.
fn add(linters: &mut Vec<LinterReport>, report: LinterReport) {
    let is_same = |known: &&mut LinterReport| {
        (&known.name, known.outcome, &known.hint) == (&report.name, report.outcome, &report.hint)
    };
    match linters.iter_mut().find(is_same) {
        Some(known) => known.elapsed_ms = known.elapsed_ms.max(report.elapsed_ms),
        None => linters.push(report),
    }
}
