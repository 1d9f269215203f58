//! Plug and play: packages that yarn keeps in archives, with a map (`.pnp.cjs`) instead of `node_modules`.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::site::node_option;
use crate::ctx::Ctx;
use crate::exec::Command;
use crate::suite::Place;

/// The map.
pub const MAP: &str = ".pnp.cjs";
/// What finds packages for modules of the newer kind.
const LOADER: &str = ".pnp.loader.mjs";
const SETTINGS: &str = ".yarnrc.yml";
const LOCK: &str = "yarn.lock";
/// Folders of archives and of unpacked packages; what is known of the last installation.
const KEPT: &[&str] = &[".yarn/cache", ".yarn/unplugged", ".yarn/install-state.gz"];
/// Marks a map that we copied; holds the lock file that it belongs to.
const MARK: &str = ".yarn/.copied-by-git-hotfix";
/// Prints the script of a package.
const FIND: &str = "
const { resolveToUnqualified } = require('pnpapi');
const [folder, name] = process.argv.slice(1);
const path = require('path');
const home = resolveToUnqualified(name, folder + path.sep);
const { bin } = JSON.parse(require('fs').readFileSync(path.join(home, 'package.json'), 'utf8'));
process.stdout.write(path.join(home, typeof bin === 'string' ? bin : bin[name]));
";

/// Whether packages are found by a map here.
pub fn is_installed(place: &Place<'_>) -> bool {
    place.root.join(MAP).is_file()
}

/// Whether yarn would make a map here.
pub fn is_used(place: &Place<'_>) -> bool {
    let settings = fs::read_to_string(place.root.join(SETTINGS)).unwrap_or_default();
    let linker = settings.lines().find_map(|line| line.strip_prefix("nodeLinker:")).map(str::trim);
    place.root.join(LOCK).is_file()
        && place.root.join(SETTINGS).is_file()
        && linker.is_none_or(|linker| linker.trim_matches(['"', '\'']) == "pnp")
}

/// The options without which Node does not find packages here.
pub fn options(place: &Place<'_>) -> Vec<String> {
    let mut options = vec![node_option("--require", &place.root.join(MAP))];
    let loader = place.root.join(LOADER);
    if loader.is_file() {
        options.push(node_option("--experimental-loader", &loader));
    }
    options
}

/// The script of a package, seen from a folder.
pub fn script(ctx: &Ctx, place: &Place<'_>, folder: &Path, package: &str) -> Option<PathBuf> {
    let command = Command::new("node").arg("--require").arg(place.root.join(MAP)).arg("-e").arg(FIND);
    let finished = command.arg(place.root.join(folder)).arg(package).dir(place.root).run(ctx).ok()?;
    let printed = String::from_utf8(finished.stdout).ok().filter(|_| finished.ending.code() == Some(0))?;
    Some(PathBuf::from(printed.trim())).filter(|path| path.is_absolute())
}

/// Copies the map of the main worktree into a place that has none, while both have the same lock file. Its paths are
/// relative, so it means the packages of the place itself, and shared archives where both places lie side by side. What
/// cannot be copied is simply not there.
pub fn link(place: &Place<'_>) {
    if place.root == place.home {
        return;
    }
    let lock = |root: &Path| fs::read(root.join(LOCK)).ok();
    let own = lock(place.root);
    let mark = place.root.join(MARK);
    let is_ours = mark.is_file();
    if is_ours && (fs::read(&mark).ok() != own || !is_as_in_home(place)) {
        let _ = fs::remove_file(place.root.join(MAP));
        let _ = fs::remove_file(&mark);
    }
    let same = own.is_some() && own == lock(place.home);
    if same && !place.root.join(MAP).exists() && is_ignored(place.root) && can_move(place) {
        let _ = copy(place);
    }
}

fn is_as_in_home(place: &Place<'_>) -> bool {
    fs::read(place.root.join(MAP)).ok() == fs::read(place.home.join(MAP)).ok()
}

/// Whether the map means the same packages from the place as from the main worktree.
fn can_move(place: &Place<'_>) -> bool {
    let Ok(map) = fs::read_to_string(place.home.join(MAP)) else { return false };
    place.root.parent() == place.home.parent() || !map.contains("\"../")
}

/// Whether Git is told to leave the map alone.
fn is_ignored(root: &Path) -> bool {
    let text = fs::read_to_string(root.join(".gitignore")).unwrap_or_default();
    let has = |names: &[&str]| {
        text.lines().any(|line| names.contains(&line.trim().trim_start_matches("**/").trim_matches('/')))
    };
    has(&[".pnp.*", ".pnp.cjs", ".pnp*"]) && has(&[".yarn", ".yarn/*"])
}

fn copy(place: &Place<'_>) -> io::Result<()> {
    fs::create_dir_all(place.root.join(".yarn"))?;
    for name in KEPT {
        let (from, to) = (place.home.join(name), place.root.join(name));
        if from.exists() && !to.exists() {
            symlink(fs::canonicalize(from)?, to)?;
        }
    }
    if place.home.join(LOADER).is_file() {
        fs::copy(place.home.join(LOADER), place.root.join(LOADER))?;
    }
    fs::copy(place.home.join(MAP), place.root.join(MAP))?;
    fs::copy(place.root.join(LOCK), place.root.join(MARK)).map(drop)
}
