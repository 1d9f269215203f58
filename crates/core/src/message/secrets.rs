//! Looks for secrets among the lines that are about to leave the machine. Blocks a push, so what is reported must be
//! real: placeholders, hashes and names are not.

use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::OnceLock;

use regex_lite::Regex;

use crate::exec::tokens;
use crate::git::{FileDiff, Hunk};

/// A secret in an added line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Path from the root.
    pub path: PathBuf,
    /// Line of the new side, counted from 1.
    pub line: u64,
    /// What it is.
    pub kind: &'static str,
    /// The first four characters and an ellipsis.
    pub shown: String,
}

/// A header alone is code about keys; with key material behind it, on the same line or the next, it is a key.
const PRIVATE_KEY: &str = r#"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:\\+[nr]|[\s"'+,>|#/*-])*(?:[A-Za-z0-9+/=]{32,}|Proc-Type:|Version:)"#;
/// User, password and host of a URL.
const USERINFO: &str = r#"\b[a-z][a-z0-9+.-]*://([^\s/:@,"'`<>]*):([^\s/:@,"'`<>]{8,})@([^\s/:?#"'`<>]+)"#;
/// A quoted value given to a name that speaks of a secret.
const ASSIGNED: &str = r#"(?i)([\w.-]*(?:password|passwd|secret|token|api_?key|access_?key|auth_?key|private_?key))["']?\]?\s*(?::=|=>|[:=])\s*["']([^\s"']{20,})["']"#;

/// Text that tells it is no secret.
const PLACEHOLDERS: [&str; 18] = [
    "example",
    "xxxx",
    "placeholder",
    "your",
    "dummy",
    "fake",
    "changeme",
    "redacted",
    "sample",
    "notreal",
    "****",
    "....",
    "00000000",
    "12345678",
    "abcdefgh",
    "deadbeef",
    "test_",
    "insert",
];

/// Every secret in the added lines, in their order.
pub fn scan(files: &[FileDiff]) -> Vec<Secret> {
    let mut secrets = Vec::new();
    for file in files {
        for hunk in &file.hunks {
            let text = joined(hunk);
            let mut found = find(&text);
            found.sort_by_key(|found| (found.0.start, std::cmp::Reverse(found.0.end)));
            found.dedup_by(|later, earlier| later.0.start < earlier.0.end);
            secrets.extend(found.into_iter().map(|(whole, kind)| Secret {
                path: file.path.clone(),
                line: hunk.new_start + newlines(&text, whole.start),
                kind,
                shown: shown(text.get(whole).unwrap_or_default()),
            }));
        }
    }
    secrets
}

fn joined(hunk: &Hunk) -> String {
    let mut text = String::new();
    for line in &hunk.added {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text
}

fn newlines(text: &str, until: usize) -> u64 {
    text.bytes().take(until).filter(|byte| *byte == b'\n').count() as u64
}

fn shown(secret: &str) -> String {
    secret.chars().take(4).chain(['…']).collect()
}

fn find(text: &str) -> Vec<(Range<usize>, &'static str)> {
    let known = tokens::find(text).into_iter();
    let is_real = |found: &tokens::Found| !is_placeholder(text.get(found.secret.clone()).unwrap_or_default());
    let mut all: Vec<_> = known.filter(is_real).map(|found| (found.whole, found.kind)).collect();
    all.extend(private_keys(text));
    for line in lines(text) {
        let content = text.get(line.clone()).unwrap_or_default();
        let shift = |range: Range<usize>| range.start + line.start..range.end + line.start;
        all.extend(password_in_url(content).map(|range| (shift(range), "password in a URL")));
        all.extend(assigned_secret(content).map(|range| (shift(range), "secret in an assignment")));
    }
    all
}

fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let range = start..start + line.trim_end_matches('\n').len();
        start += line.len();
        range
    })
}

fn private_keys(text: &str) -> Vec<(Range<usize>, &'static str)> {
    static REGEX: OnceLock<Option<Regex>> = OnceLock::new();
    let mut found = Vec::new();
    for (at, _) in text.match_indices("-----BEGIN ") {
        // A key has its material within a few characters of its header; the pattern need not see more.
        let end = (at + 300..at + 304).find(|end| text.is_char_boundary(*end)).unwrap_or(text.len());
        let part = text.get(at..end.min(text.len())).unwrap_or_default();
        let regex = REGEX.get_or_init(|| Regex::new(PRIVATE_KEY).ok());
        let matched =
            regex.as_ref().and_then(|regex| regex.find(part)).filter(|matched| matched.start() == 0);
        if let Some(matched) = matched.filter(|matched| !is_placeholder(matched.as_str())) {
            found.push((at..at + matched.end(), "private key"));
        }
    }
    found
}

