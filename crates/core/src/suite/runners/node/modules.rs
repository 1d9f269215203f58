//! Installed packages: those of the slot, else those of the main worktree when it has the same lock file.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::package::{install_command, lock_of};
use super::pnp;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::suite::{Place, SuiteError};

const MODULES: &str = "node_modules";
const MANIFEST: &str = "package.json";
/// Marks a folder of links that we made.
const MARK: &str = ".linked-by-git-hotfix";
/// Names that begin with a point and are part of what is installed; the others are caches, which each slot has for itself.
const INSTALLED: &[&str] =
    &[".bin", ".pnpm", ".modules.yaml", ".package-lock.json", ".yarn-integrity", ".prisma"];

/// The script of a package that Node runs, seen from a project. Errors: [`SuiteError::NotInstalled`].
pub fn program(ctx: &Ctx, place: &Place<'_>, folder: &Path, package: &str) -> Result<PathBuf> {
    link(place, folder);
    let script = if pnp::is_installed(place) {
        pnp::script(ctx, place, folder, package)
    } else {
        installed(place.root, folder, package).and_then(|path| script_of(&path, package))
    };
    Ok(script.ok_or_else(|| missing(place, folder, package))?)
}

/// Options that every process of Node needs to find packages here, as words of `NODE_OPTIONS`.
pub fn node_options(place: &Place<'_>) -> Vec<String> {
    if pnp::is_installed(place) { pnp::options(place) } else { Vec::new() }
}

/// Makes sure that what a project depends on can be found, where it depends on anything. Errors:
/// [`SuiteError::NotInstalled`].
pub fn any(place: &Place<'_>, folder: &Path) -> Result<()> {
    link(place, folder);
    let has_modules = ancestors(place.root, folder).any(|above| above.join(MODULES).is_dir());
    if has_modules || pnp::is_installed(place) { Ok(()) } else { Err(missing(place, folder, MODULES))? }
}

/// The search path with the programs of a project and of those above it, as `npm run` has it.
pub fn search_path(ctx: &Ctx, place: &Place<'_>, folder: &Path) -> OsString {
    let folders = ancestors(place.root, folder).map(|above| above.join(MODULES).join(".bin"));
    let mut parts: Vec<OsString> = folders.filter(|bin| bin.is_dir()).map(PathBuf::into_os_string).collect();
    parts.extend(ctx.env.get("PATH").map(OsString::from));
    parts.join(std::ffi::OsStr::new(":"))
}

/// Whether a program of this name is installed for a project, or on the PATH.
pub fn is_program(ctx: &Ctx, place: &Place<'_>, folder: &Path, name: &str) -> bool {
    let mut bins = ancestors(place.root, folder).map(|above| above.join(MODULES).join(".bin"));
    bins.any(|bin| bin.join(name).exists()) || ctx.env.find_program(name).is_some()
}

/// The folder of a package, seen from a folder of the project.
pub fn installed(root: &Path, folder: &Path, package: &str) -> Option<PathBuf> {
    let candidates = ancestors(root, folder).map(|above| above.join(MODULES).join(package));
    candidates.into_iter().find(|path: &PathBuf| path.join("package.json").is_file())
}

/// The folders in which Node looks for packages: also those above the repository.
fn ancestors(root: &Path, folder: &Path) -> impl Iterator<Item = PathBuf> {
    let start = root.join(folder);
    let all: Vec<PathBuf> = start.ancestors().map(Path::to_owned).collect();
    all.into_iter()
}

fn script_of(package: &Path, name: &str) -> Option<PathBuf> {
    let content: Value = serde_json::from_slice(&fs::read(package.join("package.json")).ok()?).ok()?;
    let bin = content.get("bin")?;
    let script = bin.as_str().or_else(|| bin.get(name)?.as_str())?;
    Some(package.join(script)).filter(|path| path.is_file())
}

fn missing(place: &Place<'_>, folder: &Path, package: &str) -> SuiteError {
    let below = lock_of(place.root, folder).map_or(folder, |(below, ..)| below);
    let wanted = match package {
        _ if pnp::is_used(place) => pnp::MAP.to_owned(),
        MODULES => MODULES.to_owned(),
        package => format!("{MODULES}/{package}"),
    };
    SuiteError::NotInstalled {
        place: place.root.join(below).display().to_string().trim_end_matches('/').to_owned(),
        wanted,
        install: install_command(place.root, folder),
    }
}

