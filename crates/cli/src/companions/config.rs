use clap::Args;
use hotfix_core::journey::settings;

use crate::answer::{Answer, Outcome};
use crate::app::App;
use crate::render;

/// Show the configuration in force, and where each value comes from
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  git hotfix config
  git hotfix config --set test.budget=30s   # how it would be with this setting")]
pub struct Arguments {}

/// Shows the configuration.
pub fn run(app: &App, _: &Arguments) -> Outcome {
    let project = app.project(&[])?;
    let output = settings::of(&project)?;
    Ok(Answer::new(&output, render::settings(app.paint(), &output)))
}
