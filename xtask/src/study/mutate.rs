//! Regressions as people make them: a condition the wrong way round, a line too few.

use std::path::{Path, PathBuf};

use regex_lite::Regex;

/// Farther from the fix than so many lines is not near.
const NEAR: u64 = 40;

/// One line that is made wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regression {
    /// The source.
    pub path: PathBuf,
    /// The line, counted from 1.
    pub line: u64,
    /// What it becomes.
    pub text: String,
    /// Whether a condition is inverted; else the line is dropped.
    pub inverts: bool,
}

/// Regressions of one file, the nearest to the fix first, inverted conditions and dropped lines in turn.
pub fn regressions(path: &Path, text: &str, fixed: &[std::ops::Range<u64>]) -> Vec<Regression> {
    let lines: Vec<&str> = text.lines().collect();
    let distance = |line: u64| {
        fixed.iter().map(|range| range.start.saturating_sub(line).max(line.saturating_sub(range.end))).min()
    };
    let mut found: Vec<(u64, Regression)> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let number = index as u64 + 1;
        let Some(away) = distance(number).filter(|away| *away <= NEAR) else { continue };
        let before = index.checked_sub(1).and_then(|index| lines.get(index)).copied().unwrap_or_default();
        let of =
            |text: String, inverts: bool| Regression { path: path.to_owned(), line: number, text, inverts };
        let made = [
            inverted(path, line).map(|text| of(text, true)),
            dropped(path, before, line).map(|text| of(text, false)),
        ];
        found.extend(made.into_iter().flatten().map(|regression| (away, regression)));
    }
    found.sort_by_key(|(away, regression)| (*away, regression.line));
    let (inverts, drops): (Vec<_>, Vec<_>) =
        found.into_iter().map(|(_, regression)| regression).partition(|regression| regression.inverts);
    in_turn(inverts, drops)
}

fn in_turn(first: Vec<Regression>, second: Vec<Regression>) -> Vec<Regression> {
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut all = Vec::new();
    loop {
        let pair = [first.next(), second.next()];
        if pair.iter().all(Option::is_none) {
            return all;
        }
        all.extend(pair.into_iter().flatten());
    }
}

fn is_python(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "py")
}

fn is_comment(line: &str) -> bool {
    ["#", "//", "*", "/*", "\"", "'"].iter().any(|start| line.trim_start().starts_with(start))
}

/// The line with its condition turned round.
fn inverted(path: &Path, line: &str) -> Option<String> {
    if is_comment(line) {
        return None;
    }
    let (pattern, with) = match path.extension()?.to_str()? {
        "py" => (r"^(\s*(?:el)?if )(.+)(:\s*)$", "${1}not (${2})${3}"),
        "go" | "rs" => (r"^(\s*(?:\} else )?if )([^;{]+?)( \{\s*)$", "${1}!(${2})${3}"),
        _ => (r"^(\s*(?:\} ?else )?if ?\()(.+)(\) ?\{?.*)$", "${1}!(${2})${3}"),
    };
    let is_binding = line.contains(":=") || line.contains("if let ");
    if let Some(condition) = Regex::new(pattern).ok()?.captures(line).filter(|_| !is_binding) {
        let balanced = condition.get(2).is_some_and(|part| is_balanced(part.as_str()));
        return balanced
            .then(|| Regex::new(pattern).map(|found| found.replace(line, with).into_owned()).ok())?;
    }
    let swaps = [
        (" === ", " !== "),
        (" !== ", " === "),
        (" == ", " != "),
        (" != ", " == "),
        (" <= ", " > "),
        (" >= ", " < "),
    ];
    let found = swaps.iter().find(|(from, _)| line.contains(from))?;
    Some(line.replacen(found.0, found.1, 1))
}

/// The line made void, if it is a statement of its own.
fn dropped(path: &Path, before: &str, line: &str) -> Option<String> {
    let open =
        before.trim_end().ends_with(['(', '[', '{', ',', '\\', '=']) && !before.trim_end().ends_with(" {");
    let words = [
        "return", "import", "from", "package", "const", "let", "var", "def", "class", "else", "case", "}",
        ")", "]",
    ];
    let body = line.trim();
    if open || is_comment(line) || !is_balanced(body) || words.iter().any(|word| body.starts_with(word)) {
        return None;
    }
    let end = match path.extension()?.to_str()? {
        "py" | "go" => "",
        _ => ";",
    };
    let pattern = format!(r"^[A-Za-z_][\w.\[\]]*(?: ?[-+|]?= .*[^,({{\[\\{{]|\(.*\)){end}$");
    if !Regex::new(&pattern).ok()?.is_match(body) || body.contains(":=") {
        return None;
    }
    let indentation = line.get(..line.len() - line.trim_start().len()).unwrap_or_default();
    Some(if is_python(path) { format!("{indentation}pass") } else { format!("{indentation}// {body}") })
}

fn is_balanced(text: &str) -> bool {
    [('(', ')'), ('[', ']'), ('{', '}')].iter().all(|(open, close)| {
        let mut depth = 0_i64;
        let never_below = text.chars().all(|c| {
            depth += i64::from(c == *open) - i64::from(c == *close);
            depth >= 0
        });
        never_below && depth == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_turned_round_in_each_language() {
        let of = |path: &str, line: &str| inverted(Path::new(path), line);
        assert_eq!(of("a.py", "    elif a and b:").as_deref(), Some("    elif not (a and b):"));
        assert_eq!(of("a.go", "\tif a == nil {").as_deref(), Some("\tif !(a == nil) {"));
        assert_eq!(
            of("a.go", "\tif err := f(); err != nil {").as_deref(),
            Some("\tif err := f(); err == nil {")
        );
        assert_eq!(of("a.js", "  if (a(b)) {").as_deref(), Some("  if (!(a(b))) {"));
        assert_eq!(of("a.js", "  return a === b").as_deref(), Some("  return a !== b"));
        assert_eq!(of("a.rs", "if let Some(a) = b {"), None);
        assert_eq!(of("a.py", "# if a == b:"), None);
    }

    #[test]
    fn only_whole_statements_are_dropped() {
        let of = |path: &str, before: &str, line: &str| dropped(Path::new(path), before, line);
        assert_eq!(of("a.py", "", "    self.x = 1").as_deref(), Some("    pass"));
        assert_eq!(of("a.py", "f(", "    x=1,"), None);
        assert_eq!(of("a.py", "", "    return x"), None);
        assert_eq!(of("a.js", "", "  this.run(a);").as_deref(), Some("  // this.run(a);"));
        assert_eq!(of("a.go", "", "\tx := 1"), None);
    }

    #[test]
    #[expect(clippy::single_range_in_vec_init, reason = "one changed place is one range")]
    fn the_nearest_come_first_and_kinds_in_turn() {
        let text = "x = 1\nif a:\n    pass\ny = 2\nif b:\n    z = 3\n";
        let found = regressions(Path::new("a.py"), text, &[2..3]);
        let lines: Vec<u64> = found.iter().map(|regression| regression.line).collect();
        assert_eq!(lines, [2, 1, 5, 4, 6]);
    }
}
