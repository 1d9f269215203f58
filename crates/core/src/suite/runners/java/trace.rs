//! Where a test of Java or its kin failed: the innermost call in a stack trace that is written in the repository.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::speaks;
use crate::suite::origin;

/// Folders that hold no source.
const PASSED_OVER: &[&str] = &["node_modules", "target", "build", "out", "bin"];
/// Deepest folder that is looked into.
const DEEPEST: usize = 32;

/// The source files of a repository, by their names.
#[derive(Debug, Default)]
pub struct Sources {
    root: PathBuf,
    by_name: HashMap<String, Vec<PathBuf>>,
}

/// `\tat shop.Api.total(Api.java:5)`
struct Call<'a> {
    class: &'a str,
    method: &'a str,
    file: &'a str,
}

impl Sources {
    /// Those below a root.
    pub fn below(root: &Path) -> Self {
        let mut sources = Self { root: root.to_owned(), ..Self::default() };
        let mut waiting = vec![(PathBuf::new(), 0)];
        while let Some((folder, depth)) = waiting.pop() {
            for entry in std::fs::read_dir(root.join(&folder)).into_iter().flatten().flatten() {
                let (path, name) = (folder.join(entry.file_name()), entry.file_name());
                let Ok(kind) = entry.file_type() else { continue };
                if kind.is_dir() && depth < DEEPEST && !is_passed_over(&name) {
                    waiting.push((path, depth + 1));
                } else if kind.is_file() && speaks(&path) {
                    sources.by_name.entry(name.to_string_lossy().into_owned()).or_default().push(path);
                }
            }
        }
        for paths in sources.by_name.values_mut() {
            paths.sort();
        }
        sources
    }

    /// The innermost call in a stack trace that is written here.
    pub fn frame(&self, trace: &str) -> Option<String> {
        trace.lines().filter_map(call).find_map(|call| {
            let file = self.file_of(&call)?;
            Some(origin::frame(&file, Some(&plain_method(call.method))))
        })
    }

    /// The file lies in the folders of its package; in Kotlin it need not.
    fn file_of(&self, call: &Call<'_>) -> Option<PathBuf> {
        let package = call.class.rsplit_once('.').map_or("", |(package, _)| package);
        let folders: PathBuf = package.split('.').filter(|name| !name.is_empty()).collect();
        let named = self.by_name.get(call.file)?;
        let lies_there = |path: &&PathBuf| path.parent().is_some_and(|parent| parent.ends_with(&folders));
        let says_so = |path: &&PathBuf| {
            let text = std::fs::read_to_string(self.root.join(path)).unwrap_or_default();
            let mut lines = text.lines().filter_map(|line| line.trim().strip_prefix("package "));
            lines.next().is_some_and(|name| name.trim().trim_end_matches(';') == package)
        };
        named.iter().find(lies_there).or_else(|| named.iter().find(says_so)).cloned()
    }
}

fn is_passed_over(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".") || PASSED_OVER.iter().any(|one| name == *one)
}

fn call(line: &str) -> Option<Call<'_>> {
    let (name, place) = line.trim().strip_prefix("at ")?.split_once('(')?;
    let (class, method) = name.rsplit('/').next()?.rsplit_once('.')?;
    let file = place.split([':', ')']).next()?;
    Some(Call { class, method, file })
}

/// `total` for `lambda$total$0`, whose number moves with every change.
fn plain_method(method: &str) -> String {
    let inner = method.strip_prefix("lambda$").and_then(|rest| rest.split('$').next());
    inner.unwrap_or(method).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_call_of_the_repository_is_found() {
        let root = tempfile::tempdir().unwrap();
        let files = [
            ("api/src/main/java/shop/Api.java", "package shop;"),
            ("api/src/test/java/shop/ApiTest.java", "package shop;"),
            ("old/src/main/java/other/Api.java", "package other;"),
            ("app/src/main/kotlin/Till.kt", "package shop.till\n"),
            ("api/target/generated/shop/Made.java", "package shop;"),
        ];
        for (path, text) in files {
            std::fs::create_dir_all(root.path().join(path).parent().unwrap()).unwrap();
            std::fs::write(root.path().join(path), text).unwrap();
        }
        let sources = Sources::below(root.path());
        let frame = |calls: &[&str]| {
            let calls: Vec<String> = calls.iter().map(|call| format!("\tat {call}")).collect();
            sources.frame(&format!("java.lang.IllegalStateException: no\n{}\n", calls.join("\n")))
        };
        let found = frame(&[
            "java.base/java.util.List.of(List.java:1)",
            "shop.Made.x(Made.java:1)",
            "app//shop.Api$Inner.lambda$total$0(Api.java:5)",
            "shop.ApiTest.sums(ApiTest.java:3)",
        ]);
        assert_eq!(found.as_deref(), Some("api/src/main/java/shop/Api.java:total"));
        assert_eq!(
            frame(&["shop.till.TillKt.sum(Till.kt:3)"]).as_deref(),
            Some("app/src/main/kotlin/Till.kt:sum")
        );
        assert_eq!(frame(&["org.junit.Assert.fail(Assert.java:1)"]), None);
        assert_eq!(sources.frame("boom"), None);
    }
}
