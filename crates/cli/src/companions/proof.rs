use std::path::PathBuf;

use clap::{Args, Subcommand};
use hotfix_core::journey::proof::{self, ReplayRequest};
use hotfix_model::{ExitCode, ProofVerdict};

use crate::answer::{Answer, Failure, Outcome};
use crate::app::App;
use crate::render;

/// Show the proof of a hotfix, check that nobody changed it, or run it again on this machine
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  git hotfix proof show 1.2.3
  git hotfix proof replay 1.2.3         # red and green once more, here
  git hotfix proof verify 1.2.3         # digests, commits, signatures
  git hotfix proof export 1.2.3 --dsse evidence")]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Show(Which),
    Replay(Replay),
    Verify(Verify),
    Export(Export),
}

/// Show what failed on base and passes with the fix
#[derive(Debug, Args)]
struct Which {
    /// The hotfix [default: the one at hand, else the newest]
    #[arg(value_name = "ID")]
    hotfix: Option<String>,
}

/// Run both sides again on this machine, and write down what came of it
///
/// The fix runs in a slot of its own and base in that slot's twin, so that nothing of yours is touched. Works for
/// hotfixes of colleagues. A command that a colleague typed runs only if you type it again.
#[derive(Debug, Args)]
struct Replay {
    #[command(flatten)]
    which: Which,
    /// Do not ask the remote
    #[arg(long)]
    offline: bool,
    /// The command to prove with [default: that of the proof]
    #[arg(last = true, value_name = "CMD")]
    command: Vec<String>,
}

/// Check that proof and record are what was written: digests, commits, trees, statements, signatures
#[derive(Debug, Args)]
struct Verify {
    #[command(flatten)]
    which: Which,
    /// Do not ask the remote
    #[arg(long)]
    offline: bool,
}

/// Write the proof as two in-toto statements in DSSE envelopes
#[derive(Debug, Args)]
struct Export {
    #[command(flatten)]
    which: Which,
    /// The folder for base.dsse.json and fix.dsse.json
    #[arg(long, value_name = "DIR")]
    dsse: PathBuf,
}

/// Shows, replays, checks or exports a proof.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    match &arguments.action {
        Action::Show(which) => show(app, which),
        Action::Replay(replay) => replayed(app, replay),
        Action::Verify(verify) => verified(app, verify),
        Action::Export(export) => exported(app, export),
    }
}

fn show(app: &App, which: &Which) -> Outcome {
    let project = app.project(&[])?;
    let output = proof::show(&project, &which.id(app, &project)?)?;
    Ok(Answer::new(&output, render::proof(app.paint(), &output)))
}

fn replayed(app: &App, arguments: &Replay) -> Outcome {
    let project = app.project(&[])?;
    let id = arguments.which.id(app, &project)?;
    let request = ReplayRequest { id, command: arguments.command.clone(), offline: arguments.offline };
    let output = proof::replay(&project, &request)?;
    let holds = output.verdict == ProofVerdict::Proven;
    let answer = Answer::new(&output, render::replay(app.paint(), &output));
    Ok(answer.exit(if holds { ExitCode::DONE } else { ExitCode::GATE }))
}

fn verified(app: &App, arguments: &Verify) -> Outcome {
    let project = app.project(&[])?;
    let output = proof::verify(&project, &arguments.which.id(app, &project)?, arguments.offline)?;
    let answer = Answer::new(&output, render::verify(app.paint(), &output));
    Ok(answer.exit(if output.good { ExitCode::DONE } else { ExitCode::GATE }))
}

fn exported(app: &App, arguments: &Export) -> Outcome {
    let project = app.project(&[])?;
    let output = proof::export(&project, &arguments.which.id(app, &project)?, &arguments.dsse)?;
    Ok(Answer::new(&output, output.files.join("\n")))
}

impl Which {
    fn id(&self, app: &App, project: &hotfix_core::session::Project) -> Result<String, Failure> {
        Ok(project.find_any(self.hotfix.as_deref().or(app.global.id.as_deref()))?)
    }
}
