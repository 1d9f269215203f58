//! The runs of a proof: red, green, then the tests that flipped once more, green, red. All in the twin, so that the source
//! part of the change is the only difference between them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use hotfix_model::proof::SideOutcome;
use hotfix_model::{Case, Run, Step};

use super::Plan;
use crate::error::{Error, Result};
use crate::git::Oid;
use crate::proof::{self, Parts};
use crate::session::{EvidenceFiles, Session};
use crate::slot::{Room, SetupOutcome, SetupRequest, Twin};
use crate::suite::{self, Limits, Place, Repeat, Runner, Selection, SuiteError};

/// Most bytes of one side's runs that go into the record, which is pushed.
const EVIDENCE_LIMIT: usize = 256 << 10;
/// Most tests that are named one by one to a runner; more are run by their files.
const MOST_NAMED: usize = 200;

/// How many times the tests that flipped run on each side, at most, besides the first run of all tests. Each time halves
/// the chance that a test which fails at random half of the time looks like a proof.
const REPEATS: usize = 10;
/// A side that took this long for running them again has run them often enough, unless results waver.
const CHEAP: Duration = Duration::from_millis(500);
/// The same for a command whose tests cannot be told apart: no neighbour that wavers betrays it.
const CHEAP_AS_A_WHOLE: Duration = Duration::from_secs(3);

/// The same where some results differ from run to run: what seems steady there is held to all the repeats.
const DOUBTFUL: Duration = Duration::from_mins(1);

/// The runs of both sides.
#[derive(Clone, Debug, Default)]
pub struct Sides {
    /// Base with the test part: the first run, and those after all runs with the fix.
    pub red: Vec<Run>,
    /// The fix, in between; empty while no source has changed.
    pub green: Vec<Run>,
    /// The tree of the red side.
    pub red_tree: Option<Oid>,
    /// The change as the runs had it: a file that base was red for want of has joined the tests.
    pub parts: Parts,
    /// Why each side ran only once, if that is so.
    pub once: Option<String>,
    /// What the twin cannot run for want of something, in one sentence with what to do.
    pub twin_lacks: Option<String>,
}

impl Sides {
    /// The runs as files of evidence; a side too large for the record keeps only the tests that did not pass.
    pub fn evidence(&self) -> EvidenceFiles {
        let sides = [("prove-red.json", &self.red), ("prove-green.json", &self.green)];
        let file = |(name, runs): (&str, &Vec<Run>)| Some((name.to_owned(), evidence_of(runs)?));
        sides.into_iter().filter(|(_, runs)| !runs.is_empty()).filter_map(file).collect()
    }
}

fn evidence_of(runs: &[Run]) -> Option<Vec<u8>> {
    let whole = serde_json::to_vec(runs).ok()?;
    if whole.len() <= EVIDENCE_LIMIT {
        return Some(whole);
    }
    let broken = |run: &Run| Run { cases: run.broken().cloned().collect(), ..run.clone() };
    let short = serde_json::to_vec(&runs.iter().map(broken).collect::<Vec<_>>()).ok()?;
    Some(short).filter(|short| short.len() <= EVIDENCE_LIMIT)
}

/// What one run has to do.
struct Chosen<'a> {
    selection: &'a Selection,
    repeat: &'a Repeat,
}

/// Says who may run at the same time: the proof and the gate, or one of them alone.
#[derive(Debug, Default)]
pub struct Turns(RwLock<()>);

impl Turns {
    /// Runs beside others.
    pub fn beside<T>(&self, run: impl FnOnce() -> T) -> T {
        let _turn = self.0.read().unwrap_or_else(PoisonError::into_inner);
        run()
    }

    /// Runs while nothing else does.
    pub fn alone<T>(&self, run: impl FnOnce() -> T) -> T {
        let _turn = self.0.write().unwrap_or_else(PoisonError::into_inner);
        run()
    }
}

