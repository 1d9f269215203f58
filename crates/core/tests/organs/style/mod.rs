//! Tests of `style`, with the real programs.

mod commands;

mod linters;
mod with_hooks;
mod with_linters;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fs};

use hotfix_core::clock::SystemClock;
use hotfix_core::ctx::Ctx;
use hotfix_core::env::Environment;
use hotfix_core::event::Silent;
use hotfix_core::exec::Command;
use hotfix_core::git::{FileDiff, Hunk};
use hotfix_core::style::{self, Place, Request};
use hotfix_model::config::{CheckConfig, GateMode};
use hotfix_model::gate::LinterOutcome;
use hotfix_model::{CheckReport, Period};
use hotfix_testkit::write_program;

/// Folder of the programs that `cargo xtask test` installs.
#[expect(clippy::disallowed_methods, reason = "tests are told where the tools are")]
fn tools() -> PathBuf {
    let root = env::var_os("HOTFIX_TOOLS")
        .expect("HOTFIX_TOOLS is not set: run `cargo xtask test`, which installs the tools");
    let bin = Path::new(&root).join("python/bin");
    assert!(bin.join("flake8").is_file(), "no flake8 in {}: run `cargo xtask test`", bin.display());
    bin
}

/// A slot without Git: the organ only needs files.
struct Slot {
    root: tempfile::TempDir,
    home: tempfile::TempDir,
    scratch: tempfile::TempDir,
    files: Vec<PathBuf>,
    lines: Vec<FileDiff>,
    config: CheckConfig,
    trusted: bool,
    fix: bool,
    path: OsString,
    variables: Vec<(OsString, OsString)>,
}

impl Slot {
    fn new() -> Self {
        Self {
            root: tempfile::tempdir().unwrap(),
            home: tempfile::tempdir().unwrap(),
            scratch: tempfile::tempdir().unwrap(),
            files: Vec::new(),
            lines: Vec::new(),
            config: CheckConfig {
                commands: Vec::new(),
                gate: GateMode::Warn,
                timeout: Period::from_seconds(60),
            },
            trusted: true,
            fix: false,
            path: OsString::from(format!("{}:/usr/bin:/bin", tools().display())),
            variables: Vec::new(),
        }
    }

    /// An unchanged file.
    fn write(&self, path: impl AsRef<Path>, text: &str) -> PathBuf {
        let full = self.root.path().join(&path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(&full, text).unwrap();
        full
    }

    /// A file of which the lines from `first` on are part of the change.
    fn change(&mut self, path: impl AsRef<Path>, text: &str, first: u64, count: usize) {
        self.write(&path, text);
        let path = path.as_ref().to_owned();
        let hunk = Hunk { old_start: first, old_lines: 1, new_start: first, added: vec![Vec::new(); count] };
        self.files.push(path.clone());
        self.lines.push(FileDiff { path, hunks: vec![hunk] });
    }

    /// A new file.
    fn add(&mut self, path: impl AsRef<Path>, text: &str) {
        self.change(path, text, 1, text.lines().count());
    }

    /// A program of our own before all others on the `PATH`.
    fn program(&mut self, name: &str, script: &str) {
        let bin = self.home.path().join("bin");
        write_program(bin.join(name), script);
        let old = std::mem::replace(&mut self.path, bin.into_os_string());
        self.path.push(":");
        self.path.push(old);
    }

    fn with<T>(&self, deed: impl FnOnce(&Ctx, &Place<'_>, &Request<'_>) -> T) -> T {
        let variables = [("PATH", self.path.clone()), ("HOME", self.home.path().into())];
        let variables = variables.map(|(name, value)| (OsString::from(name), value));
        let variables = variables.into_iter().chain(self.variables.clone());
        let environment = Environment::new(variables, self.root.path());
        let ctx = Ctx::new(environment, SystemClock::new(), Arc::new(Silent));
        let place = Place { root: self.root.path(), home: self.home.path(), scratch: self.scratch.path() };
        let request = Request {
            files: self.files.clone(),
            lines: &self.lines,
            tracked: &self.tracked(),
            read: &|path| fs::read(self.root.path().join(path)).ok(),
            config: &self.config,
            trusted: self.trusted,
            fix: self.fix,
            tree: "tree".to_owned(),
            copy: &|folder| {
                self.copy_to(&ctx, folder);
                Ok(())
            },
            link_packages: &|_| (),
        };
        deed(&ctx, &place, &request)
    }

    fn copy_files_to(&self, folder: &Path) {
        for file in self.tracked() {
            let target = folder.join(&file);
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::copy(self.root.path().join(&file), target).unwrap();
        }
    }

    /// As the session does it: all files, staged, in a repository of its own.
    fn copy_to(&self, ctx: &Ctx, folder: &Path) {
        let is_new = !folder.join(".git").exists();
        if is_new {
            self.copy_files_to(folder);
        }
        let begin = ["commit", "--quiet", "--allow-empty", "--message", "base"];
        let names = ["AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL"];
        let all = [&["init", "--quiet"][..], &begin, &["add", "--all"]];
        for words in all.iter().skip(if is_new { 0 } else { 2 }) {
            let command = Command::new("git").args(*words).dir(folder);
            let named = names.iter().fold(command, |command, name| command.env(format!("GIT_{name}"), "me"));
            let finished = named.run(ctx).unwrap();
            assert!(finished.success(), "{}", finished.last_line());
        }
    }

    fn check(&self) -> CheckReport {
        self.with(|ctx, place, request| style::check(ctx, place, request).unwrap())
    }

    fn plan(&self) -> Vec<String> {
        let plan = self.with(style::plan);
        plan.into_iter().map(|one| format!("{}: {}", one.name, one.command.join(" "))).collect()
    }

    fn found(&self) -> Vec<String> {
        let read = |path: &str| fs::read(self.root.path().join(path)).ok();
        style::linters_found(&self.tracked(), &read, &self.config)
    }

    fn tracked(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(self.root.path(), self.root.path(), &mut found);
        found.sort();
        found
    }
}

fn walk(root: &Path, dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            walk(root, &path, found);
        } else {
            found.push(path.strip_prefix(root).unwrap().to_owned());
        }
    }
}

fn lines(report: &CheckReport) -> Vec<String> {
    let line = |finding: &hotfix_model::Finding| {
        let column = finding.column.map(|column| format!(":{column}")).unwrap_or_default();
        let (path, message) = (&finding.path, &finding.message);
        format!("{path}:{}{column}: {message} [{}]", finding.line, finding.linter)
    };
    report.findings.iter().map(line).collect()
}

fn outcomes(report: &CheckReport) -> Vec<(&str, LinterOutcome)> {
    report.linters.iter().map(|linter| (linter.name.as_str(), linter.outcome)).collect()
}
