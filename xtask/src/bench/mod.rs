//! `cargo xtask bench`: interleaved runs of the same work by hand and with git-hotfix. The tables go into the manual.
//!
//! Milliseconds depend on the machine, ratios hardly: quote the ratios. Nothing is deleted between runs, because ext4
//! is several times slower at creating files where many were deleted minutes before.

mod crowd;
mod flow;
mod page;
mod report;
mod rounds;
mod start;
mod status;
mod times;
mod warm;
mod world;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use hotfix_testkit::Sandbox;

use crate::process::quiet;
use crate::workspace::{cargo, dist_binary};

/// Which comparison.
#[derive(Args)]
pub struct BenchArgs {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Subcommand)]
enum Bench {
    /// `start` and `ship` against the same steps as one shell script.
    Flow(flow::FlowArgs),
    /// `start`, `cleanup` and `status` against `git worktree`, `git switch` and bare refs.
    Start(start::StartArgs),
    /// The first build or test in a slot against a fresh worktree.
    Warm(warm::WarmArgs),
    /// Many starts at once.
    Crowd(crowd::CrowdArgs),
    /// `report` where very many records are.
    Report(report::ReportArgs),
}

/// Runs one comparison and shows its table.
pub fn run(args: &BenchArgs) -> Result<()> {
    match &args.bench {
        Bench::Flow(args) => flow::run(args),
        Bench::Start(args) => start::run(args),
        Bench::Warm(args) => warm::run(args),
        Bench::Crowd(args) => crowd::run(args),
        Bench::Report(args) => report::run(args),
    }
}

/// The program that was asked for, else the one built now as it is handed out.
fn program(wanted: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = wanted {
        return Ok(path.canonicalize()?);
    }
    quiet(cargo(&["build", "--profile", "dist", "-p", "git-hotfix"])?)?;
    dist_binary()
}

/// Runs a shell script in a sandbox; gives its wall time and what it printed.
fn shell(sandbox: &Sandbox, dir: &Path, script: &str) -> Result<(Duration, String)> {
    let mut command = Command::new("/bin/sh");
    command.args(["-e", "-c", script]).current_dir(dir).stdin(Stdio::null());
    command.env_clear().envs(sandbox.variables());
    let began = Instant::now();
    let output = command.output()?;
    let elapsed = began.elapsed();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        bail!("this script failed ({}):\n{script}\n{stdout}{stderr}", output.status);
    }
    Ok((elapsed, stdout.into_owned()))
}

/// A word as the shell reads it back unchanged.
fn quoted(word: &Path) -> String {
    format!("'{}'", word.display().to_string().replace('\'', r"'\''"))
}
