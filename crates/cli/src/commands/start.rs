use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use hotfix_core::flow::start;

use crate::answer::{Answer, Outcome};
use crate::app::App;
use crate::render;

/// Get a worktree of the newest main on a branch of its own; what you are working on stays as it is
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  git hotfix start \"Production down! Auth failing\"
  git hotfix start \"Wrong totals\" --base v1.2.2 --incident INC-77
  git hotfix start \"Checkout hangs\" --name checkout-timeout --no-fetch")]
pub struct Arguments {
    /// The alert, in your words; it goes into the record and the merge request
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    alert: String,
    /// Start from this commit, tag or branch instead of the remote's default branch
    #[arg(long, value_name = "REF")]
    base: Option<String>,
    /// Merge into this branch [default: the one that follows from the base]
    #[arg(long, value_name = "BRANCH")]
    target: Option<String>,
    /// Name the branch hotfix/X.Y.Z [default: the next patch version after the newest tag]
    #[arg(long, value_name = "X.Y.Z", conflicts_with = "name")]
    version: Option<String>,
    /// Name the branch hotfix/NAME
    #[arg(long)]
    name: Option<String>,
    /// The alert's id in the system it came from
    #[arg(long, value_name = "ID")]
    incident: Option<String>,
    /// How bad it is, in your team's words
    #[arg(long, value_name = "TEXT")]
    severity: Option<String>,
    /// If a slot has to be made, check out only this folder and the files beside and above it; may be repeated
    #[arg(long, value_name = "DIR")]
    sparse: Vec<String>,
    /// Do not ask the remote for a newer main
    #[arg(long)]
    no_fetch: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// Starts a hotfix.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    let project = app.project(&[])?;
    let request = start::Request {
        alert: arguments.alert.clone(),
        base: arguments.base.clone(),
        target: arguments.target.clone(),
        version: arguments.version.clone(),
        name: arguments.name.clone(),
        incident: arguments.incident.clone(),
        severity: arguments.severity.clone(),
        sparse: arguments.sparse.clone(),
        fetch: !arguments.no_fetch,
    };
    let plan = start::plan(&project, request)?;
    if arguments.dry_run {
        return Ok(render::plan(&plan.lines()));
    }
    let output = start::apply(&project, &plan)?;
    project.remind();
    app.go_to(&output.worktree);
    Ok(Answer::new(&output, render::start(app.paint(), &output)))
}
