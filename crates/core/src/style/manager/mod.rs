//! Managers of Git hooks: prek, pre-commit, lefthook, hk. Where a repository has one configured, what it runs before a
//! commit is its style.
//!
//! Hooks may rewrite files, and tests run at the same time: the manager works in a copy of what is checked, a repository of
//! its own in which the change is staged, so that nobody sees half of what it does.

mod copy;
mod read;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use hotfix_model::gate::{LinterOutcome, LinterReport};

use self::copy::Copy;
use self::read::Hook;
use super::clean::one_line;
use super::known::Known;
use super::linter::{Package, Said};
use super::read::{lines, rewritten};
use super::run::{Ran, finding};
use super::touched::Touched;
use super::{Place, PlannedLinter, Request, failure, program};
use crate::ctx::Ctx;
use crate::exec::{Command, Ending, Finished, sanitize};

/// A manager of hooks.
#[derive(Debug)]
pub struct Manager {
    /// Its name in reports.
    pub name: &'static str,
    /// Programs that do its work, the preferred one first.
    programs: &'static [&'static str],
    /// Files each of which is its configuration.
    files: &'static [&'static str],
    /// What the configuration must mention to be about commits.
    mentions: &'static str,
    package: Package<'static>,
    /// Arguments before the names of the files.
    arguments: &'static [&'static str],
    /// What stands before the name of each file.
    before_each: Option<&'static str>,
    read: fn(&str) -> Vec<Hook>,
    /// What installs the environments of its hooks ahead of time.
    prepare: &'static str,
}

/// All of them. prek reads what pre-commit reads.
const MANAGERS: &[Manager] = &[
    Manager {
        name: "pre-commit",
        programs: &["prek", "pre-commit"],
        files: &[".pre-commit-config.yaml", ".pre-commit-config.yml"],
        mentions: "",
        package: Package::Python("pre-commit"),
        arguments: &["run", "--color=never", "--files"],
        before_each: None,
        read: read::pre_commit,
        prepare: "install-hooks",
    },
    Manager {
        name: "prek",
        programs: &["prek"],
        files: &["prek.toml"],
        mentions: "",
        package: Package::Python("prek"),
        arguments: &["run", "--color=never", "--files"],
        before_each: None,
        read: read::pre_commit,
        prepare: "install-hooks",
    },
    Manager {
        name: "lefthook",
        programs: &["lefthook"],
        files: &[
            "lefthook.yml",
            ".lefthook.yml",
            ".config/lefthook.yml",
            "lefthook.yaml",
            ".lefthook.yaml",
            "lefthook.toml",
            ".lefthook.toml",
            "lefthook.json",
            ".lefthook.json",
        ],
        mentions: "pre-commit",
        package: Package::Node("lefthook"),
        arguments: &["run", "pre-commit", "--no-auto-install", "--no-tty"],
        before_each: Some("--file"),
        read: read::lefthook,
        prepare: "run pre-commit",
    },
    Manager {
        name: "hk",
        programs: &["hk"],
        files: &["hk.pkl", ".config/hk.pkl"],
        mentions: "",
        package: Package::System("hk"),
        arguments: &["check"],
        before_each: None,
        read: read::plain,
        prepare: "check",
    },
];

/// What became of a manager.
pub struct Managed {
    /// What its hooks said.
    pub ran: Vec<Ran>,
    /// Files of the change that its hooks rewrote, when they were asked to.
    pub fixed: Vec<String>,
    /// Whether it did its work; else the linters that are found run instead.
    pub worked: bool,
}

/// The manager that a repository has configured, as it is at base.
pub fn configured(read: &dyn Fn(&str) -> Option<Vec<u8>>, tracked: &[PathBuf]) -> Option<&'static Manager> {
    let is_there = |name: &&&str| tracked.iter().any(|path| path.as_os_str() == **name);
    let speaks_of = |name: &&str, word: &str| {
        let text = read(name).unwrap_or_default();
        String::from_utf8_lossy(&text).contains(word)
    };
    let is_configured = |manager: &&Manager| {
        manager.files.iter().filter(is_there).any(|name| speaks_of(name, manager.mentions))
    };
    MANAGERS.iter().find(is_configured)
}

