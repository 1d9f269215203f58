//! Reads `JUnit` XML as the many tools write it: nested suites, a single `<testsuite>` as root, times like `1,204.5`,
//! control characters, bytes that are not UTF-8. A case is never dropped: every `<testcase>` becomes one [`TestCase`],
//! or the whole file is refused.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use hotfix_model::CaseOutcome;
use roxmltree::{Document, Node, ParsingOptions};

use super::stream::clean_reason;

/// Largest file read: about 200 000 cases.
pub const LARGEST: u64 = 64 << 20;

/// A `<testcase>`.
#[derive(Clone, Debug, PartialEq)]
pub struct TestCase {
    /// Attribute `classname`; empty if absent.
    pub class: String,
    /// Attribute `name`; empty if absent.
    pub name: String,
    /// Attribute `file`, of the case or of the nearest suite that has one.
    pub file: Option<String>,
    /// What became of it.
    pub outcome: CaseOutcome,
    /// Message or first line of the failure, error or skip.
    pub reason: Option<String>,
    /// Attribute `time`.
    pub seconds: Option<f64>,
}

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum JunitError {
    /// It cannot be opened.
    #[error("cannot read the JUnit file")]
    Unreadable(#[from] std::io::Error),
    /// It is larger than [`LARGEST`].
    #[error("the JUnit file is larger than {} MiB", LARGEST >> 20)]
    TooLarge,
    /// It is not whole, or not XML.
    #[error("the JUnit file is damaged")]
    Damaged(#[from] roxmltree::Error),
}

/// Reads a file.
pub fn read_file(path: &Path) -> Result<Vec<TestCase>, JunitError> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    read(&bytes)
}

/// Reads the bytes of a file.
pub fn read(bytes: &[u8]) -> Result<Vec<TestCase>, JunitError> {
    if bytes.len() as u64 > LARGEST {
        return Err(JunitError::TooLarge);
    }
    let text = make_parsable(&String::from_utf8_lossy(bytes));
    let document = Document::parse_with_options(&text, ParsingOptions::default())?;
    Ok(document.descendants().filter(|node| is(*node, "testcase")).map(case).collect())
}

fn is(node: Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name
}

fn case(node: Node<'_, '_>) -> TestCase {
    let (outcome, reason) = outcome(node);
    let text = |name| node.attribute(name).unwrap_or_default().to_owned();
    TestCase {
        class: text("classname"),
        name: text("name"),
        file: node.ancestors().find_map(|node| node.attribute("file")).map(str::to_owned),
        outcome,
        reason,
        seconds: node.attribute("time").and_then(seconds),
    }
}

/// The worst of the children counts. `flakyFailure` and `flakyError` tell of earlier tries of a test that passed.
fn outcome(case: Node<'_, '_>) -> (CaseOutcome, Option<String>) {
    let child = |names: &[&str]| {
        case.children().find(|node| node.is_element() && names.contains(&node.tag_name().name()))
    };
    if let Some(node) = child(&["failure", "error", "rerunFailure", "rerunError"]) {
        return (CaseOutcome::Failed, reason(node));
    }
    if let Some(node) = child(&["skipped", "disabled", "ignored"]) {
        let ran = node.attribute("type") == Some("pytest.xfail")
            && !node.attribute("message").unwrap_or_default().starts_with("[NOTRUN]");
        return if ran { (CaseOutcome::Passed, None) } else { (CaseOutcome::Skipped, reason(node)) };
    }
    let said = |name| case.attribute(name).unwrap_or_default().to_ascii_lowercase();
    match (said("status").as_str(), said("result").as_str()) {
        ("failed" | "failure" | "error", _) | (_, "failed" | "failure" | "error") => {
            (CaseOutcome::Failed, None)
        }
        ("notrun" | "skipped" | "disabled", _) | (_, "skipped" | "suppressed") => {
            (CaseOutcome::Skipped, None)
        }
        _ => (CaseOutcome::Passed, None),
    }
}

fn reason(node: Node<'_, '_>) -> Option<String> {
    let message = node.attribute("message").unwrap_or_default();
    let first = |text: &str| text.lines().find(|line| !line.trim().is_empty()).and_then(clean_reason);
    first(message).or_else(|| first(node.text().unwrap_or_default())).or_else(|| {
        let kind = node.attribute("type").unwrap_or_default();
        clean_reason(kind)
    })
}

/// Seconds of `0.5`, `1,204.5`, `1.204,5`, `1,204` (thousands) or `0,5`.
fn seconds(text: &str) -> Option<f64> {
    let text = text.trim().trim_end_matches('s');
    let decimal = match (text.rfind(','), text.rfind('.')) {
        (Some(comma), Some(point)) if comma > point => text.replace('.', "").replace(',', "."),
        (Some(comma), None) if text.len() - comma != 4 => text.replace(',', "."),
        _ => text.replace(',', ""),
    };
    decimal.parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)
}

/// Replaces what XML 1.0 does not allow, literally or as `&#27;`, and that some tools write nevertheless.
fn make_parsable(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    while let Some(place) = rest.find(|c| c == '&' || !is_allowed(c)) {
        let (before, after) = rest.split_at(place);
        clean.push_str(before);
        rest = match bad_reference(after) {
            Some(length) => after.get(length..).unwrap_or_default(),
            None if after.starts_with('&') => {
                clean.push('&');
                rest = after.get(1..).unwrap_or_default();
                continue;
            }
            None => after.get(after.chars().next().map_or(1, char::len_utf8)..).unwrap_or_default(),
        };
        clean.push(char::REPLACEMENT_CHARACTER);
    }
    clean.push_str(rest);
    clean
}

/// The length of a reference at the start to a character that XML does not allow.
fn bad_reference(text: &str) -> Option<usize> {
    let body = text.strip_prefix("&#")?;
    let end = body.bytes().take(10).position(|byte| byte == b';')?;
    let digits = body.get(..end)?;
    let number = match digits.strip_prefix('x') {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
        None => digits.parse(),
    };
    let allowed = number.ok().and_then(char::from_u32).is_some_and(is_allowed);
    (!allowed).then_some(end + 3)
}

fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
#[path = "junit_tests.rs"]
mod tests;
