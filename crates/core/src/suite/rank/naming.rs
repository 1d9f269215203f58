//! Test files that say by their name what they test: `tests/test_auth.py` for `src/auth.py`.

use std::collections::BTreeSet;
use std::path::Path;

use crate::suite::paths;

/// Folders that say nothing about the subject of what is in them.
const COMMON_FOLDERS: &[&str] = &["src", "lib", "tests", "test", "unit", "integration", "main", "java"];

/// What changed sources are called.
#[derive(Debug, Default)]
pub struct Names<'a> {
    /// Names of files, with that of their folder.
    stems: BTreeSet<(String, Option<String>)>,
    folders: BTreeSet<&'a str>,
}

impl<'a> Names<'a> {
    /// Of these sources.
    pub fn of(sources: &[&'a Path]) -> Self {
        Self {
            stems: sources.iter().filter_map(|path| source_name(path)).collect(),
            folders: sources.iter().flat_map(|path| folders(path)).collect(),
        }
    }

    /// 2 for the very name of a changed file, 1 for a longer name with it at either end, else 0.
    pub fn likeness(&self, test: &Path) -> u32 {
        let Some(subject) = paths::stem(test).map(subject_of) else {
            return 0;
        };
        self.stems.iter().map(|(stem, parent)| likeness(&subject, stem, parent.as_deref())).max().unwrap_or(0)
    }

    /// How many folders on the way to a test have the name of one on the way to a changed source.
    pub fn shared_folders(&self, test: &Path) -> u32 {
        let shared = folders(test).filter(|folder| self.folders.contains(folder)).count();
        u32::try_from(shared).unwrap_or(u32::MAX)
    }
}

/// The name of a source file and of its folder. `pkg/__init__.py` goes by the name of its folder.
fn source_name(path: &Path) -> Option<(String, Option<String>)> {
    let parent =
        path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).map(str::to_lowercase);
    let stem = paths::stem(path)?.trim_matches('_').to_lowercase();
    match stem.as_str() {
        "init" | "index" | "mod" | "lib" => Some((parent?, None)),
        "" | "conftest" => None,
        _ => Some((stem, parent)),
    }
}

/// What a test file is about: `test_auth`, `auth_test`, `auth.spec` and `AuthTest` all say `auth`.
fn subject_of(stem: &str) -> String {
    let stem = stem.to_lowercase();
    let ends = ["_tests", "_test", "_spec", ".test", ".spec", "-test", "tests", "test"];
    let start = stem.strip_prefix("test_").or_else(|| stem.strip_prefix("tests_")).unwrap_or(&stem);
    let end = ends.iter().find_map(|end| start.strip_suffix(end)).unwrap_or(start);
    end.trim_matches('_').to_owned()
}

fn likeness(subject: &str, stem: &str, parent: Option<&str>) -> u32 {
    if subject == stem || parent.is_some_and(|parent| subject == format!("{parent}_{stem}")) {
        return 2;
    }
    let is_joint = |rest: &str, at_start: bool| {
        let next = if at_start { rest.chars().next() } else { rest.chars().next_back() };
        next.is_some_and(|next| matches!(next, '_' | '-' | '.'))
    };
    let begins = subject.strip_prefix(stem).is_some_and(|rest| is_joint(rest, true));
    let ends = subject.strip_suffix(stem).is_some_and(|rest| is_joint(rest, false));
    u32::from(begins || ends)
}

/// The folders of a path, without those that say nothing about its subject.
fn folders(path: &Path) -> impl Iterator<Item = &str> {
    let names = path.parent().unwrap_or(Path::new("")).iter().filter_map(|name| name.to_str());
    names.filter(|name| !COMMON_FOLDERS.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_very_name_is_nearer_than_a_part_of_it() {
        let sources = [Path::new("src/auth.ts"), Path::new("pkg/core/index.js")];
        let names = Names::of(&sources);
        let of = |path: &str| names.likeness(Path::new(path));
        assert_eq!((of("test/auth.spec.ts"), of("src/AuthTest.java"), of("auth_test.go")), (2, 2, 2));
        assert_eq!((of("test/auth-tokens.test.ts"), of("test/req.auth.js"), of("core.test.js")), (1, 1, 2));
        assert_eq!((of("test/author.test.ts"), of("test/index.test.js")), (0, 0));
        assert_eq!(names.shared_folders(Path::new("tests/pkg/core/test_x.py")), 2);
    }
}
