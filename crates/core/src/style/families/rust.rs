//! What checks Rust. Formatting needs no configuration; clippy compiles, so it runs only where lints are configured.

use std::ffi::OsString;
use std::path::Path;

use crate::style::folder::Folder;
use crate::style::linter::{Given, Package, Wanted, has_extension};
use crate::style::read::Output;
use crate::style::tool::Tool;

/// The families.
pub const TOOLS: &[Tool] = &[
    Tool {
        takes: is_rust,
        own_files: &["rustfmt.toml", ".rustfmt.toml"],
        shared_files: &["Cargo.toml"],
        shared: |folder| Wanted::if_customary(folder.has("Cargo.toml")),
        // By name it would follow `mod` into files that are not part of the change.
        given: Given::Content,
        arguments: &["--emit", "stdout", "--color", "never"],
        more_arguments: edition,
        output: Output::File,
        codes: 0..=0,
        ..Tool::new("rustfmt", "rustfmt", Package::Rustup("rustfmt"))
    },
    Tool {
        takes: is_rust,
        own_files: &["clippy.toml", ".clippy.toml"],
        shared_files: &["Cargo.toml"],
        shared: |folder| Wanted::if_configured(has_lints(folder)),
        given: Given::Nothing,
        arguments: &["clippy", "--quiet", "--all-targets", "--message-format=json"],
        output: Output::CargoJson,
        // 101 is Cargo's own, when a lint is an error.
        codes: 0..=101,
        ..Tool::new("cargo clippy", "cargo-clippy", Package::Rustup("clippy"))
    },
];

fn is_rust(path: &Path) -> bool {
    has_extension(path, &["rs"])
}

fn has_lints(folder: &Folder) -> bool {
    let own = folder.toml("Cargo.toml", &["lints", "clippy"]);
    let of_all = folder.toml("Cargo.toml", &["workspace", "lints", "clippy"]);
    let inherited = folder.toml("Cargo.toml", &["lints", "workspace"]);
    own.or(of_all).or(inherited).is_some()
}

/// The edition of the package, which its workspace may say; rustfmt reads no `Cargo.toml`.
fn edition(folder: &Folder) -> Vec<OsString> {
    let mut around = std::iter::successors(Some(folder), |folder| folder.outer.as_deref());
    let said = around.find_map(|folder| {
        let keys: [&[&str]; 2] = [&["package", "edition"], &["workspace", "package", "edition"]];
        keys.iter().find_map(|keys| folder.toml("Cargo.toml", keys)?.as_str().map(str::to_owned))
    });
    // Cargo's own default, "The Manifest Format", field `edition`.
    vec!["--edition".into(), said.unwrap_or_else(|| "2015".to_owned()).into()]
}
