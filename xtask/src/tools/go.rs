//! Go itself, which is not installed here, and a build cache for the tests: compiling its library anew in every sandbox
//! would take longer than everything else.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use hotfix_testkit::tools::{self, GO};

use super::{Kit, checked, say};

/// A cache that holds Go's library, compiled.
pub const KIT: Kit = Kit {
    family: &GO,
    what: "a build cache of Go",
    pins: "go 1.21 or newer\n",
    works: |home| home.join("cache").exists() && say("go", &["version"], "Go").is_ok(),
    build,
};

fn build(home: &Path) -> Result<()> {
    say("go", &["version"], "Go")?;
    let mut compile = Command::new("go");
    compile
        .args(["build", "testing", "fmt", "strings", "time"])
        .current_dir(home)
        .envs(tools::go_variables(home));
    checked(compile, "Go 1.21 or newer, which compiles its library,")
}
