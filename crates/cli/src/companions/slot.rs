use clap::{Args, Subcommand};
use hotfix_core::event::Tone;
use hotfix_core::exec::step_aside;
use hotfix_core::journey::refresh;
use hotfix_core::journey::slots::{self, RemoveRequest, Which};

use crate::answer::{Answer, Outcome};
use crate::app::App;
use crate::render;

/// Look at the worktrees that hotfixes are made in, keep them ready, remove them
#[derive(Debug, Args)]
#[command(disable_help_subcommand = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(List),
    Refresh(Refresh),
    Remove(Remove),
}

/// List the slots: what they are for, how far behind they are, what they take on disk
#[derive(Debug, Args)]
struct List {}

/// Bring free slots to the newest main, set them up and warm them, ahead of the next alert
#[derive(Debug, Args)]
struct Refresh {
    /// Do not ask the remote for a newer main
    #[arg(long)]
    no_fetch: bool,
    /// Do not run slot.warm
    #[arg(long)]
    no_warm: bool,
    /// Only the slot with this number
    #[arg(long, value_name = "NUMBER")]
    only: Option<u32>,
    /// Give way to everything else that runs
    #[arg(long, hide = true)]
    background: bool,
}

/// Remove slots that no hotfix is open in, with their twins and all that Git ignores in them
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  git hotfix slot remove --all --dry-run   # what would be removed, and its size
  git hotfix slot remove 2")]
struct Remove {
    /// Numbers or folders of slots
    #[arg(value_name = "SLOT", required_unless_present = "all")]
    slots: Vec<String>,
    /// All slots that are free
    #[arg(long, conflicts_with = "slots")]
    all: bool,
    /// Remove them even if something in them is in no commit; it is not saved
    #[arg(long)]
    discard: bool,
    /// Say what would be removed, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// Does what was asked with slots.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    match &arguments.command {
        Command::List(_) => list(app),
        Command::Refresh(arguments) => refresh(app, arguments),
        Command::Remove(arguments) => remove(app, arguments),
    }
}

fn list(app: &App) -> Outcome {
    let project = app.project(&[])?;
    let output = slots::list(&project)?;
    Ok(Answer::new(&output, render::slots(app.paint(), &output, app.ctx.now())))
}

fn refresh(app: &App, arguments: &Refresh) -> Outcome {
    if arguments.background {
        step_aside();
    }
    let project = app.project(&[])?;
    let request = refresh::Request {
        fetch: !arguments.no_fetch,
        make: false,
        warm: !arguments.no_warm,
        only: arguments.only,
    };
    let output = refresh::apply(&project, &request)?;
    Ok(Answer::new(&output, render::refreshed(app.paint(), &output)))
}

fn remove(app: &App, arguments: &Remove) -> Outcome {
    let project = app.project(&[])?;
    let which = if arguments.all { Which::AllFree } else { Which::Named(arguments.slots.clone()) };
    let plan = slots::plan_removal(&project, &RemoveRequest { which, discard: arguments.discard })?;
    if arguments.dry_run {
        return Ok(render::plan(&plan.lines()));
    }
    for line in plan.lines() {
        app.ctx.say(Tone::Plain, line);
    }
    let output = slots::remove(&project, plan)?;
    Ok(Answer::new(&output, render::removed(app.paint(), &output)))
}
