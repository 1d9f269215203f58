//! mocha, version 6 and newer.

use serde_json::{Map, Value, json};

use super::package::Package;
use super::project::{Job, Tool};
use super::script::Invocation;
use super::{files_named, kept_options, name_pattern, settings, tests_of};
use crate::exec::Command;
use crate::suite::family::Found;
use crate::suite::glob::Glob;

/// mocha's own default (`spec`).
const DEFAULT: &[&str] = &["test/*.{js,cjs,mjs}"];
/// Options of a script that are ours to choose.
const DROPPED: &[&str] = &[
    "--watch",
    "-w",
    "--reporter",
    "-R",
    "--reporter-option",
    "--reporter-options",
    "-O",
    "--bail",
    "-b",
    "--grep",
    "-g",
    "--fgrep",
    "-f",
    "--invert",
    "-i",
    "--retries",
    "--forbid-only",
    "--forbid-pending",
];
/// Options that take the next word.
const WITH_VALUE: &[&str] = &[
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
];

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

    fn tests(&self, found: &Found<'_>, package: &Package, invocation: &Invocation) -> Vec<Glob> {
        let mut named = files_named(&invocation.arguments, WITH_VALUE);
        let options = settings::literals_of_option(&invocation.arguments, "--spec");
        named.extend(options);
        named.extend(settings::strings(package.value("mocha").and_then(|settings| settings.get("spec"))));
        let texts = settings::texts(found, &package.folder, self.settings());
        named.extend(texts.iter().flat_map(|text| settings::literals(text, "spec")));
        let globs: Vec<Glob> = named.iter().flat_map(|name| globs_of(name)).collect();
        if globs.is_empty() { settings::globs(DEFAULT) } else { globs }
    }

    fn typed(&self) -> &'static str {
        "npx mocha"
    }

    fn command(&self, job: &Job<'_>) -> Command {
        let Some(super::modules::Program::Script(bin)) = &job.program else {
            return Command::new("mocha");
        };
        let tests = tests_of(&job.tests);
        let mut ours = Map::new();
        let reporter = job.run.tools().join("git_hotfix_mocha.cjs");
        ours.insert("reporter".to_owned(), json!(reporter.to_string_lossy()));
        ours.insert("retries".to_owned(), json!(0));
        ours.insert("exit".to_owned(), json!(true));
        if !tests.is_empty() {
            ours.insert("grep".to_owned(), json!(name_pattern(&tests)));
        }
        let files: Vec<_> = job.files.iter().map(|file| file.to_string_lossy()).collect();
        Command::new("node")
            .args(&job.invocation.node_options)
            .arg(job.run.tools().join("git_hotfix_mocha_settings.cjs"))
            .arg(bin)
            .arg(job.run.file("mocha.json"))
            .arg(json!(files).to_string())
            .args(kept_options(&job.invocation.arguments, DROPPED, WITH_VALUE))
            .args(if job.files.is_empty() {
                files_named(&job.invocation.arguments, WITH_VALUE)
            } else {
                Vec::new()
            })
            .env("HOTFIX_MOCHA_OPTIONS", Value::Object(ours).to_string())
    }
}

/// A file, a pattern, or a folder, in which mocha takes what lies directly in it, or with `--recursive` everything.
fn globs_of(name: &str) -> Vec<Glob> {
    [Glob::new(name), Glob::below(name)].into_iter().flatten().collect()
}
