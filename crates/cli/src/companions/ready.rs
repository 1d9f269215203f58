use clap::{Args, ValueEnum};
use hotfix_core::journey::ready::{self, schedule};
use hotfix_model::ExitCode;
use hotfix_model::output::ReadyOutput;

use crate::answer::{Answer, Outcome};
use crate::app::App;
use crate::render;

/// See before any alert what would go wrong: one table, with the command that repairs each line
///
/// Looks at Git, identity, signing, the right to push, the target branch, settings, approvals, test runner, linters, the
/// slot, disk space, what crashes left behind, and what is owed. Nothing is pushed, and nobody is asked for a passphrase.
#[derive(Debug, Args)]
#[command(after_help = "Exit code 0: nothing is missing. 3: something is; warnings do not count.

Examples:
  git hotfix ready
  git hotfix ready --fix           # makes the slot, or brings it to the newest main; mends what crashes left
  git hotfix ready --with-tests    # runs the critical tests on main as well
  git hotfix ready --fix --quiet   # for a scheduled job: says nothing unless something is missing
  git hotfix ready --schedule systemd")]
pub struct Arguments {
    /// Repair what is ours; nothing of your configuration is touched
    #[arg(long)]
    fix: bool,
    /// Run the critical tests on main in the slot that waits
    #[arg(long)]
    with_tests: bool,
    /// Print the files that make the system run `ready --fix --quiet` by itself; nothing is installed
    #[arg(long, value_name = "KIND", conflicts_with_all = ["fix", "with_tests"])]
    schedule: Option<Kind>,
}

/// Who runs it.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// A timer of systemd.
    Systemd,
    /// An agent of launchd.
    Launchd,
    /// Git's post-merge hook.
    Hook,
}

/// Prints the table.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    if let Some(kind) = arguments.schedule {
        let output = schedule::of(&app.project(&[])?, kind.into());
        return Ok(Answer::new(&output, render::schedule(&output)));
    }
    let request = ready::Request {
        fix: arguments.fix,
        with_tests: arguments.with_tests,
        overrides: app.global.set.clone(),
    };
    let output = ready::apply(&app.ctx, &request)?;
    Ok(answer(app, &output))
}

fn answer(app: &App, output: &ReadyOutput) -> Answer {
    let human = match (app.global.quiet, output.ready) {
        (true, true) => String::new(),
        (true, false) => render::missing(app.paint(), output),
        (false, _) => render::ready(app.paint(), output),
    };
    let exit = if output.ready { ExitCode::DONE } else { ExitCode::SETUP };
    Answer::new(output, human).exit(exit)
}

impl From<Kind> for schedule::Kind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Systemd => Self::Systemd,
            Kind::Launchd => Self::Launchd,
            Kind::Hook => Self::Hook,
        }
    }
}
