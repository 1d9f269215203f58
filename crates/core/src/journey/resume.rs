//! resume: takes a slot again for a hotfix that has none, at the head of its branch.

use hotfix_model::output::{SlotOutput, StartOutput};
use hotfix_model::{Fact, Stage, Step};

use crate::error::Result;
use crate::event::Tone;
use crate::flow;
use crate::git::{GitError, RefName};
use crate::session::{Hotfix, Project, SessionError, Work};
use crate::slot::SlotError;

/// Takes a slot, or names the one in use.
pub fn apply(project: &Project, hotfix: &mut Hotfix) -> Result<StartOutput> {
    let ctx = project.ctx();
    let began = ctx.clock.elapsed();
    let record = hotfix.record().clone();
    if matches!(record.stage, Stage::Merged | Stage::Abandoned) {
        let stage = if record.stage == Stage::Merged { "merged" } else { "given up" };
        return Err(SessionError::Past { id: record.id, stage: stage.to_owned() }.into());
    }
    let branch = hotfix.branch()?;
    let pool = project.pool(&hotfix.loaded);
    let known = match pool.held(&record.id) {
        // Somebody removed it: another one is taken.
        Err(error) if matches!(error.downcast_ref(), Some(SlotError::Gone { .. })) => None,
        known => known?,
    };
    let (held, taken) = match known {
        Some(held) => {
            take_out_strangers(project, hotfix)?;
            pool.bring_held_submodules(&held)?;
            (held, false)
        }
        None => {
            not_checked_out(project, &branch)?;
            let unknown = || GitError::UnknownCommit { name: record.branch.clone() };
            let head = project.repository.read_ref(&branch)?.ok_or_else(unknown)?;
            let mut held = pool.take(&record.id, &branch, &head)?;
            pool.attach(&mut held)?;
            (held, true)
        }
    };
    let base = hotfix.base()?;
    let trusted = project.is_trusted(&hotfix.loaded)?;
    let setup = flow::start::set_up(project, (&pool, &held), &record.id, (&base, trusted))?;
    if taken || !record.slot_in_use {
        hotfix.append(project, vec![(Fact::Resumed {}, None)], &Vec::new())?;
    }
    let worktree = held.worktree.path.to_string_lossy().into_owned();
    ctx.ended(Step::Start, Tone::Good, format!("{} in {worktree}", record.branch_name()));
    let age = ctx.now().as_second() - project.repository.commit_time(&base)?;
    Ok(StartOutput {
        next: flow::next_commands(hotfix.record(), Some(&worktree)),
        target: record.chosen_target().map(str::to_owned),
        target_choices: record.target_choices.clone(),
        branch: record.branch_name().to_owned(),
        id: record.id,
        worktree,
        base: record.base,
        fresh: false,
        base_age_seconds: age,
        slot: SlotOutput { kind: held.kind },
        elapsed_ms: ctx.milliseconds_since(began),
        warnings: setup.into_iter().collect(),
    })
}

/// Saves what was in the slot before the hotfix began, so that it does not become part of the fix.
fn take_out_strangers(project: &Project, hotfix: &Hotfix) -> Result<()> {
    let work = Work::look_at_all(project, hotfix)?;
    let taken_out = project.pool(&hotfix.loaded).clear_strangers(&work.held, &work.since_taken()?)?;
    if let Some(what) = taken_out {
        project.ctx().warn(what);
    }
    Ok(())
}

/// Two worktrees on one branch would undo each other's commits without a word.
fn not_checked_out(project: &Project, branch: &RefName) -> Result<()> {
    let worktrees = project.repository.list_worktrees()?;
    match worktrees.into_iter().find(|worktree| worktree.branch.as_deref() == Some(branch.as_str())) {
        Some(found) => Err(SessionError::CheckedOut { branch: branch.to_string(), path: found.path }.into()),
        None => Ok(()),
    }
}
