//! Node's own test runner (`node --test`), Node 18.17, 20 and newer.

use super::package::Package;
use super::project::{Job, Tool};
use super::script::Invocation;
use super::{files_named, kept_options, settings, tests_of, title_patterns};
use crate::exec::Command;
use crate::suite::family::Found;
use crate::suite::glob::Glob;

/// Node's own default ("Running tests from the command line" of its documentation).
const DEFAULT: &[&str] = &[
    "**/*.test.{js,cjs,mjs,ts,cts,mts}",
    "**/*-test.{js,cjs,mjs,ts,cts,mts}",
    "**/*_test.{js,cjs,mjs,ts,cts,mts}",
    "**/test-*.{js,cjs,mjs,ts,cts,mts}",
    "**/test.{js,cjs,mjs,ts,cts,mts}",
    "**/test/**/*.{js,cjs,mjs,ts,cts,mts}",
];
/// Options of a script that are ours to choose.
const DROPPED: &[&str] = &[
    "--test-reporter",
    "--test-reporter-destination",
    "--watch",
    "--experimental-test-coverage",
    "--test-only",
    "--test-name-pattern",
    "--test-skip-pattern",
    "--test-shard",
    "--test-update-snapshots",
    "--test-coverage-include",
    "--test-coverage-exclude",
    "--test-coverage-lines",
    "--test-coverage-branches",
    "--test-coverage-functions",
];
/// Options that take the next word.
const WITH_VALUE: &[&str] = &[
    "--import",
    "--require",
    "-r",
    "--loader",
    "--experimental-loader",
    "--conditions",
    "-C",
    "--env-file",
    "--test-reporter",
    "--test-reporter-destination",
    "--test-name-pattern",
    "--test-skip-pattern",
    "--test-shard",
];

/// The tool.
#[derive(Debug)]
pub struct NodeTest;

impl Tool for NodeTest {
    fn name(&self) -> &'static str {
        "node --test"
    }

    fn packages(&self) -> &'static [&'static str] {
        &[]
    }

    fn settings(&self) -> &'static [&'static str] {
        &[]
    }

    fn tests(&self, _: &Found<'_>, _: &Package, invocation: &Invocation) -> Vec<Glob> {
        let named = files_named(&invocation.arguments, WITH_VALUE);
        // Older versions take folders as well.
        let globs: Vec<Glob> =
            named.iter().flat_map(|name| [Glob::new(name), Glob::below(name)]).flatten().collect();
        if globs.is_empty() { settings::globs(DEFAULT) } else { globs }
    }

    fn typed(&self) -> &'static str {
        "node --test"
    }

    fn command(&self, job: &Job<'_>) -> Command {
        let mut reporter = std::ffi::OsString::from("--test-reporter=");
        reporter.push(job.run.tools().join("git_hotfix_node_test.mjs"));
        let patterns = title_patterns(&tests_of(&job.tests));
        Command::new("node")
            .args(&job.invocation.node_options)
            .arg("--test")
            .args(kept_options(&job.invocation.arguments, DROPPED, WITH_VALUE))
            .arg(reporter)
            .arg("--test-reporter-destination=stdout")
            .args(patterns.into_iter().map(|pattern| format!("--test-name-pattern={pattern}")))
            .args(&job.files)
    }
}
