//! ship: the one command after the edit. Proves, checks and tests at the same time, then commits, submits and gives
//! the slot back. Run again it goes on where it stopped: every step first looks at what is there.

use std::thread;

use hotfix_model::config::MergeMode;
use hotfix_model::output::{OwedOutput, ShipOutput};
use hotfix_model::{
    CheckReport, Fact, Gate, MergeRequest, MergeRequestState, Proof, ProofVerdict, Run, Stage, Step,
    TestReport,
};

use crate::ctx::joined;
use crate::error::{Error, Result};
use crate::event::Tone;
use crate::failpoint;
use crate::flow::{self, check, cleanup, commit, prove, submit, test};
use crate::forge::{ForgeError, Plain};
use crate::git::Oid;
use crate::session::{Blocked, EvidenceFiles, Hotfix, Project, Session, SessionError, Skips, Work};

/// How often a direct merge follows a target that keeps moving.
const ROUNDS: u32 = 5;

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// What was fixed; the alert's words if absent.
    pub subject: Option<String>,
    /// Gates that are skipped, with reasons.
    pub skips: Skips,
    /// Why the forge's own rules are to be bypassed, if they are.
    pub break_glass: Option<String>,
    /// The branch to merge into, if another one or none was chosen before.
    pub target: Option<String>,
}

/// What stopped a ship, with what was found until then.
pub struct Stopped {
    /// Why.
    pub error: Error,
    /// The outcome so far; absent if it stopped before the gates.
    pub output: Option<Box<ShipOutput>>,
}

/// What the three validating steps found.
struct Findings {
    proof: Proof,
    evidence: EvidenceFiles,
    check: CheckReport,
    test: Option<TestReport>,
}

/// The plans of all steps that are left, one line each.
pub fn plan_lines(project: &Project, hotfix: &Hotfix, request: &Request) -> Result<flow::PlanLines> {
    let mut lines = Vec::new();
    let mut add = |step: Step, of_step: flow::PlanLines| {
        lines.extend(of_step.into_iter().map(|line| format!("{step}: {line}")));
    };
    if hotfix.record().stage == Stage::Started {
        let work = Work::of(project, hotfix)?;
        let check = check::plan(project, hotfix, &work, check::Request::default())?;
        let linters = check.lines(project, hotfix, &work);
        let prove = prove::plan(project, hotfix, work, &prove::Request::default())?;
        add(Step::Prove, prove.lines());
        add(Step::Check, linters);
        let tests = test_request(&prove);
        add(
            Step::Test,
            test::plan(project, hotfix, &prove.work, &tests)?.lines(project, hotfix, &prove.work),
        );
        let subject = request.subject.as_deref().unwrap_or(&hotfix.record().alert);
        add(
            Step::Commit,
            vec![format!(
                "commit \"{subject}\": {}",
                flow::counted(prove.work.changes.len() as u64, "changed file")
            )],
        );
    }
    if matches!(hotfix.record().stage, Stage::Started | Stage::Committed) {
        let remote = project.remote_name().unwrap_or("(no remote)");
        let target = request.target.as_deref().map_or_else(|| submit::target_of(hotfix), Ok)?;
        let branch = hotfix.record().branch_name();
        add(
            Step::Submit,
            vec![format!("push {branch} and the record to {remote}, to be merged into {target}")],
        );
    }
    add(Step::Cleanup, vec!["give the slot back".to_owned()]);
    Ok(lines)
}

/// Ships.
pub fn apply(project: &Project, hotfix: &mut Hotfix, request: &Request) -> Result<ShipOutput, Stopped> {
    let began = project.ctx().clock.elapsed();
    let result = match steps(project, hotfix, request) {
        Ok(()) => Ok(()),
        // What was found until then is worth keeping, whatever stopped it.
        Err(error) => hotfix.write_notes(project).and(Err(error)),
    };
    let output = || output(project, hotfix, project.ctx().milliseconds_since(began));
    match result {
        Ok(()) => {
            let record = hotfix.record();
            Ok(ShipOutput {
                proof: record.proof_of_fix().cloned(),
                check: record.check_of_fix().cloned(),
                test: record.test_of_fix().cloned(),
                ..output()
            })
        }
        Err(error) => {
            let stopped_by = error.downcast_ref::<Blocked>().map(Blocked::gate);
            let output = stopped_by
                .map(|gate| Box::new(ShipOutput { state: None, stopped_by: Some(gate), ..output() }));
            Err(Stopped { error, output })
        }
    }
}

