//! What a `pom.xml` says: who it is, what it is made of, what it needs, and which of its tests Surefire runs.
//!
//! What a parent outside the repository says is not read; Maven's defaults stand for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use roxmltree::{Document, Node};

use super::surefire::Tests;
use crate::env::without_dots;

/// Its name.
pub const POM: &str = "pom.xml";
/// Most parents that are followed.
const MOST_PARENTS: usize = 16;
/// Most references within references that are followed.
const MOST_REFERENCES: usize = 8;

/// Who a project is, or what one needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coordinates {
    /// `groupId`
    pub group: String,
    /// `artifactId`
    pub artifact: String,
    /// `version`; `None` if it cannot be read.
    pub version: Option<String>,
}

/// A project.
#[derive(Clone, Debug, Default)]
pub struct Pom {
    /// Its folder, relative to the root of the repository.
    pub folder: PathBuf,
    /// Who it is.
    pub own: Coordinates,
    /// The folders of its modules.
    pub modules: Vec<PathBuf>,
    /// The folders of modules that only a profile adds which is not active by itself.
    pub optional_modules: Vec<PathBuf>,
    /// What it needs.
    pub needs: Vec<Coordinates>,
    /// Which of its tests run.
    pub tests: Tests,
}

impl Pom {
    /// Reads the one in a folder; `None` if it is no project. `read` gives the text of a file.
    pub fn read(folder: &Path, read: &dyn Fn(&Path) -> Option<String>) -> Option<Self> {
        let texts = with_parents(folder, read);
        let documents: Vec<Document<'_>> =
            texts.iter().map_while(|text| Document::parse(text).ok()).collect();
        let projects: Vec<Node<'_, '_>> = documents.iter().map(Document::root_element).collect();
        let own = *projects.first().filter(|own| own.tag_name().name() == "project")?;
        let values = Values::read(&projects);
        let folders = |sections: Vec<Node<'_, '_>>| {
            let names = sections.into_iter().flat_map(|section| children_in(section, "modules", "module"));
            let names = names.filter_map(text_of).collect::<Vec<_>>();
            names.iter().map(|name| folder_of_module(folder, &values.resolve(name))).collect()
        };
        Some(Self {
            folder: folder.to_owned(),
            own: values.own(),
            modules: folders(std::iter::once(own).chain(profiles(own, true)).collect()),
            optional_modules: folders(profiles(own, false)),
            needs: needs(&projects, &values),
            tests: Tests::read(&projects, &|text| values.resolve(text)),
        })
    }
}

impl Pom {
    /// One that cannot be read, of which Maven's defaults are assumed.
    pub fn unread(folder: &Path) -> Self {
        let tests = Tests::read(&[], &str::to_owned);
        Self { folder: folder.to_owned(), tests, ..Self::default() }
    }
}

impl Coordinates {
    /// As Maven's command line takes it.
    pub fn name(&self) -> String {
        format!("{}:{}", self.group, self.artifact)
    }

    /// Whether a need may mean this project. What cannot be read may be anything.
    pub fn may_be(&self, need: &Self) -> bool {
        let is_version = self.version.is_none() || need.version.is_none() || self.version == need.version;
        self.group == need.group && self.artifact == need.artifact && is_version
    }
}

/// The text of a project's file and of its parents in the repository, the own one first.
fn with_parents(folder: &Path, read: &dyn Fn(&Path) -> Option<String>) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    let mut next = Some(folder.join(POM));
    while let Some(file) = next.take().filter(|_| texts.len() < MOST_PARENTS) {
        let Some(text) = read(&file) else { break };
        if let Ok(document) = Document::parse(&text)
            && let Some(parent) = child(document.root_element(), "parent")
        {
            // An empty one says that the parent is not to be looked for here.
            let relative = child(parent, "relativePath").map_or(Some("../pom.xml".to_owned()), text_of);
            let at = relative.map(|path| without_dots(&file.parent().unwrap_or(Path::new("")).join(path)));
            next =
                at.map(|at| if at.extension().is_some_and(|end| end == "xml") { at } else { at.join(POM) });
        }
        texts.push(text);
    }
    texts
}

/// What properties stand for.
struct Values(BTreeMap<String, String>);

impl Values {
    fn read(projects: &[Node<'_, '_>]) -> Self {
        let mut values = BTreeMap::new();
        for project in projects.iter().rev() {
            let sections = std::iter::once(*project).chain(profiles(*project, true));
            let properties = sections.filter_map(|section| child(section, "properties"));
            let all = properties.flat_map(|properties| properties.children()).filter(Node::is_element);
            values
                .extend(all.map(|one| (one.tag_name().name().to_owned(), text_of(one).unwrap_or_default())));
        }
        for name in ["groupId", "artifactId", "version"] {
            let own = projects.first().and_then(|own| {
                let of_parent = || child(child(*own, "parent")?, name);
                text_of(child(*own, name).or_else(of_parent)?)
            });
            let parent = projects.first().and_then(|own| text_of(child(child(*own, "parent")?, name)?));
            let keys = [format!("project.{name}"), format!("pom.{name}")];
            values.extend(own.into_iter().flat_map(|value| keys.clone().map(|key| (key, value.clone()))));
            values.extend(parent.map(|value| (format!("project.parent.{name}"), value)));
        }
        Self(values)
    }

    /// The text with what is known of its references put in.
    fn resolve(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for _ in 0..MOST_REFERENCES {
            let known = self.0.iter().find(|(name, _)| text.contains(&format!("${{{name}}}")));
            let Some((name, value)) = known else { break };
            text = text.replace(&format!("${{{name}}}"), value);
        }
        text
    }

