//! Which modules a Rust file names: by `mod`, by `use`, and by paths in its text.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Language, Needs};

/// Files that are the module of their folder.
const ROOTS: &[&str] = &["lib", "main", "mod"];

/// The modules of a repository.
pub struct Rust<'a> {
    /// Files by the last name of their module.
    by_name: BTreeMap<String, Vec<(Vec<String>, &'a Path)>>,
}

impl<'a> Rust<'a> {
    /// The modules of these files.
    pub fn new(files: &'a [PathBuf]) -> Self {
        let mut by_name: BTreeMap<String, Vec<(Vec<String>, &Path)>> = BTreeMap::new();
        for file in files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "rs")) {
            let module = module_of(file);
            if let Some(name) = module.last() {
                by_name.entry(name.clone()).or_default().push((module, file));
            }
        }
        Self { by_name }
    }
}

impl Language for Rust<'_> {
    fn needs(&self, file: &Path, text: &str) -> Needs {
        let own_folder = file.parent().unwrap_or(Path::new(""));
        let mut files = BTreeSet::new();
        for path in paths(text) {
            for (place, name) in path.iter().enumerate() {
                let candidates = self.by_name.get(*name).into_iter().flatten();
                let before = path.get(..place).unwrap_or_default();
                // `low` alone may be anything; `deep::low` is the file, `mod low;` beside it as well.
                let is_meant = |(module, target): &&(Vec<String>, &Path)| {
                    let above = module.len().checked_sub(2).and_then(|index| module.get(index));
                    let named = above.is_none_or(|above| before.last() == Some(&above.as_str()));
                    let near = |word: &&&str| matches!(**word, "mod" | "self" | "super" | "crate");
                    named && !before.is_empty() && target.extension().is_some()
                        || before.last().as_ref().is_some_and(near) && target.starts_with(own_folder)
                };
                files.extend(candidates.filter(is_meant).map(|(_, target)| (*target).to_owned()));
            }
        }
        Needs { files, unknown: false }
    }
}

/// `crates/a/src/deep/low.rs` as `["deep", "low"]`; a crate's own file as the name of the crate's folder.
fn module_of(file: &Path) -> Vec<String> {
    let names: Vec<String> =
        file.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let source = names.iter().rposition(|name| name == "src" || name == "tests");
    let (outside, inside) = match source {
        Some(place) => (names.get(..place).unwrap_or_default(), names.get(place + 1..).unwrap_or_default()),
        None => (&[][..], names.as_slice()),
    };
    let is_root = inside.last().is_some_and(|name| ROOTS.contains(&name.as_str()));
    let inside = if is_root { inside.get(..inside.len() - 1).unwrap_or_default() } else { inside };
    match inside.is_empty() {
        true => outside.last().map(|name| name.replace('-', "_")).into_iter().collect(),
        false => inside.to_vec(),
    }
}

/// Paths such as `a::b::c`, with those inside of braces joined to what stands before them; `mod a;` as `mod::a`.
fn paths(text: &str) -> Vec<Vec<&str>> {
    let mut found = Vec::new();
    let mut above: Vec<Vec<&str>> = Vec::new();
    let mut current: Vec<&str> = Vec::new();
    for token in tokens(text) {
        match token {
            "::" => {}
            "{" => above.push(std::mem::take(&mut current)),
            "}" => {
                found.push(std::mem::take(&mut current));
                above.pop();
            }
            "," | ";" => found.push(std::mem::take(&mut current)),
            word => {
                if current.is_empty() && above.last().is_some_and(|above| !above.is_empty()) {
                    current.clone_from(above.last().unwrap_or(&Vec::new()));
                }
                current.push(word);
            }
        }
    }
    found.push(current);
    found.retain(|path| path.len() > 1);
    found
}

/// Names joined by `::`, and the marks around them; `mod` counts as the start of a path.
fn tokens(text: &str) -> Vec<&str> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    let mut found = Vec::new();
    for line in lines {
        let is_use = ["use ", "pub use ", "mod ", "pub mod ", "pub(crate) mod ", "pub(crate) use "]
            .iter()
            .find_map(|start| line.strip_prefix(start));
        let inside_use = found.last().is_some_and(|last: &&str| *last != ";");
        match is_use {
            Some(rest) => {
                if line.contains("mod ") && !line.contains("use ") {
                    found.push("mod");
                }
                push_words(rest, &mut found);
            }
            None if inside_use => push_words(line, &mut found),
            None => {}
        }
        let is_over = line.ends_with(';') || (line.contains("mod ") && line.ends_with('{'));
        if is_over && found.last().is_some_and(|last| *last != ";") {
            found.push(";");
        }
    }
    found
}

fn push_words<'a>(line: &'a str, found: &mut Vec<&'a str>) {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let length = if is_part(first) {
            rest.find(|c: char| !is_part(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (word, after) = rest.split_at(length);
        if is_part(first) || matches!(word, "{" | "}" | "," | ";") {
            found.push(word);
        }
        rest = after;
    }
}
