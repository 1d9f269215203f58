//! Packages of this repository that its own tests import by name: they must be those of the place under test.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::package::{Package, install_command};
use crate::suite::Place;

const MODULES: &str = "node_modules";
/// What a version begins with that means a folder, not a registry.
const LOCAL: &[&str] = &["workspace:", "file:", "link:", "portal:"];

/// The packages of this repository, as one of them sees them.
pub struct OwnPackages {
    /// The folder of the package that looks.
    folder: PathBuf,
    /// Names of all packages, with their folders.
    folders: BTreeMap<String, PathBuf>,
    /// Names that mean a folder of this repository wherever they are written: members of a workspace, and what a package
    /// says is local. Others may be installed from a registry on purpose.
    local: Vec<String>,
}

impl OwnPackages {
    /// The packages of a repository, seen from one of them.
    pub fn seen_from(package: &Package, packages: &[Package]) -> Self {
        let named = packages.iter().filter_map(|one| Some((one.name()?.to_owned(), one.folder.clone())));
        let folders: BTreeMap<String, PathBuf> = named.collect();
        let has_workspace = packages.iter().any(|one| one.value("workspaces").is_some());
        let version_of = |name: &str| {
            let owner = packages.iter().find(|one| one.name() == Some(name))?;
            owner.value("version")?.as_str()
        };
        let is_local = |name: &&String| {
            packages.iter().filter_map(|one| one.version_of(name)).any(|wanted| {
                LOCAL.iter().any(|start| wanted.starts_with(start))
                    || has_workspace && is_met(wanted, version_of(name).unwrap_or_default())
            })
        };
        let local = folders.keys().filter(is_local).cloned().collect();
        Self { folder: package.folder.clone(), folders, local }
    }

    /// Whether a package leads out of the place although it belongs to this repository.
    pub fn foreign(&self, place: &Place<'_>) -> Option<String> {
        let root = fs::canonicalize(place.root).ok()?;
        self.folders.keys().find_map(|name| self.foreign_package(place, &root, name))
    }

    fn foreign_package(&self, place: &Place<'_>, root: &Path, name: &str) -> Option<String> {
        let seen = place.root.join(&self.folder);
        // What lies above the repository is not its own.
        let folders = seen.ancestors().take_while(|above| above.starts_with(place.root));
        let found = folders.map(|above| above.join(MODULES).join(name)).find(|path| path.exists())?;
        let real = fs::canonicalize(&found).ok()?;
        let own = root.join(self.folders.get(name)?);
        let whose = if real.iter().any(|part| part == MODULES) {
            let is_stale = self.local.iter().any(|one| one == name) && !is_same(&real, &own);
            is_stale.then_some("a copy that is not the code here")
        } else {
            let is_elsewhere = !real.starts_with(root) && name_of(&real).as_deref() == Some(name);
            is_elsewhere.then_some("not the code here")
        }?;
        let (what, install) = (found.display(), install_command(place.root, &self.folder));
        let at = place.root.join(&self.folder).display().to_string();
        Some(format!(
            "{what} leads to {}, which is {whose}: rm -r {what} && (cd {} && {install})",
            real.display(),
            at.trim_end_matches('/')
        ))
    }
}

/// Whether a version of a registry's notation is met by a member of the workspace, which is then linked: the same main
/// number, or before 1.0 the same first two.
fn is_met(wanted: &str, version: &str) -> bool {
    let numbers = |text: &str| {
        let text = text.trim_start_matches(|c: char| !c.is_ascii_digit()).to_owned();
        let mut parts = text.split('.').map(|part| part.parse::<u64>().unwrap_or_default());
        [parts.next().unwrap_or_default(), parts.next().unwrap_or_default()]
    };
    let ([major, minor], [own_major, own_minor]) = (numbers(wanted), numbers(version));
    let is_close = major == own_major && (major > 0 || minor == own_minor);
    wanted == "*" || wanted == "latest" || !version.is_empty() && is_close
}

fn name_of(folder: &Path) -> Option<String> {
    let content: Value = serde_json::from_slice(&fs::read(folder.join("package.json")).ok()?).ok()?;
    content.get("name")?.as_str().map(str::to_owned)
}

/// Whether an installed copy holds just what the folder holds, as far as the copy goes.
fn is_same(copy: &Path, own: &Path) -> bool {
    let Ok(entries) = fs::read_dir(copy) else { return false };
    entries.flatten().all(|entry| {
        let (path, other) = (entry.path(), own.join(entry.file_name()));
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => entry.file_name() == MODULES || is_same(&path, &other),
            Ok(_) => fs::read(&path).ok() == fs::read(&other).ok(),
            Err(_) => false,
        }
    })
}
