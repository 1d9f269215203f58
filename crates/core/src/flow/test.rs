//! test: the critical tests, the one gate that blocks. An order first, a cut second: the proof's tests, the changed
//! tests, the configured ones, then the rest by nearness; the budget cuts the far end. What fails is run again, and
//! on base: only what is newly broken blocks.

mod order;
mod read;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hotfix_model::config::{Config, GateMode};
use hotfix_model::gate::Failure;
use hotfix_model::output::{ExplainOutput, ExplainedFile};
use hotfix_model::{Fact, Run, RunEnd, Step, SuiteVerdict, TestReport};

use super::PlanLines;
use crate::error::Result;
use crate::event::Tone;
use crate::git::Oid;
use crate::proof::{Memory, Wanted};
use crate::session::{Hotfix, Project, Work};
use crate::suite::{self, Chosen, Durations, Limits, Place, Ranked, Runner, Selection};

pub use order::impact_path;
use read::{
    broken_in, empty_run, explains, failures, file_of, passed_in, paths_of, selection_of, worth_another_turn,
};

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Whether all tests run, whatever the budget.
    pub all: bool,
    /// The tests that prove the fix; they run first.
    pub proof_files: Vec<PathBuf>,
    /// Whether an earlier run of the same tests on the same files counts, if it was green.
    pub recalls: bool,
}

/// What test is going to do.
pub struct Plan {
    runner: Arc<dyn Runner>,
    chosen: OnceLock<Chosen>,
    config: Config,
    request: Request,
    durations: Durations,
}

/// Looks; changes nothing.
pub fn plan(project: &Project, hotfix: &Hotfix, work: &Work, request: &Request) -> Result<Plan> {
    let runner = Arc::clone(work.runner(project, hotfix)?);
    work.files()?;
    Ok(Plan {
        runner,
        chosen: OnceLock::new(),
        config: hotfix.loaded.config.clone(),
        request: request.clone(),
        durations: durations(project),
    })
}

impl Plan {
    /// The test files, sorted and cut, found out once. Whoever asks while another thread is finding out waits for it.
    pub fn choose(&self, project: &Project, hotfix: &Hotfix, work: &Work) -> &Chosen {
        self.chosen.get_or_init(|| {
            let first =
                order::First { proof: &self.request.proof_files, critical: &self.config.test.critical };
            let asks = self.has_to_cut(work);
            let ranked = order::order((project, hotfix, work), self.runner.as_ref(), first, asks);
            if self.request.all {
                return Chosen { selected: ranked, cut: Vec::new() };
            }
            suite::within_budget(ranked, &self.durations, self.config.test.budget.duration())
        })
    }

    /// How many test files there are; `None` for a command that cannot tell them apart.
    fn total(&self, chosen: &Chosen) -> Option<u64> {
        let all = chosen.selected.len() + chosen.cut.len();
        self.runner.can_select().then(|| u64::try_from(all).unwrap_or(u64::MAX))
    }

    /// Whether the budget may cut tests: not if it is known that all fit. Only then a better order is worth the time of
    /// the ecosystem's own tool.
    fn has_to_cut(&self, work: &Work) -> bool {
        let files = work.files().unwrap_or_default();
        let tests = files.iter().filter(|path| self.runner.is_test_file(path));
        let estimate = self.durations.estimate(tests);
        estimate.is_none_or(|time| time > self.config.test.budget.duration())
    }

    /// What is going to be done.
    pub fn lines(&self, project: &Project, hotfix: &Hotfix, work: &Work) -> PlanLines {
        let chosen = self.choose(project, hotfix, work);
        let mut lines = vec![self.runner.command(&self.selection(chosen)).join(" ")];
        let told = |ranked: &Ranked| format!("{} ({})", ranked.path.display(), ranked.reasons().join(", "));
        lines.extend(chosen.selected.iter().take(20).map(told));
        if chosen.selected.len() > 20 {
            lines.push(format!("and {} more", chosen.selected.len() - 20));
        }
        if !chosen.cut.is_empty() {
            let budget = self.config.test.budget;
            lines.push(format!("{} files are cut by the budget of {budget}", chosen.cut.len()));
        }
        lines
    }

