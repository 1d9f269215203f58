use clap::Args;
use hotfix_core::journey::resume;

use crate::answer::{Answer, Outcome};
use crate::app::App;
use crate::render;

/// Take a worktree again for an open hotfix
#[derive(Debug, Args)]
pub struct Arguments {
    /// The hotfix
    #[arg(value_name = "ID")]
    hotfix: String,
}

/// Takes a worktree again.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    let project = app.project(&[])?;
    let mut hotfix = project.hotfix(&arguments.hotfix)?;
    let output = resume::apply(&project, &mut hotfix)?;
    app.go_to(&output.worktree);
    Ok(Answer::new(&output, render::start(app.paint(), &output)))
}
