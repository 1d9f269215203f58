//! log: the timeline of one hotfix.

use hotfix_model::output::LogOutput;

use crate::error::Result;
use crate::session::Project;

/// What happened, oldest first, and whether the lines are those that were written.
pub fn of(project: &Project, id: &str) -> Result<LogOutput> {
    let stored = project.store().load(id)?;
    let events = stored.lines.iter().filter_map(|line| line.event().cloned()).collect();
    Ok(LogOutput { id: id.to_owned(), intact: stored.intact, events })
}
