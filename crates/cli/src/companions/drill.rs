use clap::Args;
use hotfix_core::journey::drill;

use crate::answer::{Answer, Failure, Outcome};
use crate::app::App;
use crate::render;

/// Rehearse the whole flow on a harmless change, timed; everything is taken back
///
/// Takes the slot that waits, adds a file to it, and goes through all steps with your tests, linters, hooks and signature,
/// against a throw-away copy of the remote. The remote itself is not spoken to. Afterwards nothing of it is left.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  git hotfix drill
  git hotfix drill --budget 30s    # the critical tests get half a minute
  git hotfix drill --json")]
pub struct Arguments {
    /// Time that the critical tests may take, instead of test.budget
    #[arg(long, value_name = "PERIOD")]
    budget: Option<String>,
}

/// Rehearses.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    let budget = arguments.budget.iter().map(|budget| ("test.budget".to_owned(), budget.clone()));
    let request = drill::Request { overrides: app.global.set.iter().cloned().chain(budget).collect() };
    let output = drill::apply(&app.ctx, &request).map_err(|stopped| failure(app, stopped))?;
    Ok(Answer::new(&output, render::drill(app.paint(), &output)))
}

/// What stopped it, after how far it came.
fn failure(app: &App, stopped: drill::Stopped) -> Failure {
    let output = stopped.output.as_deref();
    let human = output.map(|output| render::drill(app.paint(), output)).unwrap_or_default();
    let json = output.and_then(|output| serde_json::to_value(output).ok());
    Failure { human, json, ..Failure::from(stopped.error) }
}
