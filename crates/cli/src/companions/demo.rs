use std::time::Duration;

use clap::Args;
use hotfix_core::journey::demo;

use crate::answer::{Answer, Outcome};
use crate::app::App;
use crate::render;

/// Time to read a command before its output comes, on a terminal.
const PACE: Duration = Duration::from_millis(300);

/// Watch the whole flow on a project made for it
///
/// Makes a small project with a bug, a remote, and uncommitted work in a temporary folder; then plays the flow on it,
/// from the alert to the merge request, with this very program. Nothing of yours is read or written, nothing is sent
/// anywhere, and only Git is needed: the project is in Python where there is one, else in shell.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  git hotfix demo
  git hotfix demo --keep          leaves the project for you to explore
  git hotfix demo --json --quiet")]
pub struct Arguments {
    /// Leave the project in its temporary folder, and say where
    #[arg(long)]
    keep: bool,
    /// Do not pause before each command
    #[arg(long)]
    fast: bool,
}

/// Plays the demo.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    let slow = app.terminal.is_watched() && !arguments.fast;
    let pace = if slow { PACE } else { Duration::ZERO };
    let request = demo::Request { keep: arguments.keep, show: !app.global.quiet, pace };
    let output = demo::apply(&app.ctx, &request)?;
    Ok(Answer::new(&output, render::demo(app.paint(), &output)))
}
