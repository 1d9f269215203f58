//! `start` and `cleanup` against Git's own worktrees, in repositories of several sizes.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};
use clap::Args;
use hotfix_testkit::{Repo, Sandbox};

use super::page;
use super::rounds::{Goal, Measured, Row, Side, beyond, measure, table};
use super::world::{World, check_room, slot, wait_until_parked};
use super::{program, status};

/// What the others are compared with.
const ADD: &str = "`git worktree add`";
const REMOVE: &str = "`git worktree remove`";
const AT_MAIN: &str = "`start --no-fetch`, slot at main";
const COLD: &str = "`start --no-fetch`, no slot";
const SLOW_COLD: &str = "`start` without a slot, with the slow fetch";
const FETCH: &str = "`git fetch`, nothing new";
const FETCHING: &str = "`start` with the fetch";
const SLOW_FETCH: &str = "`git fetch` from a remote that takes 0.3 s";
const SLOW_FETCHING: &str = "`start` with the slow fetch";

/// The private fetch that `start` makes.
const PRIVATE_FETCH: &str = "exec git -c gc.auto=0 fetch --quiet --no-tags --no-write-fetch-head --refmap= origin \
    +refs/heads/main:refs/hotfix/base/main '+refs/heads/hotfix/*:refs/hotfix/remote/branch/*' \
    '+refs/hotfix/record/*:refs/hotfix/remote/record/*'";
/// From so many files on there are figures to be reached, and a checkout takes longer than a slow fetch.
const LARGE: usize = 20_000;
/// So many milliseconds may fetch and files together take longer than the slower of them.
const OVERLAP: f64 = 10.0;
/// Has Git call a remote that thinks before it answers.
const SLOWLY: &str = "export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=remote.origin.uploadpack \
    GIT_CONFIG_VALUE_0='sleep 0.3; git-upload-pack'\n";

/// What is measured.
#[derive(Args)]
pub struct StartArgs {
    /// Files of the generated repositories; each size gets a table.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 20_000, 100_000])]
    files: Vec<usize>,
    /// Rounds that count, after a first one that does not.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Records of the clone in which `status` is measured; 0 leaves that table out.
    #[arg(long, default_value_t = 1_000)]
    records: usize,
    /// Measure only `start` with a slot at main, and what it is compared with.
    #[arg(long)]
    quick: bool,
    /// Print the tables, but leave the manual as it is.
    #[arg(long)]
    print_only: bool,
    /// Measure this program instead of building one; for comparing versions.
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
}

/// Measures and shows.
pub fn run(args: &StartArgs) -> Result<()> {
    let program = program(args.program.as_deref())?;
    // Nothing is deleted before the end.
    let mut worlds = Vec::new();
    for &files in &args.files {
        // Each side that makes files makes all of them once a round; others have one worktree.
        let checkouts = if args.quick { args.rounds + 4 } else { 4 * (args.rounds + 1) + 3 };
        check_room(files, checkouts)?;
        let world = World::generate(files, &program)?;
        let mut measured = started(&world, files, args)?;
        if !args.quick {
            measured.extend(parked(&world, files, args.rounds)?);
        }
        let title = format!("{files} files, {} rounds", args.rounds);
        page::show(&format!("start {files}"), &title, &table(&measured), args.print_only)?;
        worlds.push(world);
    }
    if args.records > 0 && !args.quick {
        status::run(&program, args.records, args.rounds, args.print_only)?;
    }
    drop(worlds);
    Ok(())
}

/// The figures that must be reached with so many files; none are set for small repositories.
fn goal(files: usize, at_20k: f64, at_100k: Option<f64>) -> Option<Goal> {
    let most = if files >= 100_000 { at_100k.unwrap_or(at_20k) } else { at_20k };
    (files >= LARGE).then_some(Goal::Times(most))
}

