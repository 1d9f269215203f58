//! Takes credentials out of text before anybody sees it.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{OnceLock, PoisonError, RwLock};

use regex_lite::Regex;

use super::tokens;

/// Values of headers that carry credentials, as in `Authorization: Bearer …` and `PRIVATE-TOKEN: …`.
const HEADERS: &str = r#"(?i)\b(?:(?:proxy-)?authorization|private-token|x-api-key|job-token)["']?\s*[:=]\s*["']?(?:(?:bearer|basic|token|digest|negotiate)\s+)?([^\s"',;]+)"#;
/// Parts of those names that tell cheaply whether one may be there.
const HEADER_PARTS: [&str; 9] = [
    "uthorization",
    "UTHORIZATION",
    "rivate-token",
    "rivate-Token",
    "RIVATE-TOKEN",
    "-api-key",
    "-API-KEY",
    "-Api-Key",
    "-TOKEN",
];
/// A private key from its first to its last line.
const KEYS: &str = r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(.*?)-----END [A-Z0-9 ]*PRIVATE KEY";

/// Secrets this process has held that have no shape to know them by, such as passwords. The one thing that is known
/// everywhere: wherever text leaves, it leaves without them.
static HELD: RwLock<Vec<String>> = RwLock::new(Vec::new());
/// What is shorter would be hidden in the middle of words.
const SHORTEST: usize = 6;

/// Hides a secret, from now on, in all that is shown and recorded.
pub fn hide(secret: &str) {
    let mut held = HELD.write().unwrap_or_else(PoisonError::into_inner);
    if secret.len() >= SHORTEST && !held.iter().any(|known| known == secret) {
        held.push(secret.to_owned());
    }
}

fn held(text: &str) -> Vec<Range<usize>> {
    let held = HELD.read().unwrap_or_else(PoisonError::into_inner);
    let places = |secret: &String| {
        let length = secret.len();
        text.match_indices(secret.as_str()).map(|(start, _)| start..start + length).collect::<Vec<_>>()
    };
    held.iter().flat_map(places).collect()
}

/// The text with credentials replaced by `***`: user names and passwords in URLs, tokens of known shapes, values of
/// `Authorization` headers, private keys.
pub fn redact(text: &str) -> Cow<'_, str> {
    let text = without_userinfo(text);
    let secrets = secrets(&text);
    if secrets.is_empty() { text } else { Cow::Owned(without(&text, secrets)) }
}

fn secrets(text: &str) -> Vec<Range<usize>> {
    static HEADER: OnceLock<Option<Regex>> = OnceLock::new();
    static KEY: OnceLock<Option<Regex>> = OnceLock::new();
    let mut found: Vec<Range<usize>> = tokens::find(text).into_iter().map(|found| found.secret).collect();
    found.extend(held(text));
    if HEADER_PARTS.iter().any(|part| text.contains(part)) {
        found.extend(matches(&HEADER, HEADERS, text));
    }
    if text.contains("PRIVATE KEY") {
        found.extend(matches(&KEY, KEYS, text));
    }
    found
}

/// The first group of every match.
fn matches(regex: &'static OnceLock<Option<Regex>>, pattern: &str, text: &str) -> Vec<Range<usize>> {
    let regex = regex.get_or_init(|| Regex::new(pattern).ok()).as_ref();
    let captures = regex.into_iter().flat_map(|regex| regex.captures_iter(text));
    captures.filter_map(|captures| Some(captures.get(1)?.range())).collect()
}

fn without(text: &str, mut secrets: Vec<Range<usize>>) -> String {
    secrets.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let mut clean = String::with_capacity(text.len());
    let mut done = 0;
    for range in secrets.into_iter().filter(|range| !range.is_empty()) {
        if range.start >= done {
            clean.push_str(text.get(done..range.start).unwrap_or_default());
            clean.push_str("***");
        }
        done = done.max(range.end);
    }
    clean.push_str(text.get(done..).unwrap_or_default());
    clean
}

fn without_userinfo(text: &str) -> Cow<'_, str> {
    if !text.contains("://") {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, after) = rest.split_at(start + 3);
        clean.push_str(before);
        let end = after.find(|c: char| c.is_whitespace() || "/?#'\"<>".contains(c)).unwrap_or(after.len());
        let (authority, remaining) = after.split_at(end);
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                clean.push_str("***@");
                clean.push_str(host);
            }
            None => clean.push_str(authority),
        }
        rest = remaining;
    }
    clean.push_str(rest);
    Cow::Owned(clean)
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn hides_userinfo_and_nothing_else() {
        assert_eq!(redact("no url"), "no url");
        assert_eq!(redact("https://host/path"), "https://host/path");
        assert_eq!(redact("x https://me:token@host/p y"), "x https://***@host/p y");
        assert_eq!(redact("https://a@b:c@host"), "https://***@host");
        assert_eq!(redact("'ssh://git@host' and http://t@h"), "'ssh://***@host' and http://***@h");
    }

    #[test]
    fn hides_tokens_of_known_shapes() {
        // Put together here, so that nothing that scans this file takes them for real.
        let token = format!("gh{}_{}", "p", "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6");
        assert_eq!(redact(&format!("push with {token}: denied {token}")), "push with ***: denied ***");
        let key = ["-----BEGIN RSA PRIVATE", " KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"].concat();
        assert_eq!(redact(&key), "-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----");
    }

    #[test]
    fn hides_what_was_held() {
        let secret = ["no shape", " at all"].concat();
        assert_eq!(redact(&format!("a {secret} b")), format!("a {secret} b"));
        super::hide(&secret);
        super::hide("a");
        assert_eq!(redact(&format!("a {secret} b")), "a *** b");
    }

    #[test]
    fn hides_values_of_headers() {
        assert_eq!(redact("> Authorization: Bearer abc.def"), "> Authorization: Bearer ***");
        assert_eq!(redact("{'authorization': 'Basic eDp5'}"), "{'authorization': 'Basic ***'}");
        assert_eq!(redact("PRIVATE-TOKEN: abc\nnext"), "PRIVATE-TOKEN: ***\nnext");
        assert_eq!(redact("x-api-key=abc"), "x-api-key=***");
        assert_eq!(redact("authorization failed"), "authorization failed");
    }
}
