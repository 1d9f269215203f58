//! Which Maven and Gradle projects a repository has.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::both::Both;
use super::gradle::Gradle;
use super::maven::Maven;
use super::origin::Own;
use super::pom::{POM, Pom};
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
        let builds = MavenBuilds::find(found);
        let is_alone = |root: &Path| gradle.contains(root);
        let groups = builds.groups(is_alone);
        let maven: BTreeSet<PathBuf> = groups.iter().flatten().cloned().collect();
        let of_maven = |roots: &[PathBuf]| Maven::new(roots, builds.modules_of(roots), builds.own());
        let is_wrapped = |folder: &Path| found.has(folder.join("gradlew")) && !found.has(folder.join("mvnw"));
        let of_group = |roots: &Vec<PathBuf>| -> Box<dyn Runner> {
            match roots.as_slice() {
                [folder] if gradle.contains(folder) && is_wrapped(folder) => {
                    Box::new(Both::new(of_maven(roots), Gradle::new(folder)))
                }
                roots => Box::new(of_maven(roots)),
            }
        };
        let with_tests = groups.iter().filter(|roots| roots.iter().any(has_tests));
        let others = gradle.iter().filter(|folder| !maven.contains(*folder) && has_tests(folder));
        let others = others.map(|folder| Box::new(Gradle::new(folder)) as Box<dyn Runner>);
        with_tests.map(of_group).chain(others).collect()
    }
}

fn outermost(folders: &[PathBuf]) -> Vec<PathBuf> {
    let is_inner =
        |folder: &PathBuf| folders.iter().any(|other| other != folder && folder.starts_with(other));
    folders.iter().filter(|folder| !is_inner(folder)).cloned().collect()
}

/// The Maven projects of a repository.
struct MavenBuilds {
    poms: BTreeMap<PathBuf, Pom>,
}

impl MavenBuilds {
    fn find(found: &Found<'_>) -> Self {
        let read = |path: &Path| found.text(path);
        let pom = |folder: PathBuf| {
            let pom = Pom::read(&folder, &read).unwrap_or_else(|| Pom::unread(&folder));
            (folder, pom)
        };
        Self { poms: found.folders_with(&[POM]).into_iter().map(pom).collect() }
    }

    /// A project with its modules and theirs.
    fn reactor(&self, root: &Path) -> BTreeSet<&Path> {
        let mut reached = BTreeSet::new();
        let mut waiting: Vec<&Path> = vec![root];
        while let Some(pom) = waiting.pop().and_then(|folder| self.poms.get(folder)) {
            if reached.insert(pom.folder.as_path()) {
                let modules = pom.modules.iter().map(PathBuf::as_path);
                waiting.extend(modules.filter(|module| self.poms.contains_key(*module)));
            }
        }
        reached
    }

    /// The projects that are no modules of others. What only a profile adds is left out, as Maven leaves it out; so are
    /// templates among sources.
    fn roots(&self) -> Vec<&Path> {
        let mut inner: BTreeSet<&Path> = BTreeSet::new();
        for pom in self.poms.values() {
            inner.extend(self.reactor(&pom.folder).into_iter().filter(|module| *module != pom.folder));
            inner.extend(pom.optional_modules.iter().map(PathBuf::as_path));
        }
        let all = self.poms.keys().map(PathBuf::as_path);
        let is_template = |folder: &Path| folder.iter().any(|name| name == "src");
        all.filter(|folder| !inner.contains(folder) && !is_template(folder)).collect()
    }

    /// The roots, those together that need each other.
    fn groups(&self, is_alone: impl Fn(&Path) -> bool) -> Vec<Vec<PathBuf>> {
        let mut groups: Vec<Vec<&Path>> = Vec::new();
        for root in self.roots() {
            let needs = |group: &Vec<&Path>| {
                group.iter().any(|other| {
                    !is_alone(root)
                        && !is_alone(other)
                        && (self.needs(root, other) || self.needs(other, root))
                })
            };
            let (needed, others): (Vec<_>, Vec<_>) = groups.into_iter().partition(needs);
            groups = others;
            groups.push(needed.into_iter().flatten().chain([root]).collect());
        }
        let groups = groups.into_iter().flat_map(|group| match self.are_distinct(&group) {
            true => vec![group],
            // Maven takes no two projects of one name at once.
            false => group.into_iter().map(|root| vec![root]).collect(),
        });
        let owned = |group: Vec<&Path>| {
            let mut roots: Vec<PathBuf> = group.into_iter().map(Path::to_owned).collect();
            roots.sort();
            roots
        };
        groups.map(owned).collect()
    }

