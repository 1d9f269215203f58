//! Which Maven and Gradle projects a repository has.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

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
    /// is used, else Maven.
    fn projects(&self, found: &Found<'_>) -> Vec<Box<dyn Runner>> {
        let has_tests = |folder: &Path| {
            found.files().iter().any(|file| file.starts_with(folder) && super::is_test_file(file))
        };
        let gradle: BTreeSet<PathBuf> = outermost(&found.folders_with(GRADLE)).into_iter().collect();
        let maven: Vec<PathBuf> = outermost(&found.folders_with(&["pom.xml"]));
        let prefers_gradle = |folder: &Path| {
            gradle.contains(folder) && found.has(folder.join("gradlew")) && !found.has(folder.join("mvnw"))
        };
        let mut projects: Vec<Box<dyn Runner>> = Vec::new();
        for folder in maven.iter().filter(|folder| has_tests(folder) && !prefers_gradle(folder)) {
            projects.push(Box::new(Maven::new(folder, modules(found, folder))));
        }
        let is_maven = |folder: &PathBuf| maven.contains(folder) && !prefers_gradle(folder);
        for folder in gradle.iter().filter(|folder| has_tests(folder) && !is_maven(folder)) {
            projects.push(Box::new(Gradle::new(folder)));
        }
        projects
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
