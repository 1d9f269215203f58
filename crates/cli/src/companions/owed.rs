use clap::{Args, Subcommand};
use hotfix_core::flow::follow_up::{self, SettleRequest};
use hotfix_model::ExitCode;

use crate::answer::{Answer, Outcome};
use crate::app::App;
use crate::render;

/// List what the whole team owes: reviews, post-mortems, ports, skipped gates; overdue first
///
/// The remote is asked for the records of colleagues first. Reviews are settled with `git hotfix review`; what no other
/// command settles, as a gate that was skipped and made up for, with `git hotfix owed settle KEY --reason TEXT`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  git hotfix owed
  git hotfix owed --check      # in a scheduled job: fails when something is overdue
  git hotfix owed settle skipped_gate:test --reason \"ran green in the night\"")]
pub struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    /// End with exit code 1 if something is overdue, and tell `notify.webhook`; for scheduled jobs
    #[arg(long)]
    check: bool,
    /// Do not ask the remote; show what this clone knows
    #[arg(long)]
    offline: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Settle something that no other command settles, and say how
    Settle(Settle),
}

#[derive(Debug, Args)]
struct Settle {
    /// What is settled, as `git hotfix owed` names it, as in `skipped_gate:test`
    #[arg(value_name = "KEY")]
    key: String,
    /// How; kept in the record for whoever asks
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Lists what is owed, or settles some of it.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    if let Some(Action::Settle(settle)) = &arguments.action {
        return settled(app, settle);
    }
    let project = app.project(&[])?;
    let owed = match arguments.offline {
        true => follow_up::all(&project)?,
        false => follow_up::all_of_team(&project)?,
    };
    let late = arguments.check && owed.iter().any(|owed| owed.overdue);
    if late && !arguments.offline {
        follow_up::tell_overdue(&project)?;
    }
    let answer = Answer::new(&owed, render::owed(app.paint(), &owed, app.ctx.now()));
    Ok(answer.exit(if late { ExitCode::GATE } else { ExitCode::DONE }))
}

fn settled(app: &App, arguments: &Settle) -> Outcome {
    let project = app.project(&[])?;
    let (key, reason) = (arguments.key.clone(), arguments.reason.clone());
    let request = SettleRequest { id: app.global.id.clone(), key, reason };
    let output = follow_up::settle(&project, &request)?;
    Ok(Answer::new(&output, render::settled(app.paint(), &output, app.ctx.now())))
}
