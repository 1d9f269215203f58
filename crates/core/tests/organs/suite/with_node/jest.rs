use std::path::PathBuf;
use std::time::Duration;

use hotfix_core::suite::{Place, Selection};
use hotfix_model::CaseOutcome::{Failed, Passed, Skipped, TimedOut};
use hotfix_model::RunEnd;

use super::super::{files, outcomes, reason};
use super::node_project;

const PACKAGE: (&str, &str) =
    ("package.json", r#"{"scripts": {"test": "jest --coverage"}, "jest": {"bail": true}}"#);
const SUM: &str = "
const { sum } = require('./sum');
describe('sum', () => {
  test('adds', () => { expect(sum(1, 2)).toBe(3); });
  test('is wrong (here) [a.b]', () => { expect(sum(1, 2)).toBe(4); });
  test.skip('is left out', () => {});
  test.todo('is to be done');
  test.each([1, 2])('takes each', () => {});
  test('\\0odd', () => {});
  test('odd', () => {});
});
";

fn sums() -> Vec<(&'static str, &'static str)> {
    vec![PACKAGE, ("sum.js", "exports.sum = (a, b) => a + b;\n"), ("sum.test.js", SUM)]
}

#[test]
fn every_outcome_is_read_and_the_counts_agree() {
    let (project, runner) = node_project(&sums());
    let run = project.run(runner.as_ref(), &files(&["sum.test.js", "gone.test.js"]));
    assert_eq!(
        outcomes(&run),
        [
            ("sum.test.js::sum > \\u0000odd", Passed),
            ("sum.test.js::sum > adds", Passed),
            ("sum.test.js::sum > is left out", Skipped),
            ("sum.test.js::sum > is to be done", Skipped),
            ("sum.test.js::sum > is wrong (here) [a.b]", Failed),
            ("sum.test.js::sum > odd", Passed),
            ("sum.test.js::sum > takes each", Passed),
            ("sum.test.js::sum > takes each #2", Passed),
        ],
        "{run:#?}"
    );
    let why = reason(&run, "sum.test.js::sum > is wrong (here) [a.b]");
    assert!(why.contains("toBe(expected)") && why.contains("Expected: 4; Received: 3"), "{why}");
    assert_eq!((run.end, run.exit, run.claimed), (RunEnd::Finished, Some(1), Some(8)));
    assert_eq!(runner.command(&files(&["sum.test.js"])), ["npx", "jest", "sum.test.js"]);
}

#[test]
fn ids_lead_back_to_exactly_those_tests() {
    let (project, runner) = node_project(&sums());
    for id in [
        "sum.test.js::sum > \\u0000odd",
        "sum.test.js::sum > is wrong (here) [a.b]",
        "sum.test.js::sum > takes each #2",
    ] {
        let run = project.run(runner.as_ref(), &Selection::Cases(vec![id.to_owned()]));
        assert_eq!(run.cases.iter().map(|case| case.id.as_str()).collect::<Vec<_>>(), [id], "{run:#?}");
        assert_eq!(run.claimed, Some(1));
    }
    let run = project.run(runner.as_ref(), &Selection::Cases(vec!["sum.test.js::sum > gone".to_owned()]));
    assert_eq!((run.cases.len(), run.is_green()), (0, false), "{run:#?}");
}

#[test]
fn a_file_that_cannot_be_loaded_is_named_and_hides_no_other() {
    let (project, runner) = node_project(&[
        PACKAGE,
        ("broken.test.js", "require('./not-there');\ntest('x', () => {});\n"),
        ("syntax.test.js", "test('x', () => {\n"),
        ("empty.test.js", "\n"),
        ("good.test.js", "test('x', () => {});\n"),
    ]);
    let run = project.run(runner.as_ref(), &Selection::Everything);
    assert_eq!(outcomes(&run), [("good.test.js::x", Passed)]);
    let mut names: Vec<&str> = run.not_loaded.iter().map(|(file, _)| file.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["broken.test.js", "empty.test.js", "syntax.test.js"], "{run:#?}");
    let why = |name: &str| run.not_loaded.iter().find(|(file, _)| file == name).map(|(_, why)| why.as_str());
    assert!(
        why("broken.test.js").is_some_and(|why| why.contains("Cannot find module './not-there'")),
        "{run:#?}"
    );
    assert!(!run.is_green());
}

#[test]
fn a_test_that_hangs_is_named() {
    let (project, runner) = node_project(&[
        PACKAGE,
        ("a.test.js", "test('good', () => {});\ntest('hangs', () => { for (;;) {} });\n"),
    ]);
    let limit = Some(Duration::from_secs(1));
    let run = project.run_within(runner.as_ref(), &Selection::Everything, Duration::from_mins(1), limit);
    assert_eq!(outcomes(&run), [("a.test.js::hangs", TimedOut)], "{run:#?}");
    assert_eq!(run.end, RunEnd::TimedOut);
}

#[test]
fn nothing_selected_is_not_green() {
    let (project, runner) = node_project(&sums());
    let run = project.run(runner.as_ref(), &files(&["gone.test.js"]));
    assert_eq!((run.cases.len(), run.exit, run.is_green()), (0, None, false));
    // A file that jest itself would not take for a test.
    let run = project.run(runner.as_ref(), &files(&["sum.js"]));
    assert_eq!((run.cases.len(), run.is_green()), (0, false), "{run:#?}");
}

#[test]
fn related_tests_are_those_jest_knows() {
    let more = [sums(), vec![("other.test.js", "test('x', () => {});\n")]].concat();
    let (project, runner) = node_project(&more);
    let related = |source: &str| {
        let (root, home, scratch) = (project.root(), project.home(), project.scratch());
        let place = Place { root: &root, home: &home, scratch: &scratch };
        runner.related(&project.ctx(), &place, &[PathBuf::from(source)])
    };
    assert_eq!(related("sum.js"), Some(vec!["sum.test.js".into()]));
    assert_eq!(related("README.md"), None);
}
