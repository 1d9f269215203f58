//! join: takes part in the hotfix of whoever claimed an incident: the same branch, the same record, a slot of one's own.
//!
//! Run again in the same clone it brings what the others pushed meanwhile.

use hotfix_model::Fact;
use hotfix_model::output::StartOutput;

use super::resume;
use crate::error::Result;
use crate::flow::submit;
use crate::git::RefChange;
use crate::session::{Hotfix, IncidentError, Project, remote_record};

/// Joins.
pub fn apply(project: &Project, incident: &str) -> Result<StartOutput> {
    let not_claimed = || IncidentError::NotClaimed { incident: incident.to_owned() };
    let claim = project.claimer()?.find(incident)?.ok_or_else(not_claimed)?;
    let limit = project.config_at(None)?.config.submit.timeout.duration();
    project.fetch_base(limit)?;
    let id = claim.hotfix.clone();
    let store = project.store();
    match project.repository.read_ref(&remote_record(&id)?)? {
        Some(theirs) => drop(store.adopt(&id, &theirs)?),
        // Our own, whose record the remote does not take.
        None if store.refs()?.iter().any(|(known, _)| *known == id) => {}
        None => return Err(IncidentError::NotShared { claim: Box::new(claim) }.into()),
    }
    let mut hotfix = project.hotfix(&id)?;
    make_branch(project, &hotfix)?;
    let output = resume::apply(project, &mut hotfix)?;
    follow(project, &mut hotfix)?;
    if project.remote.is_some() {
        submit::share_record(project, &hotfix)?;
    }
    Ok(output)
}

/// The branch as the remote has it, or at base while nothing was pushed.
fn make_branch(project: &Project, hotfix: &Hotfix) -> Result<()> {
    let branch = hotfix.branch()?;
    if project.repository.read_ref(&branch)?.is_some() {
        return Ok(());
    }
    let pushed = project.repository.read_ref(&submit::remote_branch(hotfix.id())?)?;
    let at = pushed.map_or_else(|| hotfix.base(), Ok)?;
    project.repository.change_refs("hotfix: join", &[RefChange::create(branch, at)])
}

/// Brings what others pushed under what was committed here.
fn follow(project: &Project, hotfix: &mut Hotfix) -> Result<()> {
    let repository = &project.repository;
    let Some(theirs) = repository.read_ref(&submit::remote_branch(hotfix.id())?)? else { return Ok(()) };
    let held = hotfix.held(project)?;
    let ours = repository.head(&held.worktree)?;
    if repository.is_ancestor(&theirs, &ours)? {
        return Ok(());
    }
    if !repository.status(&held.worktree)?.is_empty() {
        let worktree = held.worktree.path.to_string_lossy().into_owned();
        return Err(IncidentError::Edited { id: hotfix.id().to_owned(), worktree }.into());
    }
    let only_behind = repository.is_ancestor(&ours, &theirs)?;
    let head = repository.rebase(&held.worktree, &theirs, &theirs)?;
    project.pool(&hotfix.loaded).bring_held_submodules(&held)?;
    if only_behind {
        return Ok(());
    }
    let base = hotfix.record().base.commit.clone();
    hotfix.append(project, vec![(Fact::Rebased { base, commit: head.to_string() }, None)], &Vec::new())
}
