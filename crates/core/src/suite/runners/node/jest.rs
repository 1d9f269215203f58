//! jest, version 24 and newer, also behind react-scripts.

use std::ffi::OsString;

use super::arguments::{Arguments, Options};
use super::job::{Job, Tool};
use super::package::Package;
use super::{name_pattern, settings, tests_of};
use crate::suite::family::Found;
use crate::suite::glob::Glob;

/// jest's own default (`testMatch`), with the endings that newer versions take as well.
const DEFAULT: &[&str] = &["**/__tests__/**/*.?([mc])[jt]s?(x)", "**/?(*.)+(spec|test).?([mc])[jt]s?(x)"];
/// Its options.
const OPTIONS: Options = Options {
    dropped: &[
        "--coverage",
        "--collectCoverage",
        "--coverageReporters",
        "--coverageDirectory",
        "--collectCoverageFrom",
        "--coverageThreshold",
        "--watch",
        "--watchAll",
        "--json",
        "--outputFile",
        "--reporters",
        "--bail",
        "-b",
        "-o",
        "--onlyChanged",
        "--lastCommit",
        "--changedSince",
        "--findRelatedTests",
        "--passWithNoTests",
        "-u",
        "--updateSnapshot",
        "--shard",
        "--listTests",
        "--runTestsByPath",
        "--forceExit",
        "--ci",
    ],
    by_name: &["-t", "--testNamePattern"],
    by_file: &["--testPathPattern", "--testPathPatterns"],
    with_value: &[
        "--config",
        "-c",
        "--projects",
        "--selectProjects",
        "--ignoreProjects",
        "--env",
        "--testEnvironment",
        "--maxWorkers",
        "-w",
        "--testTimeout",
        "--rootDir",
        "--roots",
        "--setupFiles",
        "--setupFilesAfterEnv",
        "--transform",
        "--runner",
        "--testRunner",
        "--testMatch",
        "--testRegex",
        "--testPathIgnorePatterns",
        "--modulePaths",
        "--reporters",
        "--coverageReporters",
        "--coverageDirectory",
        "--coverageThreshold",
        "--collectCoverageFrom",
        "--outputFile",
        "--changedSince",
        "--shard",
        "-t",
        "--testNamePattern",
        "--testPathPattern",
        "--testPathPatterns",
        "--maxConcurrency",
        "--globalSetup",
        "--globalTeardown",
        "--filter",
    ],
};

/// The tool.
#[derive(Debug)]
pub struct Jest;

impl Tool for Jest {
    fn name(&self) -> &'static str {
        "jest"
    }

    fn is_called(&self, tool: &str) -> bool {
        tool == "jest" || tool == "react-scripts"
    }

    fn packages(&self) -> &'static [&'static str] {
        &["jest", "react-scripts", "jest-cli"]
    }

    fn settings(&self) -> &'static [&'static str] {
        &["jest.config"]
    }

    fn options(&self) -> &'static Options {
        &OPTIONS
    }

    fn tests(&self, found: &Found<'_>, package: &Package, _: &Arguments<'_>) -> Vec<Glob> {
        let own = package.value("jest");
        let texts = settings::texts(found, &package.folder, self.settings());
        let said = |key: &str| -> Vec<String> {
            let in_package = settings::strings(own.and_then(|settings| settings.get(key)));
            let in_texts = texts.iter().flat_map(|text| settings::literals(text, key));
            in_package.into_iter().chain(in_texts).collect()
        };
        let mut patterns = settings::globs(&said("testMatch"));
        patterns.extend(said("testRegex").iter().filter_map(|pattern| Glob::regex(pattern)));
        if patterns.is_empty() { settings::globs(DEFAULT) } else { patterns }
    }

    fn typed(&self) -> &'static str {
        "npx jest"
    }

    fn first_words(&self, job: &Job<'_>) -> Vec<OsString> {
        let behind_scripts = job.invocation.tool == "react-scripts";
        behind_scripts.then(|| "test".into()).into_iter().collect()
    }

    fn environment(&self, job: &Job<'_>) -> Vec<(&'static str, OsString)> {
        // Without it react-scripts watches.
        let behind_scripts = job.invocation.tool == "react-scripts";
        behind_scripts.then(|| ("CI", "true".into())).into_iter().collect()
    }

    fn ours(&self, job: &Job<'_>) -> Vec<OsString> {
        let reporter = job.run.tools().join("git_hotfix_jest.cjs");
        let mut words: Vec<OsString> = vec!["--reporters".into(), reporter.into()];
        // All results, none written, whatever the project's own settings; an open socket must not keep it running.
        let always =
            ["--ci", "--bail=0", "--coverage=false", "--watchAll=false", "--passWithNoTests", "--forceExit"];
        words.extend(always.map(OsString::from));
        let tests = tests_of(&job.tests);
        if !tests.is_empty() {
            words.extend([OsString::from("-t"), name_pattern(&tests).into()]);
        }
        if !job.files.is_empty() {
            words.push("--runTestsByPath".into());
            words.extend(job.files.iter().map(OsString::from));
        }
        words
    }

    fn listing(&self, _: &Job<'_>) -> Option<Vec<OsString>> {
        Some(["--listTests", "--json", "--passWithNoTests"].map(OsString::from).into())
    }

    fn related(&self, job: &Job<'_>) -> Option<Vec<OsString>> {
        let always = ["--listTests", "--json", "--passWithNoTests", "--findRelatedTests"].map(OsString::from);
        Some(always.into_iter().chain(job.files.iter().map(OsString::from)).collect())
    }
}
