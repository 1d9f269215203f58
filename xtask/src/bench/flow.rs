//! The whole flow: `start`, the same edit, `ship`, against the steps typed as one shell script. The script runs the tests
//! of the fix twice, as somebody does who wants to have seen them red: before the fix, and with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use hotfix_testkit::{Sandbox, auth};

use super::rounds::{Goal, Row, Side, measure, table};
use super::times::{BESIDES, ROWS, Times, WALL};
use super::world::{World, enter_started, wait_until_parked};
use super::{page, program, quoted};
use crate::tools::{self, State};

/// What is measured.
#[derive(Args)]
pub struct FlowArgs {
    /// Files of the generated repository besides the auth service.
    #[arg(long, default_value_t = 20_000)]
    files: usize,
    /// Rounds that count, after a first one that does not.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Neither side fetches.
    #[arg(long)]
    no_fetch: bool,
    /// Print the table, but leave the manual as it is.
    #[arg(long)]
    print_only: bool,
    /// Measure this program instead of building one; for comparing versions.
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
}

/// One side: a clone with its own remote, that all rounds share.
struct Place {
    world: World,
    times: Times,
    new_test: String,
    fix: String,
}

impl Place {
    fn make(files: usize, program: &Path) -> Result<Self> {
        let world = World::in_sandbox(Sandbox::with_python(), files, program)?;
        let times = Times::install(&world.sandbox)?;
        let root = world.sandbox.root();
        let (source, tests) = (root.join("auth.py"), root.join("test_auth.py"));
        fs::write(&source, auth::FIXED_SOURCE)?;
        fs::write(&tests, auth::TESTS_WITH_NEW)?;
        let new_test = format!("cp {} tests/test_auth.py", quoted(&tests));
        let fix = format!("cp {} src/auth.py", quoted(&source));
        Ok(Self { world, times, new_test, fix })
    }

    fn measure(&self, script: &str) -> Result<Vec<Duration>> {
        self.times.clear()?;
        let (wall, _) = self.world.shell(self.world.repo.path(), script)?;
        self.times.rows(wall)
    }
}

/// Measures and shows.
pub fn run(args: &FlowArgs) -> Result<()> {
    if let State::Without(reason) = tools::python(true)? {
        bail!("the flow is measured with pytest and flake8: {reason}");
    }
    let program = program(args.program.as_deref())?;
    let (hand, tool) = (Place::make(args.files, &program)?, Place::make(args.files, &program)?);
    tool.world.park(0)?;
    let by_hand = |round| hand.measure(&steps(&hand, round, args.no_fetch));
    let with_hotfix = |round| {
        let took = tool.measure(&commands(&tool, round, args.no_fetch))?;
        wait_until_parked(&tool.world.repo)?;
        Ok(took)
    };
    let sides = vec![Side::new(script_rows(), by_hand), Side::new(hotfix_rows(), with_hotfix)];
    let mut measured = measure(sides, args.rounds)?;
    let removals = removals(&hand, args.rounds)?;
    measured.iter_mut().take(ROWS.len()).for_each(|line| line.lengthen(&removals));
    let fetch = if args.no_fetch { "without fetch" } else { "with fetch" };
    let title = format!("`start` … `ship`, {} files, {} rounds, {fetch}", args.files, args.rounds);
    page::show(&format!("flow {}", args.files), &title, &table(&measured), args.print_only)
}

fn script_rows() -> Vec<Row> {
    ROWS.iter().map(|row| Row::new(by_hand(row))).collect()
}

fn hotfix_rows() -> Vec<Row> {
    let row = |row: &&str| {
        // DESIGN: at most 1.3 times the script, and 0.5 times its Git commands.
        let goal = match *row {
            WALL => Some(Goal::Times(1.3)),
            BESIDES => Some(Goal::Times(0.5)),
            _ => None,
        };
        Row::new(format!("`start` and `ship`, {row}")).against(&by_hand(row)).goal(goal)
    };
    ROWS.iter().map(row).collect()
}

fn by_hand(row: &str) -> String {
    format!("by hand, {row}")
}

fn steps(place: &Place, round: usize, no_fetch: bool) -> String {
    let fetch = if no_fetch { "" } else { "git fetch --quiet origin" };
    format!(
        "{fetch}
git worktree add --quiet -b hotfix/hand-{round} ../hand-{round} origin/main
cd ../hand-{round}
{new_test}
pytest --quiet tests/test_auth.py && exit 1
{fix}
flake8 src/auth.py
pytest --quiet tests/test_auth.py
git add src/auth.py tests/test_auth.py
git commit --quiet --message 'fix: auth token validation'
git push --quiet --set-upstream origin hotfix/hand-{round}",
        new_test = place.new_test,
        fix = place.fix
    )
}

fn commands(place: &Place, round: usize, no_fetch: bool) -> String {
    let fetch = if no_fetch { "--no-fetch" } else { "" };
    let enter = enter_started(&format!("--name bench-{round} {fetch}"));
    let Place { new_test, fix, .. } = place;
    format!("{enter}\n{new_test}\n{fix}\ngit-hotfix ship 'auth token validation' --json")
}

/// The script's last step is measured after all rounds, so that no round has to create files where others were just
/// deleted; its time is added to the round it belongs to.
fn removals(hand: &Place, rounds: usize) -> Result<Vec<Duration>> {
    let remove = |round| {
        let script = format!("git worktree remove --force ../hand-{round}");
        Ok(hand.world.shell(hand.world.repo.path(), &script)?.0)
    };
    (1..=rounds).map(remove).collect()
}
