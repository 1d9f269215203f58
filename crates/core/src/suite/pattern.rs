//! Patterns of paths, as `test.critical` and `python_files` write them.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A pattern over whole paths: `*` stands for anything but `/`, `**` for anything, `?` for one byte but `/`. A pattern
/// without any of them also covers everything below the folder of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<u8>);

impl Pattern {
    /// A pattern; a leading `./` and a trailing `/` do not count.
    pub fn new(text: &str) -> Self {
        let text = text.trim();
        let text = text.strip_prefix("./").unwrap_or(text);
        Self(text.strip_suffix('/').unwrap_or(text).as_bytes().to_vec())
    }

    /// Whether it covers a path.
    pub fn covers(&self, path: &Path) -> bool {
        let path = path.as_os_str().as_bytes();
        let is_plain = !self.0.iter().any(|byte| matches!(byte, b'*' | b'?'));
        if is_plain {
            let rest = path.strip_prefix(self.0.as_slice());
            return !self.0.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"));
        }
        self.has_ends_of(path) && matches(&self.0, path)
    }

    /// Whether a path begins and ends as the pattern says before its first and after its last wildcard: nearly all files
    /// of a repository do not, and need no closer look.
    fn has_ends_of(&self, path: &[u8]) -> bool {
        let is_wild = |byte: &u8| matches!(byte, b'*' | b'?');
        let first = self.0.iter().position(is_wild).unwrap_or_default();
        let last = self.0.iter().rposition(is_wild).map_or(0, |at| at + 1);
        let tail = self.0.get(last..).unwrap_or_default();
        // `**/` may stand for nothing, the slash included.
        let tail = tail.strip_prefix(b"/").unwrap_or(tail);
        path.starts_with(self.0.get(..first).unwrap_or_default()) && path.ends_with(tail)
    }

    /// Whether it is exactly this path.
    pub fn is(&self, path: &Path) -> bool {
        self.0 == path.as_os_str().as_bytes()
    }
}

/// Keeps every position of the pattern that may still match, so that no pattern takes long.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let mut states = vec![false; pattern.len() + 1];
    mark(pattern, &mut states, 0);
    for byte in text {
        let mut after = vec![false; pattern.len() + 1];
        for (position, _) in states.iter().enumerate().filter(|(_, alive)| **alive) {
            step(pattern, &mut after, position, *byte);
        }
        states = after;
    }
    states.last().copied().unwrap_or_default()
}

/// Marks a position and those reached from it without reading anything.
fn mark(pattern: &[u8], states: &mut [bool], position: usize) {
    let Some(state) = states.get_mut(position) else {
        return;
    };
    *state = true;
    let rest = pattern.get(position..).unwrap_or_default();
    if rest.starts_with(b"**/") {
        mark(pattern, states, position + 3);
    }
    if rest.starts_with(b"**") {
        mark(pattern, states, position + 2);
    } else if rest.starts_with(b"*") {
        mark(pattern, states, position + 1);
    }
}

fn step(pattern: &[u8], after: &mut [bool], position: usize, byte: u8) {
    let rest = pattern.get(position..).unwrap_or_default();
    if rest.starts_with(b"**") {
        stay(pattern, after, position, byte);
        return;
    }
    match rest.first() {
        Some(b'*') if byte != b'/' => mark(pattern, after, position),
        Some(b'?') if byte != b'/' => mark(pattern, after, position + 1),
        Some(wanted) if *wanted == byte && *wanted != b'*' => mark(pattern, after, position + 1),
        _ => {}
    }
}

/// `**` reads on; `**/` may end only where a name begins.
fn stay(pattern: &[u8], after: &mut [bool], position: usize, byte: u8) {
    if byte == b'/' {
        mark(pattern, after, position);
        return;
    }
    if let Some(state) = after.get_mut(position) {
        *state = true;
    }
    mark(pattern, after, position + 2);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_what_a_reader_expects() {
        let covers = |pattern: &str, path: &str| Pattern::new(pattern).covers(Path::new(path));
        assert!(covers("tests/test_auth.py", "tests/test_auth.py"));
        assert!(covers("tests/critical", "tests/critical/test_a.py"));
        assert!(covers("./tests/critical/", "tests/critical/deep/test_a.py"));
        assert!(!covers("tests/crit", "tests/critical/test_a.py"));
        assert!(covers("tests/*auth*", "tests/test_auth.py"));
        assert!(!covers("tests/*", "tests/deep/test_auth.py"));
        assert!(covers("tests/**", "tests/deep/test_auth.py"));
        assert!(covers("**/test_auth.py", "test_auth.py"));
        assert!(covers("**/test_auth.py", "a/b/test_auth.py"));
        assert!(!covers("**/test_auth.py", "a/b/not_test_auth.py"));
        assert!(covers("tests/test_?.py", "tests/test_a.py"));
        assert!(!covers("", "tests/test_a.py"));
    }

    #[test]
    fn a_hostile_pattern_takes_no_time() {
        let text = "a".repeat(2000);
        assert!(!Pattern::new(&"*a".repeat(200)).covers(Path::new(&format!("{text}b"))));
    }
}