    /// Why each test file is where it is.
    pub fn explain(&self, project: &Project, hotfix: &Hotfix, work: &Work) -> ExplainOutput {
        let chosen = self.choose(project, hotfix, work);
        let file = |(ranked, selected): (&Ranked, bool)| ExplainedFile {
            path: suite::text_of_path(&ranked.path),
            selected,
            why: ranked.reasons(),
            score: ranked.score(),
            seconds: self.durations.of(&ranked.path).map(|time| time.as_secs_f64()),
        };
        let selected = chosen.selected.iter().map(|ranked| (ranked, true));
        let all = || chosen.selected.iter().chain(&chosen.cut).map(|ranked| &ranked.path);
        ExplainOutput {
            id: hotfix.id().to_owned(),
            runner: self.runner.name().to_owned(),
            selected: chosen.selected.len() as u64,
            total: self.total(chosen),
            budget_seconds: self.config.test.budget.duration().as_secs_f64(),
            known_seconds: self.durations.estimate(all()).map(|time| time.as_secs_f64()),
            files: selected.chain(chosen.cut.iter().map(|ranked| (ranked, false))).map(file).collect(),
        }
    }

    /// Runs the critical tests in the slot; writes nothing into the record.
    pub fn run(&self, project: &Project, hotfix: &Hotfix, work: &Work) -> Result<Run> {
        let ctx = project.ctx();
        let chosen = self.choose(project, hotfix, work);
        let what = match self.total(chosen) {
            Some(total) => format!("{} of {total} test files", chosen.selected.len()),
            None => self.runner.command(&Selection::Everything).join(" "),
        };
        ctx.began(Step::Test, what);
        let memory = self.memory(project, hotfix, work)?;
        if let Some(run) = memory.recall().filter(|_| self.request.recalls).and_then(|mut runs| runs.pop()) {
            ctx.remark("the same tests passed on the same files before");
            return Ok(run);
        }
        if self.runner.can_select() && chosen.selected.is_empty() {
            return Ok(empty_run(self.runner.name()));
        }
        let run = run_in(
            project,
            hotfix,
            (self.runner.as_ref(), &work.held.worktree.path),
            (&self.selection(chosen), self.limits()),
        )?;
        ctx.go_on()?;
        remember_durations(project, &run);
        memory.keep(std::slice::from_ref(&run));
        Ok(run)
    }

    /// An earlier run of the same tests with the same files and the same surroundings.
    fn memory(&self, project: &Project, hotfix: &Hotfix, work: &Work) -> Result<Memory> {
        let scratch = project.run_dir(hotfix.id())?;
        let command = self.runner.command(&self.selection(self.choose(project, hotfix, work))).join("\0");
        let around = work.surroundings(project);
        let inputs = format!("test\0{}\0{command}\0{}\0{around}", work.tree, self.config.test.budget);
        Ok(Memory::new(&scratch, Wanted::Green, &inputs))
    }

    /// Says what a run means: failures are run again in the slot and on base before they are held against the fix.
    pub fn conclude(&self, project: &Project, hotfix: &Hotfix, work: &Work, run: &Run) -> Result<TestReport> {
        let alone = self.alone(project, hotfix, work, run)?;
        let run = alone.as_ref().unwrap_or(run);
        let broken = broken_in(run);
        let (on_base, again) = self.run_again(project, hotfix, work, (run, &broken))?;
        let retried = run.flaky().map(|case| case.id.clone());
        let flaky: BTreeSet<String> = again.difference(&on_base).cloned().chain(retried).collect();
        let holds = |test: &&Failure| !on_base.contains(&test.test) && !flaky.contains(&test.test);
        let failed = failures(run).iter().filter(holds).cloned().collect();
        let chosen = self.choose(project, hotfix, work);
        let report = self.report(work, (chosen, run), failed);
        let report = TestReport {
            failed_on_base_too: on_base.into_iter().collect(),
            flaky: flaky.into_iter().collect(),
            ..report
        };
        Ok(self.with_flaky_gate(self.with_opaque_baseline(project, hotfix, work, (run, report))?))
    }

    /// A command whose tests cannot be told apart, and that fought over a port with the proof, runs again as a whole.
    fn alone(&self, project: &Project, hotfix: &Hotfix, work: &Work, run: &Run) -> Result<Option<Run>> {
        if self.runner.can_select() || !suite::fought_over_a_port(run) {
            return Ok(None);
        }
        project.ctx().now_doing(Step::Test, "running the tests once more, alone");
        let what = (self.runner.as_ref(), &work.held.worktree.path);
        run_in(project, hotfix, what, (&Selection::Everything, self.limits())).map(Some)
    }

