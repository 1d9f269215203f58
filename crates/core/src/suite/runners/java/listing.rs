//! Which test classes Gradle's test tasks look at, as our script tells before any of them runs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use regex_lite::Regex;
use serde::Deserialize;

use super::speaks;
use crate::suite::origin::Root;
use crate::suite::{Pattern, paths};

/// A test task.
#[derive(Debug, Deserialize)]
struct Task {
    /// The folders of its sources.
    folders: Vec<PathBuf>,
    /// Patterns over paths of classes, `**/*Test.class`; none is all.
    includes: Vec<String>,
    excludes: Vec<String>,
    /// Patterns over names of tests, `till.*Test`; none is all.
    included: Vec<String>,
    excluded: Vec<String>,
}

/// The source files of the classes, relative to the root; `None` if a line cannot be read or no task was told of.
pub fn read(text: &str, root: &Path) -> Option<BTreeSet<PathBuf>> {
    let tasks: Result<Vec<Task>, _> = text.lines().map(serde_json::from_str).collect();
    let tasks = tasks.ok().filter(|tasks| !tasks.is_empty())?;
    let place = Root::new(root);
    Some(tasks.iter().flat_map(|task| task.files(root, &place)).collect())
}

impl Task {
    fn files(&self, root: &Path, place: &Root) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for folder in self.folders.iter().filter_map(|folder| place.relative(folder)) {
            let mut found = Vec::new();
            sources_below(root, &folder, &mut found);
            files.extend(found.into_iter().filter(|file| {
                file.strip_prefix(&folder).is_ok_and(|inside| self.runs(&inside.with_extension("class")))
            }));
        }
        files
    }

    fn runs(&self, class: &Path) -> bool {
        let covers = |patterns: &[String]| patterns.iter().any(|pattern| Pattern::new(pattern).covers(class));
        let name = paths::text_of_path(&class.with_extension("")).replace('/', ".");
        let has_name = |patterns: &[String]| patterns.iter().any(|pattern| names(pattern, &name));
        (self.includes.is_empty() || covers(&self.includes))
            && !covers(&self.excludes)
            && (self.included.is_empty()
                || has_name(&self.included)
                || self.included.iter().any(|one| is_in(one, &name)))
            && !has_name(&self.excluded)
    }
}

/// Whether a pattern of Gradle's test filter means a whole class: by its full name, or by its last part.
fn names(pattern: &str, class: &str) -> bool {
    let regex = pattern.split('*').map(regex_lite::escape).collect::<Vec<_>>().join(".*");
    let simple = class.rsplit('.').next().unwrap_or(class);
    Regex::new(&format!("^(?:{regex})$")).is_ok_and(|regex| regex.is_match(class) || regex.is_match(simple))
}

/// Whether a pattern means a test in a class: `till.TillTest.adds*`.
fn is_in(pattern: &str, class: &str) -> bool {
    pattern.rsplit_once('.').is_some_and(|(holder, _)| names(holder, class))
}

fn sources_below(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten() {
        let path = folder.join(entry.file_name());
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => sources_below(root, &path, files),
            Ok(kind) if kind.is_file() && speaks(&path) => files.push(path),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_paths_and_of_names_leave_out() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("src/test/java");
        std::fs::create_dir_all(folder.join("till")).unwrap();
        for name in ["TillTest", "TillE2ETest", "SlowTest"] {
            std::fs::write(folder.join(format!("till/{name}.java")), "").unwrap();
        }
        let listed = |more: &str| {
            let text = format!("{{\"folders\":[\"{}\",\"/elsewhere\"],{more}}}\n", folder.display());
            let files = read(&text, root.path())?;
            let stem = |file: PathBuf| Some(file.file_stem()?.to_string_lossy().into_owned());
            Some(files.into_iter().filter_map(stem).collect::<Vec<_>>().join(" "))
        };
        let all = "\"includes\":[],\"excludes\":[],\"included\":[],\"excluded\":[]";
        assert_eq!(listed(all).as_deref(), Some("SlowTest TillE2ETest TillTest"));
        let excludes = all.replace("\"excludes\":[]", "\"excludes\":[\"**/*E2E*\"]");
        assert_eq!(listed(&excludes).as_deref(), Some("SlowTest TillTest"));
        let excluded = all.replace("\"excluded\":[]", "\"excluded\":[\"*SlowTest\"]");
        assert_eq!(listed(&excluded).as_deref(), Some("TillE2ETest TillTest"));
        let included = all.replace("\"included\":[]", "\"included\":[\"till.TillTest.adds*\",\"SlowTest\"]");
        assert_eq!(listed(&included).as_deref(), Some("SlowTest TillTest"));
        assert_eq!(listed("\"includes\":3"), None);
        assert_eq!(read("", root.path()), None);
    }
}
