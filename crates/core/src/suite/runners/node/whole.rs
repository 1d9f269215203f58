//! A script that cannot be taken apart: the package manager runs it as it is. Every process of Node that it starts looks
//! whether it is a test tool, and if it is, tells what became of the tests; else the exit code decides.

use std::path::{Path, PathBuf};

use hotfix_model::Run;
use serde_json::{Value, json};

use super::job::{Call, Job, Tool};
use super::package::Package;
use super::project::end;
use super::script::Invocation;
use super::site::{Site, needs_node, node_option, run_folder, with_options};
use super::{TOOLS, ava, can_hold_tests, inside, is_source, modules, pnp, together, words};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exec::{Command, Finished};
use crate::suite::folder::RunFolder;
use crate::suite::report::{self, End, Told};

use crate::suite::stream::{self, Heard};
use crate::suite::{Limits, Place, Repeat, Runner, Selection, SuiteError, existing_files, paths};

/// Its name where no tool is known, also in records.
const NAME: &str = "command";
/// Programs that run scripts and that npm does not bring, with where to get them.
const RUNTIMES: &[(&str, &str)] = &[
    ("bun", "install Bun, and put it on the PATH: https://bun.sh"),
    ("deno", "install Deno, and put it on the PATH: https://deno.com"),
];

/// A script that is run as it is.
pub struct Whole {
    site: Site,
    script: &'static str,
    /// The script, and the `pre` and `post` scripts that npm runs around it.
    lines: Vec<String>,
    /// Whether the package needs any other.
    has_dependencies: bool,
    /// The only tool that it speaks of.
    call: Option<Call>,
}

impl Whole {
    /// A script of a package.
    pub fn new(site: Site, package: &Package, script: &'static str, call: Option<Call>) -> Self {
        let scripts = package.scripts();
        let names = [format!("pre{script}"), script.to_owned(), format!("post{script}")];
        let lines = names.iter().filter_map(|name| scripts.get(name)).cloned().collect();
        Self { site, script, lines, has_dependencies: package.has_dependencies(), call }
    }

