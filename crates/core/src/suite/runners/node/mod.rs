//! JavaScript and TypeScript: jest, vitest, mocha and Node's own test runner, one project per `package.json` that says
//! how its tests run.

mod arguments;
mod ava;
mod coverage;
mod in_source;
mod jest;
mod job;
mod mocha;
mod modules;
mod node_test;
mod own;
mod package;
mod pnp;
mod project;
mod script;
mod settings;
mod site;
mod together;
mod vitest;
mod whole;
mod words;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use self::job::{Call, Tool};
use self::package::Package;
use self::project::Project;
use self::script::{Invocation, Script};
use self::site::Site;
use self::whole::Whole;
use crate::suite::family::{Family, Found};
use crate::suite::{Runner, paths};

pub use modules::link as link_packages;

/// All tools, in the order in which they are looked for among the dependencies.
const TOOLS: &[&dyn Tool] = &[&vitest::Vitest, &jest::Jest, &mocha::Mocha, &node_test::NodeTest];
/// Endings of files in these languages.
const LANGUAGES: &[&str] =
    &["js", "jsx", "ts", "tsx", "mjs", "cjs", "mts", "cts", "vue", "svelte", "json", "snap", "css", "scss"];
/// Endings of files that can hold tests.
const TESTS: &[&str] = &["js", "jsx", "ts", "tsx", "mjs", "cjs", "mts", "cts"];

/// JavaScript and TypeScript projects.
#[derive(Debug)]
pub struct Node;

impl Family for Node {
    fn projects(&self, found: &Found<'_>) -> Vec<Box<dyn Runner>> {
        let folders = found.folders_with(&["package.json"]);
        let packages: Vec<Package> =
            folders.iter().filter_map(|folder| Package::read(found, folder)).collect();
        let known: Vec<_> = packages.iter().filter_map(|package| runner(found, package, &packages)).collect();
        let root = packages.iter().find(|package| package.folder.as_os_str().is_empty());
        match root.filter(|_| known.is_empty()).and_then(|root| Some((root, root.tests()?))) {
            Some((root, (script, _))) => {
                vec![Box::new(Whole::new(Site::new(root, script, &packages), root, script, None))]
            }
            None => known,
        }
    }
}

/// By the script that runs the tests, else by the settings of a tool or the dependency on it.
fn runner(found: &Found<'_>, package: &Package, packages: &[Package]) -> Option<Box<dyn Runner>> {
    let tool_of = |name: &str| TOOLS.iter().copied().find(|tool| tool.is_called(name));
    let call =
        |invocation: Invocation| Some(Call::new(tool_of(&invocation.tool)?, found, package, invocation));
    let project = |script: &str, calls: Vec<Call>, after: Vec<String>| {
        let site = Site::new(package, script, packages);
        let in_source = sources_with_tests(found, package, &calls);
        Box::new(Project::new(site, calls, after, in_source)) as Box<dyn Runner>
    };
    match package.tests() {
        Some((script, Script::Calls(invocations, after))) => {
            let calls: Option<Vec<Call>> = invocations.into_iter().map(call).collect();
            Some(project(script, calls?, after))
        }
        Some((script, Script::Whole(tools))) => {
            // With one tool in it, it can be told which tests to run.
            let [tool] = tools.into_iter().collect::<Vec<_>>().try_into().ok()?;
            let call = call(Invocation { tool: tool.to_owned(), ..Invocation::default() })?;
            Some(Box::new(Whole::new(Site::new(package, script, packages), package, script, Some(call))))
        }
        Some((_, Script::OtherPackages | Script::Nothing)) => None,
        None => {
            let is_used = |tool: &&&dyn Tool| {
                let settled = !settings::texts(found, &package.folder, tool.settings()).is_empty();
                settled || tool.packages().first().is_some_and(|name| package.depends_on(name))
            };
            let tool = TOOLS.iter().find(is_used)?;
            let call = call(Invocation { tool: tool.name().to_owned(), ..Invocation::default() })?;
            Some(project("test", vec![call], Vec::new()))
        }
    }
}