impl Plan {
    /// Runs both sides in the twin. The second run of each side is of the tests that flipped alone; none if no test did,
    /// or if the second switch would take longer than `test.budget` leaves. A twin that lacks the runner says so in
    /// [`Sides::twin_lacks`].
    pub fn run_sides(&self, session: Session<'_>, turns: &Turns) -> Result<Sides> {
        let mut switches = Switches { plan: self, session, turns, sides: Sides::default() };
        switches.sides.parts = self.parts.clone();
        match switches.run() {
            Err(error) if is_missing_in_twin(&error) => {
                let where_it_is = match self.ready_in_slot(session) {
                    Ok(()) => "the twin lacks what runs the tests: ",
                    Err(_) => "",
                };
                switches.sides.twin_lacks = Some(format!("{where_it_is}{error}: {}", error.next()));
            }
            done => done?,
        }
        Ok(switches.sides)
    }

    /// Fails if the slot lacks what runs the tests.
    pub fn ready_in_slot(&self, session: Session<'_>) -> Result<()> {
        let Some(runner) = self.usable() else { return Ok(()) };
        let scratch = session.project.run_dir(session.hotfix.id())?;
        let root = &session.work.held.worktree.path;
        let place = Place { root, home: session.project.repository.home(), scratch: &scratch };
        runner.ready(session.project.ctx(), &place)
    }

    /// Runs the fix in the twin once more, to tell a test that wavers from one that the twin cannot run.
    pub fn run_fix_again(&self, session: Session<'_>, sides: &mut Sides) -> Result<()> {
        let turns = Turns::default();
        let switches = Switches { plan: self, session, turns: &turns, sides: Sides::default() };
        sides.green.extend(switches.with_fix(&self.selection, &Repeat::default())?);
        Ok(())
    }

    /// Runs the proof's tests once in the slot, to tell what only the slot has.
    pub fn run_in_slot(&self, session: Session<'_>) -> Result<Option<Run>> {
        let scratch = session.project.run_dir(session.hotfix.id())?;
        let root = &session.work.held.worktree.path;
        suite::forget_bytecode(root, &changed_paths(session));
        let chosen = Chosen { selection: &self.selection, repeat: &Repeat::default() };
        self.run_once(session, root, &scratch, &chosen)
    }

    fn run_once(
        &self,
        session: Session<'_>,
        root: &Path,
        scratch: &Path,
        chosen: &Chosen<'_>,
    ) -> Result<Option<Run>> {
        let Some(runner) = self.usable() else { return Ok(None) };
        let ctx = session.project.ctx();
        ctx.go_on()?;
        let prove = &self.config.prove;
        // The limit of a test is the same in every run: what is cut short by another one is not the same result.
        let limits = Limits { run: prove.timeout.duration(), test: Some(prove.test_timeout.duration()) };
        let place = Place { root, home: session.project.repository.home(), scratch };
        runner.run_repeating(ctx, &place, chosen.selection, chosen.repeat, &limits).map(Some)
    }
}

/// Whether tests could be loaded and ran.
fn says_something(run: &Run) -> bool {
    let reading = proof::read_run(run);
    reading.colour != proof::Colour::None && reading.outcome != SideOutcome::NotLoaded
}

fn changed_paths(session: Session<'_>) -> Vec<PathBuf> {
    session.work.changes.iter().map(|change| change.path.clone()).collect()
}

fn is_missing_in_twin(error: &Error) -> bool {
    matches!(
        error.downcast_ref(),
        Some(
            SuiteError::MissingRunner { .. }
                | SuiteError::NotInstalled { .. }
                | SuiteError::MissingProgram { .. }
        )
    )
}

/// The runs as they happen.
struct Switches<'a> {
    plan: &'a Plan,
    session: Session<'a>,
    turns: &'a Turns,
    sides: Sides,
}

