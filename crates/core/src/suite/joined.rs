//! All test runners of a repository as one: each test file goes to the runner of the nearest project.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use hotfix_model::config::TestConfig;
use hotfix_model::{Run, RunEnd};

use super::contention::found_something_taken;
use super::family::{FAMILIES, Found};
use super::{Footprint, Limits, Place, Repeat, Runner, Selection, SuiteError, command, paths};
use crate::ctx::{Ctx, joined};
use crate::error::{Error, Result};

/// The runners of a repository. Never empty.
pub struct Suite {
    name: String,
    runners: Vec<Box<dyn Runner>>,
}

/// The runners of a repository: `test.command` if it is set, else what its files show. `files` are all paths of one
/// commit, `read` gives the content of one of them. Errors: [`SuiteError::NoRunner`].
pub fn detect(
    files: &[PathBuf],
    read: &dyn Fn(&str) -> Option<Vec<u8>>,
    config: &TestConfig,
) -> Result<Suite> {
    if !config.command.trim().is_empty() {
        return Ok(Suite::new(vec![command::shell(&config.command)?]));
    }
    let found = Found::new(files, read);
    let all: Vec<_> = FAMILIES.iter().flat_map(|family| family.projects(&found)).collect();
    let (selecting, opaque): (Vec<_>, Vec<_>) = all.into_iter().partition(|runner| runner.can_select());
    // What cannot be taken apart is the last resort: beside it nothing else could be taken apart either.
    let runners = if selecting.is_empty() { opaque.into_iter().take(1).collect() } else { selecting };
    if runners.is_empty() {
        return Err(SuiteError::NoRunner.into());
    }
    Ok(Suite::new(runners))
}

impl Suite {
    fn new(runners: Vec<Box<dyn Runner>>) -> Self {
        let mut names: Vec<&str> = Vec::new();
        for runner in &runners {
            if !names.contains(&runner.name()) {
                names.push(runner.name());
            }
        }
        Self { name: names.join(" + "), runners }
    }

    /// The runners that a change needs or that can run here. A project that the change does not touch and whose runner or
    /// dependencies are not installed is left out, and said. A project that it does touch stays: what is missing there
    /// is an error as soon as it is to run.
    #[must_use]
    pub fn for_change(self, ctx: &Ctx, place: &Place<'_>, changed: &[PathBuf]) -> Self {
        if self.runners.len() < 2 {
            // One that cannot run says so as soon as it is to; what the machine has may decide its name.
            self.runners.iter().for_each(|runner| drop(runner.ready(ctx, place)));
            return Self::new(self.runners);
        }
        let needed = self.needed_by(changed);
        let mut missing = Vec::new();
        let mut kept = Vec::new();
        for (number, runner) in self.runners.into_iter().enumerate() {
            match runner.ready(ctx, place) {
                Err(error) if !needed.contains(&number) => missing.push((runner, error)),
                _ => kept.push(runner),
            }
        }
        if let Some((runner, error)) = missing.first().filter(|_| !kept.is_empty()) {
            ctx.warn(left_out(runner.as_ref(), missing.len(), &error.to_string()));
        }
        if kept.is_empty() {
            kept.extend(missing.into_iter().map(|(runner, _)| runner));
        }
        Self::new(kept)
    }

    /// Each runner, and why it cannot run in this place, if it cannot.
    pub fn look(&self, ctx: &Ctx, place: &Place<'_>) -> Vec<(&dyn Runner, Option<Error>)> {
        self.runners.iter().map(|runner| (runner.as_ref(), runner.ready(ctx, place).err())).collect()
    }

    /// The numbers of the runners whose projects hold a changed file: the nearest that speak its language, else the nearest.
    fn needed_by(&self, changed: &[PathBuf]) -> Vec<usize> {
        let nearest = |path: &PathBuf| {
            let speaking = self.nearest(|runner| runner.speaks(path), path);
            if speaking.is_empty() { self.nearest(|_| true, path) } else { speaking }
        };
        changed.iter().flat_map(nearest).collect()
    }

    /// The numbers of those runners with the deepest folder that holds a path.
    fn nearest(&self, may: impl Fn(&dyn Runner) -> bool, path: &Path) -> Vec<usize> {
        let all = self.runners.iter().map(AsRef::as_ref).enumerate();
        let able = all.filter(|(_, runner)| path.starts_with(runner.folder()) && may(*runner));
        let with_depth: Vec<_> =
            able.map(|(number, runner)| (number, runner.folder().components().count())).collect();
        let deepest = with_depth.iter().map(|(_, depth)| *depth).max();
        with_depth.iter().filter(|(_, depth)| Some(*depth) == deepest).map(|(number, _)| *number).collect()
    }

    /// The number of the runner that runs a file: the nearest that calls it a test file, else the nearest that speaks its
    /// language, else the nearest.
    fn owner(&self, path: &Path) -> Option<usize> {
        let first = |may: &dyn Fn(&dyn Runner) -> bool| self.nearest(may, path).first().copied();
        first(&|runner| runner.is_test_file(path))
            .or_else(|| first(&|runner| runner.holds_tests(path)))
            .or_else(|| first(&|runner| runner.speaks(path)))
            .or_else(|| first(&|_| true))
    }

