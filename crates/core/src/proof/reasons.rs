//! Why a test failed, as far as that decides something: an outage is no reproduction, a file that only the change has is
//! no bug of base, and a failure is excused only if base fails for the same reason.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use hotfix_model::Case;

/// Words by which systems, runtimes and tools say that something a test needs was not there, in lower case: the texts of
/// `strerror(3)` and `gai_strerror(3)`, the names of `errno(3)`, and the exception classes of common runtimes.
const OUTAGES: &[&str] = &[
    "connection refused",
    "connectionrefused",
    "econnrefused",
    "actively refused",
    "connection reset",
    "connectionreset",
    "econnreset",
    "could not connect",
    "can't connect to",
    "cannot connect to",
    "connect timeout",
    "connection timed out",
    "etimedout",
    "network is unreachable",
    "enetunreach",
    "no route to host",
    "ehostunreach",
    "name or service not known",
    "nodename nor servname",
    "temporary failure in name resolution",
    "getaddrinfo",
    "gaierror",
    "enotfound",
    "eai_again",
    "no such host",
    "unknownhostexception",
    "could not resolve host",
    "no space left on device",
    "enospc",
    "disk quota exceeded",
    "edquot",
    "read-only file system",
    "erofs",
    "permission denied",
    "permissionerror",
    "eacces",
    "operation not permitted",
    "accessdeniedexception",
    "too many open files",
    "emfile",
    "cannot allocate memory",
    "address already in use",
    "eaddrinuse",
];

/// Words with which a reason begins when a test compared something and found it wrong. Whatever else such a reason
/// quotes, the test reached its assertion.
const ASSERTIONS: &[&str] = &[
    "assert",
    "expect",
    "java.lang.assertionerror",
    "org.opentest4j.",
    "org.junit.comparisonfailure",
    "comparisonfailure",
    "failed: did not raise",
    "failed: expected",
];

/// Whether a reason tells of an outage: something the test needs refused, was not found, was full or forbidden. An
/// assertion is never one, whatever text it compares, and what stands in quotes is only quoted.
pub fn is_outage(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    let message = reason.strip_prefix("error: ").unwrap_or(&reason);
    let asserts = ASSERTIONS.iter().any(|word| message.starts_with(word));
    let has = |words: &[&str]| words.iter().any(|word| has_word(message, word));
    let compares = has(&["want", "expected"]) && has(&["got", "received", "actual", "was", "found"]);
    let said = without_quotes(message);
    !asserts && !compares && OUTAGES.iter().any(|word| has_word(&said, word))
}

/// The text without what stands in quotes.
fn without_quotes(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['"', '`', '\'']) {
        let quote = rest.get(at..=at).unwrap_or_default();
        let inside = rest.get(at + 1..).unwrap_or_default();
        kept.push_str(rest.get(..at).unwrap_or_default());
        match inside.find(quote) {
            Some(end) => rest = inside.get(end + 1..).unwrap_or_default(),
            // An apostrophe.
            None => rest = inside,
        }
    }
    kept + rest
}

/// Whether a word of the text begins with `start`: `enotfound` is none of `modulenotfounderror`.
fn has_word(text: &str, start: &str) -> bool {
    text.match_indices(start).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        before.is_none_or(|char| !char.is_alphanumeric())
    })
}

/// Whether a reason names a path of the repository: whole, from any folder of it on, without its extension, or as a
/// dotted module. Only names that stand alone in the text count.
pub fn names_path(reason: &str, path: &Path) -> bool {
    let Some(path) = path.to_str() else { return false };
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let module = stem.strip_suffix("/__init__").or_else(|| stem.strip_suffix("/index")).unwrap_or(stem);
    let tells_absence = is_absence(reason);
    // What is missing may be a folder that the change brings, or a package: "no module named 'plugins'".
    let brings_folder = |folder: &str| tells_absence && is_in_folder(module, folder);
    words_of(reason).any(|full| {
        let word = full.trim_start_matches("./").trim_start_matches("../");
        // A bare word is a path only where the reason says that something is missing: "no module named rounding".
        if !full.contains(['.', '/']) {
            let is_quoted =
                ['\'', '"', '`'].iter().any(|sign| reason.contains(&format!("{sign}{full}{sign}")));
            return tells_absence
                && (word == module || ends_with_path(path, word) || (is_quoted && brings_folder(word)));
        }
        let dotted = word.replace('.', "/");
        ends_with_path(word, path)
            || ends_with_path(path, word)
            || (full.contains('/') && ends_with_path(stem, word.trim_start_matches('/')))
            || dotted == module
            || ends_with_path(module, &dotted)
            || brings_folder(&dotted)
    })
}

/// Whether one of the folders above `path` is `folder`, or ends with it.
fn is_in_folder(path: &str, folder: &str) -> bool {
    let above = Path::new(path).ancestors().skip(1).filter_map(Path::to_str);
    above.filter(|above| !above.is_empty()).any(|above| ends_with_path(above, folder))
}

