//! Which test classes `mvn test` runs: Surefire's patterns, as a `pom.xml` and its parents set them. Failsafe's tests run
//! in a later phase.

use std::path::{Path, PathBuf};

use regex_lite::Regex;
use roxmltree::Node;

use super::pom::{child, children_in, profiles, text_of};
use crate::suite::Pattern;
use crate::suite::paths;

const PLUGIN: &str = "maven-surefire-plugin";
/// What Surefire runs where nothing else is said (its documentation, "Inclusions and Exclusions of Tests").
const DEFAULT: &[&str] = &["**/Test*.java", "**/*Test.java", "**/*Tests.java", "**/*TestCase.java"];
/// The execution that every project has.
const MAIN_EXECUTION: &str = "default-test";
/// The plugin that adds folders of tests.
const ADDING_FOLDERS: &str = "build-helper-maven-plugin";
/// What leaves all tests out.
const SKIPPING: &[&str] = &["skipTests", "maven.test.skip"];

/// Which test classes of a module run.
#[derive(Clone, Debug, Default)]
pub struct Tests {
    executions: Vec<Execution>,
    /// The folder of tests, if the project names one.
    folder: Option<PathBuf>,
    /// Whether tests may lie in further folders.
    has_more_folders: bool,
}

/// One turn of Surefire.
#[derive(Clone, Debug, Default)]
struct Execution {
    includes: Vec<Rule>,
    excludes: Vec<Rule>,
    is_skipped: bool,
}

/// A pattern of classes.
#[derive(Clone, Debug)]
enum Rule {
    Path(Pattern),
    /// `%regex[…]`, over `till/TillTest.class`.
    Class(Regex),
}

/// What a project and its parents say of Surefire, the most particular first.
struct Said<'a, 'input> {
    plugins: Vec<Node<'a, 'input>>,
}

impl Tests {
    /// Reads a project and its parents, the project first. `resolve` replaces properties by their values.
    pub fn read(projects: &[Node<'_, '_>], resolve: &dyn Fn(&str) -> String) -> Self {
        let said = Said::read(projects);
        let is_skipped = SKIPPING.iter().any(|name| resolve(&format!("${{{name}}}")) == "true");
        let executions = said.executions().into_iter().map(|id| said.execution(&id, resolve));
        let executions = executions
            .map(|execution| Execution { is_skipped: is_skipped || execution.is_skipped, ..execution });
        let builds = || projects.iter().filter_map(|project| child(*project, "build"));
        let folder = builds().find_map(|build| text_of(child(build, "testSourceDirectory")?));
        let folder = folder.map(|folder| resolve(&folder)).filter(|folder| !folder.contains("${"));
        let adds = |build: Node<'_, '_>| {
            children_in(build, "plugins", "plugin").any(|one| is_plugin(one, ADDING_FOLDERS))
        };
        Self {
            executions: executions.collect(),
            folder: folder.map(PathBuf::from),
            has_more_folders: builds().any(adds),
        }
    }

    /// Whether a file, relative to the folder of its module, holds a class that runs.
    pub fn run(&self, file: &Path) -> bool {
        let Some(class) = self.class_path(file) else { return false };
        self.executions.iter().any(|execution| execution.runs(&class))
    }

    /// The folder of tests that the project names besides the usual ones.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// `till/TillTest` for `src/test/java/till/TillTest.java`.
    fn class_path(&self, file: &Path) -> Option<PathBuf> {
        let named = self.folder.as_ref().and_then(|folder| file.strip_prefix(folder).ok());
        let usual = || {
            let mut names = file.iter();
            let (source, set) = (names.next()?, names.next()?);
            let _language = names.next()?;
            let is_usual = source == "src" && (set == "test" || self.has_more_folders);
            is_usual.then_some(names.as_path())
        };
        Some(named.or_else(usual)?.with_extension(""))
    }
}

impl Execution {
    fn runs(&self, class: &Path) -> bool {
        let covers = |rules: &[Rule]| rules.iter().any(|rule| rule.covers(class));
        !self.is_skipped && covers(&self.includes) && !covers(&self.excludes)
    }
}