    /// Flaky tests block only where somebody wants it.
    fn with_flaky_gate(&self, report: TestReport) -> TestReport {
        let blocks = self.config.test.flaky == GateMode::Block && report.verdict == SuiteVerdict::Passed;
        match report.flaky.first().filter(|_| blocks) {
            None => report,
            Some(first) => {
                let why = format!("flaky, which test.flaky = \"block\" does not let pass: {first}");
                TestReport { verdict: SuiteVerdict::Failed, why, ..report }
            }
        }
    }

    /// Which of the broken fail on base as well, and which pass when run alone. One after the other: what fights over a
    /// port with the same test on base would be broken on one of both, whichever came second.
    fn run_again(
        &self,
        project: &Project,
        hotfix: &Hotfix,
        work: &Work,
        (run, broken): (&Run, &[String]),
    ) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
        let tests = worth_another_turn(run);
        let worth_it = matches!(run.end, RunEnd::Finished | RunEnd::TimedOut) && !tests.is_empty();
        let again = match worth_it {
            true => self.passing_again(project, hotfix, work, &tests)?,
            false => BTreeSet::new(),
        };
        let left: Vec<String> = broken.iter().filter(|id| !again.contains(*id)).cloned().collect();
        let on_base = match left.is_empty() {
            true => BTreeSet::new(),
            false => failing_on_base(project, hotfix, work, &left)?,
        };
        Ok((on_base, again))
    }

    /// Says how it went and gives the fact to record.
    pub fn announce(&self, project: &Project, report: &TestReport) {
        let tone = match report.verdict {
            SuiteVerdict::Passed if report.failed_on_base_too.is_empty() && report.flaky.is_empty() => {
                Tone::Good
            }
            SuiteVerdict::Passed => Tone::Warning,
            SuiteVerdict::Failed => Tone::Bad,
        };
        project.ctx().ended(Step::Test, tone, report.why.clone());
    }

    fn selection(&self, chosen: &Chosen) -> Selection {
        if self.runner.can_select() {
            Selection::Files(paths_of(&chosen.selected))
        } else {
            Selection::Everything
        }
    }

    fn limits(&self) -> Limits {
        // With `--all` the budget does not cut; an hour still ends what hangs.
        limits(if self.request.all { Duration::from_hours(1) } else { self.config.test.budget.duration() })
    }

    /// Tests that pass when run once more: flaky, not broken.
    fn passing_again(
        &self,
        project: &Project,
        hotfix: &Hotfix,
        work: &Work,
        ids: &[String],
    ) -> Result<BTreeSet<String>> {
        if !self.runner.can_select() {
            return Ok(BTreeSet::new());
        }
        project.ctx().now_doing(Step::Test, "running the failing tests once more");
        let selection = Selection::Cases(ids.to_vec());
        let again = run_in(
            project,
            hotfix,
            (self.runner.as_ref(), &work.held.worktree.path),
            (&selection, self.limits()),
        )?;
        Ok(ids.iter().filter(|id| passed_in(&again, id)).cloned().collect())
    }

    fn report(&self, work: &Work, (chosen, run): (&Chosen, &Run), failed: Vec<Failure>) -> TestReport {
        let unrun = suite::never_ran(run, &paths_of(&chosen.selected));
        let cut: Vec<PathBuf> = unrun.into_iter().chain(paths_of(&chosen.cut)).collect();
        let (verdict, why) = self.verdict(run, &failed, cut.len());
        TestReport {
            verdict,
            why,
            runner: self.runner.name().to_owned(),
            selected: u64::try_from(chosen.selected.len()).unwrap_or(u64::MAX),
            total: self.total(chosen),
            ran: run.counted.then(|| u64::try_from(run.ran().count()).unwrap_or(u64::MAX)),
            cut: cut.iter().map(|path| path.to_string_lossy().into_owned()).collect(),
            failed,
            failed_on_base_too: Vec::new(),
            flaky: Vec::new(),
            elapsed_ms: run.elapsed_ms,
            tree: work.tree.to_string(),
        }
    }

    fn verdict(&self, run: &Run, failed: &[Failure], cut: usize) -> (SuiteVerdict, String) {
        let ran = run.ran().count();
        let last_line = || run.tail.lines().last().unwrap_or_default().to_owned();
        if let Some(first) = failed.first() {
            let others = failed.len() - 1;
            let more = if others == 0 { String::new() } else { format!(" and {others} more") };
            return (SuiteVerdict::Failed, format!("newly broken: {}{more}: {}", first.test, first.reason));
        }
        if run.claimed.is_some_and(|claimed| {
            run.counted && run.end == RunEnd::Finished && claimed != run.cases.len() as u64
        }) {
            return (
                SuiteVerdict::Failed,
                "the results that were read are not those the runner counted".to_owned(),
            );
        }
        match (run.end, run.counted, run.exit) {
            (RunEnd::TimedOut, true, _) if ran > 0 => (
                SuiteVerdict::Passed,
                format!("{ran} tests passed within the budget; {cut} files did not get their turn"),
            ),
            (RunEnd::TimedOut, ..) => {
                (SuiteVerdict::Failed, format!("nothing finished within {}", self.config.test.budget))
            }
            (RunEnd::Crashed | RunEnd::Cancelled, ..) => {
                (SuiteVerdict::Failed, format!("the runner died: {}", last_line()))
            }
            (RunEnd::Finished, true, _) if ran == 0 => {
                (SuiteVerdict::Failed, "no test ran, which is not a pass".to_owned())
            }
            // A coverage threshold, a plugin, or a patch that prints "passed": whatever it is, it is not a pass.
            (RunEnd::Finished, true, exit) if exit != Some(0) && !explains(run) => (
                SuiteVerdict::Failed,
                format!("the runner ended with an error although no test failed: {}", last_line()),
            ),
            (RunEnd::Finished, true, _) => {
                let cut = if cut == 0 { String::new() } else { format!("; the budget cut {cut} files") };
                (SuiteVerdict::Passed, format!("{ran} tests passed{cut}"))
            }
            (RunEnd::Finished, false, Some(0)) => (SuiteVerdict::Passed, "the command passed".to_owned()),
            (RunEnd::Finished, false, _) => {
                (SuiteVerdict::Failed, format!("the command failed: {}", last_line()))
            }
        }
    }

    /// A command whose tests cannot be told apart is compared as a whole: if it fails on base as well, it does not
    /// block. One that was not found, died or ran out of time shows nothing, on either side: that is never a pass.
    fn with_opaque_baseline(
        &self,
        project: &Project,
        hotfix: &Hotfix,
        work: &Work,
        (run, report): (&Run, TestReport),
    ) -> Result<TestReport> {
        let opaque = report.ran.is_none() && !self.runner.can_select();
        if !opaque || report.verdict == SuiteVerdict::Passed || run.end != RunEnd::Finished {
            return Ok(settled(report));
        }
        let command = self.runner.command(&Selection::Everything).join(" ");
        let on_base = run_on_base(project, hotfix, work, (self.runner.as_ref(), &Selection::Everything))?;
        if on_base.is_green() || on_base.end != RunEnd::Finished {
            return Ok(report);
        }
        Ok(TestReport {
            verdict: SuiteVerdict::Passed,
            why: format!("`{command}` fails on base as well, so it cannot tell what is new"),
            failed_on_base_too: vec![command],
            ..report
        })
    }
}

