use clap::Args;
use hotfix_core::flow::submit;
use hotfix_core::journey::ship;

use crate::answer::{Answer, Failure, Outcome};
use crate::app::App;
use crate::render;
use crate::skip::SkipArguments;

/// Prove, check and test; then commit, submit and clean up. Run it again to go on where it stopped
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  git hotfix ship \"auth token validation\"
  git hotfix ship              # go on where it stopped
  git hotfix ship --dry-run    # what would be done
  git hotfix ship --skip prove --reason \"only the load balancer shows it\"")]
pub struct Arguments {
    /// What was fixed [default: the alert]
    subject: Option<String>,
    /// Merge into this branch, where none follows from the base or another one is meant
    #[arg(long, value_name = "BRANCH")]
    target: Option<String>,
    /// Stay until the target branch holds the fix
    #[arg(long)]
    wait: bool,
    /// Merge past the forge's own rules, where you may; the reason is recorded and owed
    #[arg(long, value_name = "REASON")]
    break_glass: Option<String>,
    #[command(flatten)]
    skip: SkipArguments,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// Ships the fix.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    let project = app.project(&[])?;
    let mut hotfix = app.hotfix(&project)?;
    let request = ship::Request {
        subject: arguments.subject.clone(),
        skips: arguments.skip.skips(),
        break_glass: arguments.break_glass.clone(),
        target: arguments.target.clone(),
    };
    if arguments.dry_run {
        return Ok(render::plan(&ship::plan_lines(&project, &hotfix, &request)?));
    }
    let shipped = ship::apply(&project, &mut hotfix, &request);
    let mut output = shipped.map_err(|stopped| failure(app, stopped))?;
    app.go_to(&project.repository.home().to_string_lossy());
    if arguments.wait {
        output.state = Some(submit::wait(&project, &mut hotfix)?);
    }
    Ok(Answer::new(&output, render::ship(app.paint(), &output)))
}

/// What stopped it, after what was found until then.
fn failure(app: &App, stopped: ship::Stopped) -> Failure {
    let found = stopped.output.as_deref();
    let human = found.map(|output| render::found(app.paint(), output)).unwrap_or_default();
    let json = found.and_then(|output| serde_json::to_value(output).ok());
    Failure { human, json, ..Failure::from(stopped.error) }
}
