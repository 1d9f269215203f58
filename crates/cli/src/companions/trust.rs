use clap::Args;
use hotfix_core::error::Error;
use hotfix_core::journey::approval;
use hotfix_model::ExitCode;
use hotfix_model::output::TrustOutput;

use crate::answer::{Answer, Outcome};
use crate::app::App;
use crate::{render, ui};

/// Look at the commands the repository brings, and approve them
///
/// A repository can bring commands in its hotfix.toml. They run only after somebody has approved them on a terminal.
/// The approval holds for exactly these commands; when one changes, you are asked again.
#[derive(Debug, Args)]
#[command(after_help = "For automation: HOTFIX_TRUST=DIGEST approves exactly the commands with that digest.")]
pub struct Arguments {
    /// Show the commands and ask nothing
    #[arg(long)]
    show: bool,
    /// Take back every approval given to this repository
    #[arg(long, conflicts_with = "show")]
    revoke: bool,
}

/// Shows the commands and asks for approval.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    let project = app.project(&[])?;
    if arguments.revoke {
        approval::revoke(&project)?;
    }
    let mut output = approval::of(&project)?;
    if output.trusted || arguments.show || arguments.revoke {
        return Ok(answer(app, &output));
    }
    for change in approval::changes_since(&project)? {
        app.ctx.warn(change);
    }
    let shown = render::trust(app.paint(), &output);
    match ui::ask(&format!("{shown}approve these commands?")) {
        Some(true) => {
            approval::approve(&project, &output)?;
            output.trusted = true;
            Ok(answer(app, &output))
        }
        Some(false) => Ok(answer(app, &output).exit(ExitCode::DECISION)),
        None => Err(Error::from(approval::NobodyThere { digest: output.digest }).into()),
    }
}

fn answer(app: &App, output: &TrustOutput) -> Answer {
    Answer::new(output, render::trust(app.paint(), output))
}
