use clap::Args;
use hotfix_core::flow::follow_up;

use crate::answer::{Answer, Outcome};
use crate::app::App;
use crate::render;

/// Show what one hotfix still owes: review, post-mortem, skipped gates
#[derive(Debug, Args)]
pub struct Arguments {
    /// The hotfix [default: the one at hand, else the newest]
    #[arg(value_name = "ID")]
    hotfix: Option<String>,
}

/// Shows what one hotfix owes.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    let project = app.project(&[])?;
    let named = arguments.hotfix.as_deref().or(app.global.id.as_deref());
    let owed = follow_up::of(&project, named)?;
    Ok(Answer::new(&owed, render::owed(app.paint(), &owed, app.ctx.now())))
}
