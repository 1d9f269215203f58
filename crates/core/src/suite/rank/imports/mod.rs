//! How many imports lie between a test file and what changed, read from the text of files without running them.

mod go;
mod java;
mod javascript;
mod python;
mod rust;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// Farther than this says nothing any more: everything depends on everything by then.
const FARTHEST: u32 = 3;
/// More files of a language than this are not read.
const MOST_READ: usize = 4000;
/// Longer files are data.
const LONGEST: usize = 1 << 20;

/// What the text of one file says about the files it needs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Files of the repository; of Go, folders.
    pub files: BTreeSet<PathBuf>,
    /// Whether it needs something whose name is not written in it: what is computed while it runs, or what a build puts
    /// there.
    pub unknown: bool,
}

/// The imports of one language.
pub trait Language {
    /// What a file needs.
    fn needs(&self, file: &Path, text: &str) -> Needs;

    /// What others import when they need this file. Go imports folders.
    fn unit(&self, file: &Path) -> PathBuf {
        file.to_owned()
    }
}

/// How far test files are from what changed.
#[derive(Debug, Default)]
pub struct Distances {
    /// 1 for a file that imports a changed one, 2 for one that imports such a file, and so on.
    pub known: HashMap<PathBuf, u32>,
    /// Files of which it cannot be told.
    pub unknown: BTreeSet<PathBuf>,
}

/// Measures distances to `changed`. `read` gives the text of a file.
pub fn distances(files: &[PathBuf], changed: &[&Path], read: &dyn Fn(&Path) -> Option<Vec<u8>>) -> Distances {
    let mut all = Distances::default();
    let families: BTreeSet<Family> = changed.iter().filter_map(|path| Family::of(path)).collect();
    for family in families {
        let own: Vec<&Path> =
            files.iter().map(PathBuf::as_path).filter(|path| Family::of(path) == Some(family)).collect();
        let language = family.language(files, read);
        let changed: Vec<&Path> =
            changed.iter().copied().filter(|path| Family::of(path) == Some(family)).collect();
        measure(language.as_ref(), &own, &changed, read, &mut all);
    }
    all
}

/// Languages whose files can import each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Family {
    Python,
    JavaScript,
    Go,
    Rust,
    Java,
}

impl Family {
    fn of(path: &Path) -> Option<Self> {
        Some(match path.extension()?.to_str()? {
            "py" | "pyi" => Self::Python,
            "js" | "jsx" | "ts" | "tsx" | "mjs" | "cjs" | "mts" | "cts" | "vue" | "svelte" => {
                Self::JavaScript
            }
            "go" => Self::Go,
            "rs" => Self::Rust,
            "java" | "kt" | "kts" | "groovy" | "scala" => Self::Java,
            _ => return None,
        })
    }

    fn language<'a>(
        self,
        files: &'a [PathBuf],
        read: &dyn Fn(&Path) -> Option<Vec<u8>>,
    ) -> Box<dyn Language + 'a> {
        match self {
            Self::Python => Box::new(python::Python::new(files)),
            Self::JavaScript => Box::new(javascript::JavaScript::new(files)),
            Self::Go => Box::new(go::Go::new(files, read)),
            Self::Rust => Box::new(rust::Rust::new(files)),
            Self::Java => Box::new(java::Java::new(files)),
        }
    }
}

fn measure(
    language: &dyn Language,
    own: &[&Path],
    changed: &[&Path],
    read: &dyn Fn(&Path) -> Option<Vec<u8>>,
    all: &mut Distances,
) {
    let mut importers: BTreeMap<PathBuf, Vec<&Path>> = BTreeMap::new();
    for file in own.iter().take(MOST_READ) {
        let content = read(file).filter(|content| content.len() <= LONGEST).unwrap_or_default();
        let needs = language.needs(file, &String::from_utf8_lossy(&content));
        if needs.unknown {
            all.unknown.insert((*file).to_owned());
        }
        for needed in needs.files.into_iter().filter(|needed| needed != file) {
            importers.entry(needed).or_default().push(file);
        }
    }
    let mut reached: BTreeSet<PathBuf> = changed.iter().map(|path| language.unit(path)).collect();
    let mut edge: Vec<PathBuf> = reached.iter().cloned().collect();
    for distance in 1..=FARTHEST {
        let next: BTreeSet<&Path> =
            edge.iter().filter_map(|unit| importers.get(unit)).flatten().copied().collect();
        edge.clear();
        for file in next {
            all.known.entry(file.to_owned()).or_insert(distance);
            let unit = language.unit(file);
            if reached.insert(unit.clone()) {
                edge.push(unit);
            }
        }
    }
}