    fn of(&self, path: &Path) -> Option<&dyn Runner> {
        self.owner(path).and_then(|number| self.runners.get(number)).map(AsRef::as_ref)
    }

    /// What each runner has to do; runners with nothing to do are left out.
    fn parts(&self, selection: &Selection) -> Vec<(&dyn Runner, Selection)> {
        let runners = || self.runners.iter().map(AsRef::as_ref).enumerate();
        match selection {
            _ if self.runners.len() == 1 => {
                runners().map(|(_, runner)| (runner, selection.clone())).collect()
            }
            Selection::Everything => runners().map(|(_, runner)| (runner, Selection::Everything)).collect(),
            Selection::Files(files) => {
                let of =
                    |number| files.iter().filter(|file| self.owner(file) == Some(number)).cloned().collect();
                let parts = runners().map(|(number, runner)| (runner, of(number)));
                parts.filter(|(_, files): &(_, Vec<PathBuf>)| !files.is_empty()).map(files_of).collect()
            }
            Selection::Cases(ids) => {
                let owner = |id: &str| self.owner(&paths::path_of_text(paths::file_of_id(id)));
                let of = |number| ids.iter().filter(|id| owner(id) == Some(number)).cloned().collect();
                let parts = runners().map(|(number, runner)| (runner, of(number)));
                parts.filter(|(_, ids): &(_, Vec<String>)| !ids.is_empty()).map(cases_of).collect()
            }
        }
    }
}

fn files_of((runner, files): (&dyn Runner, Vec<PathBuf>)) -> (&dyn Runner, Selection) {
    (runner, Selection::Files(files))
}

fn cases_of((runner, ids): (&dyn Runner, Vec<String>)) -> (&dyn Runner, Selection) {
    (runner, Selection::Cases(ids))
}

impl Runner for Suite {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_test_file(&self, path: &Path) -> bool {
        self.runners.iter().any(|runner| path.starts_with(runner.folder()) && runner.is_test_file(path))
    }

    fn holds_tests(&self, path: &Path) -> bool {
        self.runners.iter().any(|runner| path.starts_with(runner.folder()) && runner.holds_tests(path))
    }

    fn is_test_support(&self, path: &Path) -> bool {
        self.runners.iter().any(|runner| path.starts_with(runner.folder()) && runner.is_test_support(path))
            || paths::is_test_support(path)
    }

    fn holds_both(&self, path: &Path) -> bool {
        self.of(path).is_some_and(|runner| runner.holds_both(path))
    }

    fn test_lines(&self, path: &Path, text: &str) -> Vec<RangeInclusive<u64>> {
        self.of(path).map(|runner| runner.test_lines(path, text)).unwrap_or_default()
    }

    fn speaks(&self, path: &Path) -> bool {
        self.runners.iter().any(|runner| runner.speaks(path))
    }

    fn environment(&self, ctx: &Ctx, place: &Place<'_>) -> Option<PathBuf> {
        self.runners.iter().find_map(|runner| runner.environment(ctx, place))
    }

    fn ready(&self, ctx: &Ctx, place: &Place<'_>) -> Result<()> {
        self.runners.iter().try_for_each(|runner| runner.ready(ctx, place))
    }

    fn can_select(&self) -> bool {
        self.runners.iter().all(|runner| runner.can_select())
    }

    fn can_repeat(&self) -> bool {
        self.runners.iter().any(|runner| runner.can_repeat())
    }

    fn command(&self, selection: &Selection) -> Vec<String> {
        let mut words = Vec::new();
        for (runner, selection) in self.parts(selection) {
            if !words.is_empty() {
                words.push("&&".to_owned());
            }
            words.extend(runner.command(&selection));
        }
        words
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
        let parts = self.parts(selection);
        if let [(runner, selection)] = parts.as_slice() {
            return runner.run_repeating(ctx, place, selection, repeat, limits);
        }
        let run =
            |(runner, selection): &Part<'_>| runner.run_repeating(ctx, place, selection, repeat, limits);
        // Single tests are run because they failed beside others: that must not happen a second time.
        let runs = match selection {
            Selection::Cases(_) => parts.iter().map(run).collect::<Result<Vec<_>>>()?,
            _ => side_by_side(&parts, run)?,
        };
        Ok(Run { runner: self.name.clone(), command: self.command(selection), ..together(runs) })
    }

    /// What all runners list; files of a runner that cannot tell are those it calls test files, so one that cannot tell
    /// makes the whole unknown.
    fn listed(&self, ctx: &Ctx, place: &Place<'_>, limit: Duration) -> Option<BTreeSet<PathBuf>> {
        let lists = self.runners.iter().map(|runner| runner.listed(ctx, place, limit));
        lists.collect::<Option<Vec<_>>>().map(|lists| lists.into_iter().flatten().collect())
    }

