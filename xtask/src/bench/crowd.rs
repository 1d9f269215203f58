//! Many starts at once against a single one.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;

use super::rounds::{Goal, Row, Side, measure, table};
use super::world::{World, slot, wait_until_parked};
use super::{page, program};

const SINGLE: &str = "a single `start`";

/// What is measured.
#[derive(Args)]
pub struct CrowdArgs {
    /// Starts at the same time; so many slots are parked.
    #[arg(long, default_value_t = 50)]
    starts: usize,
    /// Files of the generated repository.
    #[arg(long, default_value_t = 1_000)]
    files: usize,
    /// Rounds that count, after a first one that does not.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Print the table, but leave the manual as it is.
    #[arg(long)]
    print_only: bool,
    /// Measure this program instead of building one; for comparing versions.
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
}

/// Measures and shows. Fails if one start does.
pub fn run(args: &CrowdArgs) -> Result<()> {
    let world = World::generate(args.files, &program(args.program.as_deref())?)?;
    let (_, slots) = all(at_once(&world, args.starts)?);
    give_all_back(&world, &slots)?;
    let single = Side::one(Row::new(SINGLE), |_| {
        let (took, slots) = all(at_once(&world, 1)?);
        give_all_back(&world, &slots)?;
        Ok(took.into_iter().max().unwrap_or_default())
    });
    let name = |what: &str| format!("{} `start` at once: {what}", args.starts);
    let rows = vec![
        Row::new(name("median")).against(SINGLE),
        Row::new(name("95th of 100")).against(SINGLE).goal(Some(Goal::Times(10.0))),
        Row::new(name("slowest")).against(SINGLE),
    ];
    let crowd = Side::new(rows, |_| {
        let (mut took, slots) = all(at_once(&world, args.starts)?);
        give_all_back(&world, &slots)?;
        took.sort_unstable();
        let at = |share: usize| took.get((took.len() * share).div_ceil(100).saturating_sub(1)).copied();
        Ok(vec![at(50).unwrap_or_default(), at(95).unwrap_or_default(), at(100).unwrap_or_default()])
    });
    let table = table(&measure(vec![single, crowd], args.rounds)?);
    let title = format!("{} starts at once, {} files, all slots parked", args.starts, args.files);
    page::show("crowd", &title, &table, args.print_only)
}

type Started = Vec<(Duration, PathBuf)>;

fn all(started: Started) -> (Vec<Duration>, Vec<PathBuf>) {
    started.into_iter().unzip()
}

/// So many processes, each with its wall time.
fn at_once(world: &World, starts: usize) -> Result<Started> {
    let start = || -> Result<(Duration, PathBuf)> {
        let words = ["git-hotfix", "start", "Production down!", "--no-fetch", "--json"];
        let (took, printed) = world.time(world.repo.path(), &words)?;
        Ok((took, slot(&printed)?))
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..starts).map(|_| scope.spawn(start)).collect();
        threads.into_iter().map(|thread| thread.join().ok().context("a thread ended early")?).collect()
    })
}

fn give_all_back(world: &World, slots: &[PathBuf]) -> Result<()> {
    for slot in slots {
        world.hotfix.at(slot).must(["cleanup", "--discard", "--json"]);
    }
    wait_until_parked(&world.repo)
}
