use clap::Args;
use hotfix_core::flow::cleanup;

use crate::answer::{Answer, Outcome};
use crate::app::App;
use crate::render;

/// Give the worktree back, ready for the next alert
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  git hotfix cleanup
  git hotfix cleanup --discard --dry-run   # what would be given up
  git hotfix cleanup --discard")]
pub struct Arguments {
    /// Give it back even if changes are not committed or not submitted; they stay in the record
    #[arg(long)]
    discard: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// Gives the worktree back.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    let project = app.project(&[])?;
    let mut hotfix = app.hotfix(&project)?;
    let plan =
        cleanup::plan(&project, &hotfix, &cleanup::Request { discard: arguments.discard, looked: false })?;
    if arguments.dry_run {
        return Ok(render::plan(&plan.lines()));
    }
    let output = cleanup::apply(&project, &mut hotfix, &plan)?;
    app.go_to(&project.repository.home().to_string_lossy());
    Ok(Answer::new(&output, render::cleanup(app.paint(), &output)))
}
