//! jest, version 24 and newer, also behind react-scripts.

use super::package::Package;
use super::project::{Job, Tool};
use super::script::Invocation;
use super::{kept_options, name_pattern, settings, tests_of};
use crate::exec::Command;
use crate::suite::family::Found;
use crate::suite::glob::Glob;

/// jest's own default (`testMatch`), with the endings that newer versions take as well.
const DEFAULT: &[&str] = &["**/__tests__/**/*.?([mc])[jt]s?(x)", "**/?(*.)+(spec|test).?([mc])[jt]s?(x)"];
/// Options of a script that are ours to choose.
const DROPPED: &[&str] = &[
    "--coverage",
    "--collectCoverage",
    "--collect-coverage",
    "--coverageReporters",
    "--coverageDirectory",
    "--collectCoverageFrom",
    "--watch",
    "--watchAll",
    "--json",
    "--outputFile",
    "--reporters",
    "--bail",
    "-b",
    "-o",
    "--onlyChanged",
    "--changedSince",
    "--findRelatedTests",
    "--passWithNoTests",
    "-u",
    "--updateSnapshot",
    "--shard",
    "-t",
    "--testNamePattern",
    "--testPathPattern",
    "--testPathPatterns",
    "--listTests",
    "--runTestsByPath",
];
/// Options that take the next word.
const WITH_VALUE: &[&str] = &[
    "--config",
    "-c",
    "--projects",
    "--selectProjects",
    "--env",
    "--testEnvironment",
    "--maxWorkers",
    "-w",
    "--testTimeout",
    "--rootDir",
    "--roots",
    "--setupFiles",
    "--transform",
    "--runner",
    "--testRunner",
    "--reporters",
    "--coverageReporters",
    "--coverageDirectory",
    "--collectCoverageFrom",
    "--outputFile",
    "--changedSince",
    "--shard",
    "-t",
    "--testNamePattern",
    "--testPathPattern",
    "--testPathPatterns",
    "--logHeapUsage",
    "--maxConcurrency",
];

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

    fn tests(&self, found: &Found<'_>, package: &Package, _: &Invocation) -> Vec<Glob> {
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

    fn command(&self, job: &Job<'_>) -> Command {
        let command = start(job)
            .arg("--reporters")
            .arg(job.run.tools().join("git_hotfix_jest.cjs"))
            // All results, none written, whatever the project's own settings; an open socket must not keep it running.
            .args([
                "--ci",
                "--bail=0",
                "--coverage=false",
                "--watchAll=false",
                "--passWithNoTests",
                "--forceExit",
            ]);
        let tests = tests_of(&job.tests);
        let command = if tests.is_empty() { command } else { command.arg("-t").arg(name_pattern(&tests)) };
        if job.files.is_empty() { command } else { command.arg("--runTestsByPath").args(&job.files) }
    }

    fn related(&self, job: &Job<'_>) -> Option<Command> {
        Some(
            start(job)
                .args(["--listTests", "--json", "--passWithNoTests", "--findRelatedTests"])
                .args(&job.files),
        )
    }
}

fn start(job: &Job<'_>) -> Command {
    let program = job.program.as_ref().map(|program| program.command(&job.invocation.node_options));
    let command = program.unwrap_or_else(|| Command::new("jest"));
    let behind_scripts = job.invocation.tool == "react-scripts";
    let command = if behind_scripts { command.arg("test").env("CI", "true") } else { command };
    let arguments =
        job.invocation.arguments.iter().skip(usize::from(behind_scripts)).cloned().collect::<Vec<_>>();
    command.args(kept_options(&arguments, DROPPED, WITH_VALUE))
}
