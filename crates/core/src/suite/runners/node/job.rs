//! What the tools have in common: one call of a tool in a script, and the command of a run of it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::arguments::{Arguments, Options};
use super::package::Package;
use super::script::Invocation;
use super::words;
use crate::exec::Command;
use crate::suite::family::Found;
use crate::suite::folder::RunFolder;
use crate::suite::glob::Glob;

/// The helpers inside the tools.
pub const HELPERS: &[(&str, &str)] = &[
    ("git_hotfix_stream.cjs", include_str!("../../node_side/git_hotfix_stream.cjs")),
    ("git_hotfix_jest.cjs", include_str!("../../node_side/git_hotfix_jest.cjs")),
    ("git_hotfix_mocha.cjs", include_str!("../../node_side/git_hotfix_mocha.cjs")),
    ("git_hotfix_mocha_settings.cjs", include_str!("../../node_side/git_hotfix_mocha_settings.cjs")),
    ("git_hotfix_node_test.mjs", include_str!("../../node_side/git_hotfix_node_test.mjs")),
    ("git_hotfix_vitest.mjs", include_str!("../../node_side/git_hotfix_vitest.mjs")),
    ("git_hotfix_vitest_list.mjs", include_str!("../../node_side/git_hotfix_vitest_list.mjs")),
    ("git_hotfix_whole.cjs", include_str!("../../node_side/git_hotfix_whole.cjs")),
];

/// One of the tools.
pub trait Tool: Sync {
    /// What people call it.
    fn name(&self) -> &'static str;

    /// Whether a script that calls this tool calls it.
    fn is_called(&self, tool: &str) -> bool {
        self.name() == tool
    }

    /// The packages that hold its program, the first that is installed counts; none if it comes with Node.
    fn packages(&self) -> &'static [&'static str];

    /// How the names of its settings files begin: `jest.config.`.
    fn settings(&self) -> &'static [&'static str];

    /// What its options mean.
    fn options(&self) -> &'static Options;

    /// Which files are its tests, relative to the project's folder.
    fn tests(&self, found: &Found<'_>, package: &Package, arguments: &Arguments<'_>) -> Vec<Glob>;

    /// Which files of source may hold tests as well, relative to the project's folder.
    fn sources_with_tests(&self, _: &Found<'_>, _: &Package) -> Vec<Glob> {
        Vec::new()
    }

    /// The command that a person would type to run it.
    fn typed(&self) -> &'static str;

    /// What a script may name before the arguments that count.
    fn subcommands(&self) -> &'static [&'static str] {
        &[]
    }

    /// What stands for its program when Node starts it.
    fn program(&self, _: &Job<'_>, script: &str) -> Vec<OsString> {
        if script.is_empty() { Vec::new() } else { vec![script.into()] }
    }

    /// What stands between its program and the arguments of the script.
    fn first_words(&self, _: &Job<'_>) -> Vec<OsString> {
        Vec::new()
    }

    /// Our options and the chosen files, behind the options of the script.
    fn ours(&self, job: &Job<'_>) -> Vec<OsString>;

    /// Variables of a run.
    fn environment(&self, _: &Job<'_>) -> Vec<(&'static str, OsString)> {
        Vec::new()
    }

    /// Instead of [`ours`](Self::ours): what makes it print the test files that it would run, as absolute paths in a
    /// JSON list.
    fn listing(&self, _: &Job<'_>) -> Option<Vec<OsString>> {
        None
    }

    /// The same for the test files that depend on the files of the job.
    fn related(&self, _: &Job<'_>) -> Option<Vec<OsString>> {
        None
    }
}

/// All a tool needs to know of one run.
pub struct Job<'a> {
    /// The folder of the run, with our helpers.
    pub run: &'a RunFolder,
    /// How the project's script calls the tool.
    pub invocation: &'a Invocation,
    /// The root of the worktree.
    pub root: PathBuf,
    /// The project's folder, absolute.
    pub folder: PathBuf,
    /// The files, relative to the project's folder; empty for all.
    pub files: Vec<PathBuf>,
    /// The ids of the only tests that count; empty for all of the files.
    pub tests: Vec<String>,
    /// Whether files are listed, and nothing runs.
    pub is_listing: bool,
}

