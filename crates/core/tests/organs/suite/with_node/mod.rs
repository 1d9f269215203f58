//! Real jest, vitest, mocha and node:test on temporary projects.

mod jest;
mod mocha;
mod node_test;
mod retried;
mod shared;
mod vitest;

use std::os::unix::fs::symlink;

use hotfix_core::suite::Runner;
use hotfix_testkit::tools;

use super::{Project, found};

/// A project with these files, whose packages lie in the slot, and its runner.
pub fn node_project(files: &[(&str, &str)]) -> (Project, Box<dyn Runner>) {
    let project = Project::new(files);
    symlink(tools::node_modules(), project.root().join("node_modules")).unwrap();
    (project, found(files))
}
