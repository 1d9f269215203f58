//! The subject of the commit: a Conventional Commit, as in `fix: auth token validation`.

use crate::error::Result;

use super::MessageError;
use super::neutral::{one_line, without_references};

/// Longest subject that shows whole everywhere, characters.
pub const LONG: usize = 72;

/// Types that make a text a Conventional Commit already: those of the Angular convention, and `hotfix`, `security`.
const TYPES: [&str; 13] = [
    "build", "chore", "ci", "docs", "feat", "fix", "hotfix", "perf", "refactor", "revert", "security",
    "style", "test",
];

/// `kind(scope): text`, on one line, its first word in lower case unless that is a name, without a full stop. A text
/// that is a Conventional Commit already keeps its own type and scope.
pub fn subject(kind: &str, scope: Option<&str>, text: &str) -> Result<String> {
    let text = one_line(text);
    let (head, description) = match conventional(&text, kind) {
        Some((head, description)) => (head, description),
        None => (head(kind, scope), text.as_str()),
    };
    let description = tidy(description);
    if description.is_empty() {
        return Err(MessageError::EmptySubject.into());
    }
    Ok(format!("{head}: {description}"))
}

/// A subject made of the alert, for those who give none: its sentences, joined by commas and cut at [`LONG`]. Says what
/// was seen, not what was done about it: "Production down! Auth failing" becomes `fix: production down, auth failing`.
pub fn default_subject(kind: &str, alert: &str) -> Result<String> {
    let alert = without_references(&one_line(alert));
    let mut sentences = Vec::new();
    for sentence in alert.split_inclusive(". ").flat_map(|part| part.split_inclusive(['!', '?'])) {
        let sentence = sentence.trim_matches(|c: char| c.is_whitespace() || ".!?,".contains(c));
        if !sentence.is_empty() {
            sentences.push(if sentences.is_empty() { sentence.to_owned() } else { lower_first(sentence) });
        }
    }
    let subject = subject(kind, None, &sentences.join(", "))?;
    Ok(cut(&subject))
}

/// Whether a subject is longer than [`LONG`], so that some pages will not show all of it.
pub fn is_long(subject: &str) -> bool {
    subject.chars().count() > LONG
}

fn head(kind: &str, scope: Option<&str>) -> String {
    let kind = one_line(kind);
    match scope.map(one_line).filter(|scope| !scope.is_empty()) {
        Some(scope) => format!("{kind}({scope})"),
        None => kind,
    }
}

/// The head and the description of a text that is a Conventional Commit.
fn conventional<'t>(text: &'t str, kind: &str) -> Option<(String, &'t str)> {
    let (head, description) = text.split_once(':')?;
    let head = head.trim();
    let (bare, breaking) = head.strip_suffix('!').map_or((head, ""), |bare| (bare, "!"));
    let (own, scope) = match bare.split_once('(') {
        Some((own, rest)) => (own, Some(rest.strip_suffix(')').filter(|scope| !scope.contains(['(', ')']))?)),
        None => (bare, None),
    };
    let own = own.trim().to_lowercase();
    if !TYPES.contains(&own.as_str()) && own != kind {
        return None;
    }
    let scope = scope.map(|scope| format!("({})", scope.trim())).unwrap_or_default();
    Some((format!("{own}{scope}{breaking}"), description))
}

fn tidy(description: &str) -> String {
    lower_first(description.trim().trim_end_matches(['.', '…']).trim_end())
}

fn lower_first(text: &str) -> String {
    let word = text.split_whitespace().next().unwrap_or_default();
    let mut rest = text.chars();
    match rest.next() {
        Some(first) if !is_name(word) => first.to_lowercase().chain(rest).collect(),
        _ => text.to_owned(),
    }
}

/// Whether a word is an acronym, a name or code by its looks: `HTTP`, `OAuth`, `Base64`, `User.login`. A name that
/// looks like any other word (`Python`) cannot be told.
fn is_name(word: &str) -> bool {
    let word = word.trim_end_matches([',', ';', ':', '!', '?']);
    let odd = |c: char| c.is_uppercase() || c.is_ascii_digit() || "._(/`:$".contains(c);
    word.chars().skip(1).any(odd) || word.chars().count() == 1
}

/// The subject, cut between words.
fn cut(subject: &str) -> String {
    if !is_long(subject) {
        return subject.to_owned();
    }
    let head: String = subject.chars().take(LONG).collect();
    let end = head.rfind(' ').filter(|end| *end > LONG / 2).unwrap_or(head.len());
    head.get(..end).unwrap_or(&head).trim_end_matches([',', ' ', '-', ':']).to_owned()
}
