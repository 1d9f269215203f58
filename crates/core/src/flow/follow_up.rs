//! follow-up: review may come after the merge, the post-mortem later; both stay owed until done.

mod error;
mod on_forge;
pub mod review;
mod settle;

use hotfix_model::Record;
use hotfix_model::output::OwedOutput;

use crate::error::Result;
use crate::session::{Happened, Project};

pub use error::FollowUpError;
pub use on_forge::import;
pub use settle::{SettleRequest, settle};

/// What one hotfix owes, the most urgent first.
pub fn of(project: &Project, named: Option<&str>) -> Result<Vec<OwedOutput>> {
    let id = project.find_any(named)?;
    let record = project.known_record(&id)?.record;
    Ok(sorted(OwedOutput::of(&record, project.ctx().now())))
}

/// What all hotfixes owe that this clone knows of, the team's included, the most urgent first. Asks nobody.
pub fn all(project: &Project) -> Result<Vec<OwedOutput>> {
    let now = project.ctx().now();
    project.join_records()?;
    let records = project.team_records()?;
    project.remember_debts(&records);
    let owed = records.iter().flat_map(|record| OwedOutput::of(record, now)).collect();
    Ok(sorted(owed))
}

/// The same, after asking the remote what the team has done since. A remote that does not answer is said.
pub fn all_of_team(project: &Project) -> Result<Vec<OwedOutput>> {
    ask_team(project)?;
    for record in project.all_records()?.iter().filter(|record| record.merge_request.is_some()) {
        on_forge::import_for(project, record)?;
    }
    all(project)
}

/// Has others told of every hotfix of the team's that owes something overdue, as far as this clone knows.
pub fn tell_overdue(project: &Project) -> Result<()> {
    let now = project.ctx().now();
    let is_late = |record: &&Record| OwedOutput::of(record, now).iter().any(|owed| owed.overdue);
    let records = project.team_records()?;
    records.iter().filter(is_late).for_each(|record| project.tell_now(record, Happened::Overdue));
    Ok(())
}

/// Brings what the team has done since. A remote that does not answer is said, and hinders nothing.
pub fn ask_team(project: &Project) -> Result<()> {
    if let Some(why) = project.meet_team()? {
        project.ctx().warn(format!("the remote did not answer, so this is what was known before: {why}"));
    }
    Ok(())
}

fn sorted(mut owed: Vec<OwedOutput>) -> Vec<OwedOutput> {
    owed.sort_by(|one, other| (one.due, &one.id, &one.key).cmp(&(other.due, &other.id, &other.key)));
    owed
}
