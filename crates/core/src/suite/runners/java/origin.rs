//! Whether tests of Java ran with code of this repository that lies elsewhere: in Maven's local repository, in the main
//! worktree, in a linked build.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::pom::{Coordinates, POM, Pom};
use crate::suite::origin::Root;

/// Where builds put what they make.
const OUTPUTS: &[&str] = &["target", "build", "out"];
/// Files that make a folder a project.
const MANIFESTS: &[&str] =
    &[POM, "build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"];

/// A project of this repository.
#[derive(Clone, Debug)]
pub struct Own {
    /// Who it is.
    pub coordinates: Coordinates,
    /// Its folder, relative to the root.
    pub folder: PathBuf,
}

/// What of a class path is another state of this repository's code, in one sentence with what to do.
pub fn foreign(root: &Path, own: &[Own], class_path: &BTreeSet<PathBuf>) -> Option<String> {
    let root = Root::new(root);
    let outside = class_path.iter().filter(|path| path.is_absolute() && root.is_left_by(path));
    outside.into_iter().find_map(|path| {
        let installed = own.iter().find(|own| is_installed(&own.coordinates, path));
        let (name, folder) = match installed {
            Some(own) => (own.coordinates.name(), own.folder.clone()),
            None => {
                let project = project_of(path)?;
                let folder = root.own_copy_of(&project, |folder| is_same(folder, &project))?;
                (project.file_name()?.to_string_lossy().into_owned(), folder)
            }
        };
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        Some(format!(
            "the tests ran with {name} from {}, not with the code of {} here: build both in one build, with a relative path",
            path.display(),
            folder.display()
        ))
    })
}

/// Whether a file lies where a local repository keeps a project: `shop/core/1.0-SNAPSHOT/core-1.0-SNAPSHOT.jar`.
fn is_installed(own: &Coordinates, path: &Path) -> bool {
    let Some(folder) = path.parent() else { return false };
    let (Some(version), Some(project)) = (folder.file_name(), folder.parent()) else { return false };
    let mut place: PathBuf = own.group.split('.').collect();
    place.push(&own.artifact);
    let is_version = own.version.as_ref().is_none_or(|own| version == own.as_str());
    !own.artifact.is_empty() && project.ends_with(&place) && is_version
}

/// The project that a product belongs to: what lies above `target` or `build`.
fn project_of(path: &Path) -> Option<PathBuf> {
    let is_output =
        |folder: &&Path| folder.file_name().is_some_and(|name| OUTPUTS.iter().any(|one| name == *one));
    path.ancestors().filter(is_output).last()?.parent().map(Path::to_owned)
}

/// Whether two folders hold the same project: both have the same manifests, and Maven's say that they are the same.
fn is_same(own: &Path, other: &Path) -> bool {
    let coordinates = |folder: &Path| {
        let read = |file: &Path| std::fs::read_to_string(folder.join(file)).ok();
        Pom::read(Path::new(""), &read).map(|pom| (pom.own.group, pom.own.artifact))
    };
    let shared = || MANIFESTS.iter().any(|name| own.join(name).is_file() && other.join(name).is_file());
    shared() && coordinates(own) == coordinates(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installed_copy_is_told_by_its_place() {
        let own = Coordinates {
            group: "org.shop".to_owned(),
            artifact: "core".to_owned(),
            version: Some("1-SNAPSHOT".to_owned()),
        };
        let installed = |path: &str| is_installed(&own, Path::new(path));
        assert!(installed("/u/.m2/repository/org/shop/core/1-SNAPSHOT/core-1-SNAPSHOT.jar"));
        assert!(!installed("/u/.m2/repository/org/shop/core/0.9/core-0.9.jar"));
        assert!(!installed("/u/.m2/repository/org/other/core/1-SNAPSHOT/core-1-SNAPSHOT.jar"));
        assert_eq!(project_of(Path::new("/main/lib/build/libs/lib.jar")), Some("/main/lib".into()));
        assert_eq!(project_of(Path::new("/u/lib.jar")), None);
    }

    #[test]
    fn a_linked_build_of_another_worktree_is_foreign_and_one_of_another_project_is_not() {
        let world = tempfile::tempdir().unwrap();
        let (root, main) = (world.path().join("slot"), world.path().join("main"));
        for folder in [root.join("lib"), main.join("lib"), main.join("other")] {
            std::fs::create_dir_all(folder.join("build/libs")).unwrap();
            std::fs::write(folder.join("build.gradle"), "").unwrap();
            std::fs::write(folder.join("build/libs/x.jar"), "").unwrap();
        }
        let told = |path: PathBuf| foreign(&root, &[], &BTreeSet::from([path]));
        let said = told(main.join("lib/build/libs/x.jar")).unwrap();
        assert!(said.contains("lib from") && said.contains("the code of lib here"), "{said}");
        assert_eq!(told(main.join("other/build/libs/x.jar")), None);
        assert_eq!(told(root.join("lib/build/libs/x.jar")), None);
    }
}
