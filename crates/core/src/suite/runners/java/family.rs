//! Which Maven and Gradle projects a repository has.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::both::Both;
use super::gradle::Gradle;
use super::maven::Maven;
use crate::suite::Runner;
use crate::suite::family::{Family, Found};

/// Files that make a folder a Gradle project.
const GRADLE: &[&str] = &["settings.gradle", "settings.gradle.kts", "build.gradle", "build.gradle.kts"];

/// Maven and Gradle projects.
#[derive(Debug)]
pub struct Java;

impl Family for Java {
    /// The outermost folders: what is below them are their modules. Where both are in one folder, the one with a wrapper
    /// is used, else Maven; what has only Gradle's wrapper is decided by what the machine has.
    fn projects(&self, found: &Found<'_>) -> Vec<Box<dyn Runner>> {
        let has_tests = |folder: &PathBuf| {
            found.files().iter().any(|file| file.starts_with(folder) && super::is_test_file(file))
        };
        let gradle: BTreeSet<PathBuf> = outermost(&found.folders_with(GRADLE)).into_iter().collect();
        let maven: BTreeSet<PathBuf> = outermost(&found.folders_with(&["pom.xml"])).into_iter().collect();
        let runner = |folder: &PathBuf| -> Box<dyn Runner> {
            let of_maven = || Maven::new(folder, modules(found, folder));
            let is_wrapped = found.has(folder.join("gradlew")) && !found.has(folder.join("mvnw"));
            match (maven.contains(folder), gradle.contains(folder)) {
                (true, true) if is_wrapped => Box::new(Both::new(of_maven(), Gradle::new(folder))),
                (true, _) => Box::new(of_maven()),
                (false, _) => Box::new(Gradle::new(folder)),
            }
        };
        maven.union(&gradle).filter(|folder| has_tests(folder)).map(runner).collect()
    }
}

fn outermost(folders: &[PathBuf]) -> Vec<PathBuf> {
    let is_inner =
        |folder: &PathBuf| folders.iter().any(|other| other != folder && folder.starts_with(other));
    folders.iter().filter(|folder| !is_inner(folder)).cloned().collect()
}

/// The folders of the modules of a Maven project, the project's own among them.
fn modules(found: &Found<'_>, folder: &Path) -> Vec<PathBuf> {
    found.folders_with(&["pom.xml"]).into_iter().filter(|module| module.starts_with(folder)).collect()
}
