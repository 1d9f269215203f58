use clap::Args;
use hotfix_core::flow::submit;

use crate::answer::{Answer, Outcome};
use crate::app::App;
use crate::render;

/// Push branch and record, and make the merge request
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  git hotfix submit
  git hotfix submit --dry-run
  git hotfix submit --wait     # stay until the fix is in the target branch")]
pub struct Arguments {
    /// Say what would be pushed, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Merge into this branch, where none follows from the base or another one is meant
    #[arg(long, value_name = "BRANCH")]
    target: Option<String>,
    /// Stay until the target branch holds the fix
    #[arg(long)]
    wait: bool,
    /// Merge past the forge's own rules, where you may; the reason is recorded and owed
    #[arg(long, value_name = "REASON")]
    break_glass: Option<String>,
}

/// Submits the fix.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    let project = app.project(&[])?;
    let mut hotfix = app.hotfix(&project)?;
    let request = submit::Request {
        break_glass: arguments.break_glass.clone(),
        target: arguments.target.clone(),
        ahead: None,
    };
    let plan = submit::plan(&project, &hotfix, request)?;
    if arguments.dry_run {
        return Ok(render::plan(&plan.lines()));
    }
    let mut output = submit::apply(&project, &mut hotfix, &plan)?;
    if arguments.wait {
        output.state = submit::wait(&project, &mut hotfix)?;
    }
    Ok(Answer::new(&output, render::submit(app.paint(), &output)))
}
