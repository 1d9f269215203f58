//! Django's own tests: `manage.py test`, with the project's test runner.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hotfix_model::Run;

use super::candidates::Interpreter;
use super::environment::{self, Chosen, Setting, Site};
use super::layout::Layout;
use super::{place_file, unittest};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exec::Command;
use crate::suite::folder::RunFolder;
use crate::suite::report::{self, End, Told};
use crate::suite::{Limits, Place, Repeat, Runner, Selection, existing_files, paths, stream};

/// Its name.
const NAME: &str = "django";

/// The runner.
#[derive(Debug)]
pub struct Django {
    folder: PathBuf,
    layout: Arc<Layout>,
    pythons: Chosen,
}

impl Django {
    /// Of the project whose `manage.py` is in this folder.
    pub fn new(folder: &Path, layout: Arc<Layout>) -> Self {
        Self { folder: folder.to_owned(), layout, pythons: Chosen::default() }
    }

    fn site<'a>(&'a self, place: &'a Place<'a>) -> Site<'a> {
        Site { place, folder: &self.folder }
    }

    fn python(&self, ctx: &Ctx, place: &Place<'_>) -> Result<Interpreter> {
        self.pythons.get(place.root, || environment::choose(ctx, self.site(place), "django"))
    }

    /// What `manage.py test` calls a file: the module, dotted, from the project's folder.
    fn label(&self, file: &Path) -> String {
        let inside = file.strip_prefix(&self.folder).unwrap_or(file);
        unittest::dotted(&paths::text_of_path(inside))
    }
}

/// Whether a file has the name that Django's discovery looks for.
pub fn is_test_file(path: &Path) -> bool {
    let is_python = path.extension().is_some_and(|extension| extension == "py");
    is_python && paths::stem(path).is_some_and(|stem| stem.starts_with("test")) && !paths::is_skipped(path)
}

impl Runner for Django {
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
        let interpreter = self.python(ctx, place).ok()?;
        interpreter.environment.filter(|_| !interpreter.is_on_path)
    }

    fn ready(&self, ctx: &Ctx, place: &Place<'_>) -> Result<()> {
        self.python(ctx, place).map(drop)
    }

    fn can_select(&self) -> bool {
        true
    }

    fn command(&self, selection: &Selection) -> Vec<String> {
        let what: Vec<String> = match selection {
            Selection::Everything => Vec::new(),
            Selection::Files(files) => files.iter().map(|file| self.label(file)).collect(),
            Selection::Cases(_) => {
                super::named(&self.folder, selection).iter().map(|id| unittest::dotted(id)).collect()
            }
        };
        let program = paths::typed_in(&self.folder, &["python", "manage.py", "test"]);
        program.into_iter().chain(what).collect()
    }

    fn run(&self, ctx: &Ctx, place: &Place<'_>, selection: &Selection, limits: &Limits) -> Result<Run> {
        let mut told = Told { runner: NAME, command: self.command(selection), counted: true, claimed: None };
        let files = existing_files(place.root, selection);
        if files.as_ref().is_some_and(Vec::is_empty) {
            return Ok(report::nothing(told, End::finished()));
        }
        let interpreter = self.python(ctx, place)?;
        let folder = RunFolder::new(ctx, place.scratch)?;
        let texts: Vec<String> = files.iter().flatten().map(|file| paths::text_of_path(file)).collect();
        let cases = if let Selection::Cases(ids) = selection { Some(ids.as_slice()) } else { None };
        let chosen = folder.write_selection(&texts, cases, &Repeat::default())?;
        // A database of an earlier run that was cut short is made anew without a question.
        let command = Command::new(&interpreter.python)
            .args(["manage.py", "test", "--noinput", "--testrunner=git_hotfix_django.Runner"])
            .args(files.iter().flatten().map(|file| self.label(file)));
        let site = self.site(place);
        let setting =
            Setting { site, layout: &self.layout, interpreter: Some(&interpreter), folder: &folder, limits };
        let finished = setting.prepare(ctx, command)?.env("HOTFIX_SELECTION", chosen).run(ctx)?;
        let mut heard = stream::read(&folder.stream());
        environment::advise(site, &mut heard.not_loaded);
        told.claimed = heard.own_count;
        let foreign = place_file::foreign(site, &folder);
        let end = unittest::end(finished.ending, &heard, foreign.as_deref());
        Ok(Run { foreign, ..report::run_of(told, &finished, heard, &end) })
    }

    fn listed(&self, _: &Ctx, place: &Place<'_>, _limit: Duration) -> Option<BTreeSet<PathBuf>> {
        let found = unittest::found(place.root, &self.folder);
        Some(found.into_iter().filter(|file| is_test_file(file)).collect())
    }
}