/// A passing verdict says what did not count.
fn settled(mut report: TestReport) -> TestReport {
    if report.verdict == SuiteVerdict::Passed {
        for (names, one, many) in [
            (&report.failed_on_base_too, "fails on base as well", "fail on base as well"),
            (&report.flaky, "passes when tried again", "pass when tried again"),
        ] {
            match names.as_slice() {
                [] => {}
                [name] => report.why = format!("{}; {name} {one}", report.why),
                names => report.why = format!("{}; {} {many}", report.why, names.len()),
            }
        }
    }
    report
}

/// Tests, and writes the results into the record.
pub fn apply(project: &Project, hotfix: &mut Hotfix, work: &Work, plan: &Plan) -> Result<TestReport> {
    let began = project.ctx().clock.elapsed();
    let run = plan.run(project, hotfix, work)?;
    work.settle(project, hotfix)?;
    let report = plan.conclude(project, hotfix, work, &run)?;
    plan.announce(project, &report);
    let elapsed = project.ctx().milliseconds_since(began);
    hotfix.append(project, vec![(Fact::Tested(Box::new(report.clone())), Some(elapsed))], &Vec::new())?;
    Ok(report)
}

/// Which of these tests fail on plain base as well.
pub fn failing_on_base(
    project: &Project,
    hotfix: &Hotfix,
    work: &Work,
    ids: &[String],
) -> Result<BTreeSet<String>> {
    let config = &hotfix.loaded.config;
    let base_files: BTreeSet<PathBuf> = project.repository.list_files(&work.base)?.into_iter().collect();
    let known: Vec<String> = ids.iter().filter(|id| base_files.contains(&file_of(id))).cloned().collect();
    if known.is_empty() {
        return Ok(BTreeSet::new());
    }
    let runner = super::prove::detect(project, &work.base, config)?;
    let selection = if runner.can_select() { selection_of(&known) } else { Selection::Everything };
    let run = run_on_base(project, hotfix, work, (runner.as_ref(), &selection))?;
    let broken: BTreeSet<String> = broken_in(&run).into_iter().collect();
    Ok(known.into_iter().filter(|id| broken.contains(id)).collect())
}

