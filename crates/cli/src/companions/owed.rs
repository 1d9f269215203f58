use clap::Args;
use hotfix_core::flow::follow_up;
use hotfix_model::ExitCode;

use crate::answer::{Answer, Outcome};
use crate::app::App;
use crate::render;

/// List what is owed by all hotfixes: reviews, post-mortems, skipped gates; overdue first
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  git hotfix owed
  git hotfix owed --check      # in a scheduled job: fails when something is overdue")]
pub struct Arguments {
    /// End with exit code 1 if something is overdue, for scheduled jobs
    #[arg(long)]
    check: bool,
}

/// Lists what is owed.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    let project = app.project(&[])?;
    let owed = follow_up::all(&project)?;
    let late = arguments.check && owed.iter().any(|owed| owed.overdue);
    let answer = Answer::new(&owed, render::owed(app.paint(), &owed, app.ctx.now()));
    Ok(answer.exit(if late { ExitCode::GATE } else { ExitCode::DONE }))
}