fn started(world: &World, files: usize, args: &StartArgs) -> Result<Vec<Measured>> {
    world.repo.git(["worktree", "add", "--quiet", "--detach", "../hand-slot", "main"]);
    let cold = world.bare_clone("cold");
    world.park(0)?;
    let mut sides = vec![
        by_hand(world, ADD, String::new(), "hand"),
        floor(world),
        warm(world, AT_MAIN, 0, goal(files, 0.015, Some(0.003))),
    ];
    if !args.quick {
        let cores = std::thread::available_parallelism()?;
        let workers = format!("`git worktree add`, {cores} workers");
        sides.push(by_hand(world, &workers, format!("-c checkout.workers={cores}"), "workers"));
        sides.extend(worktrunk(world));
        sides.push(switch(world, 20));
        sides.push(warm(world, "`start --no-fetch`, 1 commit behind", 1, None));
        let behind = "`start --no-fetch`, 20 commits behind";
        sides.push(warm(world, behind, 20, goal(files, 0.09, Some(0.03))));
        sides.push(warm(world, "`start --no-fetch`, 200 commits behind", 200, None));
        sides.push(without_slot(world, &cold, goal(files, 0.85, None)));
        sides.extend(fetching(world, &cold, files));
    }
    let mut measured = measure(sides, args.rounds)?;
    let mut overlaps = vec![(FETCHING, [FETCH, AT_MAIN]), (SLOW_FETCHING, [SLOW_FETCH, AT_MAIN])];
    if files < LARGE {
        overlaps.push((SLOW_COLD, [SLOW_FETCH, COLD]));
    }
    let lines = overlaps.into_iter().map(|(name, parts)| beyond(&measured, name, parts, OVERLAP));
    measured.extend(lines.collect::<Vec<_>>().into_iter().flatten());
    Ok(measured)
}

fn by_hand<'a>(world: &'a World, name: &str, options: String, prefix: &'static str) -> Side<'a> {
    let row = if name == ADD { Row::new(name) } else { Row::new(name).against(ADD) };
    Side::one(row, move |round| {
        let add =
            format!("exec git {options} worktree add --quiet -b {prefix}-{round} ../{prefix}-{round} main");
        Ok(world.shell(world.repo.path(), &add)?.0)
    })
}

/// What no tool can be faster than that runs Git for it: a branch, and HEAD pointed at it.
fn floor(world: &World) -> Side<'_> {
    Side::one(Row::new("floor: `git update-ref`, `git symbolic-ref`").against(ADD), move |round| {
        let refs = format!(
            "git update-ref refs/heads/floor-{round} main ''\nexec git symbolic-ref HEAD refs/heads/floor-{round}"
        );
        Ok(world.shell(&world.repo.file("../hand-slot"), &refs)?.0)
    })
}

fn switch(world: &World, behind: usize) -> Side<'_> {
    let row = Row::new(format!("`git switch` in a worktree {behind} commits behind")).against(ADD);
    Side::one(row, move |round| {
        let slot = world.sandbox.repo_at(world.repo.file("../hand-slot"));
        slot.git(["switch", "--quiet", "--detach", &format!("main~{behind}")]);
        Ok(world.shell(slot.path(), &format!("exec git switch --quiet --create switch-{round} main"))?.0)
    })
}

fn worktrunk(world: &World) -> Option<Side<'_>> {
    world.sandbox.environment(world.repo.path()).find_program("wt")?;
    Some(Side::one(Row::new("`wt switch --create`").against(ADD), move |round| {
        Ok(world.shell(world.repo.path(), &format!("exec wt switch --create wt-{round}"))?.0)
    }))
}

fn warm<'a>(world: &'a World, name: &str, behind: usize, goal: Option<Goal>) -> Side<'a> {
    Side::one(Row::new(name).against(ADD).goal(goal), move |_| {
        world.park(behind)?;
        let (took, slot) = timed_start(world, &world.repo, "", "--no-fetch")?;
        world.give_back(&slot)?;
        Ok(took)
    })
}

/// The slot is not given back, so that the next start finds none either.
fn without_slot<'a>(world: &'a World, cold: &'a Repo, goal: Option<Goal>) -> Side<'a> {
    Side::one(Row::new(COLD).against(ADD).goal(goal), |_| Ok(timed_start(world, cold, "", "--no-fetch")?.0))
}

