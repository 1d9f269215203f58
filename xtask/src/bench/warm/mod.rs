//! The first build or test of a hotfix: in a slot that main has left behind, against a fresh worktree in which everything
//! has to be installed or built. Real tools; nothing is downloaded but before the first round.

mod node;
mod project;
mod python;
mod rust;

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use hotfix_testkit::Responder;

use super::rounds::{Goal, Row, Side, measure, table};
use super::world::{World, enter_started};
use super::{page, program};
use project::{PARTS, Project};

/// So many commits main goes on while a slot waits.
const BEHIND: [usize; 2] = [1, 3];

/// What is measured.
#[derive(Args)]
pub struct WarmArgs {
    /// Languages of the generated projects; each gets a table.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Language::Rust, Language::Node, Language::Python])]
    languages: Vec<Language>,
    /// Rounds that count, after a first one that does not.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Print the tables, but leave the manual as it is.
    #[arg(long)]
    print_only: bool,
    /// Measure this program instead of building one; for comparing versions.
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Language {
    Rust,
    Node,
    Python,
}

/// A generated project, one slot of it, and how far its main is.
struct Place {
    world: World,
    project: Project,
    changes: Cell<usize>,
}

/// Measures and shows.
pub fn run(args: &WarmArgs) -> Result<()> {
    let program = program(args.program.as_deref())?;
    // Nothing is deleted before the end.
    let mut places = Vec::new();
    for language in &args.languages {
        let place = Place::make(*language, &program)?;
        let name = place.project.name;
        let rounds = args.rounds;
        let title = format!("{name}: {}, {rounds} rounds", place.project.what);
        let table = compare(&place, rounds)?;
        page::show(&format!("warm {}", name.to_lowercase()), &title, &table, args.print_only)?;
        places.push(place);
    }
    drop(places);
    Ok(())
}

fn compare(place: &Place, rounds: usize) -> Result<String> {
    let fresh = format!("`git worktree add`, {}", place.project.first);
    let mut sides = vec![Side::one(Row::new(&fresh), |round| place.fresh(round))];
    for behind in BEHIND {
        let commits = if behind == 1 { "1 commit".to_owned() } else { format!("{behind} commits") };
        let row = Row::new(format!("`start` in a slot {commits} behind, {}", place.project.again));
        let row = row.against(&fresh).goal(Some(Goal::Times(place.project.goal)));
        sides.push(Side::one(row, move |_| place.in_slot(behind)));
    }
    Ok(table(&measure(sides, rounds)?))
}

impl Place {
    fn make(language: Language, program: &Path) -> Result<Self> {
        let (sandbox, project) = match language {
            Language::Rust => rust::project()?,
            Language::Node => node::project()?,
            Language::Python => python::project()?,
        };
        let world = World::of_files(sandbox, &project.files, program);
        Responder::at(&world.sandbox, world.repo.path()).trust();
        Ok(Self { world, project, changes: Cell::new(0) })
    }

    /// A colleague's commits, each of which changes another part. Nobody here knows of them yet.
    fn go_on(&self, commits: usize) {
        for _ in 0..commits {
            let change = self.changes.get() + 1;
            let (path, content) = (self.project.part)(change % PARTS, project::value(change));
            self.world.repo.push_commit_to_remote(&[(&path, content.as_bytes())]);
            self.changes.set(change);
        }
    }

    fn fresh(&self, round: usize) -> Result<Duration> {
        self.go_on(1);
        let Project { install, run, .. } = &self.project;
        let script = format!(
            "git fetch --quiet origin
git worktree add --quiet -b fresh-{round} ../fresh-{round} origin/main
cd ../fresh-{round}
{install}
{run}"
        );
        self.timed(self.world.repo.path(), &script)
    }

    /// The slot waits at main, with all that was built and installed there, when main goes on.
    fn in_slot(&self, behind: usize) -> Result<Duration> {
        let slot = self.world.start(&self.world.repo, &[])?;
        self.timed(&slot, &self.project.run)?;
        self.world.give_back(&slot)?;
        let installed = self.installed_at(&slot)?;
        self.go_on(behind);
        let script = format!("{}\n{}", enter_started(""), self.project.run);
        let took = self.timed(self.world.repo.path(), &script)?;
        ensure!(self.installed_at(&slot)? == installed, "what was installed is installed again");
        self.world.give_back(&slot)?;
        Ok(took)
    }

    /// Fails unless what ran is what main is now.
    fn timed(&self, dir: &Path, script: &str) -> Result<Duration> {
        let (took, printed) = self.world.shell(dir, script)?;
        let wanted = project::values(self.changes.get());
        ensure!(printed.contains(&wanted), "what ran was not the newest: {wanted} is not in\n{printed}");
        Ok(took)
    }

    /// When what the setup installs was installed.
    fn installed_at(&self, slot: &Path) -> Result<Option<SystemTime>> {
        let Some(marker) = self.project.installed else {
            return Ok(None);
        };
        let path = slot.join(marker);
        let found = fs::metadata(&path).with_context(|| path.display().to_string())?;
        Ok(Some(found.modified()?))
    }
}
