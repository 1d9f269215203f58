//! Where the Python code of a repository lies, and what its modules are called when they are imported.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::environment::inside as below;
use super::settings;
use crate::suite::family::Found;
use crate::suite::paths;

/// Files that make a folder one that can be installed.
const PACKAGE_FILES: &[&str] = &["pyproject.toml", "setup.py", "setup.cfg"];
/// Folders of a project that hold its packages, besides the project's own.
const SOURCE_FOLDERS: &[&str] = &["", "src", "lib", "python"];
/// Modules at the root of a project that nobody imports from an installed copy.
const NOT_IMPORTED: &[&str] = &["setup", "conftest", "__init__", "__main__"];
/// More names than any repository has; the rest would only cost time at the start of every Python.
const MOST_NAMES: usize = 20_000;
/// How many entries of folders are looked at where no list of files is known, and how deep.
const MOST_ENTRIES: usize = 50_000;
const DEEPEST: usize = 8;

/// The Python code of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Folders with a package that can be installed, from the root; the root itself is empty.
    packages: BTreeSet<PathBuf>,
    /// Names by which modules are imported, and the folders they are found in.
    names: BTreeMap<String, BTreeSet<PathBuf>>,
}

impl Layout {
    /// By the files of a commit.
    pub fn of_found(found: &Found<'_>) -> Self {
        Self::of_files(found.files().iter().map(PathBuf::as_path))
    }

    /// By the files below a folder, for commands, which know of no commit.
    pub fn of_folder(root: &Path) -> Self {
        let files = files_below(root);
        Self::of_files(files.iter().map(PathBuf::as_path))
    }

    fn of_files<'a>(files: impl Iterator<Item = &'a Path>) -> Self {
        let files: Vec<&Path> = files.filter(|path| !paths::is_skipped(path)).collect();
        let mut packages: BTreeSet<PathBuf> = [PathBuf::new()].into();
        let is_mark = |path: &&&Path| PACKAGE_FILES.iter().any(|name| path.ends_with(name));
        packages.extend(files.iter().filter(is_mark).filter_map(|path| path.parent()).map(Path::to_owned));
        let sources: BTreeSet<&Path> = files
            .iter()
            .copied()
            .filter(|path| path.extension().is_some_and(|ending| ending == "py"))
            .collect();
        let with_init: BTreeSet<&Path> = sources
            .iter()
            .filter(|path| path.ends_with("__init__.py"))
            .filter_map(|path| path.parent())
            .collect();
        let mut names: BTreeMap<String, BTreeSet<PathBuf>> = BTreeMap::new();
        for path in &sources {
            for folder in packages.iter().rev().filter(|folder| path.starts_with(folder)) {
                for inside in SOURCE_FOLDERS {
                    let base = below(folder, Path::new(inside));
                    if let Some(name) = name_below(&base, path, &with_init) {
                        names.entry(name).or_default().insert(base);
                    }
                }
            }
            if names.len() >= MOST_NAMES {
                break;
            }
        }
        Self { packages, names }
    }

    /// The folders with packages that can be installed.
    pub fn packages(&self) -> impl Iterator<Item = &Path> {
        self.packages.iter().map(PathBuf::as_path)
    }

    /// Names by which modules are imported, each with a folder it is found in.
    pub fn names(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.names
            .iter()
            .flat_map(|(name, folders)| folders.iter().map(move |folder| (name.as_str(), folder.as_path())))
    }

    /// The names of the packages in a place, as they are when installed (PEP 503).
    pub fn distributions(&self, root: &Path) -> BTreeSet<String> {
        let names = self.packages().filter_map(|folder| settings::distribution(&root.join(folder)));
        names.map(|name| normalized(&name)).collect()
    }

    /// Files that an install writes into the source and Git ignores, as the packages in a place name them; from the root.
    pub fn generated(&self, root: &Path) -> BTreeSet<PathBuf> {
        let of_package = |folder: &Path| {
            let files = settings::generated_files(&root.join(folder));
            files.into_iter().map(|file| folder.join(file)).collect::<Vec<_>>()
        };
        self.packages().flat_map(of_package).collect()
    }
}

/// The name by which a file is imported from a source folder: that of the outermost package that has a file of its own.
/// `None` for modules inside such a package, and for modules in folders that are no package, which are rarely meant.
fn name_below(base: &Path, path: &Path, with_init: &BTreeSet<&Path>) -> Option<String> {
    let inside = path.strip_prefix(base).ok()?;
    let parts: Vec<&str> = inside.iter().map(|part| part.to_str()).collect::<Option<_>>()?;
    let (file, folders) = parts.split_last()?;
    if folders.is_empty() {
        let stem = file.strip_suffix(".py")?;
        return (!NOT_IMPORTED.contains(&stem)).then(|| stem.to_owned());
    }
    let is_package = *file == "__init__.py";
    let above_has_none = || {
        let above = path.parent().into_iter().flat_map(|folder| folder.ancestors().skip(1));
        above.take_while(|folder| *folder != base).all(|folder| !with_init.contains(folder))
    };
    (is_package && above_has_none()).then(|| folders.join("."))
}

fn normalized(name: &str) -> String {
    name.trim().to_ascii_lowercase().replace(['_', '.'], "-")
}

/// The Python files and marks of packages below a folder, without following links.
fn files_below(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![(PathBuf::new(), 0)];
    let mut looked_at = 0;
    while let Some((folder, depth)) = waiting.pop() {
        for entry in fs::read_dir(root.join(&folder)).into_iter().flatten().flatten() {
            looked_at += 1;
            if looked_at > MOST_ENTRIES {
                return found;
            }
            let path = folder.join(entry.file_name());
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && depth < DEEPEST && is_entered(root, &path) {
                waiting.push((path, depth + 1));
            } else if kind.is_file() && is_of_python(&path) {
                found.push(path);
            }
        }
    }
    found
}

/// Whether a folder may hold code of the repository: it is not skipped by every runner, and no environment.
pub fn is_entered(root: &Path, folder: &Path) -> bool {
    !paths::is_skipped(&folder.join("file")) && !root.join(folder).join("pyvenv.cfg").exists()
}

fn is_of_python(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "py")
        || PACKAGE_FILES.iter().any(|name| path.ends_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(files: &[&str]) -> Vec<(String, String)> {
        let layout = Layout::of_files(files.iter().map(Path::new));
        layout.names().map(|(name, folder)| (name.to_owned(), folder.display().to_string())).collect()
    }

    #[test]
    fn names_are_those_of_packages_and_of_modules_beside_them() {
        let found = names(&[
            "pyproject.toml",
            "setup.py",
            "tool.py",
            "src/shop/__init__.py",
            "src/shop/price.py",
            "src/acme/till/__init__.py",
            "packages/api/pyproject.toml",
            "packages/api/shop_api/__init__.py",
            "packages/api/shop_api/inner/__init__.py",
            "alembic/env.py",
            "lib/money/__init__.py",
            ".venv/lib/x/__init__.py",
        ]);
        for expected in [
            ("tool", ""),
            ("shop", "src"),
            ("acme.till", "src"),
            ("shop_api", "packages/api"),
            ("money", "lib"),
        ] {
            assert!(
                found.contains(&(expected.0.to_owned(), expected.1.to_owned())),
                "{expected:?} {found:?}"
            );
        }
        let name_of = |wanted: &str| found.iter().any(|(name, _)| name == wanted);
        assert!(!name_of("setup") && !name_of("alembic") && !name_of("alembic.env") && !name_of("x"));
        assert!(!name_of("shop_api.inner") && !name_of("shop.price"));
    }
}
