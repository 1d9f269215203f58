//! vitest, version 0.30 and newer.

use super::package::Package;
use super::project::{Job, Tool};
use super::script::Invocation;
use super::{kept_options, name_pattern, settings, tests_of};
use crate::exec::Command;
use crate::suite::family::Found;
use crate::suite::glob::Glob;

/// vitest's own default (`include`).
const DEFAULT: &[&str] = &["**/*.{test,spec}.?(c|m)[jt]s?(x)", "**/__tests__/**/*.?(c|m)[jt]s?(x)"];
/// Options of a script that are ours to choose.
const DROPPED: &[&str] = &[
    "--coverage",
    "--watch",
    "-w",
    "--ui",
    "--reporter",
    "--outputFile",
    "--bail",
    "-u",
    "--update",
    "--changed",
    "--shard",
    "-t",
    "--testNamePattern",
    "--run",
    "--passWithNoTests",
    "--retry",
    "--open",
    "--typecheck",
];
/// Options that take the next word.
const WITH_VALUE: &[&str] = &[
    "--config",
    "-c",
    "--root",
    "-r",
    "--dir",
    "--project",
    "--environment",
    "--pool",
    "--mode",
    "--testTimeout",
    "--reporter",
    "--outputFile",
    "--shard",
    "-t",
    "--testNamePattern",
    "--workspace",
    "--maxWorkers",
    "--retry",
];

/// The tool.
#[derive(Debug)]
pub struct Vitest;

impl Tool for Vitest {
    fn name(&self) -> &'static str {
        "vitest"
    }

    fn packages(&self) -> &'static [&'static str] {
        &["vitest"]
    }

    fn settings(&self) -> &'static [&'static str] {
        &["vitest.config", "vitest.workspace", "vitest.projects"]
    }

    fn tests(&self, found: &Found<'_>, package: &Package, _: &Invocation) -> Vec<Glob> {
        let names = ["vitest.config", "vitest.workspace", "vite.config"];
        let texts = settings::texts(found, &package.folder, &names);
        let own = texts.iter().flat_map(|text| settings::literals(text, "include"));
        // Lists of the same name say what coverage counts.
        let of_tests = own.filter(|pattern| pattern.contains("test") || pattern.contains("spec"));
        let patterns = settings::globs(&of_tests.collect::<Vec<_>>());
        if patterns.is_empty() { settings::globs(DEFAULT) } else { patterns }
    }

    fn typed(&self) -> &'static str {
        "npx vitest run"
    }

    fn command(&self, job: &Job<'_>) -> Command {
        let mut reporter = std::ffi::OsString::from("--reporter=");
        reporter.push(job.run.tools().join("git_hotfix_vitest.mjs"));
        let command = start(job).arg(reporter).args([
            "--coverage.enabled=false",
            "--bail=0",
            "--retry=0",
            "--passWithNoTests",
            "--watch=false",
        ]);
        let tests = tests_of(&job.tests);
        let command = if tests.is_empty() { command } else { command.arg("-t").arg(name_pattern(&tests)) };
        // A filter is a part of a path: an absolute one means one file.
        command.args(job.files.iter().map(|file| job.folder.join(file)))
    }

    fn related(&self, job: &Job<'_>) -> Option<Command> {
        let package = super::modules::installed(&job.root, job.below_root(), "vitest")?;
        let helper = job.run.tools().join("git_hotfix_vitest_related.mjs");
        Some(
            Command::new("node")
                .arg(helper)
                .arg(package)
                .args(job.files.iter().map(|file| job.folder.join(file))),
        )
    }
}

fn start(job: &Job<'_>) -> Command {
    let program = job.program.as_ref().map(|program| program.command(&job.invocation.node_options));
    let command = program.unwrap_or_else(|| Command::new("vitest"));
    command.arg("run").args(kept_options(&job.invocation.arguments, DROPPED, WITH_VALUE))
}
