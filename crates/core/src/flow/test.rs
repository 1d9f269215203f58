//! test: the critical tests, the one gate that blocks.
//!
//! If the suite fits the budget, the project's own command runs, with no files named. Else an order comes first, a cut
//! second: the proof's tests, the changed tests, the configured ones, then the rest by nearness, of what the runner itself
//! lists. A failure is run again, and on base: it is excused only if that very test fails there for the same reason. A
//! pass needs evidence: tests that passed, among them those nearest to the change.

mod excuse;
mod order;
mod read;
mod verdict;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hotfix_model::config::{Config, GateMode};
use hotfix_model::output::{ExplainOutput, ExplainedFile};
use hotfix_model::{Fact, Run, RunEnd, Step, SuiteVerdict, TestReport};

use super::PlanLines;
use crate::error::Result;
use crate::event::Tone;
use crate::session::{Hotfix, Project, Session, Work};
use crate::suite::{self, Chosen, Durations, Limits, Place, Ranked, Runner, Selection};

pub use excuse::failing_alike_on_base;
pub use order::impact_path;
use read::{empty_run, merged, passed_in, paths_of, selection_of, worth_another_turn};
use verdict::Found;

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Whether all tests run, whatever the budget.
    pub all: bool,
    /// The tests that prove the fix; they run first.
    pub proof_files: Vec<PathBuf>,
}

/// What test is going to do.
pub struct Plan {
    runner: Arc<dyn Runner>,
    chosen: OnceLock<Chosen>,
    listed: OnceLock<Option<BTreeSet<PathBuf>>>,
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
        listed: OnceLock::new(),
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
    pub fn run(&self, session: Session<'_>) -> Result<Run> {
        let Session { project, hotfix, work } = session;
        let ctx = project.ctx();
        let chosen = self.choose(project, hotfix, work);
        if self.runner.can_select() && chosen.selected.is_empty() && chosen.cut.is_empty() {
            return Ok(empty_run(self.runner.name()));
        }
        let what = match self.total(chosen) {
            Some(total) => format!("{} of {total} test files", chosen.selected.len()),
            None => self.runner.command(&Selection::Everything).join(" "),
        };
        ctx.began(Step::Test, what);
        let run = match self.fit(work) {
            Fit::All => self.run_own_command(session, self.limits())?,
            Fit::Unknown => self.run_own_command_first(session)?,
            Fit::Part => {
                self.run_in_slot(session, &Selection::Files(paths_of(&chosen.selected)), self.limits())?
            }
        };
        ctx.go_on()?;
        remember_durations(project, &run);
        Ok(run)
    }

    /// What is known of the time that all tests take.
    fn fit(&self, work: &Work) -> Fit {
        if self.request.all || !self.runner.can_select() {
            return Fit::All;
        }
        let tests = work.files().unwrap_or_default().iter().filter(|path| self.runner.is_test_file(path));
        match self.durations.estimate(tests) {
            Some(time) if time <= self.config.test.budget.duration() => Fit::All,
            None if self.durations.is_empty() => Fit::Unknown,
            Some(_) | None => Fit::Part,
        }
    }

    /// The project's own command, then those of the proof's tests that it does not run, unless the runner lists what it
    /// runs: what the project's configuration leaves out stays out.
    fn run_own_command(&self, session: Session<'_>, limits: Limits) -> Result<Run> {
        let run = self.run_in_slot(session, &Selection::Everything, limits)?;
        let left_out = self.proof_files_without_a_case(&run);
        if run.end != RunEnd::Finished || left_out.is_empty() || !self.runner.can_select() {
            return Ok(run);
        }
        if self.listed(session).is_some() {
            return Ok(run);
        }
        let also = self.run_in_slot(session, &Selection::Files(left_out), self.limits())?;
        Ok(merged(run, also))
    }

    /// How long the tests take is not known: the project's own command gets half of the budget. If that is not enough,
    /// the nearest tests that had no turn get the other half.
    fn run_own_command_first(&self, session: Session<'_>) -> Result<Run> {
        let run = self.run_own_command(session, self.half_of_the_budget())?;
        if run.end != RunEnd::TimedOut {
            return Ok(run);
        }
        let chosen = self.choose(session.project, session.hotfix, session.work);
        let listed = self.listed(session);
        let is_listed = |file: &PathBuf| listed.as_ref().is_none_or(|listed| listed.contains(file));
        let left: Vec<PathBuf> =
            suite::never_ran(&run, &paths_of(&chosen.selected)).into_iter().filter(is_listed).collect();
        if left.is_empty() {
            return Ok(run);
        }
        session.project.ctx().now_doing(Step::Test, "the nearest tests that had no turn yet");
        let also = self.run_in_slot(session, &Selection::Files(left), self.half_of_the_budget())?;
        Ok(merged(run, also))
    }

