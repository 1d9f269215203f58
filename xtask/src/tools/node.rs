//! JavaScript tools: one folder of packages, installed by a lock file.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use hotfix_testkit::tools::NODE;

use super::{Kit, checked, say};

const PACKAGE: &str = include_str!("../../node-tools/package.json");

/// Runners and linters for JavaScript, programs that scripts put around tests, and bats.
pub const KIT: Kit = Kit {
    family: &NODE,
    what: "jest, vitest, mocha, ava, yarn, typescript, eslint, prettier, biome and bats",
    pins: include_str!("../../node-tools/package-lock.json"),
    works: |home| home.join("node_modules/.bin/jest").exists(),
    build,
};

fn build(home: &Path) -> Result<()> {
    say(
        "node",
        &["-e", "process.exit(Number(process.versions.node.split('.')[0] < 20))"],
        "Node 20 or newer",
    )?;
    fs::write(home.join("package.json"), PACKAGE)?;
    fs::write(home.join("package-lock.json"), KIT.pins)?;
    let mut install = Command::new("npm");
    // Nothing of what is installed may run on the way.
    install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]).current_dir(home);
    checked(&mut install, "npm, which installs the tools")
}
