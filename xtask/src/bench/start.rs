//! `start` alone, with a slot that was parked at main, against `git worktree add`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use hotfix_testkit::Sandbox;

use super::pairs::{interleave, table};
use super::{program, repository, shell};

/// The size of the comparison.
#[derive(Args)]
pub struct StartArgs {
    /// Files of the repository besides the auth service.
    #[arg(long, default_value_t = 1000)]
    files: usize,
    /// Pairs that are compared, after a first one, with no slot yet, that is shown apart.
    #[arg(long, default_value_t = 7)]
    pairs: usize,
    /// Measure this program instead of building one; for comparing versions.
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
}

/// Measures and prints.
pub fn run(args: &StartArgs) -> Result<()> {
    let (hand, tool) = (Sandbox::new(), Sandbox::new());
    let by_hand_repo = repository(&hand, args.files);
    let repo = repository(&tool, args.files);
    let hotfix = tool.binary(program(args.program.as_deref())?, repo.path());
    let mut by_hand = |round| {
        let script = format!("exec git worktree add --quiet -b hotfix/hand-{round} ../hand-{round} main");
        Ok(vec![shell(&hand, by_hand_repo.path(), &script)?.0])
    };
    let mut start = |round| {
        let script =
            format!("exec git-hotfix start 'Production down!' --name bench-{round} --no-fetch --json");
        let (wall, printed) = shell(&tool, repo.path(), &script)?;
        // Parked again for the next round, outside the measurement.
        let started: serde_json::Value = serde_json::from_str(&printed)?;
        let worktree = started["worktree"].as_str().unwrap_or_default();
        hotfix.at(worktree).must(["cleanup", "--discard"]);
        Ok(vec![wall])
    };
    let samples = interleave(args.pairs, &mut by_hand, &mut start)?;
    println!("start, {} files, {} pairs\n{}", args.files, args.pairs, table(&["wall"], &samples));
    Ok(())
}
