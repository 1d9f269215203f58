//! `cargo xtask test`: everything that must pass before a change is handed in, from a clean clone, with nothing
//! prepared but Rust, Git, Python, Node, Go, a JDK with Maven and a C compiler.

mod release;
mod suites;
mod tally;

use anyhow::{Result, bail, ensure};
use clap::Args;
use clap::builder::PossibleValuesParser;
use hotfix_testkit::tools::FAMILIES;

use crate::docs;
use crate::process::quiet;
use crate::stage::Stages;
use crate::tools::{self, Answer, Wanted};
use crate::workspace::{cargo, is_ci};
use suites::Suites;

/// Tools, format, lints, release build, tests, documentation.
#[derive(Args)]
pub struct TestArgs {
    /// Do not install tools; leave out the tests that need them unless they are installed already.
    #[arg(long)]
    no_tools: bool,
    /// Act as on a machine that lacks a toolchain: the tests that need it are left out and counted.
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(FAMILIES.iter().map(|family| family.name)))]
    without: Vec<String>,
    /// Also run the tests against real forges, whose servers are built and started here; implied by CI=true.
    #[arg(long)]
    forges: bool,
    /// Run only the tests (no format, lints, release build, documentation), and only those these words of the test
    /// harness select, as in `-- organs::git`.
    #[arg(last = true)]
    filter: Vec<String>,
}

/// Runs all stages and prints the summary.
pub fn run(args: &TestArgs) -> Result<()> {
    let stages = Stages::begin();
    let tools = stages.run("tools", || find_tools(args))?;
    let all = args.filter.is_empty();
    if all {
        before(&stages)?;
    }
    let suites = Suites { filter: &args.filter, tools: &tools };
    let mut tally = None;
    let mut result = stages.run("tests", || suites.run(&mut tally));
    if all && result.is_ok() {
        result = after(&stages);
    }
    if let Some(tally) = tally {
        println!("{}", tally.summary(&left_out(&tools)));
    }
    let complete = tools.iter().all(|answer| answer.missing().is_none() || !answer.is_required()) || !is_ci();
    ensure!(complete, "CI=true: no test may be left out for want of a toolchain");
    result
}

/// What is cheaper than the tests, and would make their outcome worthless.
fn before(stages: &Stages) -> Result<()> {
    stages.run("format", || quiet(cargo(&["fmt", "--all", "--check"])?))?;
    stages.run("lints", || {
        // Testing switches all features on; a release has none.
        quiet(cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?)?;
        let released = ["-p", "git-hotfix", "-p", "hotfix-core", "-p", "hotfix-model"];
        quiet(cargo(&[&["clippy"], &released[..], &["--", "-D", "warnings"]].concat())?)
    })?;
    stages.run("release build", release::check)
}

fn after(stages: &Stages) -> Result<()> {
    stages.run("documentation of the code", || {
        let mut command = cargo(&["doc", "--workspace", "--no-deps"])?;
        command.env("RUSTDOCFLAGS", "-D warnings");
        quiet(command)
    })?;
    stages.run("manual in sync", docs::check)
}

fn find_tools(args: &TestArgs) -> Result<Vec<Answer>> {
    let forges = args.forges || is_ci();
    let tools = tools::all(&Wanted { install: !args.no_tools, forges, without: &args.without })?;
    for answer in &tools {
        if let Some(reason) = answer.missing() {
            println!("   without {} tools: {reason}", answer.family.title);
        }
    }
    Ok(tools)
}

/// What the summary says is missing; empty if nothing is.
fn left_out(tools: &[Answer]) -> String {
    let said = |answer: &Answer| {
        let reason = answer.missing()?;
        Some(format!("without {} tools ({reason})", answer.family.title))
    };
    tools.iter().filter_map(said).collect::<Vec<_>>().join(", ")
}

/// Ends the stage of the tests.
fn verdict(success: bool, tally: &tally::Tally) -> Result<()> {
    match (success, tally.failed) {
        (true, 0) => Ok(()),
        (_, 0) => bail!("a test program could not be built, or ended without a result"),
        (_, failed) => bail!("{failed} failed"),
    }
}
