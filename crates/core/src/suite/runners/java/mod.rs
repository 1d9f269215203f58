//! Java and its kin: Maven with Surefire and Failsafe, and Gradle.

mod both;
mod classes;
mod events;
mod family;
mod gathered;
mod gradle;
mod listing;
mod maven;
mod origin;
mod pom;
mod reports;
mod surefire;
mod trace;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

pub use family::Java;

use crate::ctx::Ctx;
use crate::suite::{Place, SuiteError, paths};

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

/// A build tool: the wrapper that a project may hold, and what is on the `PATH` without one.
struct BuildTool {
    runner: &'static str,
    wrapper: &'static str,
    program: &'static str,
    how_to_install: &'static str,
}

impl BuildTool {
    /// What to run for the project in a folder.
    fn program(&self, place: &Place<'_>, folder: &Path) -> PathBuf {
        let wrapper = place.root.join(folder).join(self.wrapper);
        if wrapper.is_file() { wrapper } else { PathBuf::from(self.program) }
    }

    /// Whether it can run there.
    fn ready(&self, ctx: &Ctx, place: &Place<'_>, folder: &Path) -> Result<(), SuiteError> {
        let program = self.program(place, folder);
        if program.components().count() > 1 || ctx.env.find_program(&program).is_some() {
            return Ok(());
        }
        Err(SuiteError::MissingRunner { runner: self.runner, hint: self.how_to_install.to_owned() })
    }
}
