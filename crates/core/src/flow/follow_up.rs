//! follow-up: review may come after the merge, the post-mortem later; both stay owed until done.

use hotfix_model::output::OwedOutput;

use crate::error::Result;
use crate::session::Project;

/// What one hotfix owes, the most urgent first.
pub fn of(project: &Project, named: Option<&str>) -> Result<Vec<OwedOutput>> {
    let id = project.find_any(named)?;
    let record = project.store().load(&id)?.record;
    Ok(sorted(OwedOutput::of(&record, project.ctx().now())))
}

/// What all hotfixes owe that this clone knows of, the team's included, the most urgent first.
pub fn all(project: &Project) -> Result<Vec<OwedOutput>> {
    let now = project.ctx().now();
    let records = project.all_records()?;
    let owed = records.iter().flat_map(|record| OwedOutput::of(record, now)).collect();
    Ok(sorted(owed))
}

fn sorted(mut owed: Vec<OwedOutput>) -> Vec<OwedOutput> {
    owed.sort_by(|one, other| (one.due, &one.id, one.kind).cmp(&(other.due, &other.id, other.kind)));
    owed
}
