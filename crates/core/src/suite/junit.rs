//! Reads `JUnit` XML as the many tools write it: nested suites, a single `<testsuite>` as root, several roots, times like
//! `1,204.5`, control characters, other encodings, bytes that are not text at all, and captured output of any size. A
//! case is never dropped: every `<testcase>` becomes one [`TestCase`], or the whole file is refused.

mod clean;
mod output;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use hotfix_model::CaseOutcome;
use roxmltree::{Document, Node, ParsingOptions};

use super::stream::clean_reason;

/// Most bytes read without the captured output of tests, which may be of any size: about 200 000 cases.
pub const LARGEST: u64 = 64 << 20;
/// Bytes looked at of one file, captured output included.
const LOOKED_AT: u64 = 4 << 30;

/// What tells of earlier tries of a test.
const RETRIED: &[&str] = &["flakyFailure", "flakyError", "rerunFailure", "rerunError"];

/// Deepest nesting of suites whose counts are looked at.
const DEEPEST: usize = 64;

/// What a file tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Every `<testcase>`.
    pub cases: Vec<TestCase>,
    /// The tool's own count, if every outer suite tells one.
    pub claimed: Option<u64>,
    /// Every `<property>`, by its name.
    pub properties: BTreeMap<String, String>,
}

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
    /// Message or first line of the failure, error or skip; of a flaky test that of its first try.
    pub reason: Option<String>,
    /// Text of the failure or error, as it was written.
    pub text: Option<String>,
    /// Attribute `type` of the failure, error or skip.
    pub kind: Option<String>,
    /// Whether it failed at first and passed when it was tried again.
    pub is_flaky: bool,
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
    /// The name of an element holds bytes that are no text: it may have been a case.
    #[error("the JUnit file is damaged: an element has no readable name")]
    Nameless,
}

/// Reads the cases of a file.
pub fn read_file(path: &Path) -> Result<Vec<TestCase>, JunitError> {
    Ok(read_report(path)?.cases)
}

/// Reads a file.
pub fn read_report(path: &Path) -> Result<Report, JunitError> {
    let file = BufReader::new(File::open(path)?.take(LOOKED_AT));
    report(&output::without(file, LARGEST)?.ok_or(JunitError::TooLarge)?)
}

/// Reads the bytes of a file.
pub fn read(bytes: &[u8]) -> Result<Vec<TestCase>, JunitError> {
    let without = output::without(bytes, LARGEST)?.ok_or(JunitError::TooLarge)?;
    Ok(report(&without)?.cases)
}

fn report(bytes: &[u8]) -> Result<Report, JunitError> {
    let text = clean::make_parsable(&clean::decode(bytes));
    let document = Document::parse_with_options(&text, ParsingOptions::default())?;
    if document.descendants().any(|node| node.tag_name().name().contains(char::REPLACEMENT_CHARACTER)) {
        return Err(JunitError::Nameless);
    }
    let cases: Vec<TestCase> =
        document.descendants().filter(|node| is(*node, "testcase")).map(case).collect();
    let claimed = claimed(document.root_element(), DEEPEST);
    // Surefire counts what ran in its last turn only.
    let was_retried = || document.descendants().any(|node| RETRIED.contains(&node.tag_name().name()));
    let all = cases.len() as u64;
    let claimed = claimed.map(|count| if count < all && was_retried() { all } else { count });
    let properties = document.descendants().filter(|node| is(*node, "property"));
    let properties = properties.filter_map(|node| Some((node.attribute("name")?, node.attribute("value")?)));
    let properties = properties.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Ok(Report { cases, claimed, properties })
}

/// The count that a suite tells. Tools disagree on whether that of an outer suite holds those of its inner ones: one that
/// agrees with its own cases alone is taken to leave them out.
fn claimed(suite: Node<'_, '_>, depth: usize) -> Option<u64> {
    let depth = depth.checked_sub(1)?;
    let own = suite.attribute("tests").and_then(|text| text.trim().replace(',', "").parse::<u64>().ok());
    let inner = || suite.children().filter(|node| is(*node, "testsuite") || is(*node, "testsuites"));
    if inner().next().is_none() {
        return own;
    }
    let direct = suite.children().filter(|node| is(*node, "testcase")).count() as u64;
    let sum =
        inner().map(|suite| claimed(suite, depth)).try_fold(0_u64, |sum, count| sum.checked_add(count?));
    match (own, sum) {
        (Some(own), Some(sum)) if own == direct && direct > 0 => own.checked_add(sum),
        (Some(own), _) => Some(own),
        (None, sum) => sum.and_then(|sum| sum.checked_add(direct)),
    }
}

fn is(node: Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name
}

fn case(node: Node<'_, '_>) -> TestCase {
    let (outcome, said) = outcome(node);
    let before = child(node, &["flakyFailure", "flakyError"]).filter(|_| outcome == CaseOutcome::Passed);
    let text = |name| node.attribute(name).unwrap_or_default().to_owned();
    TestCase {
        class: text("classname"),
        name: text("name"),
        file: node.ancestors().find_map(|node| node.attribute("file")).map(str::to_owned),
        outcome,
        reason: said.or(before).and_then(reason),
        text: said.and_then(|node| node.text()).map(str::to_owned),
        kind: said.and_then(|node| node.attribute("type")).and_then(clean_reason),
        is_flaky: before.is_some(),
        seconds: node.attribute("time").and_then(seconds),
    }
}

fn child<'a, 'input>(case: Node<'a, 'input>, names: &[&str]) -> Option<Node<'a, 'input>> {
    case.children().find(|node| node.is_element() && names.contains(&node.tag_name().name()))
}

/// The worst of the children counts, and is what says why. `flakyFailure` and `flakyError` tell of earlier tries of a
/// test that passed.
fn outcome<'a, 'input>(case: Node<'a, 'input>) -> (CaseOutcome, Option<Node<'a, 'input>>) {
    if let Some(node) = child(case, &["failure", "error", "rerunFailure", "rerunError"]) {
        return (CaseOutcome::Failed, Some(node));
    }
    if let Some(node) = child(case, &["skipped", "disabled", "ignored"]) {
        return (CaseOutcome::Skipped, Some(node));
    }
    let said = |name| case.attribute(name).unwrap_or_default().to_ascii_lowercase();
    let outcome = match (said("status").as_str(), said("result").as_str()) {
        ("failed" | "failure" | "error" | "fail", _) | (_, "failed" | "failure" | "error") => {
            CaseOutcome::Failed
        }
        ("notrun" | "skipped" | "disabled", _) | (_, "skipped" | "suppressed") => CaseOutcome::Skipped,
        _ => CaseOutcome::Passed,
    };
    (outcome, None)
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
