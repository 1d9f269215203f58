use clap::Args;
use hotfix_core::flow::check;
use hotfix_core::session::Work;
use hotfix_model::ExitCode;
use hotfix_model::config::GateMode;
use hotfix_model::output::CheckOutput;

use crate::answer::{Answer, Outcome};
use crate::app::App;
use crate::render;

/// Check the style of the changed lines
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  git hotfix check
  git hotfix check --fix       # formatters rewrite the changed files
  git hotfix check --dry-run   # which linters would run")]
pub struct Arguments {
    /// Let formatters rewrite the changed files
    #[arg(long)]
    fix: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// Checks the style.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    let project = app.project(&[])?;
    let mut hotfix = app.hotfix(&project)?;
    let work = Work::of(&project, &hotfix)?;
    let plan = check::plan(&project, &hotfix, &work, check::Request { fix: arguments.fix })?;
    if arguments.dry_run {
        return Ok(render::plan(&plan.lines(&project, &hotfix, &work)));
    }
    let report = check::apply(&project, &mut hotfix, &work, &plan)?;
    let blocks = !report.findings.is_empty() && hotfix.loaded.config.check.gate == GateMode::Block;
    let output = CheckOutput::new(hotfix.id(), &report);
    let answer = Answer::new(&output, render::check(app.paint(), &output));
    Ok(answer.exit(if blocks { ExitCode::GATE } else { ExitCode::DONE }))
}