/// `a/./b/../c` as `a/c`; `None` where it leads out of the repository.
fn plain(path: &Path) -> Option<PathBuf> {
    use std::path::Component;
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                if !plain.pop() {
                    return None;
                }
            }
            Component::Normal(name) => plain.push(name),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Distances by path, of a repository of these files; `?` for those of which it cannot be told.
    fn of(files: &[(&str, &str)], changed: &[&str]) -> Vec<String> {
        let paths: Vec<PathBuf> = files.iter().map(|(path, _)| PathBuf::from(path)).collect();
        let read = |wanted: &Path| {
            files.iter().find(|(path, _)| Path::new(path) == wanted).map(|(_, text)| text.as_bytes().to_vec())
        };
        let changed: Vec<&Path> = changed.iter().map(Path::new).collect();
        let found = distances(&paths, &changed, &read);
        let known = found.known.iter().map(|(path, distance)| format!("{} {distance}", path.display()));
        let mut all: Vec<String> =
            known.chain(found.unknown.iter().map(|path| format!("{} ?", path.display()))).collect();
        all.sort();
        all
    }

    #[test]
    fn python_is_followed_through_packages() {
        let files = [
            ("src/pkg/__init__.py", "from .core import run\n"),
            ("src/pkg/core.py", "from . import low\n"),
            ("src/pkg/low.py", ""),
            ("tests/test_low.py", "from pkg.low import x\n"),
            ("tests/test_core.py", "import pkg.core\n"),
            ("tests/test_api.py", "import pkg\n"),
            ("tests/test_other.py", "import os\n"),
            ("tests/test_late.py", "import importlib\nm = importlib.import_module(name)\n"),
        ];
        let wanted = [
            "src/pkg/__init__.py 2",
            "src/pkg/core.py 1",
            "tests/test_api.py 3",
            "tests/test_core.py 2",
            "tests/test_late.py ?",
            "tests/test_low.py 1",
        ];
        assert_eq!(of(&files, &["src/pkg/low.py"]), wanted);
    }

    #[test]
    fn javascript_is_followed_by_relative_paths() {
        let files = [
            ("src/low.ts", "export const low = 1;"),
            ("src/index.ts", "export * from './low';"),
            ("test/low.test.ts", "import { low } from '../src/low.js';"),
            ("test/all.test.ts", "import {\n  low,\n} from \"../src\";"),
            ("test/old.test.cjs", "const x = require('@/low')"),
            ("test/built.test.mjs", "import x from '../build/index.mjs'"),
            ("test/none.test.ts", "import x from 'vitest'\n// import '../src/low'"),
        ];
        let wanted = [
            "src/index.ts 1",
            "test/all.test.ts 2",
            "test/built.test.mjs ?",
            "test/low.test.ts 1",
            "test/old.test.cjs 1",
        ];
        assert_eq!(of(&files, &["src/low.ts"]), wanted);
    }

    #[test]
    fn go_is_followed_by_packages() {
        let files = [
            ("go.mod", "module example.org/m // why\n"),
            ("low/low.go", "package low\n"),
            ("low/low_test.go", "package low\n"),
            ("top/top.go", "package top\n\nimport (\n\t\"fmt\"\n\tx \"example.org/m/low\"\n)\n"),
            ("top/top_test.go", "package top\n"),
            ("far/far_test.go", "package far\nimport \"example.org/other\"\n"),
        ];
        let wanted = ["low/low.go 1", "low/low_test.go 1", "top/top.go 1", "top/top_test.go 2"];
        assert_eq!(
            of(&files, &["low/low.go"]).iter().filter(|line| *line != "low/low.go 1").collect::<Vec<_>>(),
            wanted[1..].iter().collect::<Vec<_>>()
        );
    }

    #[test]
    fn rust_is_followed_by_modules() {
        let files = [
            ("Cargo.toml", ""),
            ("src/lib.rs", "pub mod deep;\n"),
            ("src/deep/mod.rs", "pub mod low;\n"),
            ("src/deep/low.rs", ""),
            ("tests/low.rs", "use my_crate::deep::low::run;\n"),
            ("tests/group.rs", "use my_crate::{deep::low, other};\n"),
            ("tests/none.rs", "use std::fmt;\n"),
        ];
        let wanted = ["src/deep/mod.rs 1", "src/lib.rs 2", "tests/group.rs 1", "tests/low.rs 1"];
        assert_eq!(of(&files, &["src/deep/low.rs"]), wanted);
    }

    #[test]
    fn java_is_followed_by_imports_and_within_packages() {
        let files = [
            ("src/main/java/org/x/Low.java", "package org.x;\nclass Low {}\n"),
            ("src/main/java/org/x/Top.java", "package org.x;\nclass Top { Low low; }\n"),
            ("src/test/java/org/x/LowTest.java", "package org.x;\nclass LowTest { Low low; }\n"),
            ("src/test/java/org/y/ATest.java", "package org.y;\nimport org.x.Low;\n"),
            ("src/test/java/org/y/BTest.java", "package org.y;\nimport org.x.*;\nclass BTest { Top top; }\n"),
            ("src/test/java/org/y/CTest.java", "package org.y;\nclass CTest { Low low; }\n"),
        ];
        let wanted = [
            "src/main/java/org/x/Top.java 1",
            "src/test/java/org/x/LowTest.java 1",
            "src/test/java/org/y/ATest.java 1",
            "src/test/java/org/y/BTest.java 2",
        ];
        assert_eq!(of(&files, &["src/main/java/org/x/Low.java"]), wanted);
    }
}
