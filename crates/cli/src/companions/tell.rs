use clap::Args;
use hotfix_core::exec::step_aside;
use hotfix_core::session::Happened;
use hotfix_model::printed::PlanOutput;

use crate::answer::{Answer, Outcome};
use crate::app::App;

/// Tell others what happened: keeps the claim of the incident, and posts to the webhook. Started by other commands
#[derive(Debug, Args)]
pub struct Arguments {
    /// The hotfix
    #[arg(value_name = "ID")]
    hotfix: String,
    /// What happened: started, submitted, merged, blocked, overdue or `given_up`
    #[arg(value_name = "EVENT")]
    happened: Happened,
}

/// Tells.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    step_aside();
    let project = app.project(&[])?;
    let record = project.store().load(&arguments.hotfix)?.record;
    project.tell_now(&record, arguments.happened);
    Ok(Answer::new(&PlanOutput { plan: Vec::new() }, String::new()))
}