/// Whether a reason says that a file is missing, in the words of `strerror(3)` and of Rust.
pub fn is_missing_file(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    ["no such file", "enoent", "kind: notfound"].iter().any(|word| reason.contains(word))
}

/// Whether a reason says that something is missing.
fn is_absence(reason: &str) -> bool {
    const WORDS: &[&str] = &[
        "no such",
        "not found",
        "not exist",
        "cannot find",
        "can't find",
        "cannot open",
        "can't open",
        "could not open",
        "couldn't read",
        "unable to open",
        "no module named",
        "no rule to make",
        "missing",
        "enoent",
        "cannot load",
    ];
    let reason = reason.to_lowercase();
    WORDS.iter().any(|word| reason.contains(word))
}

/// The words of a reason that may be paths: what stands between blanks, quotes, brackets, commas and colons.
fn words_of(reason: &str) -> impl Iterator<Item = &str> {
    let between = |char: char| char.is_whitespace() || "'\"`‘’“”()[]{}<>,;:=".contains(char);
    reason.split(between).map(|word| word.trim_end_matches('.')).filter(|word| word.len() > 2)
}

/// Whether `path` is `end`, or ends with `/` and `end`.
fn ends_with_path(path: &str, end: &str) -> bool {
    !end.is_empty() && path.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

/// Text in which each of these folders is left out, so that what two worktrees say can be compared.
pub fn without_roots(text: &str, roots: &[&Path]) -> String {
    let mut roots: Vec<String> = roots.iter().map(|root| root.display().to_string()).collect();
    // The twin's folder begins with the slot's: the longer name goes first.
    roots.sort_by_key(|root| std::cmp::Reverse(root.len()));
    roots.into_iter().fold(text.to_owned(), |text, root| text.replace(&root, ""))
}

/// How often a test failed in several places or runs, with all that is needed to compare the reasons.
#[derive(Clone, Copy, Debug)]
pub struct SameReason<'a> {
    /// The worktrees the runs were in; their paths are no difference.
    pub roots: &'a [&'a Path],
}

impl SameReason<'_> {
    /// Whether a failure has the same exception type, frame and message as one on base. What differs between two runs
    /// on base (`again` is the second) is no difference either.
    pub fn holds(&self, failed: &Case, on_base: &Case, again: Option<&Case>) -> bool {
        if failed.frame.as_deref().map(|frame| without_roots(frame, self.roots))
            != on_base.frame.as_deref().map(|frame| without_roots(frame, self.roots))
        {
            return false;
        }
        let text = |case: &Case| without_roots(case.reason.as_deref().unwrap_or_default(), self.roots);
        self.same_text(&text(failed), &text(on_base), again.map(text).as_deref())
    }

    /// The same for reasons alone, as of files that cannot be loaded.
    pub fn same_text(&self, failed: &str, on_base: &str, again: Option<&str>) -> bool {
        let plain = |text: &str| without_line(&without_roots(text, self.roots)).to_owned();
        let (failed, on_base) = (plain(failed), plain(on_base));
        if failed == on_base {
            return true;
        }
        let Some(again) = again.map(plain) else { return false };
        let (failed, on_base, again) = (tokens(&failed), tokens(&on_base), tokens(&again));
        let comparable = failed.len() == on_base.len() && on_base.len() == again.len();
        comparable
            && failed
                .iter()
                .zip(on_base.iter().zip(&again))
                .all(|(failed, (one, other))| one != other || failed == one)
    }
}

/// A reason without the line it begins with, as in Go's `cart_test.go:34: got 3`: lines move when tests are added. The
/// file is told by the frame.
fn without_line(text: &str) -> &str {
    let mut parts = text.splitn(3, ':');
    let (Some(file), Some(line), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return text;
    };
    let is_file = file.contains('.') && !file.contains(char::is_whitespace);
    match is_file && !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit()) {
        true => rest.trim_start(),
        false => text,
    }
}

/// Words, numbers and single signs of a text.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut start = 0;
    let is_word = |char: char| char.is_alphanumeric() || char == '_';
    for (at, char) in text.char_indices() {
        if is_word(char) {
            continue;
        }
        tokens.extend(text.get(start..at).filter(|word| !word.is_empty()));
        let end = at + char.len_utf8();
        if !char.is_whitespace() {
            tokens.extend(text.get(at..end));
        }
        start = end;
    }
    tokens.extend(text.get(start..).filter(|word| !word.is_empty()));
    tokens
}