    fn related(&self, ctx: &Ctx, place: &Place<'_>, sources: &[PathBuf]) -> Option<Vec<PathBuf>> {
        let mut all = Vec::new();
        for runner in &self.runners {
            let inside = |path: &&PathBuf| path.starts_with(runner.folder()) && runner.speaks(path);
            let own: Vec<PathBuf> = sources.iter().filter(inside).cloned().collect();
            if !own.is_empty() {
                all.extend(runner.related(ctx, place, &own)?);
            }
        }
        (!all.is_empty()).then_some(all)
    }

    fn footprints(
        &self,
        ctx: &Ctx,
        place: &Place<'_>,
        files: &[PathBuf],
        limit: Duration,
    ) -> Option<BTreeMap<String, Footprint>> {
        let parts = self.parts(&Selection::Files(files.to_vec()));
        let share = limit.checked_div(u32::try_from(parts.len()).unwrap_or(u32::MAX)).unwrap_or_default();
        let learnt = parts.into_iter().filter_map(|(runner, selection)| match selection {
            Selection::Files(files) => runner.footprints(ctx, place, &files, share),
            _ => None,
        });
        let all: BTreeMap<String, Footprint> = learnt.flatten().collect();
        (!all.is_empty()).then_some(all)
    }
}

/// What one runner has to do.
type Part<'a> = (&'a dyn Runner, Selection);

/// Runs all at the same time. One that found something taken runs again, alone.
fn side_by_side(parts: &[Part<'_>], run: impl Fn(&Part<'_>) -> Result<Run> + Sync) -> Result<Vec<Run>> {
    let run = &run;
    let runs: Vec<Result<Run>> = thread::scope(|scope| {
        let started: Vec<_> = parts.iter().map(|part| scope.spawn(move || run(part))).collect();
        started.into_iter().map(|thread| joined(thread.join())).collect()
    });
    let runs = runs.into_iter().collect::<Result<Vec<_>>>()?;
    let settle = |(first, part): (Run, &Part<'_>)| match found_something_taken(&first) {
        true => run(part),
        false => Ok(first),
    };
    runs.into_iter().zip(parts).map(settle).collect()
}

/// Runs that happened side by side as one. Those that did not come to their end stand last, as what was cut does.
fn together(mut runs: Vec<Run>) -> Run {
    runs.sort_by_key(|run| badness(run.end));
    // One that had nothing to run, because its files do not exist here, has no code and no say.
    let had_work = |run: &&Run| run.exit.is_some() || run.end != RunEnd::Finished;
    let failed = runs.iter().filter(had_work).find(|run| run.exit != Some(0));
    let speaking: Vec<&Run> = runs.iter().filter(|run| !run.tail.is_empty()).collect();
    let tails: Vec<String> = speaking.iter().map(|run| format!("{}:\n{}", run.runner, run.tail)).collect();
    Run {
        runner: String::new(),
        command: Vec::new(),
        end: runs.last().map_or(RunEnd::Finished, |run| run.end),
        exit: runs.iter().find(had_work).and(failed.map_or(Some(0), |run| run.exit)),
        counted: runs.iter().all(|run| run.counted),
        claimed: claimed(&runs),
        tail: tails.join("\n"),
        foreign: runs.iter().find_map(|run| run.foreign.clone()),
        elapsed_ms: runs.iter().map(|run| run.elapsed_ms).max().unwrap_or_default(),
        not_loaded: runs.iter().flat_map(|run| run.not_loaded.clone()).collect(),
        cases: runs.into_iter().flat_map(|run| run.cases).collect(),
    }
}

fn badness(end: RunEnd) -> u8 {
    match end {
        RunEnd::Finished => 0,
        RunEnd::TimedOut => 1,
        RunEnd::Crashed => 2,
        RunEnd::Cancelled => 3,
    }
}

/// The sum of the runners' own counts. What one counts too much must not make up for what another counts too little, so
/// each difference widens the sum.
fn claimed(runs: &[Run]) -> Option<u64> {
    runs.iter().any(|run| run.claimed.is_some()).then(|| {
        let read = |run: &Run| u64::try_from(run.cases.len()).unwrap_or(u64::MAX);
        let counts = runs.iter().filter(|run| run.end == RunEnd::Finished);
        let off = |run: &Run| run.claimed.map_or(0, |claimed| claimed.abs_diff(read(run)));
        runs.iter().map(read).sum::<u64>() + counts.map(off).sum::<u64>()
    })
}

fn left_out(runner: &dyn Runner, count: usize, why: &str) -> String {
    let folder = runner.folder();
    let place =
        if folder.as_os_str().is_empty() { "here".to_owned() } else { format!("in {}", folder.display()) };
    let tests =
        format!("the {} tests {place} are left out, the change does not touch them: {why}", runner.name());
    match count {
        1 => tests,
        _ => format!("{tests} (and {} more projects)", count - 1),
    }
}
