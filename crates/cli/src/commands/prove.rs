use clap::Args;
use hotfix_core::flow::prove;
use hotfix_core::journey::watch;
use hotfix_core::session::{Hotfix, Project, Work};
use hotfix_model::{ExitCode, Proof, ProofVerdict};

use crate::answer::{Answer, Failure, Outcome};
use crate::app::App;
use crate::render;

/// Show that the test is red on base and green with the fix
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  git hotfix prove                                  # with the test files you changed
  git hotfix prove -- pytest -k expired             # with any command
  git hotfix prove --watch                          # again at every save, until it is proven
  git hotfix prove --waive \"needs the production load balancer\"")]
pub struct Arguments {
    /// The command that shows the bug; remembered for the next time
    #[arg(last = true, value_name = "CMD")]
    command: Vec<String>,
    /// Prove again at every save until it is proven
    #[arg(long, conflicts_with = "waive")]
    watch: bool,
    /// Say why no test can show it; the reason is shown in the merge request and stays owed
    #[arg(long, value_name = "WHY")]
    waive: Option<String>,
    /// Count a test that cannot be loaded (import or compile error) as red
    #[arg(long)]
    accept_load_error: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// Proves the fix.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    let project = app.project(&[])?;
    let mut hotfix = app.hotfix(&project)?;
    let request =
        prove::Request { command: arguments.command.clone(), accept_load_error: arguments.accept_load_error };
    if arguments.dry_run {
        let work = Work::of(&project, &hotfix)?;
        return Ok(render::plan(&prove::plan(&project, &hotfix, work, &request)?.lines()));
    }
    let proof = match &arguments.waive {
        Some(reason) => prove::waive(&project, &mut hotfix, reason)?,
        None if arguments.watch => watch::apply(&project, &mut hotfix, &request)?,
        None => once(&project, &mut hotfix, &request)?,
    };
    let output = prove::output(hotfix.record(), &proof);
    let answer = Answer::new(&output, render::prove(app.paint(), &output));
    Ok(answer.exit(exit(&proof)))
}

fn once(project: &Project, hotfix: &mut Hotfix, request: &prove::Request) -> Result<Proof, Failure> {
    let work = Work::of(project, hotfix)?;
    let plan = prove::plan(project, hotfix, work, request)?;
    Ok(prove::apply(project, hotfix, plan)?)
}

/// Proven, waived, or red while no source has changed yet: all as wanted.
fn exit(proof: &Proof) -> ExitCode {
    match proof.verdict {
        ProofVerdict::Proven | ProofVerdict::Waived | ProofVerdict::RedOnly => ExitCode::DONE,
        ProofVerdict::NotRed | ProofVerdict::NotGreen | ProofVerdict::Invalid => ExitCode::GATE,
    }
}