    fn needs(&self, root: &Path, other: &Path) -> bool {
        let poms = |root| self.reactor(root).into_iter().filter_map(|folder| self.poms.get(folder));
        poms(root)
            .any(|pom| pom.needs.iter().any(|need| poms(other).any(|candidate| candidate.own.may_be(need))))
    }

    fn are_distinct(&self, roots: &[&Path]) -> bool {
        let mut names = BTreeSet::new();
        let folders = roots.iter().flat_map(|root| self.reactor(root));
        folders.filter_map(|folder| self.poms.get(folder)).all(|pom| names.insert(pom.own.name()))
    }

    fn modules_of(&self, roots: &[PathBuf]) -> Vec<Pom> {
        let folders: BTreeSet<&Path> = roots.iter().flat_map(|root| self.reactor(root)).collect();
        folders.into_iter().filter_map(|folder| self.poms.get(folder)).cloned().collect()
    }

    fn own(&self) -> Vec<Own> {
        let own = |pom: &Pom| Own { coordinates: pom.own.clone(), folder: pom.folder.clone() };
        self.poms.values().map(own).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The groups of roots of a repository with these projects: folder, name, what it needs, its modules.
    fn groups(projects: &[(&str, &str, &str, &str)]) -> Vec<Vec<String>> {
        let text = |(_, name, need, modules): &(&str, &str, &str, &str)| {
            let need = match *need {
                "" => String::new(),
                need => format!(
                    "<dependencies><dependency><groupId>g</groupId><artifactId>{need}</artifactId><version>1</version></dependency></dependencies>"
                ),
            };
            let modules: String =
                modules.split_whitespace().flat_map(|module| ["<module>", module, "</module>"]).collect();
            format!(
                "<project><groupId>g</groupId><artifactId>{name}</artifactId><version>1</version><modules>{modules}</modules>{need}</project>"
            )
        };
        let files: Vec<(PathBuf, String)> =
            projects.iter().map(|project| (Path::new(project.0).join(POM), text(project))).collect();
        let paths: Vec<PathBuf> = files.iter().map(|(path, _)| path.clone()).collect();
        let read = |wanted: &str| {
            let file = files.iter().find(|(path, _)| path == Path::new(wanted));
            file.map(|(_, text)| text.as_bytes().to_vec())
        };
        let builds = MavenBuilds::find(&Found::new(&paths, &read));
        let shown = |group: Vec<PathBuf>| group.iter().map(|root| root.display().to_string()).collect();
        builds.groups(|_| false).into_iter().map(shown).collect()
    }

    #[test]
    fn projects_that_need_each_other_are_gathered_unless_one_joins_them() {
        assert_eq!(
            groups(&[("", "all", "", "core api"), ("core", "core", "", ""), ("api", "api", "core", "")]),
            [[""]]
        );
        let apart = [("api", "api", "core", ""), ("core", "core", "", ""), ("web", "web", "", "")];
        assert_eq!(groups(&apart), [vec!["api", "core"], vec!["web"]]);
        let by_another = [("a", "a", "b", ""), ("b", "b", "c", ""), ("c", "c", "", "")];
        assert_eq!(groups(&by_another), [vec!["a", "b", "c"]]);
        let doubled = [("a", "a", "b", ""), ("b", "b", "", ""), ("old", "b", "", "")];
        assert_eq!(groups(&doubled).len(), 3);
        let template = [
            ("", "all", "", ""),
            ("kit/src/main/resources/archetype", "x", "", ""),
            ("demo", "demo", "", ""),
        ];
        assert_eq!(groups(&template), [vec![""], vec!["demo"]]);
    }
}
