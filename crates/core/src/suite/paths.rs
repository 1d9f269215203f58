//! Paths as the runners name them, and which of them belong to tests.

use std::ffi::OsStr;
use std::fmt::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// Folders that hold nothing but tests and what they need, wherever they are.
const TEST_FOLDERS: &[&str] = &["tests", "__tests__", "testdata", "test_data", "test-data", "fixtures"];
/// Those of them that hold data only.
const DATA_FOLDERS: &[&str] = &["testdata", "test_data", "test-data", "fixtures", "__fixtures__"];
/// More of them, when they are not inside a package of source.
const TOP_TEST_FOLDERS: &[&str] = &["test", "spec", "testing", "e2e"];
/// Recorded results.
const SNAPSHOT_FOLDERS: &[&str] = &["__snapshots__", "snapshots", "__snapshot__", "cassettes"];
/// Folders no runner looks into (pytest's `norecursedirs` and what other tools keep there).
const SKIPPED_FOLDERS: &[&str] =
    &["node_modules", "venv", "build", "dist", "target", "__pycache__", "_darcs", "CVS"];

/// A path as runners write it in ids: `/` between names, bytes that are not UTF-8 as `\udcXX`, which is what
/// Python's `surrogateescape` prints.
pub fn text_of_path(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\udc{byte:02x}");
        }
    }
    text
}

/// The path that [`text_of_path`] wrote.
pub fn path_of_text(text: &str) -> PathBuf {
    let mut parts = text.split("\\udc");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        if let Some(byte) = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            bytes.push(byte);
            bytes.extend_from_slice(part.get(2..).unwrap_or_default().as_bytes());
        } else {
            bytes.extend_from_slice(b"\\udc");
            bytes.extend_from_slice(part.as_bytes());
        }
    }
    std::ffi::OsString::from_vec(bytes).into()
}

/// A program in a project's folder, as a person types it at the root.
pub fn typed_in(folder: &Path, program: &[&str]) -> Vec<String> {
    let mut words = Vec::new();
    if !folder.as_os_str().is_empty() {
        words.extend(["cd".to_owned(), text_of_path(folder), "&&".to_owned()]);
    }
    words.extend(program.iter().map(|word| (*word).to_owned()));
    words
}

/// The file of a test's id: what stands before the first `::`.
pub fn file_of_id(id: &str) -> &str {
    id.split_once("::").map_or(id, |(file, _)| file)
}

/// Whether a path is in a folder of data that tests read: a project in it is one that tests look at.
pub fn is_test_data(path: &Path) -> bool {
    folders(path).any(|folder| is_one_of(folder, DATA_FOLDERS))
}

/// Whether a path is in a folder that no runner looks into.
pub fn is_skipped(path: &Path) -> bool {
    folders(path).any(|folder| {
        let bytes = folder.as_bytes();
        bytes.starts_with(b".") || bytes.ends_with(b".egg") || is_one_of(folder, SKIPPED_FOLDERS)
    })
}

/// Whether a file belongs to tests by its place or name, in any language.
pub fn is_test_support(path: &Path) -> bool {
    let top = folders(path).take(1).any(|folder| is_one_of(folder, TOP_TEST_FOLDERS));
    let below = |list: &[&str]| folders(path).any(|folder| is_one_of(folder, list));
    let named = path.file_name().is_some_and(|name| {
        name == "conftest.py" || name.as_bytes().ends_with(b".snap") || name.as_bytes().ends_with(b".ambr")
    });
    top || named || below(TEST_FOLDERS) || below(SNAPSHOT_FOLDERS)
}

/// The folder at the root for which alone a file counts as test support: `test/`, `spec/`, `e2e/`. It means tests only
/// where it holds some; `spec/openapi.json` may as well be a specification.
pub fn doubtful_test_folder(path: &Path) -> Option<&Path> {
    let top = path.iter().next().filter(|_| path.components().count() > 1)?;
    let rest = path.strip_prefix(top).ok()?;
    (is_one_of(top, TOP_TEST_FOLDERS) && !is_test_support(rest)).then(|| Path::new(top))
}

/// The test file that wrote a snapshot, by the rule of jest and vitest: `__snapshots__/NAME.snap` beside `NAME`.
pub fn test_of_snapshot(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| folder.ends_with("__snapshots__"))?;
    let name = path.file_name()?.to_str()?.strip_suffix(".snap")?;
    Some(folder.parent()?.join(name))
}

/// Whether a file holds tests by the naming rules of its language; for commands whose runner is not known.
pub fn is_test_file_of_any_language(path: &Path) -> bool {
    let (Some(stem), Some(extension)) = (stem(path), extension(path)) else {
        return false;
    };
    if is_skipped(path) {
        return false;
    }
    let ends = |endings: &[&str]| endings.iter().any(|ending| stem.ends_with(ending));
    match extension {
        "py" => stem.starts_with("test_") || ends(&["_test"]) || stem == "tests",
        "go" | "c" | "cc" | "cpp" | "dart" | "exs" => ends(&["_test"]) || stem.starts_with("test_"),
        "rb" => ends(&["_test", "_spec"]) || stem.starts_with("test_"),
        "js" | "jsx" | "ts" | "tsx" | "mjs" | "cjs" | "mts" | "cts" | "vue" => {
            ends(&[".test", ".spec", "-test", "_test"]) || folders(path).any(|folder| folder == "__tests__")
        }
        "java" | "kt" | "scala" | "groovy" | "cs" | "php" | "swift" => {
            ends(&["Test", "Tests", "IT", "Spec"]) || stem.starts_with("Test")
        }
        "rs" => {
            folders(path).any(|folder| folder == "tests") || ends(&["_test", "_tests"]) || stem == "tests"
        }
        "sh" | "bash" => stem.starts_with("test") || ends(&["_test", "-test"]),
        "bats" | "t" => true,
        _ => false,
    }
}

/// The name of a file without its last extension, if it is text.
pub fn stem(path: &Path) -> Option<&str> {
    path.file_stem()?.to_str()
}

fn extension(path: &Path) -> Option<&str> {
    path.extension()?.to_str()
}

fn folders(path: &Path) -> impl Iterator<Item = &OsStr> {
    path.parent().unwrap_or(Path::new("")).iter()
}

fn is_one_of(name: &OsStr, list: &[&str]) -> bool {
    list.iter().any(|item| name == *item)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tells_tests_from_source() {
        for path in
            ["tests/helpers.py", "conftest.py", "pkg/conftest.py", "test/data.json", "a/__snapshots__/b.snap"]
        {
            assert!(is_test_support(Path::new(path)), "{path}");
        }
        for path in ["src/auth.py", "django/test/client.py", "latest/x.py", "tests.py"] {
            assert!(!is_test_support(Path::new(path)), "{path}");
        }
        for path in ["a_test.go", "x/auth.test.ts", "src/AuthTest.java", "tests/auth.rs", "spec/a_spec.rb"] {
            assert!(is_test_file_of_any_language(Path::new(path)), "{path}");
        }
        for path in ["auth.go", "node_modules/a.test.js", "src/lib.rs", "test", "tests/data.json"] {
            assert!(!is_test_file_of_any_language(Path::new(path)), "{path}");
        }
    }

    proptest! {
        #[test]
        fn text_of_a_path_leads_back_to_it(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let path = PathBuf::from(std::ffi::OsString::from_vec(bytes));
            prop_assert_eq!(path_of_text(&text_of_path(&path)), path);
        }
    }
}
