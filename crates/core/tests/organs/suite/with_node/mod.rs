//! Real jest, vitest, mocha, ava and node:test on temporary projects.

mod arguments;
mod foreign;
mod jest;
mod listed;
mod mocha;
mod node_test;
mod nothing;
mod plug_and_play;
mod retried;
mod shared;
mod truthful;
mod vitest;
mod wrappers;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_core::suite::{Place, Runner};
use hotfix_testkit::tools;

use super::{Project, found};

/// A project with these files, whose packages lie in the slot, and its runner.
pub fn node_project(files: &[(&str, &str)]) -> (Project, Box<dyn Runner>) {
    let project = Project::new(files);
    symlink(tools::node_modules(), project.root().join("node_modules")).unwrap();
    (project, found(files))
}

/// The same with a folder of packages of its own, to which more can be added.
pub fn project_with_own_modules(files: &[(&str, &str)]) -> (Project, Box<dyn Runner>) {
    let project = Project::new(files);
    link_modules(&project.root());
    (project, found(files))
}

/// Fills the packages of a folder with links to all tools.
pub fn link_modules(folder: &Path) {
    let own = folder.join("node_modules");
    fs::create_dir_all(&own).unwrap();
    for entry in fs::read_dir(tools::node_modules()).unwrap().flatten() {
        symlink(entry.path(), own.join(entry.file_name())).unwrap();
    }
}

/// The test files that the runner itself lists.
pub fn listed(project: &Project, runner: &dyn Runner) -> Option<BTreeSet<PathBuf>> {
    let (root, home, scratch) = (project.root(), project.home(), project.scratch());
    let place = Place { root: &root, home: &home, scratch: &scratch };
    runner.listed(&project.ctx(), &place, Duration::from_mins(1))
}
