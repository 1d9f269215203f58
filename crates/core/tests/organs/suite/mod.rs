//! Tests of `suite`: real pytest and unittest on temporary projects.

mod command;
mod detect;
mod java;
mod nested_python;
mod pytest;
mod python_collected;
mod python_environments;
mod python_place;
mod python_results;
mod rank;
mod rust;
mod shell;
mod time;
mod unittest;
mod venv;
mod with_cmake;
mod with_go;
mod with_node;
mod with_plugins;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hotfix_core::clock::SystemClock;
use hotfix_core::ctx::Ctx;
use hotfix_core::env::Environment;
use hotfix_core::event::Silent;
use hotfix_core::exec::Command;
use hotfix_core::suite::{Footprint, Limits, Place, Repeat, Runner, Selection, detect};
use hotfix_model::config::{GateMode, TestConfig};
use hotfix_model::{CaseOutcome, Run};

/// A project in a temporary folder, with a main worktree beside it and a scratch folder.
pub struct Project {
    folder: tempfile::TempDir,
    variables: Vec<(OsString, OsString)>,
}

impl Project {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["slot", "home", "scratch", "user"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let home = folder.path().join("user").into_os_string();
        let variables = vec![("PATH".into(), path_with_python()), ("HOME".into(), home)];
        let project = Self { folder, variables };
        project.write(files);
        project
    }

    pub fn set(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    pub fn write(&self, files: &[(&str, &str)]) {
        write_into(&self.root(), files);
    }

    pub fn root(&self) -> PathBuf {
        self.folder.path().join("slot")
    }

    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A folder beside the main worktree.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn scratch(&self) -> PathBuf {
        self.folder.path().join("scratch")
    }

    pub fn ctx(&self) -> Ctx {
        let environment = Environment::new(self.variables.clone(), self.root());
        Ctx::new(environment, SystemClock::new(), Arc::new(Silent))
    }

    pub fn run(&self, runner: &dyn Runner, selection: &Selection) -> Run {
        self.run_within(runner, selection, Duration::from_mins(2), None)
    }

    pub fn run_within(
        &self,
        runner: &dyn Runner,
        selection: &Selection,
        run: Duration,
        test: Option<Duration>,
    ) -> Run {
        let (root, home, scratch) = (self.root(), self.home(), self.scratch());
        let place = Place { root: &root, home: &home, scratch: &scratch };
        let limits = Limits { run, test };
        runner.run(&self.ctx(), &place, selection, &limits).unwrap()
    }

    /// Runs a selection, and these tests or files of it four times.
    pub fn run_repeating(&self, runner: &dyn Runner, selection: &Selection, cases: &[&str]) -> Run {
        let (root, home, scratch) = (self.root(), self.home(), self.scratch());
        let place = Place { root: &root, home: &home, scratch: &scratch };
        let limits = Limits { run: Duration::from_mins(2), test: None };
        let cases = cases.iter().map(|case| (*case).to_owned()).collect();
        let repeat = Repeat { cases, times: 4, enough: Duration::from_mins(2) };
        runner.run_repeating(&self.ctx(), &place, selection, &repeat, &limits).unwrap()
    }

    /// The test files that the project's own command would run, as the runner tells them.
    pub fn listed(&self, runner: &dyn Runner) -> Option<Vec<String>> {
        let (root, home, scratch) = (self.root(), self.home(), self.scratch());
        let place = Place { root: &root, home: &home, scratch: &scratch };
        let listed = runner.listed(&self.ctx(), &place, Duration::from_mins(2))?;
        Some(listed.iter().map(|path| path.display().to_string()).collect())
    }

    /// What each of these test files runs; nothing if that cannot be learnt.
    pub fn footprints(&self, runner: &dyn Runner, tests: &[&str]) -> BTreeMap<String, Footprint> {
        let (root, home, scratch) = (self.root(), self.home(), self.scratch());
        let place = Place { root: &root, home: &home, scratch: &scratch };
        let tests: Vec<PathBuf> = tests.iter().map(PathBuf::from).collect();
        runner.footprints(&self.ctx(), &place, &tests, Duration::from_mins(2)).unwrap_or_default()
    }
}

/// The user's search path, with the folder of the real Python first: what `python3` names may be a shim that needs the
/// user's own home.
fn path_with_python() -> OsString {
    static PATH: OnceLock<OsString> = OnceLock::new();
    let find = || {
        let process = Environment::of_process().unwrap();
        let path = process.get("PATH").unwrap().to_owned();
        let ctx = Ctx::new(process, SystemClock::new(), Arc::new(Silent));
        let asked = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).run(&ctx);
        let python = asked.expect("these tests need python3 on the PATH").stdout;
        let mut found =
            Path::new(String::from_utf8(python).unwrap().trim()).parent().unwrap().as_os_str().to_owned();
        found.push(":");
        found.push(path);
        found
    };
    PATH.get_or_init(find).clone()
}

pub fn write_into(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// The pytest runner, after making sure that the machine has what these tests need.
pub fn pytest() -> Box<dyn Runner> {
    let project = Project::new(&[]);
    let asked = Command::new("python3").args(["-c", "import pytest"]).run(&project.ctx());
    assert!(
        asked.is_ok_and(|finished| finished.success()),
        "these tests need python3 with pytest on the PATH: python3 -m pip install pytest"
    );
    found(&[("pytest.ini", "")])
}

pub fn unittest() -> Box<dyn Runner> {
    found(&[("test_a.py", "import unittest\n")])
}

pub fn found(files: &[(&str, &str)]) -> Box<dyn Runner> {
    detect_in(files, "").unwrap()
}

pub fn detect_in(files: &[(&str, &str)], command: &str) -> hotfix_core::error::Result<Box<dyn Runner>> {
    let paths: Vec<PathBuf> = files.iter().map(|(path, _)| PathBuf::from(path)).collect();
    let read = |wanted: &str| {
        files.iter().find(|(path, _)| *path == wanted).map(|(_, text)| text.as_bytes().to_vec())
    };
    Ok(Box::new(detect(&paths, &read, &config(command))?))
}

fn config(command: &str) -> TestConfig {
    TestConfig {
        command: command.to_owned(),
        critical: Vec::new(),
        budget: "5m".parse().unwrap(),
        gate: GateMode::Block,
        flaky: GateMode::Warn,
        exclusive: false,
    }
}

/// Ids and outcomes, sorted by id.
pub fn outcomes(run: &Run) -> Vec<(&str, CaseOutcome)> {
    let mut found: Vec<_> = run.cases.iter().map(|case| (case.id.as_str(), case.outcome)).collect();
    found.sort_by_key(|(id, _)| *id);
    found
}

pub fn reason<'a>(run: &'a Run, id: &str) -> &'a str {
    let case = run.cases.iter().find(|case| case.id == id);
    case.unwrap_or_else(|| panic!("no {id} in {run:#?}")).reason.as_deref().unwrap_or_default()
}

/// Where a test failed.
pub fn frame<'a>(run: &'a Run, id: &str) -> Option<&'a str> {
    let case = run.cases.iter().find(|case| case.id == id);
    case.unwrap_or_else(|| panic!("no {id} in {run:#?}")).frame.as_deref()
}

pub fn files(paths: &[&str]) -> Selection {
    Selection::Files(paths.iter().map(PathBuf::from).collect())
}
