//! Java and its kin: Maven with Surefire and Failsafe, and Gradle.

mod classes;
mod family;
mod gradle;
mod maven;
mod reports;

use std::ffi::OsStr;
use std::path::Path;

pub use family::Java;

use crate::suite::paths;

/// Languages whose tests both run.
const LANGUAGES: &[&str] = &["java", "kt", "groovy", "scala"];

fn speaks(path: &Path) -> bool {
    path.extension().and_then(OsStr::to_str).is_some_and(|ending| LANGUAGES.contains(&ending))
}

/// A class with tests, by its name and by the folder of tests it is in.
fn is_test_file(path: &Path) -> bool {
    speaks(path) && is_in_tests(path) && paths::is_test_file_of_any_language(path)
}

/// Anything below `src/test`, `src/it`, `src/integrationTest` …
fn is_in_tests(path: &Path) -> bool {
    let names: Vec<&OsStr> = path.iter().collect();
    names.windows(2).any(|pair| {
        let [source, set] = pair else { return false };
        let set = set.to_string_lossy().to_lowercase();
        *source == "src" && (set.contains("test") || set == "it")
    })
}
