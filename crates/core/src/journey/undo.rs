//! undo: takes back the last step. Only refs this hotfix made, each by compare-and-swap; the remote branch only with
//! a lease on our commit; never what is merged.

use hotfix_model::output::UndoOutput;
use hotfix_model::{ExitCode, Fact, Record, Stage, Step};

use crate::error::{Explain, Result};
use crate::event::Tone;
use crate::flow::{self, cleanup, submit};
use crate::forge;
use crate::git::{Expect, RefChange};
use crate::journey::resume;
use crate::session::{Hotfix, Project, SessionError, oid};

/// What cannot be undone.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// The fix is in the target.
    #[error("{id} is merged: that cannot be undone")]
    Merged {
        /// The hotfix.
        id: String,
        /// The commit to revert.
        commit: String,
    },
    /// The remote branch is not where we left it.
    #[error("the remote branch of {id} is not where we left it")]
    RemoteMoved {
        /// The hotfix.
        id: String,
    },
    /// Somebody committed on the branch by hand.
    #[error("the branch of {id} has commits that git-hotfix did not make")]
    OwnCommits {
        /// The hotfix.
        id: String,
    },
    /// There is nothing left.
    #[error("nothing of {id} is left to undo")]
    Nothing {
        /// The hotfix.
        id: String,
    },
}

/// Takes the last step back.
pub fn apply(project: &Project, hotfix: &mut Hotfix) -> Result<UndoOutput> {
    let (step, changes) = match last_step(hotfix.record())? {
        Step::Cleanup => (Step::Cleanup, vec![undo_cleanup(project, hotfix)?]),
        Step::Submit => (Step::Submit, vec![undo_submit(project, hotfix)?]),
        Step::Commit => (Step::Commit, vec![undo_commit(project, hotfix)?]),
        _ => (Step::Start, undo_start(project, hotfix)?),
    };
    for change in &changes {
        project.ctx().say(Tone::Good, change.clone());
    }
    let worktree = project.slot_path(hotfix.id())?.map(|path| path.to_string_lossy().into_owned());
    let next = flow::next_commands(hotfix.record(), worktree.as_deref());
    Ok(UndoOutput { id: hotfix.id().to_owned(), undone: step, changes, next })
}

fn last_step(record: &Record) -> Result<Step> {
    let id = record.id.clone();
    match record.stage {
        Stage::Merged => {
            Err(UndoError::Merged { id, commit: record.commit.clone().unwrap_or_default() }.into())
        }
        Stage::Abandoned => Err(UndoError::Nothing { id }.into()),
        _ if !record.slot_in_use => Ok(Step::Cleanup),
        Stage::Submitted => Ok(Step::Submit),
        Stage::Committed => Ok(Step::Commit),
        Stage::Started => Ok(Step::Start),
    }
}

fn undo_cleanup(project: &Project, hotfix: &mut Hotfix) -> Result<String> {
    let taken = resume::apply(project, hotfix)?;
    Ok(format!("took {} again", taken.worktree))
}

fn undo_submit(project: &Project, hotfix: &mut Hotfix) -> Result<String> {
    let remote = submit::branch_remote(project, hotfix).ok_or(SessionError::NoRemote)?;
    let branch = hotfix.branch()?;
    let commit = flow::commit::of(hotfix)?;
    let limit = hotfix.loaded.config.submit.timeout.duration();
    if !forge::take_back(&project.repository, &remote.name, (&branch, &commit), limit)? {
        return Err(UndoError::RemoteMoved { id: hotfix.id().to_owned() }.into());
    }
    forget(project, &submit::remote_branch(hotfix.id())?)?;
    hotfix.append(project, vec![(Fact::Undone { step: Step::Submit }, None)], &Vec::new())?;
    submit::share_record(project, hotfix)?;
    Ok(format!("deleted {} on {}", hotfix.record().branch_name(), remote.name))
}

fn undo_commit(project: &Project, hotfix: &mut Hotfix) -> Result<String> {
    let commit = flow::commit::of(hotfix)?;
    let base = hotfix.base()?;
    let back = RefChange::update(hotfix.branch()?, commit.clone(), base);
    project.repository.change_refs("hotfix: undo commit", &[back])?;
    hotfix.append(project, vec![(Fact::Undone { step: Step::Commit }, None)], &Vec::new())?;
    Ok(format!("took {} off the branch; its changes are in the slot, uncommitted", commit.short()))
}

/// The changes in the slot stay in the record, as after `cleanup --discard`.
fn undo_start(project: &Project, hotfix: &mut Hotfix) -> Result<Vec<String>> {
    let branch = hotfix.branch()?;
    let base = oid(&hotfix.record().base.commit)?;
    if project.repository.read_ref(&branch)?.is_some_and(|head| head != base) {
        return Err(UndoError::OwnCommits { id: hotfix.id().to_owned() }.into());
    }
    let plan = cleanup::plan(project, hotfix, &cleanup::Request { discard: true, looked: false })?;
    let mut changes = plan.lines();
    cleanup::apply(project, hotfix, &plan)?;
    let gone = RefChange { name: branch.clone(), old: Expect::At(base), new: None };
    project.repository.change_refs("hotfix: undo start", &[gone])?;
    if let Err(error) = project.repository.forget_upstream(&branch) {
        project.ctx().warn(format!("the upstream of {branch} stays configured: {}", error.why()));
    }
    changes.push(format!("deleted the branch {}", hotfix.record().branch_name()));
    Ok(changes)
}

fn forget(project: &Project, name: &crate::git::RefName) -> Result<()> {
    match project.repository.read_ref(name)? {
        Some(old) => project.repository.change_refs("hotfix: undo", &[RefChange::delete(name.clone(), old)]),
        None => Ok(()),
    }
}

impl Explain for UndoError {
    fn why(&self) -> String {
        match self {
            Self::Merged { .. } => "others may have it already".to_owned(),
            Self::RemoteMoved { .. } => "somebody pushed to it; nothing was deleted".to_owned(),
            Self::OwnCommits { .. } => "they would be lost with the branch; nothing was changed".to_owned(),
            Self::Nothing { .. } => "it was given up".to_owned(),
        }
    }

    fn next(&self) -> String {
        match self {
            Self::Merged { commit, .. } => format!("git revert {commit}"),
            Self::RemoteMoved { .. } => "git fetch, and look at what was pushed".to_owned(),
            Self::OwnCommits { id } => {
                format!("git hotfix cleanup --discard --id {id}, which keeps the branch")
            }
            Self::Nothing { .. } => "git hotfix start \"ALERT\"".to_owned(),
        }
    }

    fn exit(&self) -> ExitCode {
        ExitCode::DECISION
    }
}
