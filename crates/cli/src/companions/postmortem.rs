use std::path::PathBuf;

use clap::{Args, Subcommand};
use hotfix_core::journey::postmortem::{self, Request};
use hotfix_model::ExitCode;

use crate::answer::{Answer, Outcome};
use crate::app::App;
use crate::render;

/// Write the post-mortem of a hotfix, filled in from its record, as Markdown and as a page with the timeline
///
/// What only people know is asked in it: impact, detection, root cause, why it got through, actions with owners. Run
/// again it brings up to date what nobody has edited, and never overwrites what somebody has.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
#[command(after_help = "Examples:
  git hotfix postmortem 1.2.3
  git hotfix postmortem done 1.2.3    # settles the debt once every part is filled")]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The hotfix [default: the one at hand, else the newest]
    #[arg(value_name = "ID")]
    hotfix: Option<String>,
    /// Where the Markdown file is to be [default: as configured]
    #[arg(long, value_name = "FILE")]
    path: Option<PathBuf>,
    /// Where the page is to be [default: beside the Markdown file]
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Done(Done),
}

/// Settle the debt, if every part of the post-mortem is filled
#[derive(Debug, Args)]
struct Done {
    /// The hotfix [default: the one at hand, else the newest]
    #[arg(value_name = "ID")]
    hotfix: Option<String>,
    /// The Markdown file, if it is not where it was written
    #[arg(long, value_name = "FILE")]
    path: Option<PathBuf>,
}

/// Writes it, or settles it.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    match &arguments.command {
        None => write(app, arguments),
        Some(Command::Done(done)) => settle(app, done),
    }
}

fn write(app: &App, arguments: &Arguments) -> Outcome {
    let project = app.project(&[])?;
    let named = arguments.hotfix.as_deref().or(app.global.id.as_deref());
    let id = project.find_any(named)?;
    let request = Request { path: arguments.path.clone(), html: arguments.html.clone() };
    let output = postmortem::apply(&project, &id, &request)?;
    Ok(Answer::new(&output, render::postmortem(app.paint(), &output)))
}

fn settle(app: &App, arguments: &Done) -> Outcome {
    let project = app.project(&[])?;
    let named = arguments.hotfix.as_deref().or(app.global.id.as_deref());
    let id = project.find_any(named)?;
    let output = postmortem::done(&project, &id, arguments.path.as_ref())?;
    let exit = if output.settled { ExitCode::DONE } else { ExitCode::GATE };
    Ok(Answer::new(&output, render::postmortem_done(app.paint(), &output)).exit(exit))
}
