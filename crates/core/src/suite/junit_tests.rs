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
    assert_eq!(found, [CaseOutcome::Passed, CaseOutcome::Failed, CaseOutcome::Failed, CaseOutcome::Skipped]);
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
