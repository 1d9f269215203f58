//! Gerrit, from Maven Central, with a site that is set up once and copied for every start.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use hotfix_testkit::forges::Gerrit;
use hotfix_testkit::tools::GERRIT;

use super::{Kit, checked, say};

/// Newer than 3.10 wants Java 21.
pub const KIT: Kit = Kit {
    family: &GERRIT,
    what: "a Gerrit server",
    pins: include_str!("../../forge-servers/gerrit/pom.xml"),
    works: |home| Gerrit::site(home).join("etc/gerrit.config").exists() && has_java(),
    build,
};

fn has_java() -> bool {
    say("java", &["-version"], "Java").is_ok()
}

fn build(home: &Path) -> Result<()> {
    say("java", &["-version"], "Java 17 or newer")?;
    let pom = home.join("pom.xml");
    fs::write(&pom, KIT.pins)?;
    let mut download = Command::new("mvn");
    download.args(["--batch-mode", "--quiet", "--no-transfer-progress", "--file"]).arg(&pom);
    download.arg("org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies");
    download.args(["-DexcludeTransitive=true", "-DoutputDirectory=lib"]).current_dir(home);
    checked(&mut download, "Maven, which downloads Gerrit,")?;
    let mut init = Gerrit::java(home);
    // An administrator `admin` with the password `secret` comes with `--dev`.
    init.args(["init", "--batch", "--dev", "--no-auto-start", "-d"]).arg(Gerrit::site(home));
    checked(&mut init, "Java 17 or newer, which sets up Gerrit,")
}
