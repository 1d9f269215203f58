use clap::Args;
use hotfix_core::flow::{prove, test};
use hotfix_core::session::Work;
use hotfix_model::output::TestOutput;
use hotfix_model::{ExitCode, SuiteVerdict};

use crate::answer::{Answer, Outcome};
use crate::app::App;
use crate::render;

/// Run the critical tests: the one gate that blocks by default
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  git hotfix test              # the nearest tests first, as many as fit the budget
  git hotfix test --budget 30s
  git hotfix test --all
  git hotfix test --dry-run    # which tests would run
  git hotfix test --explain    # why each test file is where it is")]
pub struct Arguments {
    /// Run all tests, whatever the budget
    #[arg(long)]
    all: bool,
    /// Time the tests may take, as in 30s or 3m [default: test.budget]
    #[arg(long, value_name = "TIME")]
    budget: Option<String>,
    /// Say which tests would run, and run none
    #[arg(long)]
    dry_run: bool,
    /// Say of each test file why it would run, in which place, or why not, and run none
    #[arg(long, conflicts_with = "dry_run")]
    explain: bool,
}

/// Runs the critical tests.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    let settings: Vec<(&str, &str)> =
        arguments.budget.iter().map(|budget| ("test.budget", budget.as_str())).collect();
    let project = app.project(&settings)?;
    let mut hotfix = app.hotfix(&project)?;
    let proof = prove::plan(&project, &hotfix, Work::of(&project, &hotfix)?, &prove::Request::default())?;
    let work = &proof.work;
    let request = test::Request { all: arguments.all, proof_files: proof.test_files() };
    let plan = test::plan(&project, &hotfix, work, &request)?;
    if arguments.dry_run {
        return Ok(render::plan(&plan.lines(&project, &hotfix, work)));
    }
    if arguments.explain {
        let output = plan.explain(&project, &hotfix, work);
        return Ok(Answer::new(&output, render::explain(app.paint(), &output)));
    }
    let report = test::apply(&project, &mut hotfix, work, &plan)?;
    let output = TestOutput::new(hotfix.id(), &report);
    let answer = Answer::new(&output, render::test(app.paint(), &output));
    Ok(answer.exit(exit(report.verdict)))
}

/// Passed is done; a failure is a gate's no; where nobody can tell it is for the user to decide.
fn exit(verdict: SuiteVerdict) -> ExitCode {
    match verdict {
        SuiteVerdict::Passed => ExitCode::DONE,
        SuiteVerdict::Failed => ExitCode::GATE,
        SuiteVerdict::Unknown => ExitCode::DECISION,
    }
}