impl Manager {
    /// What runs, for people.
    pub fn plan(&self, ctx: &Ctx, place: &Place<'_>, request: &Request<'_>) -> PlannedLinter {
        let program = self.program(ctx, place).map(|path| path.display().to_string());
        let first = program.unwrap_or_else(|| self.programs.first().copied().unwrap_or_default().to_owned());
        let words = self.arguments(request).into_iter().map(|word| word.to_string_lossy().into_owned());
        PlannedLinter { name: self.name.to_owned(), command: std::iter::once(first).chain(words).collect() }
    }

    /// The command that installs it, if it is not there.
    pub fn missing(&self, ctx: &Ctx, place: &Place<'_>) -> Option<String> {
        let install = || program::how_to_install(ctx, place, Path::new(""), self.package);
        self.program(ctx, place).is_none().then(install)
    }

    /// Runs its hooks on the changed files and reads what they say.
    pub fn run(&self, ctx: &Ctx, place: &Place<'_>, request: &Request<'_>, touched: &mut Touched) -> Managed {
        link_packages(place, request);
        let Some(program) = self.program(ctx, place) else {
            return self.silent(
                LinterOutcome::Missing,
                &program::how_to_install(ctx, place, Path::new(""), self.package),
            );
        };
        let mut copy = match Copy::new(place, request, self.files) {
            Ok(copy) => copy,
            Err(error) => return self.silent(LinterOutcome::Failed, &format!("no copy to work in: {error}")),
        };
        let mut fixed = Vec::new();
        if request.fix && self.command(ctx, (place, request), &copy, &program).run(ctx).is_ok() {
            fixed = copy.take_over(place, touched);
            // What is not staged, some managers hide from their hooks.
            (request.copy)(copy.root()).ok();
        }
        match self.command(ctx, (place, request), &copy, &program).run(ctx) {
            Ok(finished) => Managed { fixed, ..self.conclude(request, &copy, &finished, touched) },
            Err(error) => self.silent(LinterOutcome::Failed, &error.to_string()),
        }
    }

    fn program(&self, ctx: &Ctx, place: &Place<'_>) -> Option<PathBuf> {
        self.programs.iter().find_map(|name| program::find(ctx, place, Path::new(""), name))
    }

    fn arguments(&self, request: &Request<'_>) -> Vec<OsString> {
        let harmless = |file: &PathBuf| match file.as_os_str().as_encoded_bytes().first() {
            Some(b'-') => PathBuf::from(".").join(file).into_os_string(),
            _ => file.clone().into_os_string(),
        };
        let words = |file| self.before_each.map(OsString::from).into_iter().chain([harmless(file)]);
        self.arguments.iter().map(OsString::from).chain(request.files.iter().flat_map(words)).collect()
    }

