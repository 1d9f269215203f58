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
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PYTEST: &str = r#"<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="1" skipped="2" tests="6" time="0.05" timestamp="2026-01-01T00:00:00.000000+00:00" hostname="h"><testcase classname="" name="tests.test_bad" time="0.000"><error message="collection failure">E   ImportError</error></testcase><testcase classname="tests.test_a.TestX" name="test_one[a&lt;b&gt;-&quot;]" file="tests/test_a.py" line="3" time="0.001" /><testcase classname="tests.test_a" name="test_two" file="tests/test_a.py" line="9" time="0.002"><failure message="assert 401 == 200&#10; +  where 401 = f()">def test_two</failure></testcase><testcase classname="tests.test_a" name="test_three" time="0"><skipped type="pytest.xfail" message="why" /></testcase><testcase classname="tests.test_a" name="test_four" time="0"><skipped type="pytest.xfail" message="[NOTRUN] why" /></testcase><testcase classname="tests.test_a" name="test_five" time="0"><skipped type="pytest.skip" message="not here">x</skipped></testcase></testsuite></testsuites>"#;
    const SUREFIRE: &str = r#"<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" name="AuthTest" time="1,204.5" tests="4"><properties><property name="a" value="b"/></properties><testcase name="flaky" classname="AuthTest" time="1,204.5"><flakyFailure message="once" type="E"><stackTrace>x</stackTrace></flakyFailure></testcase><testcase name="always" classname="AuthTest" time="0.5"><failure message="no" type="E"/><rerunFailure message="no" type="E"/></testcase><testcase name="err" classname="AuthTest"><error type="java.lang.NullPointerException"><![CDATA[

      java.lang.NullPointerException: <testcase> in text
    ]]></error></testcase><testcase name="skip" classname="AuthTest"><skipped/></testcase></testsuite>"#;
    const NESTED: &str = r#"<testsuites timestamp="2026-01-01T00:00:00"><testsuite name="a" file="a.test.js"><testsuite name="b"><testcase name="deep" time="0,5"/><testsuite name="c"><testcase name="deeper" status="notrun"/></testsuite></testsuite><testcase name="shallow" status="run" result="failed"/></testsuite></testsuites>"#;

    fn outcomes(text: &str) -> Vec<(String, CaseOutcome)> {
        read(text.as_bytes()).unwrap().into_iter().map(|case| (case.name, case.outcome)).collect()
    }

    #[test]
    fn reads_what_pytest_writes() {
        let cases = read(PYTEST.as_bytes()).unwrap();
        let found: Vec<_> = cases.iter().map(|case| (case.name.as_str(), case.outcome)).collect();
        assert_eq!(
            found,
            [
                ("tests.test_bad", CaseOutcome::Failed),
                ("test_one[a<b>-\"]", CaseOutcome::Passed),
                ("test_two", CaseOutcome::Failed),
                ("test_three", CaseOutcome::Passed),
                ("test_four", CaseOutcome::Skipped),
                ("test_five", CaseOutcome::Skipped),
            ]
        );
        assert_eq!(cases[2].reason.as_deref(), Some("assert 401 == 200"));
        assert_eq!(cases[1].file.as_deref(), Some("tests/test_a.py"));
        assert_eq!(cases[2].seconds, Some(0.002));
    }

    #[test]
    fn reads_a_single_suite_with_reruns() {
        let cases = read(SUREFIRE.as_bytes()).unwrap();
        let found: Vec<_> = cases.iter().map(|case| case.outcome).collect();
        assert_eq!(
            found,
            [CaseOutcome::Passed, CaseOutcome::Failed, CaseOutcome::Failed, CaseOutcome::Skipped]
        );
        assert_eq!(cases[0].seconds, Some(1204.5));
        assert_eq!(cases[2].reason.as_deref(), Some("java.lang.NullPointerException: <testcase> in text"));
    }

    #[test]
    fn reads_nested_suites() {
        let found = outcomes(NESTED);
        assert_eq!(
            found,
            [
                ("deep".to_owned(), CaseOutcome::Passed),
                ("deeper".to_owned(), CaseOutcome::Skipped),
                ("shallow".to_owned(), CaseOutcome::Failed),
            ]
        );
        let cases = read(NESTED.as_bytes()).unwrap();
        assert!(cases.iter().all(|case| case.file.as_deref() == Some("a.test.js")));
        assert_eq!(cases[0].seconds, Some(0.5));
    }

    #[test]
    fn reads_times_of_all_countries() {
        let read: Vec<_> =
            ["0.5", "1,204.5", "1.204,5", "1,204", "0,5", "3s", "", "nan", "-1"].map(seconds).into();
        let wanted =
            [Some(0.5), Some(1204.5), Some(1204.5), Some(1204.0), Some(0.5), Some(3.0), None, None, None];
        assert_eq!(read, wanted);
    }

    #[test]
    fn reads_bytes_that_xml_forbids() {
        let bytes = b"\xef\xbb\xbf\n<testsuite><testcase name=\"a&#27;[1m\x1b&#x0;\xff&amp;\"><failure>\x00 & \xfe</failure></testcase></testsuite>";
        // A bare ampersand is damage; without it the rest is read.
        assert!(read(bytes).is_err());
        let bytes =
            bytes.iter().enumerate().filter(|(place, byte)| **byte != b'&' || *place < 60).map(|(_, b)| *b);
        let cases = read(&bytes.collect::<Vec<_>>()).unwrap();
        assert_eq!(cases.len(), 1);
        assert_eq!(cases[0].name, "a\u{fffd}[1m\u{fffd}\u{fffd}\u{fffd}&");
    }

    #[test]
    fn refuses_what_is_not_whole() {
        for length in 0..PYTEST.len() {
            assert!(read(&PYTEST.as_bytes()[..length]).is_err(), "cut at {length}");
        }
        let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><testsuite><testcase name=\"&b;\"/></testsuite>";
        assert!(read(bomb.as_bytes()).is_err());
    }

    #[test]
    fn a_deep_or_large_file_does_no_harm() {
        let deep = format!("{}<testcase/>{}", "<testsuite>".repeat(50_000), "</testsuite>".repeat(50_000));
        if let Ok(cases) = read(deep.as_bytes()) {
            assert_eq!(cases.len(), 1);
        }
        let many = format!("<testsuite>{}</testsuite>", "<testcase name='x'/>".repeat(100_000));
        assert_eq!(read(many.as_bytes()).unwrap().len(), 100_000);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large.xml");
        File::create(&path).unwrap().set_len(LARGEST + 1).unwrap();
        assert!(matches!(read_file(&path), Err(JunitError::TooLarge)));
    }

    /// Counts elements its own way: names of start tags, outside CDATA, comments and instructions.
    fn count_by_hand(text: &str) -> usize {
        let mut rest = text;
        let mut count = 0;
        while let Some(place) = rest.find('<') {
            rest = &rest[place + 1..];
            let skip = [("![CDATA[", "]]>"), ("!--", "-->"), ("?", "?>")]
                .into_iter()
                .find_map(|(start, end)| rest.starts_with(start).then(|| rest.find(end)).flatten());
            if let Some(end) = skip {
                rest = &rest[end..];
            } else if let Some(after) = rest.strip_prefix("testcase") {
                count += usize::from(after.starts_with(|c: char| c.is_whitespace() || c == '/' || c == '>'));
            }
        }
        count
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]

        #[test]
        fn random_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&bytes);
        }

        #[test]
        fn a_mutated_file_is_refused_or_read_to_the_last_case(
            sample in prop::sample::select(vec![PYTEST, SUREFIRE, NESTED]),
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6),
        ) {
            let mut bytes = sample.as_bytes().to_vec();
            for (index, byte, kind) in changes {
                let place = index.index(bytes.len());
                match kind {
                    0 => bytes[place] = byte,
                    1 => { bytes.remove(place); }
                    _ => bytes.insert(place, byte),
                }
            }
            if let Ok(cases) = read(&bytes) {
                prop_assert_eq!(cases.len(), count_by_hand(&make_parsable(&String::from_utf8_lossy(&bytes))));
            }
        }

        #[test]
        fn any_name_is_read_back(name in "[^\u{0}-\u{1f}\u{7f}\u{fffe}\u{ffff}]{0,30}") {
            let escaped = name.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
            let cases = read(format!("<testsuite><testcase name=\"{escaped}\"/></testsuite>").as_bytes()).unwrap();
            prop_assert_eq!(&cases[0].name, &name);
        }
    }
}
