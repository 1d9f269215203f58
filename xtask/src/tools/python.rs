//! Tools from Python's index, in virtual environments. Tools of other languages have their own: tests must see them only
//! where they ask for them.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use hotfix_testkit::tools::{CMAKE, HOOKS, LINTERS, NEXTEST, PLUGINS, PYTHON};

use super::{Kit, checked, say};

/// pytest, flake8, ruff and black.
pub const KIT: Kit = Kit {
    family: &PYTHON,
    what: "pytest, flake8, ruff and black",
    pins: include_str!("../../python-tools.txt"),
    works: has_python,
    build: |home| build(home, KIT.pins),
};

/// pytest with plugins, and Django.
pub const PLUGINS_KIT: Kit = Kit {
    family: &PLUGINS,
    what: "plugins of pytest, and Django",
    pins: include_str!("../../python-plugin-tools.txt"),
    works: has_python,
    build: |home| build(home, PLUGINS_KIT.pins),
};

/// Linters that are not about Python's style.
pub const LINTERS_KIT: Kit = Kit {
    family: &LINTERS,
    what: "mypy, clang-format, clang-tidy, shellcheck, shfmt, yamllint and hadolint",
    pins: include_str!("../../linter-tools.txt"),
    works: has_python,
    build: |home| build(home, LINTERS_KIT.pins),
};

/// Managers of Git hooks.
pub const HOOKS_KIT: Kit = Kit {
    family: &HOOKS,
    what: "prek, pre-commit and lefthook",
    pins: include_str!("../../hook-tools.txt"),
    works: has_python,
    build: |home| build(home, HOOKS_KIT.pins),
};

/// `CMake`; the compiler is the machine's.
pub const CMAKE_KIT: Kit = Kit {
    family: &CMAKE,
    what: "cmake and ninja",
    pins: include_str!("../../cmake-tools.txt"),
    works: |home| has_python(home) && say("cc", &["--version"], "a C compiler").is_ok(),
    build: |home| {
        say("cc", &["--version"], "a C compiler")?;
        build(home, CMAKE_KIT.pins)
    },
};

/// cargo-nextest.
pub const NEXTEST_KIT: Kit = Kit {
    family: &NEXTEST,
    what: "cargo-nextest",
    pins: include_str!("../../nextest-tools.txt"),
    works: has_python,
    build: |home| build(home, NEXTEST_KIT.pins),
};

fn has_python(home: &Path) -> bool {
    home.join("bin/python3").exists()
}

/// Virtual environments hold their own path, so it is built in its place.
fn build(home: &Path, requirements: &str) -> Result<()> {
    say("python3", &["-c", "import sys; sys.exit(sys.version_info < (3, 10))"], "Python 3.10 or newer")?;
    let path = home.to_str().context("the folder's name is no text")?;
    say("python3", &["-m", "venv", path], "the Python module venv")?;
    let pins = home.join("pins.txt");
    fs::write(&pins, requirements)?;
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
    checked(&mut install, "pip, which installs the tools")
}
