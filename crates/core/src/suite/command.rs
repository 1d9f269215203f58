//! A plain command: its exit code decides, unless a pytest inside it can be read.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use hotfix_model::Run;

use super::folder::RunFolder;
use super::report::{self, End, Told};
use super::runners::python::candidates::Interpreter;
use super::runners::python::environment::{self as python, Setting, Site};
use super::runners::python::layout::Layout;
use super::runners::python::place_file;
use super::runners::shell::make;
use super::stream::{self, Heard};
use super::{Limits, Place, Runner, Selection, SuiteError, paths};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exec::{Command, Ending, ExecError, Finished};

/// Its name, also in records.
const NAME: &str = "command";
/// The plugin inside every pytest that the command starts.
const PLUGIN: &str = "git_hotfix_pytest";

#[derive(Debug)]
struct Plain {
    words: Vec<OsString>,
    shown: Vec<String>,
    layouts: Mutex<BTreeMap<PathBuf, Arc<Layout>>>,
}

/// A runner for a command given as arguments. Errors: [`SuiteError::EmptyCommand`].
pub fn plain(command: Vec<OsString>) -> Result<Box<dyn Runner>> {
    if command.first().is_none_or(|program| program.is_empty()) {
        return Err(SuiteError::EmptyCommand.into());
    }
    let shown = command.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    Ok(Box::new(Plain { words: command, shown, layouts: Mutex::default() }))
}

/// A runner for a line of shell, as `test.command` holds it. Errors: [`SuiteError::EmptyCommand`].
pub fn shell(line: &str) -> Result<Box<dyn Runner>> {
    if line.trim().is_empty() {
        return Err(SuiteError::EmptyCommand.into());
    }
    // Shown as what runs: what is kept of a proof can then be run again as it is.
    plain(["sh", "-c", line].map(OsString::from).into())
}

impl Runner for Plain {
    fn name(&self) -> &str {
        NAME
    }

    fn is_test_file(&self, path: &Path) -> bool {
        paths::is_test_file_of_any_language(path)
    }

    fn can_select(&self) -> bool {
        false
    }

    fn command(&self, _: &Selection) -> Vec<String> {
        self.shown.clone()
    }

    fn environment(&self, ctx: &Ctx, place: &Place<'_>) -> Option<PathBuf> {
        python::for_commands(ctx, place)?.environment
    }

    fn run(&self, ctx: &Ctx, place: &Place<'_>, _: &Selection, limits: &Limits) -> Result<Run> {
        if let Some(why) = make::runs_nothing(ctx, place, &self.words) {
            let told = Told { runner: NAME, command: self.shown.clone(), counted: true, claimed: None };
            return Ok(Run { tail: why, ..report::nothing(told, End::finished()) });
        }
        let folder = RunFolder::new(ctx, place.scratch)?;
        let command = self.prepared(ctx, place, &folder, limits)?;
        let finished = match command.env("PYTEST_ADDOPTS", options_with_plugin(ctx)).run(ctx) {
            Ok(finished) => finished,
            Err(error) => return Ok(self.not_started(&error)),
        };
        let heard = stream::read(&folder.stream());
        if heard.began == 0 && lost_our_plugin(&finished) {
            return self.run_without_plugin(ctx, place, limits);
        }
        Ok(self.judge(&finished, heard, place_file::foreign(Site::root(place), &folder)))
    }
}

impl Plain {
    /// The command where the programs of the repository's environment come first, for those who never activate it.
    fn prepared(&self, ctx: &Ctx, place: &Place<'_>, folder: &RunFolder, limits: &Limits) -> Result<Command> {
        let interpreter = python::for_commands(ctx, place);
        let mut words = self.words.iter();
        let program = words.next().cloned().unwrap_or_default();
        let command =
            Command::new(in_environment(interpreter.as_ref(), &program).unwrap_or(program)).args(words);
        let layout = self.layout(place.root);
        let site = Site::root(place);
        let setting = Setting { site, layout: &layout, interpreter: interpreter.as_ref(), folder, limits };
        setting.prepare(ctx, command)
    }

    /// The Python code below a root, looked for once.
    fn layout(&self, root: &Path) -> Arc<Layout> {
        let mut known = self.layouts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(root.to_owned()).or_insert_with(|| Arc::new(Layout::of_folder(root))))
    }

    fn run_without_plugin(&self, ctx: &Ctx, place: &Place<'_>, limits: &Limits) -> Result<Run> {
        let folder = RunFolder::new(ctx, place.scratch)?;
        let finished = self.prepared(ctx, place, &folder, limits)?.run(ctx)?;
        Ok(self.judge(&finished, Heard::default(), place_file::foreign(Site::root(place), &folder)))
    }

    /// A program that is missing shows nothing about the code: never a red. The code is the one a shell gives, and tells
    /// it from a program that a signal ended.
    fn not_started(&self, error: &ExecError) -> Run {
        let nothing = report::nothing(self.told(&Heard::default()), End::crashed(error.to_string()));
        Run { exit: Some(127), ..nothing }
    }

    fn told(&self, heard: &Heard) -> Told {
        let counted = heard.began > 0;
        let complete = heard.began == 1 && heard.finished == 1;
        let claimed = heard.own_count.filter(|_| complete);
        Told { runner: NAME, command: self.shown.clone(), counted, claimed }
    }

    fn judge(&self, finished: &Finished, heard: Heard, foreign: Option<String>) -> Run {
        let end = end(finished.ending, &heard, foreign.as_deref());
        Run { foreign, ..report::run_of(self.told(&heard), finished, heard, &end) }
    }
}

fn options_with_plugin(ctx: &Ctx) -> OsString {
    let mut options = ctx.env.get("PYTEST_ADDOPTS").unwrap_or_default().to_owned();
    options.push(format!(" -p {PLUGIN}"));
    options
}

/// The program of the environment, for a command that names one without a path.
fn in_environment(interpreter: Option<&Interpreter>, program: &OsString) -> Option<OsString> {
    let environment = interpreter?.environment.as_ref()?;
    let path = environment.join("bin").join(program);
    (Path::new(program).components().count() == 1 && path.is_file()).then(|| path.into_os_string())
}

fn end(ending: Ending, heard: &Heard, foreign: Option<&str>) -> End {
    match End::of(ending) {
        Err(end) => end,
        Ok(126) => End::crashed("a program of the command could not be run (code 126)"),
        Ok(127) => End::crashed("a program of the command was not found (code 127)"),
        Ok(code) if heard.began > heard.finished => {
            End::crashed(format!("pytest ended before its tests did (code {code})"))
        }
        Ok(_) => foreign.map_or_else(End::finished, End::crashed),
    }
}

/// Whether pytest stopped because the command replaced `PYTHONPATH` and our plugin was not found. Only we use that
/// name, so no other failure reads like this.
fn lost_our_plugin(finished: &Finished) -> bool {
    let failed = matches!(finished.ending, Ending::Exited(code) if code != 0);
    failed && finished.stdout.windows(PLUGIN.len()).any(|window| window == PLUGIN.as_bytes())
}
