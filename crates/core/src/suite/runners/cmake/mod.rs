//! C and C++: whatever a `CMakeLists.txt` registers with ctest.
//!
//! `CMake` itself is asked for everything: its file API names the sources of each target, ctest lists the tests with the
//! programs they run, and writes `JUnit` XML. A test is named by the source it is in and by what ctest calls it.

mod build;
mod ctest;
mod listing;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use self::ctest::CTest;
use crate::suite::family::{Family, Found};
use crate::suite::{Runner, paths};

/// The file that makes a folder a project.
const LISTS: &str = "CMakeLists.txt";
/// Folders of code that others wrote.
const FOREIGN: &[&str] =
    &["third_party", "third-party", "thirdparty", "vendor", "external", "extern", "deps"];
/// Commands without one of which the outermost `CMakeLists.txt` has no tests ("ctest(1)").
const TESTING: &[&str] = &["enable_testing", "include(CTest)", "include( CTest )", "INCLUDE(CTest)"];
/// Files that are compiled.
const COMPILED: &[&str] = &["c", "cc", "cpp", "cxx", "c++", "m", "mm", "cu", "f90", "f"];
/// Files that are read when others are compiled.
const INCLUDED: &[&str] = &["h", "hh", "hpp", "hxx", "inl", "ipp", "cmake"];
/// Folders of tests in such projects.
const TEST_FOLDERS: &[&str] = &["test", "tests", "testing", "unittest", "unittests"];

/// `CMake` projects with tests.
#[derive(Debug)]
pub struct CMake;

impl Family for CMake {
    /// The outermost folders: what is below them they add themselves.
    fn projects(&self, found: &Found<'_>) -> Vec<Box<dyn Runner>> {
        let folders = found.folders_with(&[LISTS]);
        let is_inner =
            |folder: &PathBuf| folders.iter().any(|other| other != folder && folder.starts_with(other));
        let is_foreign = |folder: &Path| folder.iter().any(|name| FOREIGN.iter().any(|one| name == *one));
        let outermost = folders.iter().filter(|folder| !is_inner(folder) && !is_foreign(folder));
        let has_tests = |folder: &&PathBuf| {
            let text = found.text(folder.join(LISTS)).unwrap_or_default();
            TESTING.iter().any(|command| text.contains(command))
        };
        let runner = |folder: &PathBuf| Box::new(CTest::new(folder)) as Box<dyn Runner>;
        outermost.filter(has_tests).map(runner).collect()
    }
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    path.extension().and_then(OsStr::to_str).is_some_and(|own| endings.contains(&own))
}

fn speaks(path: &Path) -> bool {
    has_ending(path, COMPILED)
        || has_ending(path, INCLUDED)
        || path.file_name().is_some_and(|name| name == LISTS)
}

/// A compiled file that is named, or lies, as tests do.
fn is_test_file(path: &Path) -> bool {
    let in_folder = || {
        let folders = path.parent().unwrap_or(Path::new("")).iter();
        folders.into_iter().any(|name| TEST_FOLDERS.iter().any(|one| name == *one))
    };
    let stem = || paths::stem(path).unwrap_or_default().to_ascii_lowercase();
    let is_named = || stem().starts_with("test_") || stem().ends_with("_test") || stem().ends_with("_tests");
    has_ending(path, COMPILED) && !paths::is_skipped(path) && (in_folder() || is_named())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_told_by_name_and_folder() {
        for path in ["tests/till.cpp", "src/till_test.c", "lib/test/a/b.cc", "test_till.c"] {
            assert!(is_test_file(Path::new(path)), "{path}");
        }
        for path in ["src/till.c", "tests/till.h", "tests/CMakeLists.txt", "build/tests/a.c", "src/latest.c"]
        {
            assert!(!is_test_file(Path::new(path)), "{path}");
        }
    }
}