impl Job<'_> {
    /// The project's folder, relative to the root.
    pub fn below_root(&self) -> &Path {
        self.folder.strip_prefix(&self.root).unwrap_or(Path::new(""))
    }
}

/// A call of a tool in the script of a project.
pub struct Call {
    /// The tool.
    pub tool: &'static dyn Tool,
    /// How it is called.
    pub invocation: Invocation,
    tests: Vec<Glob>,
}

impl Call {
    /// A call, with the files that are its tests.
    pub fn new(
        tool: &'static dyn Tool,
        found: &Found<'_>,
        package: &Package,
        mut invocation: Invocation,
    ) -> Self {
        let first = invocation.arguments.first().map(|word| word.text.as_str());
        let names_command = first.is_some_and(|first| {
            tool.subcommands().contains(&first) || invocation.tool == "react-scripts" && first == "test"
        });
        if names_command {
            invocation.arguments.remove(0);
        }
        let tests = tool.tests(found, package, &Arguments::new(&invocation.arguments, tool.options()));
        Self { tool, invocation, tests }
    }

    /// Whether a file is one of its tests, by its path below the project's folder.
    pub fn covers(&self, path: &str) -> bool {
        self.tests.iter().any(|glob| glob.covers(path))
    }

    /// The command of a run: what the script has, with our options.
    pub fn command(&self, job: &Job<'_>, script: Option<&Path>) -> Command {
        self.line(job, script, &self.tool.ours(job))
    }

    /// The command that lists the test files that the script would run.
    pub fn listing(&self, job: &Job<'_>, script: Option<&Path>) -> Option<Command> {
        Some(self.line(job, script, &self.tool.listing(job)?))
    }

    /// The command that lists the test files that depend on the files of the job.
    pub fn related(&self, job: &Job<'_>, script: Option<&Path>) -> Option<Command> {
        Some(self.line(job, script, &self.tool.related(job)?))
    }

    /// A shell reads the words of the script as the script has them, so that its variables and patterns mean the same.
    fn line(&self, job: &Job<'_>, script: Option<&Path>, ours: &[OsString]) -> Command {
        let options = self.tool.options();
        let arguments = Arguments::new(&self.invocation.arguments, options);
        let by_name = if job.tests.is_empty() { &[] } else { options.by_name };
        let by_file = if job.files.is_empty() { &[] } else { options.by_file };
        let raw =
            |words: Vec<&words::Word>| words.into_iter().map(|word| word.raw.clone()).collect::<Vec<_>>();
        let script = script.map(|script| script.to_string_lossy().into_owned()).unwrap_or_default();
        let words = |words: Vec<OsString>| {
            words.iter().map(|word| words::quoted(&word.to_string_lossy())).collect::<Vec<_>>()
        };
        let mut line = self.invocation.prefix.clone();
        line.push("node".to_owned());
        line.extend(self.invocation.node_options.iter().map(|word| word.raw.clone()));
        line.extend(words(self.tool.program(job, &script)));
        line.extend(words(self.tool.first_words(job)));
        line.extend(raw(arguments.kept(&[options.dropped, by_name, by_file])));
        line.push("\"$@\"".to_owned());
        if job.files.is_empty() {
            line.extend(raw(arguments.named));
        }
        let mut command = Command::shell(&line.join(" ")).arg("sh").args(ours);
        for (name, value) in self.tool.environment(job) {
            command = command.env(name, value);
        }
        command
    }

    /// What a person would type, without files.
    pub fn typed(&self) -> Vec<String> {
        let prefix = self.invocation.prefix.iter().cloned();
        prefix.chain(self.tool.typed().split(' ').map(str::to_owned)).collect()
    }
}
