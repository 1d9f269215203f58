//! The branch that the fix is merged into: as it followed from the base, or as somebody chose it since.

use hotfix_model::{Fact, Stage};

use crate::error::Result;
use crate::session::{Hotfix, Project, SessionError};

/// The branch to merge into, or [`SessionError::NoTarget`] while somebody has to choose one.
pub fn target_of(hotfix: &Hotfix) -> Result<&str, SessionError> {
    let record = hotfix.record();
    record.chosen_target().ok_or_else(|| SessionError::NoTarget {
        id: record.id.clone(),
        base: record.base.reference.clone(),
        choices: record.target_choices.clone(),
    })
}

/// Looks whether a branch that somebody names can be merged into, and gives its name on the remote. Once there is a merge
/// request, its branch stays.
pub(super) fn checked(project: &Project, hotfix: &Hotfix, name: &str) -> Result<String> {
    let record = hotfix.record();
    let limit = hotfix.loaded.config.submit.timeout.duration();
    let branch = project.chosen_target(name, limit)?.0;
    let is_settled =
        matches!(record.stage, Stage::Submitted | Stage::Merged) || record.merge_request.is_some();
    if is_settled && record.target != branch {
        let stage = format!("submitted to be merged into {}", record.target);
        return Err(SessionError::Past { id: record.id.clone(), stage }.into());
    }
    Ok(branch)
}

/// Makes a branch the one to merge into, and writes that down.
pub fn choose_target(project: &Project, hotfix: &mut Hotfix, name: &str) -> Result<()> {
    let target = checked(project, hotfix, name)?;
    record_target(project, hotfix, &target)
}

/// Writes down which branch was chosen, and says what it brings along.
pub(super) fn record_target(project: &Project, hotfix: &mut Hotfix, target: &str) -> Result<()> {
    let record = hotfix.record();
    if record.target == target {
        return Ok(());
    }
    let warnings = project.warnings_of_target(&record.base.reference, &hotfix.base()?, target)?;
    for warning in warnings {
        project.ctx().warn(warning);
    }
    hotfix.append(project, vec![(Fact::Targeted { target: target.to_owned() }, None)], &Vec::new())
}
