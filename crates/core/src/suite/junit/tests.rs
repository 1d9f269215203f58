//! Samples of many tools, and documents made at random against a count of their own.

use proptest::prelude::*;

use super::*;
use crate::suite::damage::damaged;

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
            ("test_three", CaseOutcome::Skipped),
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
fn what_may_hide_a_case_is_refused() {
    for text in [
        // A comment that begins with `>`; an output that begins in it must not swallow what follows.
        "<testsuite><!--><system-out><![CDATA[ --><testcase/>]]></system-out>--></testsuite>",
        "<testsuite><testcase\u{0} name='a'/></testsuite>",
    ] {
        assert!(read(text.as_bytes()).is_err(), "{text}");
    }
    assert!(read(b"<testsuite><testcase\xff name='a'/></testsuite>").is_err());
    assert_eq!(read(b"<testsuite><!--><testcase/>--><testcase/></testsuite>").unwrap().len(), 1);
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

/// Counts elements its own way: names of start tags, outside CDATA, comments and instructions. Where such a thing ends is
/// looked for behind its beginning: the `-->` in `<!-->` ends nothing.
fn count_by_hand(text: &str) -> usize {
    let mut rest = text;
    let mut count = 0;
    while let Some(place) = rest.find('<') {
        rest = &rest[place + 1..];
        let skip = [("![CDATA[", "]]>"), ("!--", "-->"), ("?", "?>")]
            .into_iter()
            .find_map(|(start, end)| Some(start.len() + rest.strip_prefix(start)?.find(end)?));
        if let Some(end) = skip {
            rest = &rest[end..];
            continue;
        }
        let name = rest.split(|c: char| c.is_whitespace() || c == '/' || c == '>').next().unwrap_or_default();
        count += usize::from(name.rsplit(':').next() == Some("testcase"));
    }
    count
}

/// A document with its number of cases, as the generator knows it.
#[derive(Clone, Debug)]
struct Made {
    text: String,
    cases: usize,
}

/// What may stand beside cases without being one.
fn noise() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "",
        "\n  ",
        "<!-- <testcase name='no'/> -->",
        "<properties><property name=\"testcase\" value=\"<\"/></properties>",
        "<system-out><![CDATA[<testcase name='printed'/></testsuite>]]></system-out>",
        "<system-err>1 &lt; 2 \" '</system-err>",
        "<?pi <testcase/> ?>",
        "<system-out/>",
        "<testcases/>",
    ])
    .prop_map(|text| text.replace("\"<\"", "\"&lt;\""))
}

fn one_case() -> impl Strategy<Value = Made> {
    let inside = prop::sample::select(vec![
        "",
        "<failure message=\"assert 1 &lt; 2\" type=\"E\">text</failure>",
        "<error><![CDATA[<testcase/> in text]]></error>",
        "<skipped/>",
        "<flakyFailure message=\"once\"><stackTrace>x</stackTrace></flakyFailure>",
        "<failure/><rerunFailure message=\"no\"/>",
        "<system-out>a&#27;[1m</system-out>",
    ]);
    (
        "[a-zA-Z0-9_\\[\\]. é-]{0,12}",
        inside,
        noise(),
        prop::sample::select(vec!["0.5", "1,204.5", "1.204,5", "", "x"]),
    )
        .prop_map(|(name, inside, noise, time)| Made {
            text: format!(
                "<testcase name=\"{name}\" classname='c' time=\"{time}\">{inside}{noise}</testcase>"
            ),
            cases: 1,
        })
}