/// The files of source that hold tests as well.
fn sources_with_tests(found: &Found<'_>, package: &Package, calls: &[Call]) -> BTreeSet<PathBuf> {
    let globs: Vec<_> = calls.iter().flat_map(|call| call.tool.sources_with_tests(found, package)).collect();
    let covers = |path: &&PathBuf| {
        can_hold_tests(path)
            && inside(&package.folder, path).is_some_and(|path| globs.iter().any(|glob| glob.covers(&path)))
    };
    let holds = |path: &&PathBuf| found.text(path).is_some_and(|text| text.contains(in_source::MARK));
    found.files().iter().filter(covers).filter(holds).cloned().collect()
}

/// Whether a file is in one of these languages.
fn is_source(path: &Path) -> bool {
    has_ending(path, LANGUAGES)
}

/// Whether a file can hold tests, by its ending and its place.
fn can_hold_tests(path: &Path) -> bool {
    let is_declaration =
        path.to_str().is_some_and(|path| path.ends_with(".d.ts") || path.ends_with(".d.mts"));
    has_ending(path, TESTS) && !is_declaration && !paths::is_skipped(path) && !paths::is_test_data(path)
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    path.extension().is_some_and(|extension| endings.iter().any(|one| extension == *one))
}

/// A regular expression for the names of these tests: their titles, joined by a blank as the tools do it.
fn name_pattern(ids: &[String]) -> String {
    let names: Vec<String> = ids.iter().map(|id| pattern_of(id)).collect();
    format!("^(?:{})$", names.join("|"))
}

/// Patterns for the titles of these tests and of what they are in: Node looks at each title for itself.
fn title_patterns(ids: &[String]) -> Vec<String> {
    let names = ids.iter().map(|id| without_number(id.split_once("::").map_or(id, |(_, name)| name)));
    let titles: BTreeSet<&str> = names.flat_map(|name| name.split(" > ")).collect();
    titles.into_iter().map(|title| format!("/^{}$/", escaped(title).replace(' ', "\\s+"))).collect()
}

/// A title may hold what separates titles in ids, and any kind of blank where ids have one.
fn pattern_of(id: &str) -> String {
    let name = without_number(id.split_once("::").map_or(id, |(_, name)| name));
    let titles: Vec<String> = name.split(" > ").map(|title| escaped(title).replace(' ', "\\s+")).collect();
    titles.join("\\s+(?:>\\s+)?").replace("\u{fffd}", ".")
}

/// The name without the ` #2` that tells tests of the same name apart.
fn without_number(name: &str) -> &str {
    let (start, end) = name.rsplit_once(" #").unwrap_or((name, ""));
    if !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit()) { start } else { name }
}

/// A text as a regular expression of JavaScript that matches just it. What ids write out as `\u0000` matches anything of
/// that length.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if rest.starts_with("\\u") {
            escaped.push_str("[^]{1,6}");
            rest = rest.get(6..).unwrap_or_default();
            continue;
        }
        if "\\^$.*+?()[]{}|/-".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
    }
    escaped
}

/// The ids of a selection that are tests, not files.
fn tests_of(ids: &[String]) -> Vec<String> {
    ids.iter().filter(|id| id.contains("::")).cloned().collect()
}

/// A path below a project's folder, as text.
fn inside(folder: &Path, path: &Path) -> Option<String> {
    path.strip_prefix(folder).ok()?.to_str().map(str::to_owned)
}

/// Absolute paths that a tool printed, as paths relative to the root.
fn below_root(root: &Path, printed: &[String]) -> Vec<PathBuf> {
    let real = std::fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let paths = printed.iter().map(Path::new);
    paths
        .filter_map(|path| path.strip_prefix(&real).or_else(|_| path.strip_prefix(root)).ok())
        .map(Path::to_owned)
        .collect()
}
