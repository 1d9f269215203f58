//! Which modules a Python file imports, read from its import lines without running it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use super::{Language, Needs};

/// Folders that hold packages without being one.
const SOURCE_FOLDERS: &[&str] = &["src", "lib", "python"];

/// Calls by which a file imports what is only known while it runs.
const COMPUTED: &[&str] = &["import_module(", "__import__("];

/// Python's modules.
pub struct Python<'a> {
    files: HashSet<&'a Path>,
    modules: BTreeMap<String, Vec<&'a Path>>,
}

impl<'a> Python<'a> {
    /// The modules of these files.
    pub fn new(files: &'a [PathBuf]) -> Self {
        let known: HashSet<&Path> = files.iter().map(PathBuf::as_path).collect();
        let mut modules: BTreeMap<String, Vec<&Path>> = BTreeMap::new();
        for file in &known {
            for name in module_names(file, &known) {
                modules.entry(name).or_default().push(file);
            }
        }
        Self { files: known, modules }
    }
}

impl Language for Python<'_> {
    fn needs(&self, file: &Path, text: &str) -> Needs {
        let own = module_names(file, &self.files);
        let is_package = is_package(file);
        let packages =
            own.iter().map(|name| if is_package { name.clone() } else { package_of(name) }).collect();
        let names = imported(text, &packages);
        let found = names.iter().filter_map(|name| self.modules.get(name)).flatten();
        Needs {
            files: found.map(|path| (*path).to_owned()).collect(),
            unknown: COMPUTED.iter().any(|call| text.contains(call)),
        }
    }
}

/// The names under which a Python file may be imported: from its outermost package, without a folder for sources, and
/// from the root. Empty for what is no Python file.
fn module_names(path: &Path, files: &HashSet<&Path>) -> BTreeSet<String> {
    let Some(parts) = parts(path) else {
        return BTreeSet::new();
    };
    let mut names = BTreeSet::from([parts.join(".")]);
    if let Some((first, rest)) = parts.split_first()
        && SOURCE_FOLDERS.contains(first)
    {
        names.insert(rest.join("."));
    }
    let kept = package_depth(path, files) + usize::from(!is_package(path));
    let outermost = parts.len().saturating_sub(kept.max(1));
    names.insert(parts.get(outermost..).unwrap_or_default().join("."));
    names.remove("");
    names
}

/// The modules a text imports; `packages` are the possible names of the package its file is in, for relative imports.
fn imported(text: &str, packages: &BTreeSet<String>) -> BTreeSet<String> {
    let mut modules = BTreeSet::new();
    for statement in statements(text) {
        if let Some(list) = statement.strip_prefix("import ") {
            modules.extend(names(list).map(str::to_owned));
        } else if let Some((module, list)) =
            statement.strip_prefix("from ").and_then(|rest| rest.split_once(" import "))
        {
            for base in bases(module.trim(), packages) {
                modules.extend(names(list).map(|name| join(&base, name)));
                modules.insert(base);
            }
        }
    }
    modules.remove("");
    modules
}

/// The package of a module.
fn package_of(module: &str) -> String {
    module.rsplit_once('.').map_or_else(String::new, |(package, _)| package.to_owned())
}

/// `pkg/auth.py` as `["pkg", "auth"]`, `pkg/__init__.py` as `["pkg"]`.
fn parts(path: &Path) -> Option<Vec<&str>> {
    let path = path.to_str()?.strip_suffix(".py")?;
    let path = if path == "__init__" { "" } else { path.strip_suffix("/__init__").unwrap_or(path) };
    Some(path.split('/').filter(|part| !part.is_empty()).collect())
}

fn is_package(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "__init__.py")
}

/// How many folders above a file are packages, without a gap.
fn package_depth(path: &Path, files: &HashSet<&Path>) -> usize {
    let folders = path.ancestors().skip(1);
    folders.take_while(|folder| files.contains(folder.join("__init__.py").as_path())).count()
}

/// Import statements, each in one line: parentheses and backslashes joined, comments removed.
fn statements(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    while let Some(line) = lines.next() {
        if !line.starts_with("import ") && !line.starts_with("from ") {
            continue;
        }
        let mut statement = line.to_owned();
        while is_open(&statement) {
            let Some(next) = lines.next() else { break };
            statement = format!("{} {next}", statement.trim_end_matches('\\'));
        }
        found.push(statement.replace(['(', ')'], " "));
    }
    found
}

fn is_open(statement: &str) -> bool {
    statement.ends_with('\\') || (statement.contains('(') && !statement.contains(')'))
}

/// The names of `a.b as c, d`.
fn names(list: &str) -> impl Iterator<Item = &str> {
    let list = list.split(';').next().unwrap_or_default();
    list.split(',').filter_map(|item| item.split_whitespace().next())
}

/// The absolute names that the `module` of `from module import …` may stand for.
fn bases(module: &str, packages: &BTreeSet<String>) -> Vec<String> {
    let dots = module.bytes().take_while(|byte| *byte == b'.').count();
    let name = module.get(dots..).unwrap_or_default();
    if dots == 0 {
        return vec![name.to_owned()];
    }
    let above = |package: &String| (1..dots).fold(package.clone(), |package, _| package_of(&package));
    packages.iter().map(|package| join(&above(package), name)).collect()
}

fn join(package: &str, name: &str) -> String {
    match (package, name) {
        ("", name) => name.to_owned(),
        (package, "") => package.to_owned(),
        (package, name) => format!("{package}.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn reads_every_form_of_import() {
        let text = "import a.b as c, d\nfrom e.f import g as h, i  # why\nfrom j import (\n    k,\n    l,\n)\n\
                    if x:\n    from . import m\nfrom ..n import o\nfrom p \\\n  import q\nimportant = 1\n";
        let found = imported(text, &set(&["pkg.tests"]));
        let wanted = [
            "a.b",
            "d",
            "e.f",
            "e.f.g",
            "e.f.i",
            "j",
            "j.k",
            "j.l",
            "pkg.tests",
            "pkg.tests.m",
            "pkg.n",
            "pkg.n.o",
            "p",
            "p.q",
        ];
        assert_eq!(found, set(&wanted));
    }

    #[test]
    fn names_modules_as_tests_import_them() {
        let names = |path: &str, files: &[&str]| {
            module_names(Path::new(path), &files.iter().map(Path::new).collect())
        };
        assert_eq!(names("src/auth.py", &[]), set(&["src.auth", "auth"]));
        assert_eq!(
            names("backend/app/auth.py", &["backend/app/__init__.py"]),
            set(&["backend.app.auth", "app.auth"])
        );
        assert_eq!(names("src/pkg/__init__.py", &["src/pkg/__init__.py"]), set(&["src.pkg", "pkg"]));
        assert_eq!(names("__init__.py", &[]), set(&[]));
        assert_eq!(names("README.md", &[]), set(&[]));
    }
}
