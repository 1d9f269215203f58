//! Where things are, and Cargo.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The root of the repository.
pub fn root() -> Result<PathBuf> {
    let xtask = env::var_os("CARGO_MANIFEST_DIR").context("run it as `cargo xtask`")?;
    Ok(Path::new(&xtask).parent().context("xtask lies in the repository")?.to_owned())
}

/// The Cargo that runs this, at the root of the repository.
pub fn cargo(args: &[&str]) -> Result<Command> {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root()?);
    Ok(command)
}

/// Where the program lies after `cargo build --profile dist`: as it is handed out.
pub fn dist_binary() -> Result<PathBuf> {
    Ok(target_directory()?.join("dist/git-hotfix"))
}

/// Where the program lies after `cargo build --release`.
pub fn release_binary() -> Result<PathBuf> {
    Ok(target_directory()?.join("release/git-hotfix"))
}

/// The program, unoptimised, built now.
pub fn debug_binary() -> Result<PathBuf> {
    let status = cargo(&["build", "--quiet", "--package", "git-hotfix"])?.status()?;
    ensure!(status.success(), "the program does not build");
    Ok(target_directory()?.join("debug/git-hotfix"))
}

fn target_directory() -> Result<PathBuf> {
    let output = cargo(&["metadata", "--no-deps", "--format-version", "1"])?.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let target = metadata["target_directory"].as_str().context("cargo metadata names no target directory")?;
    Ok(PathBuf::from(target))
}

/// Whether this runs where nobody can install what is missing.
pub fn is_ci() -> bool {
    env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}
