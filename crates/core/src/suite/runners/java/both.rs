//! A folder that Maven and Gradle can both build: the one that can run without fetching itself first is used.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use hotfix_model::Run;

use super::gradle::Gradle;
use super::maven::Maven;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::suite::{Limits, Place, Runner, Selection};

/// The runner of a project with two builds.
#[derive(Debug)]
pub struct Both {
    maven: Maven,
    gradle: Gradle,
    /// Whether Maven is used, decided once by what the machine has.
    uses_maven: OnceLock<bool>,
}

impl Both {
    /// Of one folder.
    pub fn new(maven: Maven, gradle: Gradle) -> Self {
        Self { maven, gradle, uses_maven: OnceLock::new() }
    }

    /// Gradle's wrapper says how the project is built, if what it starts is there.
    fn decide(&self, ctx: &Ctx, place: &Place<'_>) -> &dyn Runner {
        let maven = || !self.gradle.is_at_hand(ctx, place) && self.maven.ready(ctx, place).is_ok();
        if *self.uses_maven.get_or_init(maven) { &self.maven } else { &self.gradle }
    }

    fn decided(&self) -> &dyn Runner {
        if self.uses_maven.get().copied().unwrap_or_default() { &self.maven } else { &self.gradle }
    }
}

impl Runner for Both {
    fn name(&self) -> &str {
        self.decided().name()
    }

    fn folder(&self) -> &Path {
        self.gradle.folder()
    }

    fn is_test_file(&self, path: &Path) -> bool {
        self.decided().is_test_file(path)
    }

    fn is_test_support(&self, path: &Path) -> bool {
        self.gradle.is_test_support(path)
    }

    fn speaks(&self, path: &Path) -> bool {
        self.gradle.speaks(path)
    }

    fn ready(&self, ctx: &Ctx, place: &Place<'_>) -> Result<()> {
        self.decide(ctx, place).ready(ctx, place)
    }

    fn can_select(&self) -> bool {
        true
    }

    fn command(&self, selection: &Selection) -> Vec<String> {
        self.decided().command(selection)
    }

    fn run(&self, ctx: &Ctx, place: &Place<'_>, selection: &Selection, limits: &Limits) -> Result<Run> {
        self.decide(ctx, place).run(ctx, place, selection, limits)
    }

    fn listed(&self, ctx: &Ctx, place: &Place<'_>, limit: Duration) -> Option<BTreeSet<PathBuf>> {
        self.decide(ctx, place).listed(ctx, place, limit)
    }

    fn related(&self, ctx: &Ctx, place: &Place<'_>, sources: &[PathBuf]) -> Option<Vec<PathBuf>> {
        self.decide(ctx, place).related(ctx, place, sources)
    }
}
