use clap::Args;
use hotfix_core::flow::commit;
use hotfix_core::session::Work;

use crate::answer::{Answer, Outcome};
use crate::app::App;
use crate::render;
use crate::skip::SkipArguments;

/// Commit the fix as `fix: …`, with your hooks and your signature
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  git hotfix commit -m \"auth token validation\"
  git hotfix commit --skip test --reason \"the test machine is down as well\"")]
pub struct Arguments {
    /// What was fixed [default: the alert]
    #[arg(short, long, value_name = "SUBJECT")]
    message: Option<String>,
    #[command(flatten)]
    skip: SkipArguments,
    /// Say what would be committed, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// Commits the fix.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    let project = app.project(&[])?;
    let mut hotfix = app.hotfix(&project)?;
    let work = Work::of(&project, &hotfix)?;
    let request = commit::Request { subject: arguments.message.clone(), skips: arguments.skip.skips() };
    let plan = commit::plan(&project, &hotfix, &work, &request)?;
    if arguments.dry_run {
        return Ok(render::plan(&plan.lines()));
    }
    let output = commit::apply(&project, &mut hotfix, &work, &plan)?;
    // A hook may have put something into the commit that no gate has seen.
    commit::pass_gates(&project, &hotfix)?;
    Ok(Answer::new(&output, render::next(app.paint(), &output.next)))
}