/// Links the packages of the main worktree into a place that has none, while both have the same lock file. Each package
/// is a link of its own, in a folder that is the place's own: caches stay apart, and packages of a workspace lead to the
/// code of the place, not to that of the main worktree. What cannot be linked is simply not there.
pub fn link(place: &Place<'_>, folder: &Path) {
    pnp::link(place);
    let (base, same) = match lock_of(place.root, folder) {
        Some((base, lock, _)) => (base, is_as_in_home(place, &base.join(lock))),
        // Libraries often keep no lock file: then what they ask for has to be the same, in a workspace also above them.
        None => {
            let manifests: Vec<&Path> =
                folder.ancestors().filter(|above| place.root.join(above).join(MANIFEST).is_file()).collect();
            let same = manifests.iter().all(|above| is_as_in_home(place, &above.join(MANIFEST)));
            (manifests.last().copied().unwrap_or(folder), same)
        }
    };
    for folder in folder.ancestors().take_while(|above| above.starts_with(base)) {
        let (own, other) = (place.root.join(folder).join(MODULES), place.home.join(folder).join(MODULES));
        let is_ours = own.join(MARK).is_file();
        if is_ours && (!same || !is_current(&own, &other)) {
            unlink(place, &own, &|links| same && is_current(links, &other));
        }
        if same
            && place.root != place.home
            && !own.exists()
            && other.is_dir()
            && is_ignored(place.root, folder)
        {
            let _ = link_at_once(place, &own, &other);
        }
    }
}

fn is_as_in_home(place: &Place<'_>, file: &Path) -> bool {
    fs::read(place.root.join(file)).ok() == fs::read(place.home.join(file)).ok()
}

/// Whether Git is told to leave such folders alone: a folder of links must never get into a commit.
fn is_ignored(root: &Path, folder: &Path) -> bool {
    let ignores = |above: &Path| fs::read_to_string(root.join(above).join(".gitignore")).unwrap_or_default();
    let names = |line: &str| line.trim().trim_start_matches("**").trim_matches('/') == MODULES;
    folder.ancestors().any(|above| ignores(above).lines().any(names))
}

fn is_current(own: &Path, other: &Path) -> bool {
    fs::read_to_string(own.join(MARK)).is_ok_and(|stamp| stamp == stamp_of(other))
}

/// Changes whenever something is installed or removed.
fn stamp_of(modules: &Path) -> String {
    let changed = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    format!("{:?} {:?}", changed(modules), changed(&modules.join(".package-lock.json")))
}

/// Takes away a folder of links that are out of date: it holds links and caches only; what they lead to stays. Another
/// thread may replace the same folder meanwhile; its new links are put back.
fn unlink(place: &Place<'_>, own: &Path, is_current: &dyn Fn(&Path) -> bool) {
    let Ok(aside) = tempfile::tempdir_in(place.scratch) else { return };
    let moved = aside.path().join(MODULES);
    match fs::rename(own, &moved) {
        Ok(()) if is_current(&moved) => {
            let _ = fs::rename(&moved, own);
        }
        Ok(()) => {}
        // The scratch folder may lie on another disk.
        Err(_) => {
            let _ = fs::remove_dir_all(own);
        }
    }
}

/// Nobody sees the folder before it is whole: linters and tests start at the same time.
fn link_at_once(place: &Place<'_>, own: &Path, other: &Path) -> io::Result<()> {
    let aside = tempfile::tempdir_in(place.scratch)?;
    let made = aside.path().join(MODULES);
    link_all(place, &made, other)?;
    match fs::rename(&made, own) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => link_all(place, own, other),
        result => result,
    }
}

fn link_all(place: &Place<'_>, own: &Path, other: &Path) -> io::Result<()> {
    fs::create_dir(own)?;
    for entry in fs::read_dir(other)? {
        let entry = entry?;
        let name = entry.file_name();
        let text = name.to_string_lossy();
        if text.starts_with('@') {
            fs::create_dir(own.join(&name))?;
            for scoped in fs::read_dir(entry.path())? {
                let scoped = scoped?;
                link_one(place, &scoped.path(), &own.join(&name).join(scoped.file_name()))?;
            }
        } else if !text.starts_with('.') || INSTALLED.contains(&text.as_ref()) {
            link_one(place, &entry.path(), &own.join(&name))?;
        }
    }
    fs::write(own.join(MARK), stamp_of(other))
}

/// A package of the workspace, which is itself a link into the worktree, leads to the same folder of the place.
fn link_one(place: &Place<'_>, from: &Path, to: &Path) -> io::Result<()> {
    let target = fs::canonicalize(from)?;
    let home = fs::canonicalize(place.home)?;
    let inside = target.strip_prefix(&home).ok();
    let own =
        inside.filter(|path| !path.iter().any(|part| part == MODULES)).map(|path| place.root.join(path));
    symlink(own.unwrap_or(target), to)
}