impl Rule {
    /// A pattern as `<include>` holds it; `None` if it cannot be understood.
    fn new(text: &str) -> Option<Self> {
        if let Some(regex) = text.strip_prefix("%regex[").and_then(|rest| rest.strip_suffix(']')) {
            return Regex::new(&format!("^(?:{regex})$")).ok().map(Self::Class);
        }
        let text = text.strip_prefix("%ant[").and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        // A method behind it chooses among the tests of the class.
        let text = text.split('#').next().unwrap_or(text);
        let endings = [".java", ".class", ".kt", ".groovy", ".scala"];
        let stem = endings.iter().find_map(|ending| text.strip_suffix(ending)).unwrap_or(text);
        let path =
            if stem.contains('/') { stem.to_owned() } else { format!("**/{}", stem.replace('.', "/")) };
        let path = if path.ends_with('/') { format!("{path}**") } else { path };
        (!stem.is_empty() && !stem.contains("${")).then(|| Self::Path(Pattern::new(&path)))
    }

    fn covers(&self, class: &Path) -> bool {
        match self {
            Self::Path(pattern) => pattern.covers(class),
            Self::Class(regex) => regex.is_match(&format!("{}.class", paths::text_of_path(class))),
        }
    }
}

impl<'a, 'input> Said<'a, 'input> {
    /// Plugins before what only manages them, and a child before its parents.
    fn read(projects: &[Node<'a, 'input>]) -> Self {
        let sections = |project: &Node<'a, 'input>| {
            profiles(*project, true)
                .into_iter()
                .chain([*project])
                .filter_map(|one| child(one, "build"))
                .collect::<Vec<_>>()
        };
        let builds: Vec<_> = projects.iter().flat_map(sections).collect();
        let direct = builds.iter().flat_map(|build| children_in(*build, "plugins", "plugin"));
        let managed = builds.iter().filter_map(|build| child(*build, "pluginManagement"));
        let managed = managed.flat_map(|managed| children_in(managed, "plugins", "plugin"));
        Self { plugins: direct.chain(managed).filter(|plugin| is_plugin(*plugin, PLUGIN)).collect() }
    }

    /// The executions in the phase of tests.
    fn executions(&self) -> Vec<String> {
        let mut ids = vec![MAIN_EXECUTION.to_owned()];
        for execution in
            self.plugins.iter().flat_map(|plugin| children_in(*plugin, "executions", "execution"))
        {
            let id = child(execution, "id").and_then(text_of).unwrap_or_else(|| "default".to_owned());
            let phase = child(execution, "phase").and_then(text_of);
            let has_goal =
                children_in(execution, "goals", "goal").filter_map(text_of).any(|goal| goal == "test");
            if has_goal && phase.is_none_or(|phase| phase == "test") && !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids
    }

    /// What is set for an execution: by itself, else for all of them.
    fn execution(&self, id: &str, resolve: &dyn Fn(&str) -> String) -> Execution {
        let own = self.plugins.iter().flat_map(|plugin| children_in(*plugin, "executions", "execution"));
        let own = own
            .filter(|one| child(*one, "id").and_then(text_of).unwrap_or_else(|| "default".to_owned()) == id);
        let holders: Vec<Node<'_, '_>> = own.chain(self.plugins.iter().copied()).collect();
        let settings: Vec<Node<'_, '_>> =
            holders.iter().filter_map(|one| child(*one, "configuration")).collect();
        let list = |name: &str, entry: &'static str| {
            let set = settings.iter().find(|one| child(**one, name).is_some())?;
            let entries = children_in(*set, name, entry).filter_map(text_of);
            Some(entries.flat_map(|text| split(&resolve(&text))).collect::<Vec<_>>())
        };
        let given = list("includes", "include").filter(|list| !list.is_empty());
        let given = given.unwrap_or_else(|| DEFAULT.iter().map(|text| (*text).to_owned()).collect());
        let (refused, wanted): (Vec<_>, Vec<_>) = given.iter().partition(|text| text.starts_with('!'));
        let excluded = list("excludes", "exclude").unwrap_or_default();
        let refused = refused
            .iter()
            .map(|text| text.trim_start_matches('!'))
            .chain(excluded.iter().map(String::as_str));
        let is_set = |name: &str| {
            let set = settings.iter().find_map(|one| text_of(child(*one, name)?));
            set.is_some_and(|value| resolve(&value) == "true")
        };
        Execution {
            includes: wanted.iter().filter_map(|text| Rule::new(text)).collect(),
            excludes: refused.filter_map(Rule::new).collect(),
            is_skipped: is_set("skip") || is_set("skipTests"),
        }
    }
}