    fn half_of_the_budget(&self) -> Limits {
        let whole = self.limits();
        Limits { run: whole.run / 2, ..whole }
    }

    fn listed(&self, session: Session<'_>) -> Option<&BTreeSet<PathBuf>> {
        let list = || {
            let scratch = session.project.run_dir(session.hotfix.id()).ok()?;
            let root = &session.work.held.worktree.path;
            let place = Place { root, home: session.project.repository.home(), scratch: &scratch };
            self.runner.listed(session.project.ctx(), &place, LISTING)
        };
        self.listed.get_or_init(list).as_ref()
    }

    fn run_in_slot(&self, session: Session<'_>, selection: &Selection, limits: Limits) -> Result<Run> {
        let place =
            RunPlace { session, runner: self.runner.as_ref(), root: &session.work.held.worktree.path };
        place.run(selection, &limits)
    }

    /// Test files of the proof of which nothing ran.
    fn proof_files_without_a_case(&self, run: &Run) -> Vec<PathBuf> {
        let seen: BTreeSet<&str> = run.cases.iter().filter_map(|case| case.file.as_deref()).collect();
        let not_loaded: BTreeSet<&str> = run.not_loaded.iter().map(|(file, _)| file.as_str()).collect();
        let is_seen = |file: &&PathBuf| {
            let text = suite::text_of_path(file);
            seen.contains(text.as_str()) || not_loaded.contains(text.as_str())
        };
        self.request.proof_files.iter().filter(|file| !is_seen(file)).cloned().collect()
    }

    /// Says what a run means: failures are run again in the slot and on base before they are held against the fix.
    pub fn conclude(&self, session: Session<'_>, run: &Run) -> Result<TestReport> {
        let Session { project, hotfix, work } = session;
        let alone = self.run_again_alone(session, run)?;
        let run = alone.as_ref().unwrap_or(run);
        let chosen = self.choose(project, hotfix, work);
        let excused = self.excuse(session, run)?;
        let retried = run.flaky().map(|case| case.id.clone());
        let flaky: BTreeSet<String> = excused.passed_again.iter().cloned().chain(retried).collect();
        let left_out = self.left_out(session, run);
        let unrun = suite::never_ran(run, &paths_of(&chosen.selected));
        let cut: Vec<PathBuf> = unrun.into_iter().chain(paths_of(&chosen.cut)).collect();
        let found = Found {
            run,
            failed: &excused.failed,
            not_compared: excused.not_compared,
            excused: &excused.on_base,
            passed_again: &excused.passed_again,
            ranked: &chosen.selected,
            proof_files: &self.request.proof_files,
            left_out: &left_out,
            cut: cut.len(),
            budget: self.config.test.budget,
            command: self.runner.command(&Selection::Everything).join(" "),
        };
        let conclusion = found.conclude();
        let report = TestReport {
            verdict: conclusion.verdict,
            why: conclusion.why,
            runner: self.runner.name().to_owned(),
            selected: u64::try_from(chosen.selected.len()).unwrap_or(u64::MAX),
            total: self.total(chosen),
            ran: run.counted.then(|| u64::try_from(run.ran().count()).unwrap_or(u64::MAX)),
            passed: run.counted.then(|| verdict::passed(run)),
            cut: cut.iter().map(|path| path.to_string_lossy().into_owned()).collect(),
            could_not_tell: conclusion.could_not_tell,
            failed: excused.failed,
            failed_on_base_too: excused.on_base.keys().cloned().collect(),
            flaky: flaky.into_iter().collect(),
            loosened: Vec::new(),
            elapsed_ms: run.elapsed_ms,
            tree: work.tree.to_string(),
        };
        let loosened = self.loosened(session, &report);
        Ok(self.with_flaky_gate(named(TestReport { loosened, ..report })))
    }

    /// Which of the failures are new, which base has as well, and which pass when tried again.
    fn excuse(&self, session: Session<'_>, run: &Run) -> Result<excuse::Excused> {
        excuse::Excuse {
            session,
            runner: self.runner.as_ref(),
            limits: self.limits(),
            opaque: !run.counted && !self.runner.can_select(),
        }
        .sort(run)
    }

