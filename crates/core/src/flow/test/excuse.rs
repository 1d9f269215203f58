//! Whether a failure is the fix's. It is excused only if that very test fails on base as well, for the same reason:
//! exception type, innermost place in the repository, message. What passes when it is tried again is flaky.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use hotfix_model::gate::Failure;
use hotfix_model::{Case, Run, RunEnd, Step};

use super::read::{failures, file_of, is_file};
use super::{RunPlace, limits, passed_in, selection_of, worth_another_turn};
use crate::error::Result;
use crate::proof::SameReason;
use crate::session::Session;
use crate::suite::{Limits, Runner, Selection};

/// From so many failures on, a handful is looked at first: if one of them is new, the answer is no.
const MANY: usize = 12;
/// The handful.
const HANDFUL: usize = 4;

/// What became of the failures of a run.
#[derive(Debug, Default)]
pub(super) struct Excused {
    /// Newly broken.
    pub failed: Vec<Failure>,
    /// How many more failures were not compared with base, because some are newly broken anyway.
    pub not_compared: usize,
    /// Those that fail on base as well, for the same reason, with that reason.
    pub on_base: BTreeMap<String, String>,
    /// Those that passed when they were tried again in the slot.
    pub passed_again: BTreeSet<String>,
}

/// Looks at the failures of a run in the slot.
pub(super) struct Excuse<'a> {
    pub session: Session<'a>,
    pub runner: &'a dyn Runner,
    /// Limits of a run in the slot.
    pub limits: Limits,
    /// Whether the tests of the runner cannot be told apart.
    pub opaque: bool,
}

impl Excuse<'_> {
    /// Sorts the failures of a run.
    pub fn sort(&self, run: &Run) -> Result<Excused> {
        let all = failures(run);
        if self.opaque {
            return self.sort_opaque(run);
        }
        if all.len() > MANY {
            let (handful, rest) = all.split_at(HANDFUL);
            let mut first = self.sort_some(run, handful)?;
            if !first.failed.is_empty() {
                first.not_compared = rest.len();
                return Ok(first);
            }
        }
        self.sort_some(run, &all)
    }

    fn sort_some(&self, run: &Run, broken: &[Failure]) -> Result<Excused> {
        let passed_again = self.passing_again(run, broken)?;
        let left: Vec<&Failure> = broken.iter().filter(|one| !passed_again.contains(&one.test)).collect();
        let on_base = if left.is_empty() {
            BTreeMap::new()
        } else {
            let names: Vec<String> = left.iter().map(|failure| failure.test.clone()).collect();
            alike_on_base(self.session, run, &names)?
        };
        let failed = left.into_iter().filter(|one| !on_base.contains_key(&one.test)).cloned().collect();
        Ok(Excused { failed, not_compared: 0, on_base, passed_again })
    }

    /// A command whose tests cannot be told apart is compared as a whole: one that ends on base in the same way has shown
    /// nothing.
    fn sort_opaque(&self, run: &Run) -> Result<Excused> {
        if run.end != RunEnd::Finished || run.exit == Some(0) {
            return Ok(Excused::default());
        }
        let on_base = run_on_base(self.session, self.runner, &Selection::Everything)?;
        if on_base.end != RunEnd::Finished || on_base.exit == Some(0) {
            return Ok(Excused::default());
        }
        let command = self.runner.command(&Selection::Everything).join(" ");
        let reason = on_base.tail.lines().last().unwrap_or_default().to_owned();
        Ok(Excused { on_base: BTreeMap::from([(command, reason)]), ..Excused::default() })
    }

    /// Tests that pass when run once more: flaky, not broken.
    fn passing_again(&self, run: &Run, broken: &[Failure]) -> Result<BTreeSet<String>> {
        let wanted: BTreeSet<&str> = broken.iter().map(|failure| failure.test.as_str()).collect();
        let mut ids = worth_another_turn(run);
        ids.retain(|id| wanted.contains(id.as_str()));
        let came_to_an_end = matches!(run.end, RunEnd::Finished | RunEnd::TimedOut);
        if ids.is_empty() || !came_to_an_end || !self.runner.can_select() || run.foreign.is_some() {
            return Ok(BTreeSet::new());
        }
        let ctx = self.session.project.ctx();
        ctx.now_doing(Step::Test, "running the failing tests once more");
        let root = &self.session.work.held.worktree.path;
        let place = RunPlace { session: self.session, runner: self.runner, root };
        let again = place.run(&Selection::Cases(ids.clone()), &self.limits)?;
        Ok(ids.into_iter().filter(|id| passed_in(&again, id)).collect())
    }
}

