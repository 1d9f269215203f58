//! Virtual environments that have pytest, made without waiting for `python -m venv`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use hotfix_core::exec::Command;

use super::{Project, write_into};

/// A virtual environment.
pub struct Venv {
    folder: PathBuf,
    packages: PathBuf,
}

/// What is asked of the Python on the project's `PATH`.
struct Machine {
    program: PathBuf,
    version: String,
    /// Where its pytest is.
    packages: String,
}

impl Venv {
    /// One in the main worktree of a project.
    pub fn new(project: &Project, name: &str) -> Self {
        Self::at(project, &project.home().join(name))
    }

    /// One anywhere. It has what the machine's Python has.
    pub fn at(project: &Project, folder: &Path) -> Self {
        let machine = machine(project);
        let packages = folder.join("lib").join(&machine.version).join("site-packages");
        let settings = format!("home = {}\n", machine.program.parent().unwrap().display());
        write_into(folder, &[("pyvenv.cfg", &settings)]);
        write_into(&packages, &[("shared.pth", &machine.packages)]);
        fs::create_dir_all(folder.join("bin")).unwrap();
        symlink(&machine.program, folder.join("bin/python")).unwrap();
        Self { folder: folder.to_owned(), packages }
    }

    pub fn bin(&self) -> PathBuf {
        self.folder.join("bin")
    }

    /// Its `site-packages`.
    pub fn packages(&self) -> PathBuf {
        self.packages.clone()
    }

    pub fn install(&self, files: &[(&str, &str)]) {
        write_into(&self.packages, files);
    }

    /// Leads to a folder, as an editable install does.
    pub fn lead_to(&self, folder: &Path) {
        self.install(&[("__editable__.pth", folder.to_str().unwrap())]);
    }
}

fn machine(project: &Project) -> Machine {
    let code = "import os, sys, pytest; print(os.path.realpath(sys.executable)); print('python%d.%d' % sys.version_info[:2]); print(os.path.dirname(os.path.dirname(pytest.__file__)))";
    let asked = Command::new("python3").args(["-c", code]).run(&project.ctx()).unwrap();
    let text = String::from_utf8(asked.stdout).unwrap();
    let mut lines = text.lines().map(str::to_owned);
    let mut next = || lines.next().expect("these tests need python3 with pytest on the PATH");
    Machine { program: next().into(), version: next(), packages: next() }
}