/// Several patterns may stand in one entry; a comma within a regular expression is a part of it.
fn split(text: &str) -> Vec<String> {
    if text.contains("%regex[") {
        return vec![text.trim().to_owned()];
    }
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn is_plugin(plugin: Node<'_, '_>, name: &str) -> bool {
    child(plugin, "artifactId").and_then(text_of).as_deref() == Some(name)
}

#[cfg(test)]
mod tests {
    use roxmltree::Document;

    use super::*;

    /// Of a project with this inside, and a parent.
    fn tests(own: &str, parent: &str) -> Tests {
        let texts = [own, parent].map(|inside| format!("<project>{inside}</project>"));
        let documents: Vec<_> = texts.iter().map(|text| Document::parse(text).unwrap()).collect();
        let projects: Vec<_> = documents.iter().map(Document::root_element).collect();
        Tests::read(&projects, &|text| text.replace("${slow}", "**/Slow*"))
    }

    fn plugin(inside: &str) -> String {
        format!("<plugins><plugin><artifactId>{PLUGIN}</artifactId>{inside}</plugin></plugins>")
    }

    fn running<'a>(tests: &Tests, names: &[&'a str]) -> Vec<&'a str> {
        let runs = |name: &&&str| tests.run(Path::new(&format!("src/test/java/till/{name}.java")));
        names.iter().filter(runs).copied().collect()
    }

    const ALL: &[&str] = &[
        "TillTest",
        "TestTill",
        "TillTests",
        "TillTestCase",
        "TillIT",
        "TillSpec",
        "TillE2ETest",
        "SlowTest",
    ];

    #[test]
    fn defaults_hold_where_nothing_is_said() {
        let tests = tests("", "");
        assert_eq!(
            running(&tests, ALL),
            ["TillTest", "TestTill", "TillTests", "TillTestCase", "TillE2ETest", "SlowTest"]
        );
        assert!(tests.run(Path::new("src/test/kotlin/a/ATest.kt")));
        assert!(
            !tests.run(Path::new("src/it/java/a/ATest.java"))
                && !tests.run(Path::new("src/main/java/ATest.java"))
        );
    }

    #[test]
    fn what_is_excluded_or_not_included_does_not_run() {
        let excluding = plugin(
            "<configuration><excludes><exclude>**/*E2ETest.java, ${slow}</exclude></excludes></configuration>",
        );
        let wanted = ["TillTest", "TestTill", "TillTests", "TillTestCase"];
        assert_eq!(running(&tests(&format!("<build>{excluding}</build>"), ""), ALL), wanted);
        assert_eq!(running(&tests("", &format!("<build>{excluding}</build>")), ALL), wanted);
        let managed = format!("<build><pluginManagement>{excluding}</pluginManagement></build>");
        assert_eq!(running(&tests("", &managed), ALL), wanted);
        // A child's own list stands for that of its parent.
        let own = plugin("<configuration><excludes><exclude>SlowTest</exclude></excludes></configuration>");
        let both = tests(&format!("<build>{own}</build>"), &format!("<build>{excluding}</build>"));
        assert_eq!(running(&both, ALL), ["TillTest", "TestTill", "TillTests", "TillTestCase", "TillE2ETest"]);
        let including = plugin(
            "<configuration><includes><include>%regex[.*/Till(Spec|IT).*]</include><include>till.SlowTest</include><include>!**/*IT</include></includes></configuration>",
        );
        assert_eq!(
            running(&tests(&format!("<build>{including}</build>"), ""), ALL),
            ["TillSpec", "SlowTest"]
        );
    }

    #[test]
    fn executions_add_to_each_other_and_may_skip() {
        let execution = |id: &str, phase: &str, inside: &str| {
            format!(
                "<execution><id>{id}</id>{phase}<goals><goal>test</goal></goals><configuration>{inside}</configuration></execution>"
            )
        };
        let slow = "<includes><include>**/Slow*</include></includes>";
        let fast = "<excludes><exclude>**/Slow*</exclude></excludes>";
        let both = |phase: &str| {
            let all = [execution("default-test", "", fast), execution("slow", phase, slow)].concat();
            tests(&format!("<build>{}</build>", plugin(&format!("<executions>{all}</executions>"))), "")
        };
        assert!(running(&both(""), ALL).contains(&"SlowTest"));
        assert!(!running(&both("<phase>integration-test</phase>"), ALL).contains(&"SlowTest"));
        let skipping = plugin("<configuration><skipTests>true</skipTests></configuration>");
        assert!(running(&tests(&format!("<build>{skipping}</build>"), ""), ALL).is_empty());
    }
}
