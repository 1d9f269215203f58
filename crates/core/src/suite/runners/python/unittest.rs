//! unittest, which comes with Python: our own program loads the files and runs them with its classes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hotfix_model::Run;

use super::environment::{self, Setting, Site};
use super::layout::{Layout, is_entered};
use super::place_file;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exec::{Command, Ending};
use crate::suite::folder::RunFolder;
use crate::suite::report::{self, End, Told};
use crate::suite::stream::{self, Heard};
use crate::suite::{Limits, Place, Repeat, Runner, Selection, existing_files, paths};

/// Its name.
const NAME: &str = "unittest";
/// Deepest folder looked into for test files.
const DEEPEST: usize = 32;

/// The runner.
#[derive(Debug)]
pub struct Unittest {
    folder: PathBuf,
    layout: Arc<Layout>,
}

impl Unittest {
    /// Of a project.
    pub fn new(folder: &Path, layout: Arc<Layout>) -> Self {
        Self { folder: folder.to_owned(), layout }
    }

    fn site<'a>(&'a self, place: &'a Place<'a>) -> Site<'a> {
        Site { place, folder: &self.folder }
    }
}

/// Whether a file has the name unittest's discovery looks for (`test*.py`), or another that is common.
pub fn is_test_file(path: &Path) -> bool {
    let is_python = path.extension().is_some_and(|extension| extension == "py");
    let named = paths::stem(path).is_some_and(|stem| stem.starts_with("test") || stem.ends_with("_test"));
    is_python && named && !paths::is_skipped(path)
}

impl Runner for Unittest {
    fn name(&self) -> &str {
        NAME
    }

    fn folder(&self) -> &Path {
        &self.folder
    }

    fn is_test_file(&self, path: &Path) -> bool {
        is_test_file(path)
    }

    fn speaks(&self, path: &Path) -> bool {
        environment::is_python(path)
    }

    fn environment(&self, ctx: &Ctx, place: &Place<'_>) -> Option<PathBuf> {
        let interpreter = environment::any(ctx, self.site(place)).ok()?;
        interpreter.environment.filter(|_| !interpreter.is_on_path)
    }

    fn ready(&self, ctx: &Ctx, place: &Place<'_>) -> Result<()> {
        environment::any(ctx, self.site(place)).map(drop)
    }

    fn can_select(&self) -> bool {
        true
    }

    fn can_repeat(&self) -> bool {
        true
    }

    fn command(&self, selection: &Selection) -> Vec<String> {
        let mut what = super::named(&self.folder, selection);
        if let Selection::Cases(_) = selection {
            what = what.iter().map(|id| dotted(id)).collect();
        }
        let program = paths::typed_in(&self.folder, &["python3", "-m", "unittest"]);
        program.into_iter().chain(what).collect()
    }

    fn run(&self, ctx: &Ctx, place: &Place<'_>, selection: &Selection, limits: &Limits) -> Result<Run> {
        self.run_repeating(ctx, place, selection, &Repeat::default(), limits)
    }

    fn run_repeating(
        &self,
        ctx: &Ctx,
        place: &Place<'_>,
        selection: &Selection,
        repeat: &Repeat,
        limits: &Limits,
    ) -> Result<Run> {
        let mut told = Told { runner: NAME, command: self.command(selection), counted: true, claimed: None };
        let files = existing_files(place.root, selection).unwrap_or_else(|| found(place.root, &self.folder));
        if files.is_empty() {
            return Ok(report::nothing(told, End::finished()));
        }
        let interpreter = environment::any(ctx, self.site(place))?;
        let folder = RunFolder::new(ctx, place.scratch)?;
        let texts: Vec<String> = files.iter().map(|file| paths::text_of_path(file)).collect();
        let cases = if let Selection::Cases(ids) = selection { Some(ids.as_slice()) } else { None };
        let chosen = folder.write_selection(&texts, cases, repeat)?;
        let command = Command::new(&interpreter.python).arg(folder.unittest_program());
        let site = self.site(place);
        let setting =
            Setting { site, layout: &self.layout, interpreter: Some(&interpreter), folder: &folder, limits };
        let finished = setting.prepare(ctx, command)?.env("HOTFIX_SELECTION", chosen).run(ctx)?;
        let mut heard = stream::read(&folder.stream());
        environment::advise(self.site(place), &mut heard.not_loaded);
        told.claimed = heard.own_count;
        let foreign = place_file::foreign(self.site(place), &folder);
        let end = end(finished.ending, &heard, foreign.as_deref());
        Ok(Run { foreign, ..report::run_of(told, &finished, heard, &end) })
    }

    fn listed(&self, _: &Ctx, place: &Place<'_>, _limit: Duration) -> Option<BTreeSet<PathBuf>> {
        Some(found(place.root, &self.folder).into_iter().collect())
    }
}

/// `tests/test_auth.py::AuthTest::test_x` as unittest's command line names it.
pub fn dotted(id: &str) -> String {
    let (file, rest) = id.split_once("::").unwrap_or((id, ""));
    let module = file.trim_end_matches(".py").replace('/', ".");
    if rest.is_empty() { module } else { format!("{module}.{}", rest.replace("::", ".")) }
}

/// The test files below a folder of the root, sorted, without following symbolic links.
pub fn found(root: &Path, folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut waiting = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = waiting.pop() {
        for entry in fs::read_dir(root.join(&folder)).into_iter().flatten().flatten() {
            let path = folder.join(entry.file_name());
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && depth < DEEPEST && is_entered(root, &path) {
                waiting.push((path, depth + 1));
            } else if kind.is_file() && is_test_file(&path) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// How a run of our program, or of Django's, ended. Exit codes of ours: 0, 1 something failed, 5 nothing ran.
pub fn end(ending: Ending, heard: &Heard, foreign: Option<&str>) -> End {
    match (End::of(ending), foreign) {
        (Err(end), _) => end,
        (Ok(_), Some(foreign)) => End::crashed(foreign),
        (Ok(_), None) if heard.finished > 0 => End::finished(),
        (Ok(code), None) => End::crashed(format!("Python ended with code {code} before the tests did")),
    }
}
