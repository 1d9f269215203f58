//! JavaScript and TypeScript: jest, vitest, mocha and Node's own test runner, one project per `package.json` that says
//! how its tests run.

mod coverage;
mod jest;
mod mocha;
mod modules;
mod node_test;
mod npm_test;
mod package;
mod project;
mod script;
mod settings;
mod vitest;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use self::package::Package;
use self::project::{Project, Tool};
use self::script::Invocation;
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
        let known = packages.iter().filter_map(|package| runner(found, package));
        let known: Vec<_> = known.map(|one| Box::new(one) as Box<dyn Runner>).collect();
        let root = packages.iter().find(|package| package.folder.as_os_str().is_empty());
        match root.filter(|root| known.is_empty() && root.has_test_script()) {
            Some(root) => npm_test::npm_test(root.has_dependencies()).into_iter().collect(),
            None => known,
        }
    }
}

/// By the script that runs the tests, else by the settings of a tool or the dependency on it.
fn runner(found: &Found<'_>, package: &Package) -> Option<Project> {
    if let Some(invocation) = package.invocation() {
        let tool = TOOLS.iter().find(|tool| tool.is_called(&invocation.tool))?;
        return Some(Project::new(*tool, found, package, invocation));
    }
    let is_used = |tool: &&&dyn Tool| {
        let settled = !settings::texts(found, &package.folder, tool.settings()).is_empty();
        settled || tool.packages().first().is_some_and(|name| package.depends_on(name))
    };
    let tool = TOOLS.iter().find(is_used)?;
    Some(Project::new(*tool, found, package, Invocation::default()))
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

/// The options among the arguments of a script that stay: those that choose, watch or report are ours. `with_value` are
/// those that take the next word.
fn kept_options(arguments: &[String], dropped: &[&str], with_value: &[&str]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut words = arguments.iter().peekable();
    while let Some(word) = words.next() {
        let name = word.split('=').next().unwrap_or_default();
        let takes_next = with_value.contains(&name) && !word.contains('=');
        let value = if takes_next { words.next_if(|next| !next.starts_with('-')) } else { None };
        if word.starts_with('-') && word != "--" && !dropped.contains(&name) {
            kept.push(word.clone());
            kept.extend(value.cloned());
        }
    }
    kept
}

/// The words among the arguments that are no options: files, folders and patterns.
fn files_named(arguments: &[String], with_value: &[&str]) -> Vec<String> {
    let mut named = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if with_value.contains(&word.as_str()) {
            words.next();
        } else if !word.starts_with('-') {
            named.push(word.clone());
        }
    }
    named
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
