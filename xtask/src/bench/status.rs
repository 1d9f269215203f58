//! `--version` and `status` against `git --version`, and `status` where there are many records.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::page;
use super::rounds::{Goal, Row, Side, measure, table};
use super::start::small;
use super::world::World;

const GIT: &str = "`git --version`";
const STATUS: &str = "`status`, 1 record";

/// Such short runs need more rounds for a steady median.
const MORE: usize = 5;

/// Measures and shows.
pub fn run(program: &Path, records: usize, rounds: usize, print_only: bool) -> Result<()> {
    let (one, many) = (small(program)?, small(program)?);
    for _ in 1..records {
        let slot = many.start(&many.repo, &["--no-fetch"])?;
        many.give_back(&slot)?;
    }
    let (slot, slot_of_many) = (opened(&one)?, opened(&many)?);
    let title = format!("`status` with {records} records");
    let goal = |most| Some(Goal::Times(most));
    let sides = vec![
        timed(&one, &slot, Row::new(GIT), &["git", "--version"]),
        timed(
            &one,
            &slot,
            Row::new("`--version`").against(GIT).goal(goal(1.5)),
            &["git-hotfix", "--version"],
        ),
        timed(&one, &slot, Row::new(STATUS).against(GIT).goal(goal(3.0)), &["git-hotfix", "status"]),
        timed(
            &many,
            &slot_of_many,
            Row::new(format!("`status`, {records} records")).against(STATUS).goal(goal(1.5)),
            &["git-hotfix", "status"],
        ),
        timed(
            &many,
            many.repo.path(),
            Row::new(format!("`status`, {records} records, outside the slot")).against(STATUS),
            &["git-hotfix", "status"],
        ),
    ];
    page::show("status", &title, &table(&measure(sides, rounds * MORE)?), print_only)
}

fn opened(world: &World) -> Result<PathBuf> {
    world.start(&world.repo, &["--no-fetch"])
}

fn timed<'a>(world: &'a World, dir: &'a Path, row: Row, words: &'static [&'static str]) -> Side<'a> {
    Side::one(row, move |_| Ok(world.time(dir, words)?.0))
}
