//! What the repository brings: its settings and commands, its tests, its linters.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::scene::{Base, Scene, Unknown};
use super::table::Found;
use crate::error::{Error, Result};
use crate::session::Reader;
use crate::style::{self, Installed};
use crate::suite::{self, Durations, Runner, Selection, SuiteError};

/// Said by looks that need to know the base.
pub const NO_BASE: &str = "not looked at: it is not known what hotfixes start from";

/// The settings, and what is wrong with them.
#[expect(clippy::unnecessary_wraps, reason = "a look like the others, which can fail")]
pub fn settings(scene: &Scene) -> Result<Found> {
    let base = match scene.base() {
        Ok(base) => base,
        Err(Unknown::Settings(found)) => return Ok(found.clone()),
        Err(Unknown::Target(_)) => return Ok(Found::unknown(NO_BASE)),
    };
    Ok(match base.loaded.warnings.as_slice() {
        [] => Found::fine("no mistake in them"),
        [only] => Found::warning(only.clone(), "git hotfix config"),
        [first, more @ ..] => {
            Found::warning(format!("{first}; and {} more", more.len()), "git hotfix config")
        }
    })
}

/// Whether the commands that the repository brings may run.
pub fn trust(scene: &Scene) -> Result<Found> {
    let Ok(base) = scene.base() else { return Ok(Found::unknown(NO_BASE)) };
    let keys: Vec<&str> = base.loaded.commands.iter().map(|command| command.key.as_str()).collect();
    Ok(match (keys.len(), scene.project.is_trusted(&base.loaded)?) {
        (0, _) => Found::fine("the repository brings no commands"),
        (count, true) => Found::fine(format!("{count} commands of the repository are approved")),
        (_, false) => Found::missing(format!("nobody has approved {}", keys.join(", ")), "git hotfix trust"),
    })
}

/// Whether the tests can run.
pub fn tests(scene: &Scene) -> Result<Found> {
    let Ok(base) = scene.base() else { return Ok(Found::unknown(NO_BASE)) };
    let files = scene.project.repository.list_files(&base.commit)?;
    let reader = Reader::new(&scene.project.repository, &base.commit, &files);
    let runner = match suite::detect(&files, &|path| reader.read(path), &base.loaded.config.test) {
        Ok(runner) => runner,
        Err(error) if matches!(error.downcast_ref(), Some(SuiteError::NoRunner)) => {
            return Ok(Found::missing(
                "no test runner was found, and no hotfix.toml names a command",
                "git hotfix init  # then set test.command",
            ));
        }
        Err(error) => return Err(error),
    };
    let (root, scratch) = (root(scene, base)?, scene.project.run_dir(super::tests::RUNS)?);
    let home = scene.project.repository.home();
    let place = suite::Place { root: &root, home, scratch: &scratch };
    let looked = runner.look(scene.ctx(), &place);
    if let Some(found) = not_installed(&looked) {
        return Ok(found);
    }
    if !runner.can_select() {
        let configured = base.loaded.config.test.command.clone();
        let found = || runner.command(&Selection::Everything).join(" ");
        return Ok(Found::fine(if configured.is_empty() { found() } else { configured }));
    }
    let tests: Vec<PathBuf> = files.into_iter().filter(|file| runner.is_test_file(file)).collect();
    let known = Durations::load(&crate::flow::test::durations_path(&scene.project)).estimate(&tests);
    let known = known.map(|time| format!(", last run ({:.1} s)", time.as_secs_f64())).unwrap_or_default();
    let plural = if tests.len() == 1 { "" } else { "s" };
    let environments = environments(scene, &looked, &place);
    Ok(Found::fine(format!("{}: {} test file{plural}{known}{environments}", runner.name(), tests.len())))
}

/// Which environments the tests use, where they are not what the machine has for everybody.
fn environments(scene: &Scene, looked: &[(&dyn Runner, Option<Error>)], place: &suite::Place<'_>) -> String {
    let found = looked.iter().filter_map(|(runner, _)| runner.environment(scene.ctx(), place));
    let shown: BTreeSet<String> = found.map(|folder| folder.display().to_string()).collect();
    let shown: Vec<String> = shown.into_iter().collect();
    if shown.is_empty() { String::new() } else { format!(", with {}", shown.join(" and ")) }
}

/// The first runner that is not installed. Where others are, a hotfix goes on without its tests.
fn not_installed(looked: &[(&dyn Runner, Option<Error>)]) -> Option<Found> {
    let mut missing = looked.iter().filter_map(|(runner, error)| Some((runner.folder(), error.as_ref()?)));
    let (folder, error) = missing.next()?;
    if missing.count() + 1 == looked.len() {
        return Some(Found::of(error));
    }
    let place =
        if folder.as_os_str().is_empty() { String::new() } else { format!(" ({})", folder.display()) };
    Some(Found::warning(format!("{error}{place}"), error.next()))
}

/// Whether the linters that the repository asks for are installed.
pub fn linters(scene: &Scene) -> Result<Found> {
    let Ok(base) = scene.base() else { return Ok(Found::unknown(NO_BASE)) };
    let files = scene.project.repository.list_files(&base.commit)?;
    let reader = Reader::new(&scene.project.repository, &base.commit, &files);
    let root = root(scene, base)?;
    let scratch = Path::new("");
    let place = style::Place { root: &root, home: scene.project.repository.home(), scratch };
    let read = |path: &str| reader.read(path);
    let linters = style::linters_installed(scene.ctx(), &place, (&files, &read), &base.loaded.config.check);
    Ok(told(&linters))
}

fn told(linters: &[Installed]) -> Found {
    let names = |missing: bool| {
        let chosen = linters.iter().filter(|linter| linter.missing.is_some() == missing);
        chosen.map(|linter| linter.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    match linters.iter().find_map(|linter| linter.missing.clone()) {
        Some(install) => Found::warning(format!("not installed: {}", names(true)), install),
        None if linters.is_empty() => Found::fine("the repository asks for none"),
        None => Found::fine(names(false)),
    }
}

/// Where tests and linters would run: the first slot that waits, which may have an environment of its own.
fn root(scene: &Scene, base: &Base) -> Result<PathBuf> {
    let place = scene.project.pool(&base.loaded).first_place()?;
    let home = scene.project.repository.home();
    Ok(if place.is_dir() { place } else { home.to_owned() })
}
