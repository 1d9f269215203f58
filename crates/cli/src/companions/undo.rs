use clap::Args;
use hotfix_core::journey::undo;

use crate::answer::{Answer, Outcome};
use crate::app::App;
use crate::render;

/// Take back the last step: cleanup, submit, commit or start
///
/// One step at a time: a hotfix that was shipped and cleaned up gets its worktree back first, then its branch is taken
/// off the remote, then its commit off the branch. Only what this hotfix made is taken back, and nothing that is merged.
#[derive(Debug, Args)]
pub struct Arguments {}

/// Takes the last step back.
pub fn run(app: &App, _: &Arguments) -> Outcome {
    let project = app.project(&[])?;
    let id = project.find_any(app.global.id.as_deref())?;
    let mut hotfix = project.hotfix(&id)?;
    let output = undo::apply(&project, &mut hotfix)?;
    Ok(Answer::new(&output, render::next(app.paint(), &output.next)))
}
