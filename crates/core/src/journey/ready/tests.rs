//! `--with-tests`: the critical tests on main, in a slot that waits.

use std::path::PathBuf;

use hotfix_model::output::ReadyLine;
use hotfix_model::{Run, RunEnd, Step};

use super::table::Found;
use crate::config::Loaded;
use crate::error::Result;
use crate::event::Tone;
use crate::flow::{start, test};
use crate::git::Oid;
use crate::session::{Project, Reader, SessionError};
use crate::slot::{Held, Keep};
use crate::suite::{self, ImpactMap, Limits, Place, RankInput, Runner, Selection, Suite};

/// The line of the table.
pub const NAME: &str = "tests";
/// What stands for a hotfix where logs and results are kept. No hotfix can be called so.
pub const RUNS: &str = ".ready";

/// Runs the critical tests on the newest main that is known here. The slot is parked again as it was found.
pub fn run(project: &Project) -> Result<ReadyLine> {
    let ctx = project.ctx();
    let began = ctx.clock.elapsed();
    ctx.began(Step::Test, "the critical tests on main");
    let found = on_main(project);
    ctx.go_on()?;
    let (found, took) = found.unwrap_or_else(|error| (Found::of(&error), 0));
    let mut line = found.line(NAME, ctx.milliseconds_since(began));
    ctx.ended(Step::Test, if line.repair.is_none() { Tone::Good } else { Tone::Warning }, line.found.clone());
    if took > 0 {
        line.found = format!("{} ({}.{} s)", line.found, took / 1000, took % 1000 / 100);
    }
    Ok(line)
}

/// What is to be said of the tests, and their wall time in milliseconds.
fn on_main(project: &Project) -> Result<(Found, u64)> {
    let (target, newest) = project.newest_base()?;
    let unknown = || SessionError::UnknownBase {
        base: target.0.clone(),
        remote: project.remote_name().map(str::to_owned),
    };
    let newest = newest.ok_or_else(unknown)?;
    let loaded = project.config_at(Some(&newest))?;
    let trusted = project.is_trusted(&loaded)?;
    if !trusted && loaded.commands.iter().any(|command| command.key == "test.command") {
        return Err(SessionError::Untrusted { keys: vec!["test.command".to_owned()] }.into());
    }
    let pool = project.pool(&loaded);
    let held = pool.take_unnamed(&newest)?;
    let run = start::set_up(project, (&pool, &held), RUNS, (&newest, trusted))
        .and_then(|_| critical(project, &held, (&loaded, &newest)))
        .inspect(|_| learn(project, &held, (&loaded, &newest)));
    pool.park(&held, &newest, Keep::Discard)?;
    project.forget_runs(RUNS)?;
    let run = run?;
    test::remember_durations(project, &run);
    Ok((told(&run, &target.0), run.elapsed_ms))
}

/// The runners of main, and its files.
struct Main {
    files: Vec<PathBuf>,
    suite: Suite,
    scratch: PathBuf,
}

impl Main {
    fn of(project: &Project, held: &Held, (loaded, commit): (&Loaded, &Oid)) -> Result<Self> {
        let files = project.repository.list_files(commit)?;
        let reader = Reader::new(&project.repository, commit, &files);
        let scratch = project.run_dir(RUNS)?;
        let place = Place { root: &held.worktree.path, home: project.repository.home(), scratch: &scratch };
        let suite = suite::detect(&files, &|path| reader.read(path), &loaded.config.test)?;
        let suite = suite.for_change(project.ctx(), &place, &[]);
        Ok(Self { files, suite, scratch })
    }
}

fn critical(project: &Project, held: &Held, (loaded, commit): (&Loaded, &Oid)) -> Result<Run> {
    let main = Main::of(project, held, (loaded, commit))?;
    let place = Place { root: &held.worktree.path, home: project.repository.home(), scratch: &main.scratch };
    let selection = selection(project, (&main.files, &main.suite), (loaded, held));
    let budget = loaded.config.test.budget.duration();
    // As long as in a hotfix: one test may take a fifth of all.
    let limits = Limits { run: budget, test: Some(budget / 5) };
    main.suite.run(project.ctx(), &place, &selection, &limits)
}

/// Learns what each test file runs, once for each commit, in as much time again. A hint less is no trouble: nothing is
/// said of it.
fn learn(project: &Project, held: &Held, (loaded, commit): (&Loaded, &Oid)) {
    let path = test::impact_path(project);
    if ImpactMap::load(&path).is_some_and(|map| map.commit == commit.as_str()) {
        return;
    }
    let Ok(main) = Main::of(project, held, (loaded, commit)) else { return };
    let place = Place { root: &held.worktree.path, home: project.repository.home(), scratch: &main.scratch };
    let Selection::Files(files) = selection(project, (&main.files, &main.suite), (loaded, held)) else {
        return;
    };
    project.ctx().now_doing(Step::Test, "learning what each test runs");
    let budget = loaded.config.test.budget.duration();
    if let Some(tests) = main.suite.footprints(project.ctx(), &place, &files, budget) {
        ImpactMap { commit: commit.to_string(), tests }.save(&path).ok();
    }
}

/// The critical tests, then as many others as fit into the budget.
fn selection(
    project: &Project,
    (files, runner): (&[PathBuf], &dyn Runner),
    (loaded, held): (&Loaded, &Held),
) -> Selection {
    if !runner.can_select() {
        return Selection::Everything;
    }
    let root = &held.worktree.path;
    let ranked = suite::rank(&RankInput {
        files,
        changed: &[],
        proof: &[],
        critical: &loaded.config.test.critical,
        read: &|path| std::fs::read(root.join(path)).ok(),
        edits: &[],
        commits: &[],
        related: None,
        learnt: None,
        runner,
    });
    let budget = loaded.config.test.budget.duration();
    let chosen = suite::within_budget(ranked, &test::durations(project), budget);
    Selection::Files(chosen.selected.into_iter().map(|ranked| ranked.path).collect())
}

fn told(run: &Run, target: &str) -> Found {
    const LOOK: &str = "git hotfix ready --with-tests";
    let ran = run.ran().count();
    let broken: Vec<&str> = run.broken().map(|case| case.id.as_str()).collect();
    let last_line = || run.tail.lines().last().unwrap_or_default().to_owned();
    match (broken.first(), run.not_loaded.first(), run.end) {
        (Some(first), ..) => {
            Found::warning(format!("{} of {ran} tests fail on {target} already: {first}", broken.len()), LOOK)
        }
        (_, Some((file, why)), _) => {
            Found::warning(format!("{file} cannot be loaded on {target}: {why}"), LOOK)
        }
        (_, _, RunEnd::Finished) if run.is_green() && run.counted => {
            let plural = if ran == 1 { " passes" } else { "s pass" };
            Found::fine(format!("{}: {ran} test{plural} on {target}", run.runner))
        }
        (_, _, RunEnd::Finished) if run.is_green() => {
            Found::fine(format!("the test command passes on {target}"))
        }
        (_, _, RunEnd::Finished) if !run.counted => {
            Found::warning(format!("the test command fails on {target} already: {}", last_line()), LOOK)
        }
        (_, _, RunEnd::TimedOut) if ran > 0 => Found::warning(
            format!("{ran} tests pass on {target}, then the time was up"),
            "git hotfix config  # see test.budget and test.critical",
        ),
        (_, _, RunEnd::Finished) if run.counted && ran == 0 => {
            Found::missing(format!("no test ran on {target}, which is not a pass"), LOOK)
        }
        _ => Found::missing(format!("the tests do not run on {target}: {}", last_line()), LOOK),
    }
}
