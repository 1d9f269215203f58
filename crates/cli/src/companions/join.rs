use clap::Args;
use hotfix_core::journey::join;

use crate::answer::{Answer, Outcome};
use crate::app::App;
use crate::render;

/// Work with whoever is on an incident: the same branch, in a worktree of your own
#[derive(Debug, Args)]
#[command(after_help = "Run it again to get what the others pushed.")]
pub struct Arguments {
    /// The incident, as it was given to `start --incident`
    #[arg(value_name = "INCIDENT")]
    incident: String,
}

/// Joins.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    let project = app.project(&[])?;
    let output = join::apply(&project, &arguments.incident)?;
    app.go_to(&output.worktree);
    Ok(Answer::new(&output, render::start(app.paint(), &output)))
}
