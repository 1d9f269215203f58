//! mocha, version 6 and newer.

use std::ffi::OsString;

use serde_json::{Map, Value, json};

use super::arguments::{Arguments, Options};
use super::job::{Job, Tool};
use super::package::Package;
use super::{name_pattern, settings, tests_of};
use crate::suite::family::Found;
use crate::suite::glob::Glob;

/// mocha's own default (`spec`).
const DEFAULT: &[&str] = &["test/*.{js,cjs,mjs}"];
/// Its options.
const OPTIONS: Options = Options {
    dropped: &[
        "--watch",
        "-w",
        "--reporter",
        "-R",
        "--reporter-option",
        "--reporter-options",
        "-O",
        "--bail",
        "-b",
        "--retries",
        "--forbid-only",
        "--forbid-pending",
        "--dry-run",
    ],
    by_name: &["--grep", "-g", "--fgrep", "-f", "--invert", "-i"],
    by_file: &["--spec"],
    with_value: &[
        "--require",
        "-r",
        "--timeout",
        "-t",
        "--config",
        "--package",
        "--ui",
        "-u",
        "--file",
        "--extension",
        "--reporter",
        "-R",
        "--reporter-option",
        "--reporter-options",
        "-O",
        "--grep",
        "-g",
        "--fgrep",
        "-f",
        "--ignore",
        "--exclude",
        "--jobs",
        "-j",
        "--slow",
        "-s",
        "--retries",
        "--spec",
        "--loader",
        "--import",
        "--node-option",
        "-n",
        "--global",
    ],
};

/// The tool.
#[derive(Debug)]
pub struct Mocha;

impl Tool for Mocha {
    fn name(&self) -> &'static str {
        "mocha"
    }

    fn packages(&self) -> &'static [&'static str] {
        &["mocha"]
    }

    fn settings(&self) -> &'static [&'static str] {
        &[".mocharc"]
    }

    fn options(&self) -> &'static Options {
        &OPTIONS
    }

    fn tests(&self, found: &Found<'_>, package: &Package, arguments: &Arguments<'_>) -> Vec<Glob> {
        let mut named: Vec<String> = arguments.named.iter().map(|word| word.text.clone()).collect();
        named.extend(arguments.values("--spec").into_iter().map(str::to_owned));
        named.extend(settings::strings(package.value("mocha").and_then(|settings| settings.get("spec"))));
        let texts = settings::texts(found, &package.folder, self.settings());
        named.extend(texts.iter().flat_map(|text| settings::literals(text, "spec")));
        let globs: Vec<Glob> = named.iter().flat_map(|name| globs_of(name)).collect();
        if globs.is_empty() { settings::globs(DEFAULT) } else { globs }
    }

    fn typed(&self) -> &'static str {
        "npx mocha"
    }

    fn ours(&self, _: &Job<'_>) -> Vec<OsString> {
        Vec::new()
    }

    fn program(&self, job: &Job<'_>, script: &str) -> Vec<OsString> {
        let files: Vec<_> = job.files.iter().map(|file| job.folder.join(file)).collect();
        let files: Vec<_> = files.iter().map(|file| file.to_string_lossy()).collect();
        let helper = job.run.tools().join("git_hotfix_mocha_settings.cjs");
        vec![helper.into(), script.into(), job.run.file("mocha.json").into(), json!(files).to_string().into()]
    }

    fn environment(&self, job: &Job<'_>) -> Vec<(&'static str, OsString)> {
        let mut ours = Map::new();
        if job.is_listing {
            ours.insert("list".to_owned(), json!(true));
        } else {
            let reporter = job.run.tools().join("git_hotfix_mocha.cjs");
            ours.insert("reporter".to_owned(), json!(reporter.to_string_lossy()));
            ours.insert("retries".to_owned(), json!(0));
            ours.insert("exit".to_owned(), json!(true));
        }
        let tests = tests_of(&job.tests);
        if !tests.is_empty() {
            ours.insert("grep".to_owned(), json!(name_pattern(&tests)));
        }
        vec![("HOTFIX_MOCHA_OPTIONS", Value::Object(ours).to_string().into())]
    }

    fn listing(&self, _: &Job<'_>) -> Option<Vec<OsString>> {
        Some(Vec::new())
    }
}

/// A file, a pattern, or a folder, in which mocha takes what lies directly in it, or with `--recursive` everything.
fn globs_of(name: &str) -> Vec<Glob> {
    [Glob::new(name), Glob::below(name)].into_iter().flatten().collect()
}