impl Switches<'_> {
    fn run(&mut self) -> Result<()> {
        let clock = &self.session.project.ctx().clock;
        let began = clock.elapsed();
        self.first_red()?;
        if self.sides.parts.source.is_empty() {
            if self.repeats() && self.is_red() {
                let again = self.on_base(&self.plan.selection, &Repeat::default())?;
                self.sides.red.extend(again);
            }
            return Ok(());
        }
        if !self.is_red() {
            return Ok(());
        }
        let took = Duration::from_millis(self.sides.red.first().map_or(0, |run| run.elapsed_ms));
        let budget = self.plan.config.test.budget.duration();
        let fits = |runs: u32| {
            let spent = clock.elapsed().saturating_sub(began);
            spent.saturating_add(took.saturating_mul(runs)) <= budget
        };
        let repeat = if self.repeats() && fits(2) { self.broken_tests() } else { Repeat::default() };
        let green = self.with_fix(&self.plan.selection, &repeat)?;
        self.sides.green.extend(green);
        let Some(second) = self.second_selection() else { return Ok(()) };
        if !self.repeats() {
            self.sides.once = Some("prove.repeat is 1".to_owned());
            return Ok(());
        }
        if !fits(1) {
            let seconds = took.as_secs();
            self.sides.once =
                Some(format!("a second switch takes about {seconds} s, more than test.budget leaves"));
            return Ok(());
        }
        if !self.is_settled_by_first_green() {
            let greens = self.repeated(&second, Self::with_fix, |sides| &sides.green)?;
            self.sides.green.extend(greens);
        }
        let reds = self.repeated(&second, Self::on_base, |sides| &sides.red)?;
        self.sides.red.extend(reds);
        Ok(())
    }

    /// The tests that were red at first, to run several times with the fix in the process of its first run.
    fn broken_tests(&self) -> Repeat {
        let Some(red) = self.sides.red.first().filter(|red| red.counted) else { return Repeat::default() };
        let broken = red.broken().map(|case| case.id.clone());
        let cases: BTreeSet<String> =
            broken.chain(red.not_loaded.iter().map(|(file, _)| file.clone())).collect();
        if cases.len() > MOST_NAMED {
            return Repeat::default();
        }
        Repeat { cases, times: REPEATS, enough: CHEAP }
    }

    /// Whether the first run with the fix ran all tests that may have flipped several times, each with the same result,
    /// and left none broken that may only waver.
    fn is_settled_by_first_green(&self) -> bool {
        let (Some(red), Some(green)) = (self.sides.red.first(), self.sides.green.first()) else {
            return false;
        };
        let flipped = proof::candidates(red, green);
        let undecided = |case: &&Case| flipped.contains(&case.id) || case.is_broken();
        let all_ran_again = green.cases.iter().filter(undecided).all(|case| case.times.is_some());
        !flipped.is_empty() && all_ran_again && green.flaky().next().is_none()
    }

    /// Runs the flipped tests of a side again, often where that is cheap: tests that fail at random look like a proof by
    /// chance. Where results waver, what seems steady is doubtful as well, and runs as often as it may, without those that
    /// are known to waver. Once no test is left that may have flipped, there is nothing more to find out.
    fn repeated(
        &self,
        selection: &Selection,
        run: impl Fn(&Self, &Selection, &Repeat) -> Result<Option<Run>>,
        side: impl Fn(&Sides) -> &Vec<Run>,
    ) -> Result<Vec<Run>> {
        let (Some(first_red), Some(first_green)) = (self.sides.red.first(), self.sides.green.first()) else {
            return Ok(Vec::new());
        };
        let as_a_whole = !first_red.counted || !first_green.counted;
        let mut flipped = proof::candidates(first_red, first_green);
        let first = side(&self.sides).first().map(proof::read_run);
        let can_repeat = self.plan.usable().is_some_and(Runner::can_repeat);
        let mut selection = selection.clone();
        let mut runs: Vec<Run> = Vec::new();
        let mut wavers = first_green.flaky().next().is_some();
        while runs.len() < REPEATS {
            let cases = if can_repeat { flipped.clone() } else { BTreeSet::new() };
            let repeat = Repeat { times: self.times_that_are_cheap(&cases), cases, enough: CHEAP };
            let Some(again) = run(self, &selection, &repeat)? else { break };
            let (reading, first) = (proof::read_run(&again), first.as_ref());
            let agrees = |test: &String| {
                first.is_some_and(|first| {
                    first.broken.contains(test) == reading.broken.contains(test)
                        && !reading.retried.contains(test)
                })
            };
            wavers |= reading.ran_tests().any(|test| !agrees(test));
            flipped.retain(|test| agrees(test));
            if let Selection::Cases(_) = selection {
                selection = Selection::Cases(flipped.iter().cloned().collect());
            }
            let other_colour = first.is_some_and(|first| first.colour != reading.colour);
            runs.push(again);
            let is_settled = if as_a_whole { other_colour } else { flipped.is_empty() };
            let spent = Duration::from_millis(runs.iter().map(|run| run.elapsed_ms).sum());
            let cheap = if as_a_whole { CHEAP_AS_A_WHOLE } else { CHEAP };
            let enough = if wavers { DOUBTFUL } else { cheap };
            let often = !as_a_whole && flipped.iter().all(|test| times_of(runs.last(), test) > 1);
            if is_settled || spent >= enough || (often && !wavers) {
                break;
            }
        }
        Ok(runs)
    }

    /// How many times these tests can run at little cost, as far as their first runs tell.
    fn times_that_are_cheap(&self, cases: &BTreeSet<String>) -> usize {
        let seconds = |run: &Run| -> f64 {
            run.cases.iter().filter(|case| cases.contains(&case.id)).filter_map(|case| case.seconds).sum()
        };
        let longest = self.sides.red.iter().chain(&self.sides.green).map(seconds).fold(0.0, f64::max);
        let longest = Duration::try_from_secs_f64(longest).unwrap_or(CHEAP);
        let fits = |times: &usize| longest.saturating_mul(u32::try_from(*times).unwrap_or(u32::MAX)) <= CHEAP;
        (2..=REPEATS).rev().find(fits).unwrap_or(1)
    }

    fn repeats(&self) -> bool {
        self.plan.config.prove.repeat > 1
    }

    /// Runs base with the tests, and with the settings that the change brings, as far as code is left to be the fix: a
    /// test that only other settings turn green shows nothing of the code. Settings may name files that the change adds;
    /// then base has those as well. Settings that base cannot be run with at all stay with the source.
    fn first_red(&mut self) -> Result<()> {
        let apart = self.sides.parts.clone();
        let settings = self.settings();
        if !settings.is_empty() {
            let added: Vec<PathBuf> = apart.added().cloned().collect();
            for also in [&[][..], &added] {
                self.sides.parts = apart.clone();
                self.sides.parts.join(&settings);
                self.sides.parts.join(also);
                if !self.has_code(&self.sides.parts) {
                    break;
                }
                let red = self.red_with_what_it_lacks()?;
                if red.as_ref().is_some_and(says_something) {
                    self.sides.red.extend(red);
                    return Ok(());
                }
            }
            self.sides.parts = apart;
        }
        let red = self.red_with_what_it_lacks()?;
        self.sides.red.extend(red);
        Ok(())
    }

    /// Files in the source part that tell tools how to build and test.
    fn settings(&self) -> Vec<PathBuf> {
        let source = self.sides.parts.source.iter().map(|change| &change.path);
        source.filter(|path| suite::is_settings(path)).cloned().collect()
    }

    /// Whether the source part holds code in the runner's language.
    fn has_code(&self, parts: &Parts) -> bool {
        let speaks = |path: &Path| self.plan.usable().is_some_and(|runner| runner.speaks(path));
        parts.source.iter().any(|change| !suite::is_settings(&change.path) && speaks(&change.path))
    }

    /// Runs base. A new file of the fix that base is red for want of joins the tests, and base runs again: that it lacks
    /// the file is not the bug.
    fn red_with_what_it_lacks(&mut self) -> Result<Option<Run>> {
        loop {
            self.lay_tests_over_base()?;
            let red = self.on_base(&self.plan.selection, &Repeat::default())?;
            let missing = red.as_ref().map(|run| self.named_as_missing(run)).unwrap_or_default();
            if missing.is_empty() {
                return Ok(red);
            }
            self.sides.parts.join(&missing);
        }
    }

    /// New files of the source part that the reasons of a red run name. A source that the tests only import at their head
    /// stays: that they cannot be loaded on base is told as such.
    fn named_as_missing(&self, red: &Run) -> Vec<PathBuf> {
        let added: Vec<PathBuf> = self.sides.parts.added().cloned().collect();
        let of_tests: Vec<&str> = red.broken().filter_map(|case| case.reason.as_deref()).collect();
        let is_source = |path: &&PathBuf| self.plan.usable().is_some_and(|runner| runner.speaks(path));
        let data: Vec<PathBuf> = added.iter().filter(|path| !is_source(path)).cloned().collect();
        let mut named = BTreeSet::new();
        for reason in of_tests {
            let of_reason = proof::named_in(reason, added.iter());
            // Not every runtime says which file it did not find.
            let may_be_any = of_reason.is_empty() && proof::is_missing_file(reason);
            named.extend(if may_be_any { data.iter().cloned().collect() } else { of_reason });
        }
        for (_, reason) in &red.not_loaded {
            named.extend(proof::named_in(reason, data.iter()));
        }
        if !red.counted && red.exit != Some(0) {
            for line in red.tail.lines() {
                named.extend(proof::named_in(line, added.iter()));
            }
        }
        named.into_iter().collect()
    }

    fn is_red(&self) -> bool {
        self.sides.red.first().is_some_and(|run| proof::read_run(run).colour == proof::Colour::Red)
    }

    /// What runs a second time: the tests that flipped, and those that are broken with the fix, which may only waver.
    /// `None` if nothing flipped.
    fn second_selection(&self) -> Option<Selection> {
        let (red, green) = (self.sides.red.first()?, self.sides.green.first()?);
        let runner = self.plan.usable()?;
        if !red.counted || !green.counted || !runner.can_select() {
            let flipped = proof::read_run(green).colour == proof::Colour::Green
                || !proof::candidates(red, green).is_empty();
            return flipped.then(|| self.plan.selection.clone());
        }
        let flipped = proof::candidates(red, green);
        if flipped.is_empty() {
            return None;
        }
        let mut ids: Vec<String> = flipped.into_iter().collect();
        ids.extend(green.broken().map(|case| case.id.clone()));
        if ids.len() <= MOST_NAMED {
            return Some(Selection::Cases(ids));
        }
        let files: BTreeSet<PathBuf> =
            ids.iter().map(|id| suite::path_of_text(suite::file_of_id(id))).collect();
        Some(Selection::Files(files.into_iter().collect()))
    }

    /// Makes the tree of the red side: base with the test part as it is now.
    fn lay_tests_over_base(&mut self) -> Result<()> {
        let Session { project, hotfix, work } = self.session;
        let scratch = project.run_dir(hotfix.id())?;
        let tree = project.repository.overlay_tree(&work.base, &self.sides.parts.tests, &scratch)?;
        self.sides.red_tree = Some(tree);
        Ok(())
    }

    fn on_base(&self, selection: &Selection, repeat: &Repeat) -> Result<Option<Run>> {
        let Some(tree) = &self.sides.red_tree else { return Ok(None) };
        self.in_twin(tree, "red side: the tests on base", &Chosen { selection, repeat })
    }

    fn with_fix(&self, selection: &Selection, repeat: &Repeat) -> Result<Option<Run>> {
        let tree = &self.session.work.tree;
        self.in_twin(tree, "green side: the tests with the fix", &Chosen { selection, repeat })
    }

    fn in_twin(&self, tree: &Oid, what: &str, chosen: &Chosen<'_>) -> Result<Option<Run>> {
        let run = || {
            // Laid anew for every run, so that nothing an earlier one left behind in a tracked file counts.
            let twin = prepare_twin(self.session, tree)?;
            self.session.project.ctx().began(Step::Prove, what);
            let scratch = self.session.project.run_dir(self.session.hotfix.id())?;
            self.plan.run_once(self.session, &twin.worktree.path, &scratch, chosen)
        };
        let first = self.turns.beside(run)?;
        match first.as_ref().is_some_and(suite::found_something_taken) {
            true => self.turns.alone(run),
            false => Ok(first),
        }
    }
}

/// How many times a run has run a test; 0 if it has not.
fn times_of(run: Option<&Run>, test: &str) -> u64 {
    let case = run.and_then(|run| run.cases.iter().find(|case| case.id == test));
    case.map_or(0, |case| case.times.unwrap_or(1))
}

/// Makes the twin hold exactly `tree`, set up for tests. Changed files are newer than every earlier build, and what Python
/// compiled of them is forgotten. Set-up runs again where its inputs are others.
pub fn prepare_twin(session: Session<'_>, tree: &Oid) -> Result<Twin> {
    let Session { project, hotfix, work } = session;
    let pool = project.pool(&hotfix.loaded);
    let twin = pool.twin(&work.held, &work.base)?;
    pool.lay(&twin, &work.base, tree)?;
    suite::forget_bytecode(&twin.worktree.path, &changed_paths(session));
    let logs = project.run_dir(hotfix.id())?;
    let trusted = project.is_trusted(&hotfix.loaded)?;
    let request = SetupRequest { tree, trusted, logs: &logs, step: Step::Prove };
    let _: SetupOutcome = pool.setup(&work.held, Room::Twin(&twin), &request)?;
    Ok(twin)
}
