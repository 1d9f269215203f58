//! Makes text from outside harmless: for terminals (control characters) and for forges, which act on what they find in
//! a description: `/merge`, `Closes #1`, `@somebody`, images, HTML.
//!
//! Two ways out, no third: [`fenced`] for many lines, [`code`] for one. In both nothing is Markdown; what forges look
//! for even there is spelled differently.

use std::sync::OnceLock;

use regex_lite::Regex;

use crate::exec::{redact, sanitize};

/// Most bytes of one text from outside.
pub const TEXT_LIMIT: usize = 4 << 10;
/// Most bytes of one text from outside within a line.
pub const CODE_LIMIT: usize = 200;
/// Longest run of backticks kept: what encloses it has to be longer.
const TICKS: usize = 12;

/// The text on one line: white space runs become one space.
pub fn one_line(text: &str) -> String {
    sanitize(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text in a fence that nothing in it can close, each line behind a space, at most [`TEXT_LIMIT`] bytes.
pub fn fenced(text: &str) -> String {
    let text = harmless(text, TEXT_LIMIT);
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    let mut lines: Vec<String> = text.trim_end().lines().map(|line| format!(" {line}")).collect();
    if lines.is_empty() {
        lines.push(" –".to_owned());
    }
    format!("{fence}text\n{}\n{fence}", lines.join("\n"))
}

/// The text on one line as inline code, at most [`CODE_LIMIT`] bytes; safe in cells of tables.
pub fn code(text: &str) -> String {
    // A cell ends at a bar even within code, and a backslash before it would show; a look-alike does neither.
    let text = harmless(&one_line(text).replace('|', "∣"), CODE_LIMIT);
    if text.is_empty() {
        return "–".to_owned();
    }
    let ticks = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// Without what calls people or closes issues: `@name` becomes `name`, `#12` becomes `12`.
pub fn without_references(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied().unwrap_or(' ');
        if !(is_mention(before, c, next) || is_reference(c, next)) {
            kept.push(c);
        }
        before = c;
    }
    kept
}

/// Printable, without credentials, spelled so that no forge acts on it, and cut.
fn harmless(text: &str, limit: usize) -> String {
    // Enough that no credential is cut in half where it would show.
    let near = head(text, 4 * limit);
    let clean = respell(&redact(&sanitize(near)));
    if clean.len() <= limit && near.len() == text.len() {
        return clean;
    }
    format!("{}… ({} bytes in all)", head(&clean, limit), text.len())
}

/// The beginning of a text, at most `limit` bytes.
fn head(text: &str, limit: usize) -> &str {
    let end = (0..=limit.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// `@name` and `#1` with look-alikes, runs of backticks cut; words that close issues parted from what they would close.
fn respell(text: &str) -> String {
    let mut spelled = String::with_capacity(text.len());
    let mut before = ' ';
    let mut ticks = 0;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied().unwrap_or(' ');
        ticks = if c == '`' { ticks + 1 } else { 0 };
        match c {
            '@' if is_mention(before, c, next) => spelled.push('＠'),
            '#' if is_reference(c, next) => spelled.push('＃'),
            _ if ticks > TICKS => {}
            _ => spelled.push(c),
        }
        before = c;
    }
    part_closing_words(&spelled)
}

/// GitLab looks for closing words with a pattern of its own, also in code: "Implements https://…/issues/1".
fn part_closing_words(text: &str) -> String {
    static CLOSING: OnceLock<Option<Regex>> = OnceLock::new();
    const PATTERN: &str =
        r"(?i)((?:clos|fix|resolv|implement)[a-z]{0,3})(:?\s+|:)(https?://|[a-z][\w-]*-\d|[\w./-]*[!#]\d)";
    let regex = CLOSING.get_or_init(|| Regex::new(PATTERN).ok());
    match regex {
        Some(regex) => regex.replace_all(text, "$1$2· $3").into_owned(),
        None => text.to_owned(),
    }
}

/// Forges take `@name` for a person unless a letter or digit comes right before.
fn is_mention(before: char, c: char, next: char) -> bool {
    c == '@' && !before.is_ascii_alphanumeric() && !next.is_whitespace()
}

fn is_reference(c: char, next: char) -> bool {
    c == '#' && next.is_ascii_digit()
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}
