//! What `CMake` tells about a configured project: its targets ("cmake-file-api(7)") and its tests (`ctest
//! --show-only=json-v1`).

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::env::without_dots;

/// The name under which we ask.
const CLIENT: &str = "client-git-hotfix";
const API: &str = ".cmake/api/v1";

/// Something that is built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Its name, with which it is built.
    pub name: String,
    /// `CMake`'s id of it.
    id: String,
    /// The files it becomes; absolute.
    products: Vec<PathBuf>,
    /// The files it is made from; absolute.
    pub sources: Vec<PathBuf>,
    /// Ids of the targets it needs.
    needs: Vec<String>,
}

/// A test of ctest.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// The number by which it is chosen, counted from 1.
    pub number: usize,
    /// Its name.
    pub name: String,
    /// The program and its arguments; empty if the program was not built.
    pub command: Vec<String>,
    /// Its own time limit, seconds.
    pub limit: Option<f64>,
    /// Whether the project has switched it off.
    pub is_disabled: bool,
}

/// Asks for the targets; answered by the next configuration. Errors: the build folder cannot be written.
pub fn ask(build: &Path) -> std::io::Result<()> {
    let folder = build.join(API).join("query").join(CLIENT);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("codemodel-v2"), "")
}

/// The answer; empty if there is none.
pub fn targets(build: &Path, project: &Path) -> Vec<Target> {
    let reply = build.join(API).join("reply");
    let read =
        |name: &str| -> Option<Value> { serde_json::from_slice(&fs::read(reply.join(name)).ok()?).ok() };
    let names = fs::read_dir(&reply).into_iter().flatten().flatten();
    let names = names.filter_map(|entry| entry.file_name().into_string().ok());
    // The newest answer has the last name.
    let index = names.filter(|name| name.starts_with("index-")).max();
    let model = index.and_then(|name| read(&name)).and_then(|index| {
        let model = index.get("reply")?.get(CLIENT)?.get("codemodel-v2")?.get("jsonFile")?;
        read(model.as_str()?)
    });
    let listed =
        model.as_ref().and_then(|model| model.get("configurations")?.get(0)?.get("targets")?.as_array());
    let files = listed.into_iter().flatten().filter_map(|target| target.get("jsonFile")?.as_str());
    files.filter_map(|name| Some(target(&read(name)?, build, project))).collect()
}

fn target(value: &Value, build: &Path, project: &Path) -> Target {
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let all = |key: &str, inner: &'static str| {
        let list = value.get(key).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(move |one| one.get(inner)?.as_str())
    };
    Target {
        name: text("name"),
        id: text("id"),
        products: all("artifacts", "path").map(|path| without_dots(&build.join(path))).collect(),
        sources: all("sources", "path").map(|path| without_dots(&project.join(path))).collect(),
        needs: all("dependencies", "id").map(str::to_owned).collect(),
    }
}

/// The target that a program is.
pub fn target_of<'a>(targets: &'a [Target], program: &str) -> Option<&'a Target> {
    let program = without_dots(Path::new(program));
    targets.iter().find(|target| target.products.contains(&program))
}

/// The targets that are made from one of some files, and those that need them.
pub fn with_dependents<'a>(targets: &'a [Target], files: &[PathBuf]) -> Vec<&'a Target> {
    let holds = |target: &&Target| target.sources.iter().any(|source| files.contains(source));
    let mut reached: Vec<&Target> = targets.iter().filter(holds).collect();
    loop {
        let needs = |target: &&Target| {
            target.needs.iter().any(|id| reached.iter().any(|one| one.id == *id)) && !reached.contains(target)
        };
        let more: Vec<&Target> = targets.iter().filter(needs).collect();
        if more.is_empty() {
            return reached;
        }
        reached.extend(more);
    }
}

/// Reads the list of tests; `None` if it is not one.
pub fn tests(output: &[u8]) -> Option<Vec<Test>> {
    #[derive(Deserialize)]
    struct List {
        tests: Vec<Listed>,
    }
    #[derive(Deserialize)]
    struct Listed {
        name: String,
        #[serde(default)]
        command: Vec<String>,
        #[serde(default)]
        properties: Vec<Property>,
    }
    #[derive(Deserialize)]
    struct Property {
        name: String,
        value: Value,
    }
    let begin = output.iter().position(|byte| *byte == b'{')?;
    let list: List = serde_json::from_slice(output.get(begin..)?).ok()?;
    let test = |(index, listed): (usize, Listed)| {
        let property = |name: &str| listed.properties.iter().find(|property| property.name == name);
        let limit = property("TIMEOUT");
        let disabled = property("DISABLED").and_then(|property| property.value.as_bool());
        Test {
            number: index + 1,
            limit: limit.and_then(|property| property.value.as_f64()),
            is_disabled: disabled.unwrap_or_default(),
            name: listed.name,
            command: listed.command,
        }
    };
    Some(list.tests.into_iter().enumerate().map(test).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::suite::damage::damaged;

    /// The list with nothing looked at but how long it is.
    #[derive(Deserialize)]
    struct Counted {
        tests: Vec<serde::de::IgnoredAny>,
    }

    proptest! {
        /// A damaged list is none, or holds as many tests as can be found in it by another way.
        #[test]
        fn a_damaged_list_is_refused_or_read_to_the_last_test(
            names in prop::collection::vec("[a-z ]{0,5}", 0..6),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 0..4),
        ) {
            let list: Vec<Value> = names.iter().map(|name| serde_json::json!({"name": name, "command": ["/b", name]})).collect();
            let text = serde_json::json!({"kind": "ctestInfo", "tests": list}).to_string();
            let bytes = damaged(&text, &changes);
            let found = tests(&bytes).map(|tests| tests.len());
            prop_assert!(!changes.is_empty() || found == Some(names.len()));
            if let Some(found) = found {
                let begin = bytes.iter().position(|byte| *byte == b'{').unwrap();
                let all: Counted = serde_json::from_slice(&bytes[begin..]).unwrap();
                prop_assert_eq!(found, all.tests.len());
            }
        }
    }

    #[test]
    fn dependents_are_reached_through_others() {
        let target = |name: &str, source: &str, needs: &[&str]| Target {
            name: name.to_owned(),
            id: name.to_owned(),
            sources: vec![PathBuf::from(source)],
            needs: needs.iter().map(|one| (*one).to_owned()).collect(),
            ..Target::default()
        };
        let all = [
            target("c", "/p/c.c", &["b"]),
            target("b", "/p/b.c", &["a"]),
            target("a", "/p/a.c", &[]),
            target("d", "/p/d.c", &[]),
        ];
        let reached = with_dependents(&all, &[PathBuf::from("/p/a.c")]);
        let names: Vec<&str> = reached.iter().map(|target| target.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
    }

    #[test]
    fn a_list_is_read_and_what_is_none_is_not() {
        let text = r#"warning
{"kind":"ctestInfo","tests":[{"name":"a","command":["/b/a","-x"],"properties":[{"name":"TIMEOUT","value":2.5}]},{"name":"b"}]}"#;
        let found = tests(text.as_bytes()).unwrap();
        assert_eq!((found[0].number, found[0].limit, found[0].command.len()), (1, Some(2.5), 2));
        assert_eq!((found[1].number, found[1].limit, found[1].command.len()), (2, None, 0));
        assert_eq!(tests(b"no"), None);
    }
}
