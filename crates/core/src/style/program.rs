//! Where programs are, and how to get those that are not there.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::ctx::Ctx;

use super::Place;
use super::linter::Package;

/// The program in a folder's `node_modules`, in the slot's virtual environment, the active one, the main worktree's, or
/// on the `PATH`.
pub fn find(ctx: &Ctx, place: &Place<'_>, dir: &Path, name: &str) -> Option<PathBuf> {
    let modules = dir.ancestors().map(|dir| place.root.join(dir).join("node_modules/.bin"));
    let mut dirs = modules.chain(environments(ctx, place));
    dirs.find_map(|dir| ctx.env.find_program(dir.join(name))).or_else(|| ctx.env.find_program(name))
}

/// A `PATH` in which a line of shell finds what [`find`] finds.
pub fn search_path(ctx: &Ctx, place: &Place<'_>) -> OsString {
    let mut path = OsString::new();
    for dir in environments(ctx, place).filter(|dir| dir.is_dir()) {
        path.push(dir);
        path.push(":");
    }
    path.push(ctx.env.get("PATH").unwrap_or_default());
    path
}

/// The command that installs a package where [`find`] looks from a folder.
pub fn how_to_install(ctx: &Ctx, place: &Place<'_>, dir: &Path, package: Package<'_>) -> String {
    match package {
        Package::Python(name) => with_python(ctx, place, name),
        Package::Node(name) => with_node(place, dir, name),
        Package::Rustup(name) => format!("rustup component add {name}"),
        Package::Go(module) => format!("go install {module}@latest"),
        Package::System(name) => format!("install {name} as this system installs programs"),
    }
}

fn with_python(ctx: &Ctx, place: &Place<'_>, package: &str) -> String {
    let has_pip = |python: &PathBuf| ctx.env.find_program(python.with_file_name("pip")).is_some();
    let python = environments(ctx, place).map(|dir| dir.join("python")).find(has_pip);
    if let Some(python) = python {
        return format!("{} -m pip install {package}", quoted(&python));
    }
    for (program, words) in [("uv", "tool install"), ("pipx", "install")] {
        if ctx.env.find_program(program).is_some() {
            return format!("{program} {words} {package}");
        }
    }
    format!("python3 -m pip install --user {package}")
}

/// What a lock file pins, or a project depends on, is installed as a whole.
fn with_node(place: &Place<'_>, dir: &Path, package: &str) -> String {
    let locks = [
        ("package-lock.json", "npm ci"),
        ("npm-shrinkwrap.json", "npm ci"),
        ("pnpm-lock.yaml", "pnpm install --frozen-lockfile"),
        ("yarn.lock", "yarn install --frozen-lockfile"),
        ("bun.lock", "bun install --frozen-lockfile"),
        ("bun.lockb", "bun install --frozen-lockfile"),
    ];
    let folders = || dir.ancestors().map(|dir| place.root.join(dir));
    let locked = folders().find_map(|folder| {
        let (_, command) = locks.iter().find(|(lock, _)| folder.join(lock).is_file())?;
        Some((folder, *command))
    });
    let asked_for =
        || folders().find(|folder| depends_on(folder, package)).map(|folder| (folder, "npm install"));
    match locked.or_else(asked_for) {
        Some((folder, command)) => {
            // Joined with nothing, a path ends with a slash.
            let folder: PathBuf = folder.components().collect();
            format!("cd {} && {command}", quoted(&folder))
        }
        None => format!("npm install --global {package}"),
    }
}

/// Whether the `package.json` of a folder asks for a package.
fn depends_on(folder: &Path, package: &str) -> bool {
    let text = std::fs::read(folder.join("package.json")).unwrap_or_default();
    let content: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
    let kinds = ["dependencies", "devDependencies", "optionalDependencies"];
    kinds.iter().any(|kind| content.get(kind).and_then(|all| all.get(package)).is_some())
}

fn environments<'a>(ctx: &'a Ctx, place: &Place<'a>) -> impl Iterator<Item = PathBuf> + use<'a> {
    let active = ctx.env.get("VIRTUAL_ENV").map(PathBuf::from);
    let roots = [Some(place.root.join(".venv")), active, Some(place.home.join(".venv"))];
    roots.into_iter().flatten().map(|root| root.join("bin"))
}

/// The path as a shell reads it.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if text.chars().all(plain) { text.into_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
