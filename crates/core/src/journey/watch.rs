//! prove --watch: proves again at every save until it is proven.

use std::time::Duration;

use hotfix_model::Proof;

use crate::error::Result;
use crate::event::Tone;
use crate::flow::prove;
use crate::session::{Hotfix, Project, SessionError, Work};

/// How often the slot is looked at for a save.
const LOOK: Duration = Duration::from_millis(300);

/// Proves until proven, or until the user stops it.
pub fn apply(project: &Project, hotfix: &mut Hotfix, request: &prove::Request) -> Result<Proof> {
    let mut seen = None;
    loop {
        project.ctx().go_on()?;
        let work = Work::look(project, hotfix)?;
        if seen.as_ref() == Some(&work.tree) || work.changes.is_empty() {
            std::thread::sleep(LOOK);
            continue;
        }
        seen = Some(work.tree.clone());
        let plan = prove::plan(project, hotfix, work, request)?;
        match prove::apply(project, hotfix, plan) {
            Ok(proof) if proof.holds() => return Ok(proof),
            Ok(_) => project.ctx().say(Tone::Plain, "waiting for the next save (Ctrl-C ends it)"),
            Err(error) if is_edit(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

/// A save in the middle of a run is what watching is for.
fn is_edit(error: &crate::error::Error) -> bool {
    matches!(error.downcast_ref::<SessionError>(), Some(SessionError::ChangedMeanwhile { .. }))
}
