//! Node's own test runner (`node --test`), Node 18.17, 20 and newer.

use std::ffi::OsString;

use super::arguments::{Arguments, Options};
use super::job::{Job, Tool};
use super::package::Package;
use super::{settings, tests_of, title_patterns};
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
/// Its options.
const OPTIONS: Options = Options {
    dropped: &[
        "--test-reporter",
        "--test-reporter-destination",
        "--watch",
        "--watch-path",
        "--experimental-test-coverage",
        "--test-shard",
        "--test-update-snapshots",
        "--test-coverage-include",
        "--test-coverage-exclude",
        "--test-coverage-lines",
        "--test-coverage-branches",
        "--test-coverage-functions",
    ],
    by_name: &["--test-name-pattern"],
    by_file: &[],
    with_value: &[
        "--import",
        "--require",
        "-r",
        "--loader",
        "--experimental-loader",
        "--conditions",
        "-C",
        "--env-file",
        "--env-file-if-exists",
        "--watch-path",
        "--test-reporter",
        "--test-reporter-destination",
        "--test-name-pattern",
        "--test-skip-pattern",
        "--test-shard",
        "--test-concurrency",
        "--test-timeout",
        "--test-global-setup",
        "--test-isolation",
        "--experimental-test-isolation",
    ],
};

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

    fn options(&self) -> &'static Options {
        &OPTIONS
    }

    fn tests(&self, _: &Found<'_>, _: &Package, arguments: &Arguments<'_>) -> Vec<Glob> {
        let named = arguments.named.iter().map(|word| word.text.as_str());
        // Older versions take folders as well.
        let globs: Vec<Glob> =
            named.flat_map(|name| [Glob::new(name), Glob::below(name)]).flatten().collect();
        if globs.is_empty() { settings::globs(DEFAULT) } else { globs }
    }

    fn typed(&self) -> &'static str {
        "node --test"
    }

    fn first_words(&self, _: &Job<'_>) -> Vec<OsString> {
        vec!["--test".into()]
    }

    fn ours(&self, job: &Job<'_>) -> Vec<OsString> {
        let mut reporter = OsString::from("--test-reporter=");
        reporter.push(job.run.tools().join("git_hotfix_node_test.mjs"));
        let patterns = title_patterns(&tests_of(&job.tests));
        let patterns = patterns.into_iter().map(|pattern| format!("--test-name-pattern={pattern}").into());
        let to_us = [reporter, "--test-reporter-destination=stdout".into()];
        let files = job.files.iter().map(|file| job.folder.join(file).into_os_string());
        to_us.into_iter().chain(patterns).chain(files).collect()
    }
}
