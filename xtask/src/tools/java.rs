//! What Maven needs to build and test without a network, and linters for Java. Java and Maven themselves are not
//! installed here.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use hotfix_testkit::tools::{self, JAVA};

use super::{Kit, checked, say};

const PROJECT: &str = include_str!("../../java-tools/pom.xml");
const LINTERS: &str = include_str!("../../java-tools/linters.xml");
const SPOTLESS: &str = tools::spotless_project();
/// A test that needs all that Surefire fetches only when tests run.
const TEST: &str = "class SampleTest { @org.junit.jupiter.api.Test void runs() { } }\n";
/// The goal that lays jars into a folder.
const COPY: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";
/// What Maven reads in the home that the tests give it.
const SETTINGS: &str = "<settings><offline>true</offline></settings>\n";
/// Parts of the compiler that google-java-format reaches into (its page on JDK 17).
const OPENED: &[&str] = &["api", "code", "file", "parser", "tree", "util"];

/// A local repository of Maven, with spotless, and Checkstyle and google-java-format.
pub const KIT: Kit = Kit {
    family: &JAVA,
    what: "Maven's plugins, JUnit, checkstyle, google-java-format and spotless",
    pins: concat!(
        include_str!("../../java-tools/pom.xml"),
        include_str!("../../java-tools/linters.xml"),
        include_str!("../../java-tools/spotless.xml")
    ),
    works: |home| home.join("bin/checkstyle").exists() && say("mvn", &["-version"], "Maven").is_ok(),
    build,
};

fn build(home: &Path) -> Result<()> {
    say("javac", &["--release", "17", "--version"], "Java 17 or newer, a whole JDK,")?;
    let sample = home.join("sample");
    fs::create_dir_all(sample.join("src/test/java"))?;
    fs::write(sample.join("src/test/java/SampleTest.java"), TEST)?;
    fs::write(sample.join("pom.xml"), PROJECT)?;
    fs::write(sample.join("linters.xml"), LINTERS)?;
    maven(home, &["test"])?;
    let jars = home.join("jars");
    maven(home, &["-f", "linters.xml", COPY, &format!("-DoutputDirectory={}", jars.display())])?;
    fs::write(sample.join("spotless.xml"), SPOTLESS)?;
    maven(home, &["-f", "spotless.xml", "spotless:apply"])?;
    fs::remove_dir_all(&sample)?;
    forget_origins(&tools::maven_repository(home))?;
    fs::write(home.join(".m2/settings.xml"), SETTINGS)?;
    write_programs(home)
}

/// With the user's own settings: they may name the only place that packages come from.
fn maven(home: &Path, words: &[&str]) -> Result<()> {
    let mut command = Command::new("mvn");
    command.args(["-B", "-q"]).arg(format!("-Dmaven.repo.local={}", tools::maven_repository(home).display()));
    checked(command.args(words).current_dir(home.join("sample")), "Maven, which fetches the tools,")
}

/// Maven refuses without a network what came from a place that a project does not name; what has no origin it takes.
fn forget_origins(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            forget_origins(&entry.path())?;
        } else if entry.file_name() == "_remote.repositories" {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn write_programs(home: &Path) -> Result<()> {
    let bin = home.join("bin");
    fs::create_dir(&bin)?;
    let open = |part: &&str| format!("--add-exports=jdk.compiler/com.sun.tools.javac.{part}=ALL-UNNAMED");
    let opened = OPENED.iter().map(open).collect::<Vec<_>>().join(" ");
    let programs = [
        ("checkstyle", "com.puppycrawl.tools.checkstyle.Main".to_owned()),
        ("google-java-format", format!("{opened} com.google.googlejavaformat.java.Main")),
    ];
    for (name, words) in programs {
        let text = format!(
            "#!/bin/sh\nexec java -XX:TieredStopAtLevel=1 -cp '{}/*' {words} \"$@\"\n",
            home.join("jars").display()
        );
        fs::write(bin.join(name), text)?;
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}
