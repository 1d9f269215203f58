use clap::Args;
use hotfix_core::journey::init;

use crate::answer::{Answer, Outcome};
use crate::app::App;
use crate::render;

/// Write a commented hotfix.toml with what was found in the repository
#[derive(Debug, Args)]
pub struct Arguments {
    /// Print the file instead of writing it
    #[arg(long)]
    print: bool,
}

/// Writes the configuration.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    let project = app.project(&[])?;
    let output = init::apply(&project, arguments.print)?;
    Ok(Answer::new(&output, render::init(app.paint(), &output)))
}
