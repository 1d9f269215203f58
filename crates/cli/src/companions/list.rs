use clap::Args;
use hotfix_core::journey::status;

use crate::answer::{Answer, Outcome};
use crate::app::App;
use crate::render;

/// List open hotfixes, the newest first
#[derive(Debug, Args)]
pub struct Arguments {
    /// List those that are shipped or given up as well
    #[arg(long)]
    all: bool,
}

/// Lists hotfixes.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    let project = app.project(&[])?;
    let output = status::list(&project, arguments.all)?;
    Ok(Answer::new(&output, render::list(app.paint(), &output)))
}
