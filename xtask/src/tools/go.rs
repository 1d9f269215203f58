//! A build cache for the tests of Go, which itself is not installed here: compiling its library anew in every sandbox
//! would take longer than everything else. And actionlint, which is written in it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use hotfix_testkit::tools::{self, GO};

use super::{Kit, checked, say};

const ACTIONLINT: &str = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12";

/// A cache that holds Go's library, compiled, and actionlint.
pub const KIT: Kit = Kit {
    family: &GO,
    what: "a build cache of Go, and actionlint",
    pins: "go 1.21 or newer, actionlint v1.7.12\n",
    works: |home| home.join("bin/actionlint").exists() && say("go", &["version"], "Go").is_ok(),
    build,
};

fn build(home: &Path) -> Result<()> {
    say("go", &["version"], "Go")?;
    let mut compile = Command::new("go");
    compile.args(["build", "testing", "fmt", "strings", "time"]).current_dir(home);
    checked(compile.envs(tools::go_variables(home)), "Go 1.21 or newer, which compiles its library,")?;
    // From where the user's Go gets its modules, into caches that are thrown away.
    let mut install = Command::new("go");
    install.args(["install", ACTIONLINT]).current_dir(home).env("GOBIN", home.join("bin"));
    let thrown_away = home.join("thrown-away");
    install
        .env("GOPATH", &thrown_away)
        .env("GOCACHE", thrown_away.join("cache"))
        .env("GOFLAGS", "-modcacherw");
    checked(&mut install, "Go, which builds actionlint,")?;
    fs::remove_dir_all(thrown_away)?;
    Ok(())
}
