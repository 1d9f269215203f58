//! Gitea, built as what it is: a Go module.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use hotfix_testkit::tools::GITEA;

use super::{Kit, checked, say};

const MODULE: &str = include_str!("../../forge-servers/gitea/go.mod");
const SUMS: &str = include_str!("../../forge-servers/gitea/go.sum");

/// The module file repeats Gitea's own replacements, without which Go does not build it from outside.
pub const KIT: Kit = Kit {
    family: &GITEA,
    what: "a Gitea server (this takes some minutes)",
    pins: SUMS,
    works: |home| home.join("gitea").exists(),
    build,
};

fn build(home: &Path) -> Result<()> {
    say("go", &["version"], "Go 1.26 or newer")?;
    say("cc", &["--version"], "a C compiler")?;
    let work = home.join("work");
    fs::create_dir(&work)?;
    fs::write(work.join("go.mod"), MODULE)?;
    fs::write(work.join("go.sum"), SUMS)?;
    let mut compile = go(&work);
    // The database is the one part in C, and fast enough unoptimised. What a debugger would want is left out.
    compile.env("CGO_ENABLED", "1").env("CGO_CFLAGS", "-O0");
    compile.args(["build", "-tags=sqlite,sqlite_unlock_notify", "-gcflags=all=-dwarf=false"]);
    compile.args(["-ldflags=-s -w", "-o"]).arg(home.join("gitea")).arg("code.gitea.io/gitea");
    checked(&mut compile, "Go 1.26 or newer with a C compiler, which builds Gitea,")?;
    copy_data(home, &source(&work)?)?;
    // The compiler's leavings are a hundred times as large as what is kept.
    Ok(fs::remove_dir_all(&work)?)
}

/// Go in a folder of its own, with a cache and modules that can be removed again.
fn go(work: &Path) -> Command {
    let mut command = Command::new("go");
    command.current_dir(work).env("GOFLAGS", "-modcacherw -mod=readonly").env("GOTOOLCHAIN", "local");
    command.env("GOCACHE", work.join("cache")).env("GOMODCACHE", work.join("modules")).env("GOENV", "off");
    command
}

/// Where Go put Gitea's source.
fn source(work: &Path) -> Result<PathBuf> {
    let mut list = go(work);
    list.args(["list", "-m", "-f", "{{.Dir}}", "code.gitea.io/gitea"]);
    let said = String::from_utf8(list.output()?.stdout)?;
    Ok(PathBuf::from(said.trim()))
}

/// What the server reads while it runs.
fn copy_data(home: &Path, source: &Path) -> Result<()> {
    let data = home.join("data");
    fs::create_dir(&data)?;
    for name in ["options", "public", "templates"] {
        let mut copy = Command::new("cp");
        copy.arg("-R").arg(source.join(name)).arg(&data);
        checked(&mut copy, "cp").with_context(|| name.to_owned())?;
    }
    Ok(())
}
