//! A Cargo workspace of a program and eight libraries, with dependencies that every build of this project has fetched.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use hotfix_testkit::Sandbox;

use super::project::{self, PARTS, Project};
use crate::process::quiet;
use crate::workspace::cargo;

/// Modules of a library, besides the one that changes.
const MODULES: usize = 3;
/// Types of a module.
const TYPES: usize = 8;
/// What lies in the lock file of this project too, with no more features.
const DEPENDENCIES: &str = r#"clap = { version = "*", features = ["derive"] }
jiff = { version = "*", features = ["serde"] }
regex-lite = "*"
serde = { version = "*", features = ["derive"] }
serde_json = "*"
"#;
const WORKSPACE: &str = "[workspace]\nmembers = [\"app\", \"part_*\"]\nresolver = \"3\"\n";

/// The project, in a sandbox in which Cargo runs without the network.
pub fn project() -> Result<(Sandbox, Project)> {
    let sandbox = Sandbox::new();
    project::add_to_path(&sandbox, &["cargo"])?;
    for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        sandbox.env_set(name, machine_folder(name, folder)?);
    }
    let mut files = vec![
        ("Cargo.toml".to_owned(), format!("{WORKSPACE}[workspace.dependencies]\n{DEPENDENCIES}")),
        (".gitignore".to_owned(), "/target\n".to_owned()),
    ];
    files.extend(program());
    (0..PARTS).for_each(|part| files.extend(library(part)));
    files.push(("Cargo.lock".to_owned(), lock(&sandbox, &files)?));
    let project = Project {
        name: "Rust",
        what: format!("a workspace of {} crates with clap, jiff and serde", PARTS + 1),
        files,
        part,
        install: ":".to_owned(),
        installed: None,
        run: "cargo build --offline --quiet\ntarget/debug/app".to_owned(),
        first: "`cargo build`",
        again: "`cargo build`",
        goal: 0.06,
    };
    Ok((sandbox, project))
}

/// Where Cargo and its toolchains are for the user who runs this.
fn machine_folder(variable: &str, folder: &str) -> Result<PathBuf> {
    let home = || Some(PathBuf::from(env::var_os("HOME")?).join(folder));
    env::var_os(variable)
        .map(PathBuf::from)
        .or_else(home)
        .with_context(|| format!("neither {variable} nor HOME"))
}

/// The lock file: versions as in that of this project, which are there.
fn lock(sandbox: &Sandbox, files: &[(String, String)]) -> Result<String> {
    let dir = sandbox.root().join("lock");
    for (path, content) in files {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().context("a folder")?)?;
        fs::write(path, content)?;
    }
    let lock = dir.join("Cargo.lock");
    fs::copy(crate::workspace::root()?.join("Cargo.lock"), &lock)?;
    let mut metadata = cargo(&["metadata", "--offline", "--quiet", "--format-version", "1"])?;
    metadata.current_dir(&dir);
    quiet(metadata)?;
    Ok(fs::read_to_string(lock)?)
}

fn manifest(name: &str, dependencies: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}"
    )
}

fn program() -> Vec<(String, String)> {
    let mut dependencies = "clap.workspace = true\nserde_json.workspace = true\n".to_owned();
    let mut values = String::new();
    for part in 0..PARTS {
        // Writing into a string cannot fail.
        let _ = writeln!(dependencies, "part_{part} = {{ path = \"../part_{part}\" }}");
        let _ = writeln!(values, "    print!(\" {{}}\", part_{part}::value());");
    }
    let main = format!(
        "/// A program.\n#[derive(clap::Parser)]\nstruct Arguments {{\n    #[arg(long)]\n    json: bool,\n}}\n\n\
         fn main() {{\n    let arguments: Arguments = clap::Parser::parse();\n    print!(\"values\");\n{values}\
         \x20   println!();\n    if arguments.json {{\n        println!(\"{{}}\", serde_json::json!({{}}));\n    }}\n}}\n"
    );
    vec![("app/Cargo.toml".to_owned(), manifest("app", &dependencies)), ("app/src/main.rs".to_owned(), main)]
}

/// A library; every second one needs the one before, so three changes in a row build four of eight again.
fn library(part: usize) -> Vec<(String, String)> {
    let mut dependencies = String::new();
    for name in ["jiff", "regex-lite", "serde", "serde_json"] {
        let _ = writeln!(dependencies, "{name}.workspace = true");
    }
    let mut root = "mod change;\n".to_owned();
    if let Some(below) = part.checked_sub(1).filter(|below| below % 2 == 0) {
        let _ = writeln!(dependencies, "part_{below} = {{ path = \"../part_{below}\" }}");
        let _ = writeln!(root, "pub use part_{below};");
    }
    let mut files = Vec::new();
    for module in 0..MODULES {
        let _ = writeln!(root, "pub mod module_{module};");
        files.push((format!("part_{part}/src/module_{module}.rs"), types(part)));
    }
    root.push_str("\npub fn value() -> u32 {\n    change::VALUE\n}\n");
    let (path, content) = self::part(part, project::value(0));
    files.extend([
        (path, content),
        (format!("part_{part}/src/lib.rs"), root),
        (format!("part_{part}/Cargo.toml"), manifest(&format!("part_{part}"), &dependencies)),
    ]);
    files
}

/// A module as services have them: types that are read and written, and something to do with each.
fn types(part: usize) -> String {
    let mut text = "use serde::{Deserialize, Serialize};\n".to_owned();
    for number in 0..TYPES {
        let _ = write!(
            text,
            "
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Order{number} {{
    pub id: u64,
    pub name: String,
    pub lines: Vec<(String, u32)>,
    pub at: Option<jiff::Timestamp>,
}}

impl Order{number} {{
    pub fn read(text: &str) -> Option<Self> {{
        let word = regex_lite::Regex::new(r\"^[a-z]+{part}\").ok()?;
        let order: Self = serde_json::from_str(text).ok()?;
        word.is_match(&order.name).then_some(order)
    }}

    pub fn total(&self) -> u64 {{
        self.lines.iter().filter(|(name, _)| *name != self.name).map(|(_, count)| u64::from(*count)).sum()
    }}
}}
"
        );
    }
    text
}

fn part(part: usize, value: usize) -> (String, String) {
    (format!("part_{part}/src/change.rs"), format!("pub const VALUE: u32 = {value};\n"))
}