fn password_in_url(line: &str) -> Option<Range<usize>> {
    static REGEX: OnceLock<Option<Regex>> = OnceLock::new();
    if !(line.contains("://") && line.contains('@')) {
        return None;
    }
    let captures = REGEX.get_or_init(|| Regex::new(USERINFO).ok()).as_ref()?.captures(line)?;
    let (user, password, host) = (captures.get(1)?, captures.get(2)?, captures.get(3)?);
    let (user, password, host) = (user.as_str(), password.as_str(), host.as_str());
    let local = ["localhost", "127.0.0.1", "0.0.0.0", "[", "example", "host", "test", "db", "proxy"];
    let is_local = local.iter().any(|start| host.starts_with(start)) || host.contains(".example");
    let real = has_letters_and_digits(password)
        && !is_placeholder(password)
        && !is_template(password)
        && !password.to_lowercase().contains("pass")
        && password != user
        && !is_local;
    real.then(|| captures.get(0).map(|whole| whole.range())).flatten()
}

fn assigned_secret(line: &str) -> Option<Range<usize>> {
    static REGEX: OnceLock<Option<Regex>> = OnceLock::new();
    const NAMES: [&str; 12] = [
        "assword", "ASSWORD", "asswd", "ASSWD", "ecret", "ECRET", "oken", "OKEN", "key", "KEY", "Key",
        "APIKEY",
    ];
    if !line.contains(['"', '\'']) || !NAMES.iter().any(|name| line.contains(name)) {
        return None;
    }
    let captures = REGEX.get_or_init(|| Regex::new(ASSIGNED).ok()).as_ref()?.captures(line)?;
    let (name, value) = (captures.get(1)?.as_str(), captures.get(2)?.as_str());
    let real = is_random(name, value) && !is_placeholder(value) && !is_template(value);
    real.then(|| captures.get(0).map(|whole| whole.range())).flatten()
}

/// Whether a value looks drawn at random. Words, paths, identifiers, UUIDs and digests do not count; hexadecimal
/// digits do under a name that can only mean a secret.
fn is_random(name: &str, value: &str) -> bool {
    let count = |is: fn(&char) -> bool| value.chars().filter(is).count();
    let (lower, upper) = (count(char::is_ascii_lowercase), count(char::is_ascii_uppercase));
    let digits = count(char::is_ascii_digit);
    let others = value.chars().count() - lower - upper - digits;
    let name = name.to_lowercase().replace(['_', '-', '.'], "");
    let is_hex = value.len() >= 32 && value.chars().all(|c| c.is_ascii_hexdigit());
    if is_hex {
        let sure = ["secretkey", "clientsecret", "apisecret"].iter().any(|sure| name.ends_with(sure));
        return sure && entropy(value) >= 3.0;
    }
    lower >= 3 && upper >= 3 && digits >= 3 && others <= value.len() / 5 && entropy(value) >= 3.9
}

/// Bits per character, after Shannon.
fn entropy(text: &str) -> f64 {
    let mut counts: HashMap<char, u32> = HashMap::new();
    for c in text.chars() {
        *counts.entry(c).or_default() += 1;
    }
    let total = f64::from(counts.values().sum::<u32>());
    counts.values().map(|count| f64::from(*count) / total).map(|share| -share * share.log2()).sum()
}

fn has_letters_and_digits(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_alphabetic()) && text.contains(|c: char| c.is_ascii_digit())
}

/// Whether a token is there to be filled in, or to be seen in documents and tests.
fn is_placeholder(token: &str) -> bool {
    let low = token.to_lowercase();
    let body: &str = low.rsplit(['_', '-']).find(|part| part.len() >= 16).unwrap_or(&low);
    let mut distinct: Vec<char> = body.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    // The example of jwt.io, and the fixed key of Azure's emulator: both are in countless tests.
    let well_known =
        ["eyJzdWIiOiIxMjM0NTY3ODkwI", "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq"];
    let is_known = well_known.iter().any(|known| token.contains(known));
    PLACEHOLDERS.iter().any(|word| low.contains(word)) || distinct.len() < 7 || is_known
}

/// Whether a value is put together when the program runs: `${VAR}`, `{{ var }}`, `<token>`, `%s`, `os.environ[…]`.
fn is_template(value: &str) -> bool {
    value.contains(['$', '{', '}', '<', '>', '%', '(', ')', '[', ']', '\\', ' ']) || value.contains("://")
}
