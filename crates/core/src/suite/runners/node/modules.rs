//! Installed packages: those of the slot, else those of the main worktree when it has the same lock file.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::package::{install_command, lock_of};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exec::Command;
use crate::suite::{Place, SuiteError};

const MODULES: &str = "node_modules";
/// Marks a folder of links that we made.
const MARK: &str = ".linked-by-git-hotfix";
/// Names that begin with a point and are part of what is installed; the others are caches, which each slot has for itself.
const INSTALLED: &[&str] =
    &[".bin", ".pnpm", ".modules.yaml", ".package-lock.json", ".yarn-integrity", ".prisma"];

/// A tool that is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// A script for Node.
    Script(PathBuf),
    /// A package that yarn keeps without a folder (plug and play).
    PlugAndPlay(String),
}

impl Program {
    /// The command that runs it with these options for Node.
    pub fn command(&self, node_options: &[String]) -> Command {
        match self {
            Self::Script(path) => Command::new("node").args(node_options).arg(path),
            Self::PlugAndPlay(package) => Command::new("yarn").arg("run").arg(package),
        }
    }
}

/// The program of a package, seen from a project. Errors: [`SuiteError::NotInstalled`].
pub fn program(place: &Place<'_>, folder: &Path, package: &str) -> Result<Program> {
    if place.root.join(".pnp.cjs").is_file() {
        return Ok(Program::PlugAndPlay(package.to_owned()));
    }
    link(place, folder);
    let found = installed(place.root, folder, package).and_then(|path| script_of(&path, package));
    Ok(found.map(Program::Script).ok_or_else(|| missing(place, folder, package))?)
}

/// Makes sure that what a project depends on can be found, where it depends on anything. Errors:
/// [`SuiteError::NotInstalled`].
pub fn any(place: &Place<'_>, folder: &Path) -> Result<()> {
    link(place, folder);
    let has_modules = ancestors(place.root, folder).any(|above| above.join(MODULES).is_dir());
    if has_modules || place.root.join(".pnp.cjs").is_file() {
        Ok(())
    } else {
        Err(missing(place, folder, MODULES))?
    }
}

/// The search path with the programs of a project and of those above it, as `npm run` has it.
pub fn search_path(ctx: &Ctx, place: &Place<'_>, folder: &Path) -> OsString {
    let folders = ancestors(place.root, folder).map(|above| above.join(MODULES).join(".bin"));
    let mut parts: Vec<OsString> = folders.filter(|bin| bin.is_dir()).map(PathBuf::into_os_string).collect();
    parts.extend(ctx.env.get("PATH").map(OsString::from));
    parts.join(std::ffi::OsStr::new(":"))
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
    let wanted = if package == MODULES { MODULES.to_owned() } else { format!("{MODULES}/{package}") };
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
    // Libraries often keep no lock file: then what they ask for has to be the same.
    let (base, lock) =
        lock_of(place.root, folder).map_or((folder, "package.json"), |(base, lock, _)| (base, lock));
    let same =
        fs::read(place.root.join(base).join(lock)).ok() == fs::read(place.home.join(base).join(lock)).ok();
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

/// Whether Git is told to leave such folders alone: a folder of links must never get into a commit.
fn is_ignored(root: &Path, folder: &Path) -> bool {
    let ignores = |above: &Path| fs::read_to_string(root.join(above).join(".gitignore")).unwrap_or_default();
    folder
        .ancestors()
        .any(|above| ignores(above).lines().any(|line| line.trim().trim_matches('/') == MODULES))
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
/// part of this program may do the same at the same time: what it has linked anew is put back.
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