fn fetching<'a>(world: &'a World, cold: &'a Repo, files: usize) -> Vec<Side<'a>> {
    let fetch = |name: &str, before: &'static str| {
        Side::one(Row::new(name), move |_| {
            Ok(world.shell(world.repo.path(), &format!("{before}{PRIVATE_FETCH}"))?.0)
        })
    };
    let start = |name: &str, before: &'static str| {
        Side::one(Row::new(name), move |_| {
            world.park(0)?;
            let (took, slot) = timed_start(world, &world.repo, before, "")?;
            world.give_back(&slot)?;
            Ok(took)
        })
    };
    vec![
        fetch(FETCH, ""),
        start(FETCHING, ""),
        fetch(SLOW_FETCH, SLOWLY),
        start(SLOW_FETCHING, SLOWLY),
        slow_without_slot(world, cold, files),
    ]
}

/// With the time from the last file on: two large checkouts differ by more than what is looked for. In small
/// repositories the fetch takes longer, and this is the rest of it.
fn slow_without_slot<'a>(world: &'a World, cold: &'a Repo, files: usize) -> Side<'a> {
    let goal = (files >= LARGE).then_some(Goal::Milliseconds(OVERLAP));
    let last = Row::new(format!("{SLOW_COLD}: after its last file")).goal(goal);
    Side::new(vec![Row::new(SLOW_COLD).against(ADD), last], |_| {
        let (took, slot) = timed_start(world, cold, SLOWLY, "")?;
        let ended = SystemTime::now();
        let name = slot.file_name().context("a slot has a name")?;
        // Git writes the index when all files are written.
        let index = cold.file(".git/worktrees").join(name).join("index");
        let written = std::fs::metadata(index)?.modified()?;
        Ok(vec![took, ended.duration_since(written).unwrap_or_default()])
    })
}

fn timed_start(world: &World, repo: &Repo, before: &str, options: &str) -> Result<(Duration, PathBuf)> {
    let script = format!("{before}exec git-hotfix start 'Production down!' {options} --json");
    let (took, printed) = world.shell(repo.path(), &script)?;
    Ok((took, slot(&printed)?))
}

/// Giving back against removing. The worktrees removed are those that were added before.
fn parked(world: &World, files: usize, rounds: usize) -> Result<Vec<Measured>> {
    let remove = Side::one(Row::new(REMOVE), |round| {
        let script = format!("exec git worktree remove --force ../hand-{round}");
        Ok(world.shell(world.repo.path(), &script)?.0)
    });
    let rows = vec![
        Row::new("`cleanup` returns").against(REMOVE).goal(goal(files, 0.05, None)),
        Row::new("`cleanup`, until the slot is parked").against(REMOVE).goal(goal(files, 0.5, None)),
    ];
    let give_back = Side::new(rows, |_| {
        world.park(1)?;
        let slot = world.start(&world.repo, &["--no-fetch"])?;
        edit(&slot)?;
        let began = Instant::now();
        let (returned, _) = world.shell(&slot, "exec git-hotfix cleanup --discard --json")?;
        wait_until_parked(&world.repo)?;
        Ok(vec![returned, began.elapsed()])
    });
    let untouched = Row::new("`cleanup` of an untouched slot returns").against(REMOVE);
    let untouched = Side::one(untouched.goal(goal(files, 0.05, None)), |_| {
        world.park(0)?;
        let slot = world.start(&world.repo, &["--no-fetch"])?;
        let (returned, _) = world.shell(&slot, "exec git-hotfix cleanup --json")?;
        wait_until_parked(&world.repo)?;
        Ok(returned)
    });
    measure(vec![remove, give_back, untouched], rounds)
}

fn edit(slot: &Path) -> Result<()> {
    std::fs::write(slot.join("src/auth.py"), "# edited\n")?;
    Ok(std::fs::write(slot.join("notes.txt"), "what I saw\n")?)
}

/// A sandbox of its own for what needs no files.
pub fn small(program: &Path) -> Result<World> {
    World::in_sandbox(Sandbox::new(), 20, program)
}