    fn command(
        &self,
        ctx: &Ctx,
        (place, request): (&Place<'_>, &Request<'_>),
        copy: &Copy,
        program: &Path,
    ) -> Command {
        let command = Command::new(program).args(self.arguments(request)).dir(copy.root()).contained();
        let inherited = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "FORCE_COLOR", "CLICOLOR_FORCE"];
        let command = inherited.into_iter().fold(command, Command::env_remove);
        command
            .deadline(request.config.timeout.duration())
            .log(place.scratch.join(format!("hooks-{}.log", ctx.clock.ulid())))
            .env("PATH", program::search_path(ctx, place))
            .env("NO_COLOR", "1")
            .env("PYTHONDONTWRITEBYTECODE", "1")
    }

    fn conclude(
        &self,
        request: &Request<'_>,
        copy: &Copy,
        finished: &Finished,
        touched: &Touched,
    ) -> Managed {
        let output = sanitize(&String::from_utf8_lossy(&finished.stdout));
        let hooks = (self.read)(&output);
        let failed = |why: &str| self.silent(LinterOutcome::Failed, why);
        match finished.ending {
            Ending::TimedOut => return failed(&self.too_slow(request)),
            Ending::Exited(0) => {}
            Ending::Exited(_) if !hooks.is_empty() => {}
            Ending::Exited(code) => {
                return failed(&format!("ended with code {code}: {}", failure::reason(finished)));
            }
            Ending::Signalled(signal) => return failed(&format!("ended by signal {signal}")),
            Ending::Cancelled => return failed("stopped"),
        }
        let elapsed_ms = u64::try_from(finished.elapsed.as_millis()).unwrap_or(u64::MAX);
        let own =
            LinterReport { name: self.name.to_owned(), outcome: LinterOutcome::Ran, hint: None, elapsed_ms };
        let mut ran = vec![Ran { report: own, ..self.rewritten(request, copy, touched) }];
        let broken = hooks.iter().filter(|hook| hook.failed);
        ran.extend(broken.map(|hook| self.of_hook(hook, request, copy, touched)));
        Managed { ran, fixed: Vec::new(), worked: true }
    }

    /// What hooks wrote differently, as what formatters would.
    fn rewritten(&self, request: &Request<'_>, copy: &Copy, touched: &Touched) -> Ran {
        let mut ran = Ran::nothing(self.name);
        for file in &request.files {
            let (before, now) = (copy.before(file), copy.content(file));
            if before == now {
                continue;
            }
            let texts = (before.unwrap_or_default(), now.unwrap_or_default());
            let blocks = rewritten::between(file, &texts.0, &texts.1);
            super::read::diff::pass_on(blocks, &mut |said| ran.take(said, self.name, touched));
        }
        ran
    }

    /// What a hook that failed says about changed lines. One that speaks of no line, and rewrote nothing, is a line of its
    /// own.
    fn of_hook(&self, hook: &Hook, request: &Request<'_>, copy: &Copy, touched: &Touched) -> Ran {
        let name = format!("{}: {}", self.name, hook.name);
        let known = Known::new(copy.root(), Path::new(""), &request.files);
        let mut ran = Ran::nothing(&name);
        lines::read(hook.said.as_bytes(), &known, &mut |said| ran.take(said, &name, touched));
        if ran.findings.is_empty() && ran.ignored == 0 && !hook.rewrote {
            let last = hook.said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it failed");
            ran.report.outcome = LinterOutcome::Failed;
            ran.report.hint = Some(one_line(last));
        }
        ran
    }

    fn too_slow(&self, request: &Request<'_>) -> String {
        let program = self.programs.last().copied().unwrap_or_default();
        format!(
            "took longer than {}s; where hooks are not installed yet, run `{program} {}` once",
            request.config.timeout.duration().as_secs(),
            self.prepare
        )
    }

    fn silent(&self, outcome: LinterOutcome, hint: &str) -> Managed {
        let mut ran = Ran::nothing(self.name);
        ran.report.outcome = outcome;
        ran.report.hint = Some(one_line(hint));
        Managed { ran: vec![ran], fixed: Vec::new(), worked: false }
    }
}

/// Links the Node packages of the main worktree: hook managers and hooks are often such packages.
fn link_packages(place: &Place<'_>, request: &Request<'_>) {
    let around = request.files.iter().flat_map(|file| file.ancestors().skip(1));
    let folders: std::collections::BTreeSet<&Path> = around.collect();
    let is_project = |folder: &&Path| place.root.join(folder).join("package.json").is_file();
    folders.into_iter().filter(is_project).for_each(request.link_packages);
}

impl Ran {
    /// One that said nothing yet.
    fn nothing(name: &str) -> Self {
        let report =
            LinterReport { name: name.to_owned(), outcome: LinterOutcome::Ran, hint: None, elapsed_ms: 0 };
        Self { report, findings: Vec::new(), ignored: 0 }
    }

    fn take(&mut self, said: Said, linter: &str, touched: &Touched) {
        match finding(said, linter, touched) {
            Some(finding) => self.findings.push(finding),
            None => self.ignored += 1,
        }
    }
}
