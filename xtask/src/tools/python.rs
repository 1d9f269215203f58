//! Python tools, in a virtual environment.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use hotfix_testkit::tools::PYTHON;

use super::{Kit, checked, say};

/// pytest, flake8, ruff and black.
pub const KIT: Kit = Kit {
    family: &PYTHON,
    what: "pytest, flake8, ruff and black",
    pins: include_str!("../../python-tools.txt"),
    works: |home| home.join("bin/python3").exists(),
    build,
};

/// Virtual environments hold their own path, so it is built in its place.
fn build(home: &Path) -> Result<()> {
    say("python3", &["-c", "import sys; sys.exit(sys.version_info < (3, 10))"], "Python 3.10 or newer")?;
    let path = home.to_str().context("the folder's name is no text")?;
    say("python3", &["-m", "venv", path], "the Python module venv")?;
    let pins = home.join("pins.txt");
    fs::write(&pins, KIT.pins)?;
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
    checked(install, "pip, which installs the tools")
}