fn steps(project: &Project, hotfix: &mut Hotfix, request: &Request) -> Result<()> {
    project.actor()?;
    if project.remote.is_none() {
        return Err(project.no_remote());
    }
    if let Some(target) = &request.target {
        submit::choose_target(project, hotfix, target)?;
    }
    submit::target_of(hotfix)?;
    // The forge is asked while the tests run.
    let mut ahead = submit::ahead::begin(project, hotfix);
    for round in 1..=ROUNDS {
        validate_and_commit(project, hotfix, request)?;
        if !is_to_submit(hotfix, request) && !submit::is_lost(project, hotfix)? {
            submit::share_missing_record(project, hotfix)?;
            break;
        }
        let wanted =
            submit::Request { break_glass: request.break_glass.clone(), target: None, ahead: ahead.take() };
        let submitted =
            submit::plan(project, hotfix, wanted).and_then(|plan| submit::apply(project, hotfix, &plan));
        match submitted {
            Ok(_) => break,
            Err(error) if target_moved(&error) && round < ROUNDS => follow_target(project, hotfix)?,
            Err(error) => return Err(error),
        }
    }
    if hotfix.record().slot_in_use {
        let looked = cleanup::Request { looked: true, ..cleanup::Request::default() };
        let plan = cleanup::plan(project, hotfix, &looked)?;
        cleanup::apply(project, hotfix, &plan)?;
    }
    Ok(())
}

/// Also what was pushed and whose merge request is missing, or is not armed though it should be: the forge did not
/// answer, or there was no token then. And whoever breaks the glass wants it merged now.
fn is_to_submit(hotfix: &Hotfix, request: &Request) -> bool {
    let config = &hotfix.loaded.config.submit;
    let arms = config.merge != MergeMode::Manual && !config.draft;
    let unfinished = |known: &MergeRequest| {
        let unarmed = known.state == MergeRequestState::Open && arms;
        known.forge != Plain::NAME && (known.number.is_none() || unarmed || request.break_glass.is_some())
    };
    match hotfix.record().stage {
        Stage::Committed => true,
        Stage::Submitted => hotfix.record().merge_request.as_ref().is_some_and(unfinished),
        _ => false,
    }
}

/// Nothing to do when the fix is committed and tested, and nothing was edited since. After it followed the target it has
/// to be tested again; so has a commit into which a hook or a filter put something else than what was tested.
fn validate_and_commit(project: &Project, hotfix: &mut Hotfix, request: &Request) -> Result<()> {
    match hotfix.record().stage {
        Stage::Started => {}
        Stage::Committed if commit::pass_gates(project, hotfix).is_err() => {}
        // Also after it was submitted: the review may have asked for more.
        Stage::Committed | Stage::Submitted if was_edited(project, hotfix)? => {}
        _ => return Ok(()),
    }
    let work = Work::of(project, hotfix)?;
    work.has_published_submodules()?;
    let tested = validate_work_and_commit(project, hotfix, work, request)?;
    if project.repository.tree_of(&commit::of(hotfix)?)? == tested {
        return Ok(());
    }
    let work = Work::look(project, hotfix)?;
    if work.tree != project.repository.tree_of(&commit::of(hotfix)?)? {
        // Nothing can run on the commit where the slot holds other files: the gates judge it by what did.
        project.ctx().warn("the slot holds other files than the commit, which therefore cannot be tested");
        return commit::pass_gates(project, hotfix);
    }
    project.ctx().say(Tone::Warning, "the commit is proved and tested again, as it is now");
    validate_work_and_commit(project, hotfix, work, request)?;
    commit::pass_gates(project, hotfix)
}