/// The files among `added` that a reason names.
pub fn named_in<'a>(reason: &str, added: impl Iterator<Item = &'a PathBuf>) -> BTreeSet<PathBuf> {
    added.filter(|path| names_path(reason, path)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use hotfix_model::CaseOutcome;

    use super::*;

    #[test]
    fn an_outage_is_told_from_an_assertion_about_one() {
        for outage in [
            "ConnectionRefusedError: [Errno 111] Connection refused",
            "Error: connect ECONNREFUSED 127.0.0.1:5432",
            "dial tcp 127.0.0.1:5432: connect: connection refused",
            "socket.gaierror: [Errno -2] Name or service not known",
            "OSError: [Errno 28] No space left on device: '/tmp/x'",
            "java.net.UnknownHostException: db",
            "PermissionError: [Errno 13] Permission denied: '/var/log/shop'",
            "Error: getaddrinfo ENOTFOUND db.shop.example",
        ] {
            assert!(is_outage(outage), "{outage}");
        }
        for reason in [
            "AssertionError: assert 'connection refused' == 'ok'",
            "assertion `left == right` failed; left: \"permission denied\"; right: \"ok\"",
            "expected 'ECONNREFUSED' to be 'ok'",
            "Error: expect(received).toBe(expected) // Object.is equality; Received: \"ECONNREFUSED\"",
            "status() = \"connection refused\"; offline is shown otherwise",
            "got connection refused, want offline",
            "ValueError: price below zero",
            "ModuleNotFoundError: No module named 'shop.clock'",
            "org.opentest4j.AssertionFailedError: expected: <1> but was: <2>",
        ] {
            assert!(!is_outage(reason), "{reason}");
        }
    }

    #[test]
    fn a_reason_names_a_path_in_any_form() {
        for (reason, path) in [
            ("can't open file '/code/shop-hotfix-base/repro.py': [Errno 2] No such file", "repro.py"),
            (
                "FileNotFoundError: [Errno 2] No such file or directory: 'samples/two.json'",
                "samples/two.json",
            ),
            ("open ../samples/two.json: no such file or directory", "samples/two.json"),
            ("ModuleNotFoundError: No module named 'shop.rounding'", "shop/rounding.py"),
            ("ModuleNotFoundError: No module named 'shop.rounding'", "src/shop/rounding/__init__.py"),
            ("ModuleNotFoundError: No module named 'rounding'", "rounding.py"),
            ("Cannot find module './rounding' from 'cart.test.js'", "src/rounding.js"),
            ("sh: 0: cannot open scripts/repro.sh: No such file", "scripts/repro.sh"),
            ("ModuleNotFoundError: No module named 'plugins'", "plugins/discount.py"),
            ("FileNotFoundError: [Errno 2] No such file or directory: 'samples'", "samples/two.json"),
        ] {
            assert!(names_path(reason, Path::new(path)), "{reason}: {path}");
        }
        for (reason, path) in [
            ("AssertionError: assert 0 == 1", "samples/two.json"),
            ("No such file: 'samples/one.json'", "samples/two.json"),
            ("ValueError: rounding", "src/rounding.py"),
            ("No such file: 'one.json'", "samples/two-one.json"),
            ("No such file or directory: 'one.json'", "file/two.json"),
        ] {
            assert!(!names_path(reason, Path::new(path)), "{reason}: {path}");
        }
    }

    fn failed(reason: &str, frame: Option<&str>) -> Case {
        Case {
            id: "t".to_owned(),
            file: None,
            outcome: CaseOutcome::Failed,
            reason: Some(reason.to_owned()),
            frame: frame.map(str::to_owned),
            seconds: None,
            times: None,
        }
    }

    #[test]
    fn only_roots_and_what_wavers_on_base_is_no_difference() {
        let (slot, twin) = (Path::new("/code/shop-hotfix"), Path::new("/code/shop-hotfix-base"));
        let roots = [slot, twin];
        let same = SameReason { roots: &roots };
        let one = |reason: &str| failed(reason, Some("src/shop.py:total"));
        assert!(same.holds(
            &one("KeyError: /code/shop-hotfix/x"),
            &one("KeyError: /code/shop-hotfix-base/x"),
            None
        ));
        assert!(!same.holds(&one("KeyError: 'a'"), &one("KeyError: 'b'"), None));
        assert!(same.holds(
            &one("cart_test.go:40: got 3, want 4"),
            &one("cart_test.go:34: got 3, want 4"),
            None
        ));
        assert!(!same.holds(
            &one("cart_test.go:40: got 3, want 4"),
            &one("cart_test.go:34: got 5, want 4"),
            None
        ));
        assert!(!same.holds(&one("KeyError: 'a'"), &one("ValueError: 'a'"), None));
        assert!(same.holds(&one("took 12 ms"), &one("took 15 ms"), Some(&one("took 19 ms"))));
        assert!(!same.holds(&one("got 12 of 3"), &one("got 15 of 4"), Some(&one("got 19 of 4"))));
        assert!(!same.holds(&failed("x", Some("a.py:f")), &failed("x", Some("b.py:g")), None));
    }
}