/// Which of these tests, broken in all of `runs`, fail on plain base for the same reason.
pub fn failing_alike_on_base(
    session: Session<'_>,
    runs: &[Run],
    tests: &[String],
) -> Result<BTreeSet<String>> {
    let Some(run) = runs.first() else { return Ok(BTreeSet::new()) };
    Ok(alike_on_base(session, run, tests)?.into_keys().collect())
}

/// The tests and files of `broken` that fail on plain base for the same reason as in `run`, with the reason they give
/// there. A test that base does not have, or that did not run there, is not among them. Where a reason differs, base runs
/// once more: what differs between two runs of base is no difference.
fn alike_on_base(session: Session<'_>, run: &Run, broken: &[String]) -> Result<BTreeMap<String, String>> {
    let Session { project, hotfix, work } = session;
    let base_files: BTreeSet<PathBuf> = project.repository.list_files(&work.base)?.into_iter().collect();
    let known: Vec<String> = broken.iter().filter(|id| base_files.contains(&file_of(id))).cloned().collect();
    if known.is_empty() {
        return Ok(BTreeMap::new());
    }
    let runner = crate::flow::prove::detect(project, &work.base, &hotfix.loaded.config)?;
    let select = |ids: &[String]| match runner.can_select() {
        true => selection_of(ids),
        false => Selection::Everything,
    };
    let on_base = run_on_base(session, runner.as_ref(), &select(&known))?;
    let twin = twin_root(session)?;
    let roots = [work.held.worktree.path.as_path(), twin.as_path()];
    let same = SameReason { roots: &roots };
    let compared = |again: Option<&Run>, id: &String| same_failure(same, id, [run, &on_base], again);
    let fails_there = |id: &&String| is_broken_in(&on_base, id);
    let (alike, otherwise): (Vec<&String>, Vec<&String>) =
        known.iter().filter(fails_there).partition(|id| compared(None, id));
    let mut excused: Vec<&String> = alike;
    if !otherwise.is_empty() {
        let names: Vec<String> = otherwise.iter().map(|id| (*id).clone()).collect();
        let again = run_on_base(session, runner.as_ref(), &select(&names))?;
        excused.extend(otherwise.into_iter().filter(|id| compared(Some(&again), id)));
    }
    Ok(excused.into_iter().map(|id| (id.clone(), reason_in(&on_base, id))).collect())
}

fn twin_root(session: Session<'_>) -> Result<PathBuf> {
    let pool = session.project.pool(&session.hotfix.loaded);
    Ok(pool.twin(&session.work.held, &session.work.base)?.worktree.path)
}

/// Whether a test or file failed alike in the slot and on base; `again` is a second run on base.
fn same_failure(same: SameReason<'_>, id: &str, [slot, base]: [&Run; 2], again: Option<&Run>) -> bool {
    if is_file(id) {
        let reason = |run: &Run| {
            let found = run.not_loaded.iter().find(|(file, _)| file == id);
            found.map(|(_, reason)| reason.clone())
        };
        let (Some(slot), Some(base)) = (reason(slot), reason(base)) else { return false };
        return same.same_text(&slot, &base, again.and_then(reason).as_deref());
    }
    let (Some(slot), Some(base)) = (case_in(slot, id), case_in(base, id)) else { return false };
    same.holds(slot, base, again.and_then(|again| case_in(again, id)))
}

fn case_in<'a>(run: &'a Run, id: &str) -> Option<&'a Case> {
    run.broken().find(|case| case.id == id)
}

fn is_broken_in(run: &Run, id: &str) -> bool {
    case_in(run, id).is_some() || run.not_loaded.iter().any(|(file, _)| file == id)
}

fn reason_in(run: &Run, id: &str) -> String {
    failures(run)
        .into_iter()
        .find(|failure| failure.test == id)
        .map(|failure| failure.reason)
        .unwrap_or_default()
}

/// Runs on plain base, in the twin.
fn run_on_base(session: Session<'_>, runner: &dyn Runner, selection: &Selection) -> Result<Run> {
    let Session { project, hotfix, work } = session;
    project.ctx().now_doing(Step::Test, "running the failing tests on base");
    let tree = project.repository.tree_of(&work.base)?;
    let twin = crate::flow::prove::prepare_twin(session, &tree)?;
    let place = RunPlace { session, runner, root: &twin.worktree.path };
    place.run(selection, &limits(hotfix.loaded.config.test.budget.duration()))
}