    /// Changed test files that the project's own configuration leaves out, as far as the runner lists what it runs, and
    /// of which nothing ran.
    fn left_out(&self, session: Session<'_>, run: &Run) -> Vec<PathBuf> {
        let unseen = self.proof_files_without_a_case(run);
        if unseen.is_empty() || !self.runner.can_select() || run.end != RunEnd::Finished {
            return Vec::new();
        }
        let Some(listed) = self.listed(session) else { return Vec::new() };
        unseen.into_iter().filter(|file| !listed.contains(file)).collect()
    }

    /// A command whose tests cannot be told apart, and that found something taken, runs again as a whole.
    fn run_again_alone(&self, session: Session<'_>, run: &Run) -> Result<Option<Run>> {
        if self.runner.can_select() || !suite::found_something_taken(run) {
            return Ok(None);
        }
        session.project.ctx().now_doing(Step::Test, "running the tests once more, alone");
        self.run_in_slot(session, &Selection::Everything, self.limits()).map(Some)
    }

    /// The settings of the user's by which less ran than asked for. A command for a repository in which no runner is found
    /// asks for more, not for less.
    fn loosened(&self, session: Session<'_>, report: &TestReport) -> Vec<String> {
        let loaded = &session.hotfix.loaded;
        let would_find = || super::prove::detect(session.project, &session.work.tree, &loaded.asked).is_ok();
        let other_command = self.config.test.command != loaded.asked.test.command && would_find();
        crate::session::loosened_run(loaded, report, other_command)
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

    /// Says how it went and gives the fact to record.
    pub fn announce(&self, project: &Project, report: &TestReport) {
        let tone = match report.verdict {
            SuiteVerdict::Passed if report.failed_on_base_too.is_empty() && report.flaky.is_empty() => {
                Tone::Good
            }
            SuiteVerdict::Passed | SuiteVerdict::Unknown => Tone::Warning,
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
}

/// A passing verdict says what did not count.
fn named(mut report: TestReport) -> TestReport {
    if report.verdict == SuiteVerdict::Passed {
        for (names, one, many) in [
            (
                &report.failed_on_base_too,
                "fails on base as well, for the same reason",
                "fail on base as well, for the same reasons",
            ),
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
    let session = Session { project, hotfix, work };
    let run = plan.run(session)?;
    work.settle(project, hotfix)?;
    let report = plan.conclude(session, &run)?;
    plan.announce(project, &report);
    let elapsed = project.ctx().milliseconds_since(began);
    hotfix.append(project, vec![(Fact::Tested(Box::new(report.clone())), Some(elapsed))], &Vec::new())?;
    Ok(report)
}

/// How long a runner may take to list its tests.
const LISTING: Duration = Duration::from_mins(1);

/// Whether all tests fit into the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// They do, or the budget does not count.
    All,
    /// They do not.
    Part,
    /// Nobody has seen them run.
    Unknown,
}

/// One test may take a fifth of the time of all, so that one that hangs does not cost the others their turn. A test
/// that always takes longer is cut on base as well, and so does not block.
fn limits(run: Duration) -> Limits {
    Limits { run, test: Some(run / 5) }
}

/// A runner in a worktree.
struct RunPlace<'a> {
    session: Session<'a>,
    runner: &'a dyn Runner,
    root: &'a Path,
}

impl RunPlace<'_> {
    /// Runs a selection. A `conftest.py` that cannot be loaded stops pytest before any test: the others then run without
    /// those below it, and it stays among what could not be loaded.
    fn run(&self, selection: &Selection, limits: &Limits) -> Result<Run> {
        let Session { project, hotfix, .. } = self.session;
        let scratch = project.run_dir(hotfix.id())?;
        let place = Place { root: self.root, home: project.repository.home(), scratch: &scratch };
        let mut run = self.runner.run(project.ctx(), &place, selection, limits)?;
        let Selection::Files(files) = selection else { return Ok(run) };
        let mut files = files.clone();
        while run.ran().next().is_none() {
            let stopped_by = std::mem::take(&mut run.not_loaded);
            let left = without_those_below(&files, &stopped_by);
            if left.is_empty() || left.len() == files.len() {
                return Ok(Run { not_loaded: stopped_by, ..run });
            }
            files = left;
            run = self.runner.run(project.ctx(), &place, &Selection::Files(files.clone()), limits)?;
            run.not_loaded.splice(0..0, stopped_by);
        }
        Ok(run)
    }
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