    fn tool(&self) -> Option<&'static dyn Tool> {
        self.call.as_ref().map(|call| call.tool)
    }

    fn summary(&self) -> Told {
        let runner = self.tool().map_or(NAME, Tool::name);
        let command = self.command(&Selection::Everything);
        Told { runner, command, counted: true, claimed: None }
    }

    fn typed(&self) -> String {
        if self.script == "test" { "npm test".to_owned() } else { format!("npm run {}", self.script) }
    }

    /// A program that the script runs and that is neither installed for it nor on the PATH.
    fn absent(&self, ctx: &Ctx, place: &Place<'_>) -> Option<String> {
        let pieces = self.lines.iter().flat_map(|line| words::pieces(line));
        let programs = pieces.filter_map(|piece| {
            let first =
                words::commands(&piece)?.concat().into_iter().find(|word| !word.text.contains('='))?;
            Some(first.text)
        });
        let is_there = |name: &String| {
            name.contains(['/', '$'])
                || words::is_idle(name)
                || modules::is_program(ctx, place, &self.site.folder, name)
        };
        programs.into_iter().find(|name| !is_there(name))
    }

    fn command_in(&self, ctx: &Ctx, place: &Place<'_>, run: &RunFolder, plan: &Path) -> Command {
        let line = if pnp::is_installed(place) { format!("yarn run {}", self.script) } else { self.typed() };
        // npm sets the variable itself where its settings have options, and would lose ours.
        let mut options = self.site.options_of_npm(place);
        options.extend(modules::node_options(place));
        options.push(node_option("--require", &run.tools().join("git_hotfix_whole.cjs")));
        let command = self.site.command(ctx, place, Command::shell(&line));
        command
            .env("NODE_OPTIONS", with_options(ctx, &options))
            .env("npm_config_node_options", with_options(ctx, &options))
            .env("HOTFIX_PLAN", plan)
            .env("npm_config_update_notifier", "false")
    }

    /// What the tools in the script are told.
    fn plan(&self, place: &Place<'_>, run: &RunFolder, files: &[PathBuf], tests: &[String]) -> Value {
        let hook = node_option("--require", &run.tools().join("git_hotfix_whole.cjs"));
        let folder = place.root.join(&self.site.folder);
        let plans = TOOLS.iter().flat_map(|tool| {
            let names = if tool.name() == "jest" { vec!["jest", "react-scripts"] } else { vec![tool.name()] };
            names.into_iter().map(|name| (name, *tool))
        });
        let plan_of = |name: &str, tool: &'static dyn Tool| {
            let is_chosen = self.tool().is_some_and(|own| own.name() == tool.name());
            let files =
                if is_chosen { files.iter().map(|file| folder.join(file)).collect() } else { Vec::new() };
            let tests = if is_chosen { tests.to_vec() } else { Vec::new() };
            let invocation = Invocation { tool: name.to_owned(), ..Invocation::default() };
            let root = place.root.to_owned();
            let job = Job {
                run,
                invocation: &invocation,
                root,
                folder: folder.clone(),
                files,
                tests,
                is_listing: false,
            };
            let text = |words: Vec<std::ffi::OsString>| {
                words.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>()
            };
            let options = tool.options();
            let by_name = if job.tests.is_empty() { &[] } else { options.by_name };
            let by_file = if job.files.is_empty() { &[] } else { options.by_file };
            let environment = tool.environment(&job).into_iter();
            let environment: serde_json::Map<String, Value> =
                environment.map(|(name, value)| (name.to_owned(), json!(value.to_string_lossy()))).collect();
            let dropped = [options.dropped, by_name, by_file].concat();
            json!({
                "program": text(tool.program(&job, "SCRIPT")),
                "first": text(tool.first_words(&job)),
                "ours": text(tool.ours(&job)),
                "subcommands": tool.subcommands(),
                "environment": environment,
                "dropped": dropped,
                "with_value": options.with_value,
                "names_files": !job.files.is_empty(),
            })
        };
        let tools: serde_json::Map<String, Value> =
            plans.map(|(name, tool)| (name.to_owned(), plan_of(name, tool))).collect();
        json!({
            "hook": hook,
            "tap": run.file("tap"),
            "not_loaded": run.file("not_loaded.jsonl"),
            "tools": tools,
        })
    }

    fn judge(&self, ctx: &Ctx, place: &Place<'_>, finished: &Finished, run: &RunFolder) -> Run {
        let heard = stream::read(&run.stream());
        if heard.began > 0 {
            let claimed = heard.own_count;
            let end = end(self.summary().runner, finished, &heard);
            return report::run_of(Told { claimed, ..self.summary() }, finished, heard, &end);
        }
        if let Some(told) = ava::read(&run.file("tap")) {
            let below_root =
                |file: String| paths::text_of_path(&self.site.folder.join(paths::path_of_text(&file)));
            let not_loaded = told.not_loaded.into_iter().map(|(file, why)| (below_root(file), why)).collect();
            let heard = Heard { cases: told.cases, not_loaded, ..Heard::default() };
            let end = End::of(finished.ending).err().unwrap_or_else(End::finished);
            return report::run_of(Told { claimed: told.planned, ..self.summary() }, finished, heard, &end);
        }
        // A test that ends well may start programs that do not.
        let has_failed = finished.ending.code() != Some(0);
        let not_loaded = if has_failed { not_loaded(&run.file("not_loaded.jsonl")) } else { Vec::new() };
        let heard = Heard { not_loaded, ..Heard::default() };
        let end = match End::of(finished.ending) {
            Err(end) => end,
            Ok(127) => End::crashed(match self.absent(ctx, place) {
                Some(name) => {
                    format!("{name}, which `{}` runs, is not installed, or not on the PATH", self.typed())
                }
                None => format!("a program that `{}` runs was not found (code 127)", self.typed()),
            }),
            Ok(126) => End::crashed("a program of the command could not be run (code 126)"),
            Ok(_) => End::finished(),
        };
        report::run_of(Told { counted: false, ..self.summary() }, finished, heard, &end)
    }
}

