//! Installs the tools that tests drive into the user's cache: once per machine, not once per clone.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use hotfix_testkit::tools;

/// Pinned versions. A change of this file makes the next run install anew.
const PINS: &str = include_str!("../python-tools.txt");

/// Whether the tests can have pytest, flake8, ruff and black.
pub enum Python {
    /// Installed in this folder of tools.
    Ready(PathBuf),
    /// Not on this machine, for this reason.
    Without(String),
}

impl Python {
    /// What the summary says is missing; empty if nothing is.
    pub fn left_out(&self) -> String {
        match self {
            Self::Ready(_) => String::new(),
            Self::Without(reason) => format!("without Python tools ({reason})"),
        }
    }
}

/// Finds the tools, or installs them if `install`.
pub fn python(install: bool) -> Result<Python> {
    let dir = tools::dir().context("neither HOTFIX_TOOLS nor HOME says where tools go")?;
    fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
    // Two runs at once: the second waits here, then finds everything done.
    let lock = File::create(dir.join("python.lock"))?;
    lock.lock()?;
    let home = dir.join("python");
    if is_complete(&home) {
        return Ok(Python::Ready(dir));
    }
    if !install {
        return Ok(Python::Without("they are not installed".to_owned()));
    }
    println!("   installing pytest, flake8, ruff and black into {}", home.display());
    Ok(match build(&home) {
        Ok(()) => Python::Ready(dir),
        Err(error) => Python::Without(format!("{error:#}")),
    })
}

/// Whether everything of today's pins is there and the Python it was made from still is.
fn is_complete(home: &Path) -> bool {
    let stamp = fs::read_to_string(home.join(tools::COMPLETE));
    stamp.is_ok_and(|stamp| stamp == PINS) && home.join("bin/python3").exists()
}

/// Virtual environments hold their own path, so it is built in its place; the stamp, written last, makes it valid.
fn build(home: &Path) -> Result<()> {
    if home.exists() {
        fs::remove_dir_all(home)?;
    }
    say("python3", &["-c", "import sys; sys.exit(sys.version_info < (3, 10))"], "Python 3.10 or newer")?;
    let path = home.to_str().context("the folder's name is no text")?;
    say("python3", &["-m", "venv", path], "the Python module venv")?;
    let pins = home.join("pins.txt");
    fs::write(&pins, PINS)?;
    let pip = home.join("bin/python3");
    let mut install = Command::new(&pip);
    // `--no-deps` because the file pins what the tools need as well.
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
        "--no-deps",
    ]);
    install.arg("--requirement").arg(&pins);
    checked(install, "pip, which installs the tools")?;
    fs::write(home.join(tools::COMPLETE), PINS)?;
    Ok(())
}

fn say(program: &str, args: &[&str], needs: &str) -> Result<()> {
    let mut command = Command::new(program);
    command.args(args);
    checked(command, needs)
}

/// Runs a child; its last line is the reason if it fails.
fn checked(mut command: Command, needs: &str) -> Result<()> {
    let output = command.output().with_context(|| format!("{needs} is missing"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).trim().lines().last().unwrap_or_default().to_owned();
    Err(anyhow::anyhow!("{}", said.trim()).context(format!("{needs} failed or is missing")))
}
