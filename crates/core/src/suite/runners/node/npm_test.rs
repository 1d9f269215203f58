//! `npm test`, for a project whose test tool is not known: its exit code decides.

use std::path::Path;

use hotfix_model::Run;

use super::modules;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::suite::{Limits, Place, Runner, Selection, command};

/// A plain command, and whether it needs packages.
struct NpmTest(Box<dyn Runner>, bool);

/// The runner.
pub fn npm_test(needs_packages: bool) -> Result<Box<dyn Runner>> {
    Ok(Box::new(NpmTest(command::shell("npm test")?, needs_packages)))
}

impl Runner for NpmTest {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn is_test_file(&self, path: &Path) -> bool {
        self.0.is_test_file(path)
    }

    fn ready(&self, _: &Ctx, place: &Place<'_>) -> Result<()> {
        if self.1 { modules::any(place, Path::new("")) } else { Ok(()) }
    }

    fn can_select(&self) -> bool {
        false
    }

    fn command(&self, selection: &Selection) -> Vec<String> {
        self.0.command(selection)
    }

    fn run(&self, ctx: &Ctx, place: &Place<'_>, selection: &Selection, limits: &Limits) -> Result<Run> {
        self.ready(ctx, place)?;
        self.0.run(ctx, place, selection, limits)
    }
}