impl Runner for Whole {
    fn name(&self) -> &str {
        self.summary().runner
    }

    fn folder(&self) -> &Path {
        &self.site.folder
    }

    fn is_test_file(&self, path: &Path) -> bool {
        let Some(call) = &self.call else { return paths::is_test_file_of_any_language(path) };
        let inside = inside(&self.site.folder, path).filter(|_| can_hold_tests(path));
        inside.is_some_and(|path| call.covers(&path))
    }

    fn speaks(&self, path: &Path) -> bool {
        self.call.is_none() || is_source(path)
    }

    fn ready(&self, ctx: &Ctx, place: &Place<'_>) -> Result<()> {
        needs_node(ctx)?;
        self.site.link(place);
        if self.has_dependencies {
            modules::any(place, &self.site.folder)?;
        }
        let absent = self.absent(ctx, place);
        let runtime = RUNTIMES.iter().find(|(name, _)| absent.as_deref() == Some(*name));
        match runtime {
            Some((program, install)) => Err(SuiteError::MissingProgram { program, install }.into()),
            None => Ok(()),
        }
    }

    fn can_select(&self) -> bool {
        self.call.is_some()
    }

    fn command(&self, _: &Selection) -> Vec<String> {
        match self.site.folder.as_os_str().is_empty() {
            true => ["sh", "-c", &self.typed()].map(str::to_owned).into(),
            false => paths::typed_in(&self.site.folder, &self.typed().split(' ').collect::<Vec<_>>()),
        }
    }

    fn run(&self, ctx: &Ctx, place: &Place<'_>, selection: &Selection, limits: &Limits) -> Result<Run> {
        let mut files = Vec::new();
        if self.call.is_some()
            && let Some(chosen) = existing_files(place.root, selection)
        {
            let own = chosen.iter().filter(|file| can_hold_tests(file));
            files
                .extend(own.filter_map(|file| file.strip_prefix(&self.site.folder).ok()).map(Path::to_owned));
            if files.is_empty() {
                return Ok(report::nothing(self.summary(), End::finished()));
            }
        }
        self.ready(ctx, place)?;
        if let Some(why) = self.site.foreign(place) {
            return Ok(together::foreign(self.summary(), why));
        }
        let ids = if let Selection::Cases(ids) = selection { ids.as_slice() } else { &[] };
        let can_name = self.call.is_some() && ids.iter().all(|id| id.contains("::"));
        let tests = if can_name { ids.to_vec() } else { Vec::new() };
        let run = run_folder(ctx, place)?;
        let named = Some(tests.as_slice()).filter(|tests| !tests.is_empty());
        let chosen = run.write_selection(&[], named, &Repeat::default())?;
        let plan = run.write("plan.json", self.plan(place, &run, &files, &tests).to_string().as_bytes())?;
        let seconds = limits.test.map(|limit| limit.as_secs_f64().to_string()).unwrap_or_default();
        let command = self.command_in(ctx, place, &run, &plan).deadline(limits.run).log(run.log());
        let command = command.env("HOTFIX_STREAM", run.stream()).env("HOTFIX_TEST_LIMIT", seconds);
        let finished = command.env("HOTFIX_SELECTION", chosen).run(ctx)?;
        Ok(self.judge(ctx, place, &finished, &run))
    }
}

/// What programs of the script said that could not load a module.
fn not_loaded(path: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let pairs = text.lines().filter_map(|line| serde_json::from_str::<[String; 2]>(line).ok());
    pairs
        .filter_map(|[file, reason]| Some((stream::clean_reason(&file)?, stream::clean_reason(&reason)?)))
        .collect()
}