/// Gives the tree that was validated. What is committed already is not committed again.
fn validate_work_and_commit(
    project: &Project,
    hotfix: &mut Hotfix,
    work: Work,
    request: &Request,
) -> Result<Oid> {
    let (work, findings) = validate(project, hotfix, work, request)?;
    note(project, hotfix, findings)?;
    failpoint::reach(project.ctx(), "ship.validated");
    let wanted = commit::Request { subject: request.subject.clone(), skips: request.skips.clone() };
    let plan = commit::plan(project, hotfix, &work, &wanted)?;
    commit::apply(project, hotfix, &work, &plan)?;
    Ok(work.tree)
}

/// A slot that is gone, or on its way back from a cleanup that was cut short, holds no edits.
fn was_edited(project: &Project, hotfix: &Hotfix) -> Result<bool> {
    let held = || project.pool(&hotfix.loaded).held(hotfix.id());
    if !hotfix.record().slot_in_use || held()?.is_none() {
        return Ok(false);
    }
    let work = Work::look(project, hotfix)?;
    let committed = project.repository.tree_of(&commit::of(hotfix)?)?;
    Ok(work.tree != committed)
}

/// What the three validating steps are going to do.
struct Plans {
    check: check::Plan,
    prove: prove::Plan,
    /// None when the gate is skipped.
    test: Option<test::Plan>,
    proves: bool,
}

/// Proves, checks and tests one state of the slot.
fn validate(project: &Project, hotfix: &Hotfix, work: Work, request: &Request) -> Result<(Work, Findings)> {
    let plans = plans(project, hotfix, work, request)?;
    let session = Session { project, hotfix, work: &plans.prove.work };
    let lanes = run_lanes(session, &plans)?;
    let proof = conclude_proof(session, &plans.prove, &lanes)?;
    let test = match (&plans.test, &lanes.gate) {
        (Some(plan), Some(run)) => {
            let report = plan.conclude(session, run)?;
            plan.announce(project, &report);
            Some(report)
        }
        _ => None,
    };
    let evidence = lanes.sides.as_ref().map(prove::Sides::evidence).unwrap_or_default();
    Ok((plans.prove.work, Findings { proof, evidence, check: lanes.check, test }))
}

fn plans(project: &Project, hotfix: &Hotfix, work: Work, request: &Request) -> Result<Plans> {
    let check = check::plan(project, hotfix, &work, check::Request::default())?;
    let prove = prove::plan(project, hotfix, work, &prove::Request::default())?;
    let test = match request.skips.contains(Gate::Test) {
        true => None,
        false => Some(test::plan(project, hotfix, &prove.work, &test_request(&prove))?),
    };
    let proves = prove.can_run() && !request.skips.contains(Gate::Prove);
    Ok(Plans { check, prove, test, proves })
}

/// What ran in the three lanes.
struct Lanes {
    /// Both sides of the proof, in the twin; absent where nothing can be proven.
    sides: Option<prove::Sides>,
    /// The critical tests, in the slot; absent when the gate is skipped.
    gate: Option<Run>,
    check: CheckReport,
}

/// Three lanes: both sides of the proof in the twin, the critical tests in the slot, the linters. Beside them the order of
/// the tests is found out. With `test.exclusive` the critical tests wait for the proof. A slot whose tracked files are not
/// what they were says nothing.
fn run_lanes(session: Session<'_>, plans: &Plans) -> Result<Lanes> {
    let Plans { check, prove, test, proves } = plans;
    let Session { project, hotfix, work } = session;
    let turns = prove::Turns::default();
    let exclusive = hotfix.loaded.config.test.exclusive;
    thread::scope(|scope| {
        let check = scope.spawn(|| check.run(project, hotfix, work));
        scope.spawn(|| test.as_ref().map(|plan| plan.choose(project, hotfix, work)));
        let proof = || proves.then(|| prove.run_sides(session, &turns)).transpose();
        let gate = || test.as_ref().map(|plan| turns.beside(|| plan.run(session))).transpose();
        let (sides, gate, settled) = if exclusive {
            let sides = proof();
            (sides, gate(), work.settle(project, hotfix))
        } else {
            let sides = scope.spawn(proof);
            let gate = gate();
            // Nothing runs in the slot any more. The proof may, so what was left in the slot is looked at meanwhile.
            let settled = work.settle(project, hotfix);
            (joined(sides.join()), gate, settled)
        };
        let check = joined(check.join());
        let lanes = Lanes { sides: sides?, gate: gate?, check: check? };
        project.ctx().go_on()?;
        settled.map(|()| lanes)
    })
}

