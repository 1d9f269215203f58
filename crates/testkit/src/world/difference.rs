//! Says what differs between two worlds, one line each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::entry::Entry;

pub fn of_entries(
    kind: &str,
    before: &BTreeMap<PathBuf, Entry>,
    after: &BTreeMap<PathBuf, Entry>,
) -> Vec<String> {
    let compare = |path: &PathBuf| {
        let said = match (before.get(path), after.get(path)) {
            (Some(before), Some(after)) => match before.compare(after) {
                parts if parts.is_empty() => return None,
                parts => format!("other {}", parts.join(", ")),
            },
            (Some(_), None) => "gone".to_owned(),
            _ => "new".to_owned(),
        };
        Some(format!("{kind} {}: {said}", path.display()))
    };
    before.keys().chain(after.keys()).collect::<BTreeSet<_>>().into_iter().filter_map(compare).collect()
}

pub fn of_texts(kind: &str, before: &str, after: &str) -> Vec<String> {
    let missing = |from: &str, other: &str, sign: char| -> Vec<String> {
        let lines: Vec<&str> = other.lines().collect();
        let missing = from.lines().filter(|line| !lines.contains(line));
        missing.map(|line| format!("{kind}: {sign} {line}")).collect()
    };
    let mut lines = missing(before, after, '-');
    lines.extend(missing(after, before, '+'));
    if lines.is_empty() && before != after {
        lines.push(format!("{kind}: the same lines in another order or number"));
    }
    lines
}

pub fn of_refs(
    kind: &str,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    allowed: &[&str],
) -> Vec<String> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let watched = names.into_iter().filter(|name| !allowed.iter().any(|pattern| matches(pattern, name)));
    let none = String::new();
    let compare = |name: &String| {
        let (before, after) = (before.get(name), after.get(name));
        if before == after {
            return Vec::new();
        }
        of_texts(&format!("{kind} {name}"), before.unwrap_or(&none), after.unwrap_or(&none))
    };
    watched.flat_map(compare).collect()
}

/// Whether a name fits a pattern in which each `*` stands for anything.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|tail| {
            tail.char_indices().any(|(at, _)| matches(rest, &tail[at..])) || matches(rest, "")
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_anything() {
        assert!(matches("refs/hotfix/*", "refs/hotfix/record/1"));
        assert!(matches("refs/remotes/*/hotfix/*", "refs/remotes/origin/hotfix/1.2.3"));
        assert!(!matches("refs/remotes/*/hotfix/*", "refs/remotes/origin/main"));
        assert!(!matches("refs/heads/hotfix/*", "refs/heads/main"));
        assert!(!matches("refs/heads/main", "refs/heads/mainline"));
    }
}
