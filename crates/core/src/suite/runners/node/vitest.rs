//! vitest, version 0.30 and newer.

use std::ffi::OsString;

use super::arguments::{Arguments, Options};
use super::job::{Job, Tool};
use super::package::Package;
use super::{name_pattern, settings, tests_of};
use crate::suite::family::Found;
use crate::suite::glob::Glob;

/// vitest's own default (`include`).
const DEFAULT: &[&str] = &["**/*.{test,spec}.?(c|m)[jt]s?(x)", "**/__tests__/**/*.?(c|m)[jt]s?(x)"];
/// Its settings files, also those it shares with vite.
const SETTINGS: &[&str] = &["vitest.config", "vitest.workspace", "vite.config"];
/// Its options.
const OPTIONS: Options = Options {
    dropped: &[
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
        "--run",
        "--passWithNoTests",
        "--retry",
        "--open",
        "--api",
        "--standalone",
    ],
    by_name: &["-t", "--testNamePattern"],
    by_file: &[],
    with_value: &[
        "--config",
        "-c",
        "--root",
        "-r",
        "--dir",
        "--project",
        "--exclude",
        "--environment",
        "--pool",
        "--mode",
        "--testTimeout",
        "--hookTimeout",
        "--reporter",
        "--outputFile",
        "--shard",
        "-t",
        "--testNamePattern",
        "--workspace",
        "--maxWorkers",
        "--minWorkers",
        "--maxConcurrency",
        "--retry",
        "--changed",
        "--tags-filter",
    ],
};

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

    fn options(&self) -> &'static Options {
        &OPTIONS
    }

    fn tests(&self, found: &Found<'_>, package: &Package, _: &Arguments<'_>) -> Vec<Glob> {
        let texts = settings::texts(found, &package.folder, SETTINGS);
        let own = texts.iter().flat_map(|text| settings::literals(text, "include"));
        // Lists of the same name say what coverage counts.
        let of_tests = own.filter(|pattern| pattern.contains("test") || pattern.contains("spec"));
        let patterns = settings::globs(&of_tests.collect::<Vec<_>>());
        if patterns.is_empty() { settings::globs(DEFAULT) } else { patterns }
    }

    fn sources_with_tests(&self, found: &Found<'_>, package: &Package) -> Vec<Glob> {
        let texts = settings::texts(found, &package.folder, SETTINGS);
        let patterns = texts.iter().flat_map(|text| settings::literals(text, "includeSource"));
        settings::globs(&patterns.collect::<Vec<_>>())
    }

    fn typed(&self) -> &'static str {
        "npx vitest run"
    }

    fn first_words(&self, job: &Job<'_>) -> Vec<OsString> {
        (!job.is_listing).then(|| "run".into()).into_iter().collect()
    }

    fn program(&self, job: &Job<'_>, script: &str) -> Vec<OsString> {
        let package = super::modules::installed(&job.root, job.below_root(), "vitest");
        let Some(package) = package.filter(|_| job.is_listing) else { return vec![script.into()] };
        let helper = job.run.tools().join("git_hotfix_vitest_list.mjs");
        let sources = job.files.iter().map(|file| job.folder.join(file).to_string_lossy().into_owned());
        let sources = serde_json::json!(sources.collect::<Vec<_>>()).to_string();
        vec![helper.into(), package.into(), sources.into()]
    }

    fn subcommands(&self) -> &'static [&'static str] {
        &["run", "watch", "dev"]
    }

    fn ours(&self, job: &Job<'_>) -> Vec<OsString> {
        let mut reporter = OsString::from("--reporter=");
        reporter.push(job.run.tools().join("git_hotfix_vitest.mjs"));
        // `--coverage.enabled=false` would turn it on in version 0.
        let always = ["--no-coverage", "--bail=0", "--retry=0", "--passWithNoTests", "--watch=false"];
        let mut words: Vec<OsString> = std::iter::once(reporter).chain(always.map(OsString::from)).collect();
        let tests = tests_of(&job.tests);
        if !tests.is_empty() {
            words.extend([OsString::from("-t"), pattern(&tests).into()]);
        }
        // A filter is a part of a path: an absolute one means one file.
        words.extend(job.files.iter().map(|file| job.folder.join(file).into()));
        words
    }

    fn listing(&self, _: &Job<'_>) -> Option<Vec<OsString>> {
        Some(Vec::new())
    }

    fn related(&self, _: &Job<'_>) -> Option<Vec<OsString>> {
        Some(Vec::new())
    }
}

/// Before version 2, full names begin with a blank: the file is a group without a name.
fn pattern(ids: &[String]) -> String {
    name_pattern(ids).replacen('^', "^\\s*", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_selected_exactly_by_every_version() {
        let ids = ["a.test.ts::f > is [red]".to_owned(), "a.test.ts::g".to_owned()];
        assert_eq!(pattern(&ids), r"^\s*(?:f\s+(?:>\s+)?is\s+\[red\]|g)$");
    }
}