/// One test may take a fifth of the time of all, so that one that hangs does not cost the others their turn. A test
/// that always takes longer is cut on base as well, and so does not block.
fn limits(run: Duration) -> Limits {
    Limits { run, test: Some(run / 5) }
}

fn run_on_base(
    project: &Project,
    hotfix: &Hotfix,
    work: &Work,
    what: (&dyn Runner, &Selection),
) -> Result<Run> {
    project.ctx().now_doing(Step::Test, "running the failing tests on base");
    let tree: Oid = project.repository.tree_of(&work.base)?;
    let twin = super::prove::lay_twin(project, hotfix, work, &tree)?;
    let limits = limits(hotfix.loaded.config.test.budget.duration());
    run_in(project, hotfix, (what.0, &twin.worktree.path), (what.1, limits))
}

/// Runs a selection. A `conftest.py` that cannot be loaded stops pytest before any test: the others then run without
/// those below it, and it stays among what could not be loaded.
fn run_in(
    project: &Project,
    hotfix: &Hotfix,
    (runner, root): (&dyn Runner, &PathBuf),
    (selection, limits): (&Selection, Limits),
) -> Result<Run> {
    let scratch = project.run_dir(hotfix.id())?;
    let place = Place { root, home: project.repository.home(), scratch: &scratch };
    let mut run = runner.run(project.ctx(), &place, selection, &limits)?;
    let Selection::Files(files) = selection else { return Ok(run) };
    let mut files = files.clone();
    while run.ran().next().is_none() {
        let stopped_by = std::mem::take(&mut run.not_loaded);
        let left = without_those_below(&files, &stopped_by);
        if left.is_empty() || left.len() == files.len() {
            return Ok(Run { not_loaded: stopped_by, ..run });
        }
        files = left;
        run = runner.run(project.ctx(), &place, &Selection::Files(files.clone()), &limits)?;
        run.not_loaded.splice(0..0, stopped_by);
    }
    Ok(run)
}

/// The files that are not below a `conftest.py` of those that could not be loaded.
fn without_those_below(files: &[PathBuf], not_loaded: &[(String, String)]) -> Vec<PathBuf> {
    let conftests = not_loaded.iter().map(|(file, _)| suite::path_of_text(file));
    let folders: Vec<PathBuf> = conftests
        .filter(|path| path.file_name().is_some_and(|name| name == "conftest.py"))
        .filter_map(|path| path.parent().map(PathBuf::from))
        .collect();
    let below = |file: &&PathBuf| folders.iter().any(|folder| file.starts_with(folder));
    files.iter().filter(|file| !below(file)).cloned().collect()
}

/// Where times of test files are kept.
pub fn durations_path(project: &Project) -> PathBuf {
    project.repository.state_dir().join("durations.json")
}

/// Known times of test files; none if the file cannot be read, which costs only a better estimate.
pub fn durations(project: &Project) -> Durations {
    Durations::load(&durations_path(project))
}

/// Takes in the times of a run.
pub fn remember_durations(project: &Project, run: &Run) {
    let mut known = durations(project);
    known.learn(run);
    if let Err(error) = known.save(&durations_path(project)) {
        project.ctx().warn(format!("test times were not kept: {error}"));
    }
}