    /// A version; `None` if it is not given here, or in terms that are not known.
    fn version(&self, text: Option<String>) -> Option<String> {
        text.map(|text| self.resolve(&text)).filter(|version| !version.contains("${"))
    }

    fn own(&self) -> Coordinates {
        let value = |name: &str| self.resolve(&format!("${{project.{name}}}"));
        let version = self.version(Some("${project.version}".to_owned()));
        Coordinates { group: value("groupId"), artifact: value("artifactId"), version }
    }
}

/// What a project needs, with the versions that its parents manage.
fn needs(projects: &[Node<'_, '_>], values: &Values) -> Vec<Coordinates> {
    let coordinates = |node: Node<'_, '_>| {
        let value = |name: &str| child(node, name).and_then(text_of);
        let resolved = |name: &str| value(name).map(|text| values.resolve(&text)).unwrap_or_default();
        let version = values.version(value("version"));
        Coordinates { group: resolved("groupId"), artifact: resolved("artifactId"), version }
    };
    let sections =
        || projects.iter().flat_map(|project| std::iter::once(*project).chain(profiles(*project, true)));
    let managed: Vec<Coordinates> = sections()
        .filter_map(|section| child(section, "dependencyManagement"))
        .flat_map(|managed| children_in(managed, "dependencies", "dependency"))
        .map(coordinates)
        .collect();
    let direct =
        sections().flat_map(|section| children_in(section, "dependencies", "dependency")).map(coordinates);
    let with_version = |need: Coordinates| {
        let of_parent = || {
            let same = |other: &&Coordinates| other.name() == need.name();
            managed.iter().find(same).and_then(|managed| managed.version.clone())
        };
        let version = need.version.clone().or_else(of_parent);
        Coordinates { version, ..need }
    };
    direct.map(with_version).collect()
}

/// The profiles of a project: those that are active unless another is asked for, or the others.
pub fn profiles<'a, 'input>(project: Node<'a, 'input>, active: bool) -> Vec<Node<'a, 'input>> {
    let is_active = |profile: &Node<'_, '_>| {
        let by_default = child(*profile, "activation").and_then(|one| child(one, "activeByDefault"));
        by_default.and_then(text_of).as_deref() == Some("true")
    };
    children_in(project, "profiles", "profile").filter(|profile| is_active(profile) == active).collect()
}

/// The first child of a name.
pub fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.is_element() && child.tag_name().name() == name)
}

/// The entries of a list: the children of one name in those of another.
pub fn children_in<'a, 'input: 'a>(
    node: Node<'a, 'input>,
    list: &str,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> + use<'a, 'input> {
    let list = child(node, list);
    let all = list.into_iter().flat_map(|list| list.children());
    all.filter(move |child| child.is_element() && child.tag_name().name() == name)
}

/// The text of a node; `None` if it is empty.
pub fn text_of(node: Node<'_, '_>) -> Option<String> {
    node.text().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Folder of a module, which may be named by its file.
fn folder_of_module(folder: &Path, name: &str) -> PathBuf {
    let path = without_dots(&folder.join(name));
    match path.extension() {
        Some(extension) if extension == "xml" => path.parent().map(Path::to_owned).unwrap_or_default(),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[(&str, &str)], folder: &str) -> Pom {
        let text = |path: &Path| {
            files.iter().find(|(name, _)| Path::new(name) == path).map(|(_, text)| (*text).to_owned())
        };
        Pom::read(Path::new(folder), &text).unwrap()
    }

    const PARENT: &str = "<project><groupId>till</groupId><artifactId>all</artifactId><version>${revision}</version><modules><module>pay</module><module>./shop/pom.xml</module></modules><properties><revision>2-SNAPSHOT</revision></properties><dependencyManagement><dependencies><dependency><groupId>till</groupId><artifactId>pay</artifactId><version>${project.version}</version></dependency></dependencies></dependencyManagement><profiles><profile><modules><module>e2e</module></modules></profile><profile><activation><activeByDefault>true</activeByDefault></activation><modules><module>web</module></modules></profile></profiles></project>";
    const SHOP: &str = "<project><parent><groupId>till</groupId><artifactId>all</artifactId><version>${revision}</version></parent><artifactId>shop</artifactId><dependencies><dependency><groupId>${project.groupId}</groupId><artifactId>pay</artifactId></dependency><dependency><groupId>junit</groupId><artifactId>junit</artifactId><version>${unknown}</version></dependency></dependencies></project>";

    #[test]
    fn who_a_project_is_and_what_it_needs_is_read_with_its_parents() {
        let files = [("pom.xml", PARENT), ("shop/pom.xml", SHOP)];
        let all = read(&files, "");
        let folders = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
        assert_eq!(all.modules, folders(&["pay", "shop", "web"]));
        assert_eq!(all.optional_modules, folders(&["e2e"]));
        let shop = read(&files, "shop");
        let of = |group: &str, artifact: &str, version: Option<&str>| Coordinates {
            group: group.to_owned(),
            artifact: artifact.to_owned(),
            version: version.map(str::to_owned),
        };
        assert_eq!(shop.own, of("till", "shop", Some("2-SNAPSHOT")));
        assert_eq!(shop.needs, [of("till", "pay", Some("2-SNAPSHOT")), of("junit", "junit", None)]);
        let pay = of("till", "pay", Some("2-SNAPSHOT"));
        assert!(pay.may_be(&shop.needs[0]) && !pay.may_be(&of("till", "pay", Some("1"))));
        assert!(Pom::read(Path::new("gone"), &|_| None).is_none());
        assert!(Pom::read(Path::new(""), &|_| Some("<project>".to_owned())).is_none());
    }
}
