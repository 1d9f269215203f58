//! bats: TAP, one run for each file, since TAP does not name files.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_model::{Case, CaseOutcome, Run};

use crate::ctx::Ctx;
use crate::error::Result;
use crate::exec::{Command, Ending, Finished};
use crate::suite::folder::RunFolder;
use crate::suite::origin::Root;
use crate::suite::report::{self, End, Told};
use crate::suite::stream::Heard;
use crate::suite::{Limits, Place, Runner, Selection, SuiteError, existing_files, paths, tap};

/// Where repositories keep bats of their own.
const OWN: &[&str] = &[
    "node_modules/.bin/bats",
    "node_modules/bats/bin/bats",
    "test/bats/bin/bats",
    "tests/bats/bin/bats",
    "test/libs/bats/bin/bats",
    "vendor/bats/bin/bats",
];

/// The runner.
#[derive(Debug)]
pub struct Bats;

/// Whether a file is one of bats.
pub fn is_test_file(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "bats") && !paths::is_skipped(path)
}

/// What the runs of all files told.
struct Gathered {
    heard: Heard,
    claimed: u64,
    end: End,
    code: i32,
    output: Vec<u8>,
}

impl Bats {
    fn program(ctx: &Ctx, place: &Place<'_>) -> Result<PathBuf> {
        let own = OWN.iter().flat_map(|path| [place.root.join(path), place.home.join(path)]);
        let found = own.into_iter().find(|path| path.is_file()).or_else(|| ctx.env.find_program("bats"));
        let hint = "install bats, for example npm install --global bats".to_owned();
        Ok(found.ok_or(SuiteError::MissingRunner { runner: "bats", hint })?)
    }
}

impl Runner for Bats {
    fn name(&self) -> &'static str {
        "bats"
    }

    fn is_test_file(&self, path: &Path) -> bool {
        is_test_file(path)
    }

    fn speaks(&self, path: &Path) -> bool {
        super::speaks(path)
    }

    fn ready(&self, ctx: &Ctx, place: &Place<'_>) -> Result<()> {
        Self::program(ctx, place).map(|_| ())
    }

    fn can_select(&self) -> bool {
        true
    }

    fn command(&self, selection: &Selection) -> Vec<String> {
        let what: Vec<String> = match selection {
            Selection::Everything => vec!["--recursive".to_owned(), ".".to_owned()],
            Selection::Files(files) => files.iter().map(|file| paths::text_of_path(file)).collect(),
            Selection::Cases(ids) => ids.clone(),
        };
        std::iter::once("bats".to_owned()).chain(what).collect()
    }

    fn run(&self, ctx: &Ctx, place: &Place<'_>, selection: &Selection, limits: &Limits) -> Result<Run> {
        let program = Self::program(ctx, place)?;
        let told = Told { runner: "bats", command: self.command(selection), counted: true, claimed: None };
        let files = existing_files(place.root, selection).unwrap_or_else(|| all_below(place.root));
        if files.is_empty() {
            return Ok(report::nothing(told, End::finished()));
        }
        let folder = RunFolder::new(ctx, place.scratch)?;
        let began = ctx.clock.elapsed();
        let mut gathered = Gathered {
            heard: Heard::default(),
            claimed: 0,
            end: End::finished(),
            code: 0,
            output: Vec::new(),
        };
        for file in &files {
            let left = limits.run.saturating_sub(ctx.elapsed_since(began));
            let command = Command::new(&program).args(["--formatter", "tap"]).args(filter(selection, file));
            let command = command.arg(Path::new(".").join(file)).dir(place.root).contained();
            let command = command.log(folder.log()).deadline(left).env("TERM", "dumb");
            let finished = with_limit(command, limits.test).run(ctx)?;
            if !gathered.take(&Root::new(place.root), file, finished) {
                break;
            }
        }
        let ending = Ending::Exited(gathered.code);
        let elapsed = ctx.elapsed_since(began);
        let total_bytes = gathered.output.len() as u64;
        let finished = Finished { ending, stdout: gathered.output, stderr: Vec::new(), total_bytes, elapsed };
        let told = Told { claimed: Some(gathered.claimed), ..told };
        Ok(report::run_of(told, &finished, gathered.heard, &gathered.end))
    }
}

impl Gathered {
    /// Takes in the run of one file; false if the others shall not run.
    fn take(&mut self, root: &Root, file: &Path, finished: Finished) -> bool {
        let read = tap::read(&String::from_utf8_lossy(&finished.stdout));
        let place = paths::text_of_path(file);
        let loaded = read.planned.is_some();
        let begun = read.points.len() as u64;
        for point in read.points {
            let id = format!("{place}::{}", point.name);
            let reason = point.reason.filter(|_| point.outcome != CaseOutcome::Passed);
            let frame =
                point.place.and_then(|place| root.frame(Path::new(&place.file), place.function.as_deref()));
            self.heard.cases.push(Case {
                id,
                file: Some(place.clone()),
                outcome: point.outcome,
                reason,
                frame,
                seconds: None,
                times: None,
            });
        }
        self.claimed += read.planned.unwrap_or(begun);
        self.output = finished.stdout;
        match End::of(finished.ending) {
            Err(end) => {
                self.end = end;
                return false;
            }
            Ok(0) => {}
            Ok(code) => self.code = code,
        }
        if !loaded {
            let said = report::last_line(&self.output);
            self.heard.not_loaded.push((place, said));
            self.code = self.code.max(1);
        }
        true
    }
}

/// One test may take whole seconds only.
fn with_limit(command: Command, limit: Option<Duration>) -> Command {
    match limit {
        Some(limit) => command.env("BATS_TEST_TIMEOUT", limit.as_secs().max(1).to_string()),
        None => command,
    }
}

/// The names of a selection as one regular expression.
fn filter(selection: &Selection, file: &Path) -> Vec<String> {
    let Selection::Cases(ids) = selection else { return Vec::new() };
    let own = ids.iter().filter_map(|id| id.split_once("::"));
    let own = own.filter(|(place, _)| paths::path_of_text(place) == *file);
    let names: Vec<String> = own.map(|(_, name)| escaped(name)).collect();
    vec!["--filter".to_owned(), format!("^({})$", names.join("|"))]
}

/// For extended regular expressions (POSIX).
fn escaped(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if "\\^$.|?*+()[]{}".contains(c) {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

fn all_below(root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(root.join(&folder)).into_iter().flatten().flatten() {
            let path = folder.join(entry.file_name());
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && !paths::is_skipped(&path.join("file")) {
                waiting.push(path);
            } else if kind.is_file() && is_test_file(&path) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
