use clap::Args;
use hotfix_core::journey::log;

use crate::answer::{Answer, Outcome};
use crate::app::App;
use crate::render;

/// Show the timeline of a hotfix
#[derive(Debug, Args)]
pub struct Arguments {
    /// The hotfix [default: the one at hand, else the newest]
    #[arg(value_name = "ID")]
    hotfix: Option<String>,
}

/// Shows the timeline.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    let project = app.project(&[])?;
    let named = arguments.hotfix.as_deref().or(app.global.id.as_deref());
    let id = project.find_any(named)?;
    let output = log::of(&project, &id)?;
    Ok(Answer::new(&output, render::log(app.paint(), &output)))
}