fn document() -> impl Strategy<Value = Made> {
    let suites = one_case().prop_recursive(4, 40, 6, |inner| {
        (prop::collection::vec((noise(), inner), 0..6), any::<bool>()).prop_map(|(parts, is_outer)| {
            let name = if is_outer { "testsuites" } else { "testsuite" };
            let inside: String =
                parts.iter().flat_map(|(noise, made)| [noise.as_str(), made.text.as_str()]).collect();
            let cases = parts.iter().map(|(_, made)| made.cases).sum();
            Made {
                text: format!(
                    "<{name} timestamp=\"2026-01-01T00:00:00\" tests=\"{cases}\">{inside}</{name}>"
                ),
                cases,
            }
        })
    });
    let start = prop::sample::select(vec!["", "\u{feff}", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"]);
    (start, suites).prop_map(|(start, made)| Made {
        text: format!("{start}<testsuite>{}</testsuite>", made.text),
        ..made
    })
}

proptest! {
    // `PROPTEST_CASES` says how many of each.

    #[test]
    fn random_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes);
    }

    #[test]
    fn no_case_of_a_whole_document_is_dropped(made in document()) {
        let read = report(&output::without(made.text.as_bytes(), LARGEST).unwrap().unwrap()).unwrap();
        prop_assert_eq!(read.cases.len(), made.cases);
    }

    #[test]
    fn a_damaged_document_is_refused_or_read_to_the_last_case(
        made in document(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"<>/\"'&]!-?x \x00\xff".to_vec()), 0..4_u8), 1..5),
    ) {
        let bytes = damaged(&made.text, &changes);
        if let Ok(cases) = read(&bytes) {
            prop_assert_eq!(cases.len(), count_by_hand(&clean::make_parsable(&String::from_utf8_lossy(&bytes))));
        }
    }

    #[test]
    fn a_damaged_sample_is_refused_or_read_to_the_last_case(
        sample in prop::sample::select(vec![PYTEST, SUREFIRE, NESTED]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..6),
    ) {
        let bytes = damaged(sample, &changes);
        if let Ok(cases) = read(&bytes) {
            prop_assert_eq!(cases.len(), count_by_hand(&clean::make_parsable(&String::from_utf8_lossy(&bytes))));
        }
    }

    #[test]
    fn any_name_is_read_back(name in "[^\u{0}-\u{1f}\u{7f}\u{fffe}\u{ffff}]{0,30}") {
        let escaped = name.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        let cases = read(format!("<testsuite><testcase name=\"{escaped}\"/></testsuite>").as_bytes()).unwrap();
        prop_assert_eq!(&cases[0].name, &name);
    }
}

#[test]
fn counts_of_the_tools_themselves_are_read() {
    let claimed = |text: &str| report(text.as_bytes()).unwrap().claimed;
    assert_eq!(report(PYTEST.as_bytes()).unwrap().claimed, Some(6));
    assert_eq!(report(SUREFIRE.as_bytes()).unwrap().claimed, Some(4));
    assert_eq!(report(NESTED.as_bytes()).unwrap().claimed, None);
    assert_eq!(
        claimed("<testsuites><testsuite tests='2'/><testsuite tests='1,003'/></testsuites>"),
        Some(1005)
    );
    assert_eq!(claimed("<testsuite tests='1'><testcase/><testsuite tests='2'/></testsuite>"), Some(3));
    assert_eq!(claimed("<testsuite tests='3'><testcase/><testsuite tests='2'/></testsuite>"), Some(3));
    // As Surefire counts when it has tried one of three again; fewer cases than counted stay a loss.
    let retried = "<testcase/><testcase><flakyFailure/></testcase><testcase/>";
    assert_eq!(claimed(&format!("<testsuite tests='1'>{retried}</testsuite>")), Some(3));
    assert_eq!(claimed(&format!("<testsuite tests='4'>{retried}</testsuite>")), Some(4));
    assert_eq!(claimed("<testsuite tests='1'><testcase/><testcase/></testsuite>"), Some(1));
}

#[test]
fn kinds_and_flaky_tests_are_told() {
    let cases = read(SUREFIRE.as_bytes()).unwrap();
    let flaky: Vec<_> = cases.iter().map(|case| case.is_flaky).collect();
    assert_eq!(flaky, [true, false, false, false]);
    assert_eq!(cases[2].kind.as_deref(), Some("java.lang.NullPointerException"));
}

#[test]
fn other_encodings_are_read() {
    let name = |bytes: &[u8]| read(bytes).unwrap().remove(0).name;
    let latin =
        b"<?xml version='1.0' encoding='ISO-8859-1'?><testsuite><testcase name='caf\xe9'/></testsuite>";
    assert_eq!(name(latin), "café");
    let wide: Vec<u8> = "\u{feff}<testsuite><testcase name='café'/></testsuite>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(name(&wide), "café");
}

#[test]
fn a_hundred_megabytes_of_output_are_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.xml");
    let mut file = std::io::BufWriter::new(File::create(&path).unwrap());
    let mut write = |text: &str| std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
    write("<testsuite tests='1'><testcase name='a'><system-out><![CDATA[");
    let line = "x".repeat(1 << 20);
    for _ in 0..100 {
        write(&line);
    }
    write("]]></system-out></testcase></testsuite>");
    drop(file);
    assert_eq!(read_report(&path).unwrap().cases.len(), 1);
}