fn test_request(prove: &prove::Plan) -> test::Request {
    test::Request { all: false, proof_files: prove.test_files() }
}

/// A waived proof stays waived; without anything to run there is no proof, which is told and not hidden. A proof that the
/// critical tests may have disturbed, as two that use one database do, runs again alone.
fn conclude_proof(session: Session<'_>, plan: &prove::Plan, lanes: &Lanes) -> Result<Proof> {
    let record = session.hotfix.record();
    let waived = record.proof.as_ref().filter(|proof| proof.verdict == ProofVerdict::Waived);
    let proof = match (&lanes.sides, waived) {
        (Some(sides), _) => {
            let proof = plan.conclude(session, sides, lanes.gate.as_ref())?;
            match plan.may_be_disturbed(&proof, sides) {
                true => {
                    session.project.ctx().now_doing(Step::Prove, "once more, while nothing else runs");
                    let alone = plan.run_sides(session, &prove::Turns::default())?;
                    // What ran in the slot may have been disturbed as well.
                    let slot = plan.run_in_slot(session)?;
                    session.work.settle(session.project, session.hotfix)?;
                    plan.conclude(session, &alone, slot.as_ref())?
                }
                false => proof,
            }
        }
        (None, Some(waived)) => (**waived).clone(),
        (None, None) => prove::nothing_to_prove(plan),
    };
    prove::announce(session.project, &proof);
    Ok(proof)
}

fn note(project: &Project, hotfix: &mut Hotfix, findings: Findings) -> Result<()> {
    let Findings { proof, evidence, check, test } = findings;
    let mut facts = vec![(Fact::Proved(Box::new(proof)), None), (Fact::Checked(check), None)];
    facts.extend(test.map(|test| (Fact::Tested(Box::new(test)), None)));
    hotfix.note(project, facts, evidence)
}

fn target_moved(error: &Error) -> bool {
    matches!(error.downcast_ref::<ForgeError>(), Some(ForgeError::TargetMoved { .. }))
}

/// Fetches the target and moves the fix onto it. What was proved and tested before no longer counts, for the files
/// under it have changed.
fn follow_target(project: &Project, hotfix: &mut Hotfix) -> Result<()> {
    let ctx = project.ctx();
    let target = hotfix.record().target.clone();
    ctx.say(Tone::Warning, format!("{target} moved on the remote: the fix follows it and is tested again"));
    let limit = hotfix.loaded.config.submit.timeout.duration();
    let newest = project.fetcher()?.fetch_branch(&target, limit)?;
    if !project.is_same_line(&hotfix.record().base, &target, &newest)? {
        return Err(SessionError::OtherLine { target, base: hotfix.record().base.reference.clone() }.into());
    }
    let held = hotfix.held(project)?;
    let head = project.repository.rebase(&held.worktree, &hotfix.base()?, &newest)?;
    project.pool(&hotfix.loaded).bring_held_submodules(&held)?;
    let rebased = Fact::Rebased { base: newest.to_string(), commit: head.to_string() };
    hotfix.append(project, vec![(rebased, None)], &Vec::new())
}

/// With what was found last, also where it stopped the ship before there was a commit.
fn output(project: &Project, hotfix: &Hotfix, elapsed_ms: u64) -> ShipOutput {
    let record = hotfix.record();
    let worktree = hotfix.held(project).ok().map(|held| held.worktree.path.to_string_lossy().into_owned());
    ShipOutput {
        id: record.id.clone(),
        state: record.merge_request.as_ref().map(|request| request.state),
        stopped_by: None,
        proof: record.proof.as_deref().cloned(),
        check: record.check.clone(),
        test: record.test.as_deref().cloned(),
        commit: record.commit.clone(),
        branch: record.branch_name().to_owned(),
        target: record.chosen_target().map(str::to_owned),
        merge_request: record.merge_request.clone(),
        owed: OwedOutput::of(record, project.ctx().now()),
        elapsed_ms,
        next: flow::next_commands(record, worktree.as_deref()),
    }
}
