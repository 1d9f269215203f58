//! Which files are tests, by the settings of a tool. Settings that are programs are not run, only looked through for
//! the patterns written in them.

use std::path::Path;

use serde_json::Value;

use crate::suite::family::Found;
use crate::suite::glob::Glob;

/// Endings that settings files of these tools can have.
const ENDINGS: &[&str] = &["ts", "mts", "cts", "js", "mjs", "cjs", "json", "jsonc", "yml", "yaml"];

/// The texts of those settings files that exist, by the start of their names: `jest.config`.
pub fn texts(found: &Found<'_>, folder: &Path, starts: &[&str]) -> Vec<String> {
    let names = starts.iter().flat_map(|start| ENDINGS.iter().map(move |ending| format!("{start}.{ending}")));
    let plain = starts.iter().filter(|start| start.starts_with('.')).map(|start| (*start).to_owned());
    names.chain(plain).filter_map(|name| found.text(folder.join(name))).collect()
}

/// The texts of a value: itself, or all of its list.
pub fn strings(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(list)) => list.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

/// The texts written after `key:` or `"key":` in a program, JSON or YAML: one, or a list of them.
pub fn literals(text: &str, key: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (place, _) in text.match_indices(key) {
        let before = text.get(..place).and_then(|text| text.chars().next_back()).unwrap_or(' ');
        let after = text.get(place + key.len()..).unwrap_or_default();
        let after = after.trim_start_matches(['"', '\'']).trim_start();
        if before.is_alphanumeric() || before == '.' || before == '_' || before == '-' {
            continue;
        }
        if let Some(rest) = after.strip_prefix(':') {
            found.extend(values(rest));
        }
    }
    found
}

fn values(text: &str) -> Vec<String> {
    let trimmed = text.trim_start();
    if let Some(rest) = trimmed.strip_prefix('[') {
        return quoted(rest.split(']').next().unwrap_or_default(), rest);
    }
    if trimmed.starts_with(['"', '\'', '`']) {
        return quoted(trimmed, trimmed).into_iter().take(1).collect();
    }
    let line = text.lines().next().unwrap_or_default().trim();
    if line.is_empty() {
        let items = text.lines().skip(1).map(str::trim).map_while(|line| line.strip_prefix("- "));
        return items.map(|item| item.trim().trim_matches(['"', '\'']).to_owned()).collect();
    }
    if line.contains(['(', '{', '/']) && line.contains(['(', '{']) {
        Vec::new()
    } else {
        vec![line.to_owned()]
    }
}

/// The quoted texts of a list. `whole` is the text behind it as well, for patterns that hold `]` themselves.
fn quoted(list: &str, whole: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut rest = whole;
    loop {
        let next = rest.find(['"', '\'', '`', ']']);
        let Some((place, mark)) = next.and_then(|place| Some((place, rest.get(place..)?.chars().next()?)))
        else {
            return texts;
        };
        let inside = rest.get(place + 1..).unwrap_or_default();
        let Some(end) = inside.find(mark).filter(|_| mark != ']' && !list.is_empty()) else { return texts };
        texts.push(inside.get(..end).unwrap_or_default().replace("\\\\", "\\"));
        rest = inside.get(end + 1..).unwrap_or_default();
    }
}

/// The patterns that can be understood.
pub fn globs(patterns: &[impl AsRef<str>]) -> Vec<Glob> {
    let positive = patterns.iter().map(AsRef::as_ref).filter(|pattern: &&str| !pattern.starts_with('!'));
    positive.filter_map(Glob::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_found_in_programs_json_and_yaml() {
        let program =
            "export default {\n  test: { include: ['test/**/*.[jt]s', \"x.js\"], exclude: ['y'] },\n}";
        assert_eq!(literals(program, "include"), ["test/**/*.[jt]s", "x.js"]);
        assert_eq!(
            literals("{\"testRegex\": \"test/.*\\\\.test\\\\.js$\"}", "testRegex"),
            ["test/.*\\.test\\.js$"]
        );
        assert_eq!(
            literals("spec:\n  - test/a.js\n  - 'test/b.js'\nui: bdd\n", "spec"),
            ["test/a.js", "test/b.js"]
        );
        assert_eq!(literals("spec: test/*.js\n", "spec"), ["test/*.js"]);
        assert_eq!(literals("module.exports = { spec: files(), myspec: 'a' }", "spec"), Vec::<String>::new());
        assert_eq!(literals("spec: ['never", "spec"), Vec::<String>::new());
    }
}
