use std::time::Duration;

use hotfix_core::suite::Selection;
use hotfix_model::CaseOutcome::{Failed, Passed, Skipped, TimedOut};
use hotfix_model::RunEnd;

use super::super::{files, outcomes, reason};
use super::node_project;

const PACKAGE: (&str, &str) = ("package.json", r#"{"scripts": {"test": "c8 mocha test/*.spec.js"}}"#);
const RC: (&str, &str) = (".mocharc.json", r#"{"bail": true, "retries": 2, "require": ["./setup.js"]}"#);
const SETUP: (&str, &str) = ("setup.js", "global.ready = true;\n");
const SUM: &str = "
const assert = require('assert');
describe('sum', () => {
  it('adds', () => assert(ready));
  it('is wrong (here) [a.b]', () => assert.strictEqual(3, 4));
  it.skip('is left out', () => {});
  it('is to be done');
  for (const one of [1, 2]) it('takes each', () => {});
});
describe('hook', () => {
  before(() => { throw new Error('no database'); });
  it('needs it', () => {});
  it('needs it too', () => {});
});
";

fn sums() -> Vec<(&'static str, &'static str)> {
    vec![PACKAGE, RC, SETUP, ("test/sum.spec.js", SUM), ("test/other.spec.js", "it('is alone', () => {});\n")]
}

#[test]
fn every_outcome_is_read_and_the_counts_agree() {
    let (project, runner) = node_project(&sums());
    let run = project.run(runner.as_ref(), &files(&["test/sum.spec.js", "test/gone.spec.js"]));
    assert_eq!(
        outcomes(&run),
        [
            ("test/sum.spec.js::hook > needs it", Failed),
            ("test/sum.spec.js::hook > needs it too", Failed),
            ("test/sum.spec.js::sum > adds", Passed),
            ("test/sum.spec.js::sum > is left out", Skipped),
            ("test/sum.spec.js::sum > is to be done", Skipped),
            ("test/sum.spec.js::sum > is wrong (here) [a.b]", Failed),
            ("test/sum.spec.js::sum > takes each", Passed),
            ("test/sum.spec.js::sum > takes each #2", Passed),
        ],
        "{run:#?}"
    );
    assert!(reason(&run, "test/sum.spec.js::hook > needs it too").contains("no database"));
    assert_eq!((run.end, run.claimed), (RunEnd::Finished, Some(8)));
    let everything = project.run(runner.as_ref(), &Selection::Everything);
    assert_eq!(everything.cases.len(), 9, "{everything:#?}");
}

#[test]
fn ids_lead_back_to_exactly_those_tests() {
    let (project, runner) = node_project(&sums());
    for id in ["test/sum.spec.js::sum > is wrong (here) [a.b]", "test/sum.spec.js::sum > takes each #2"] {
        let run = project.run(runner.as_ref(), &Selection::Cases(vec![id.to_owned()]));
        assert_eq!(run.cases.iter().map(|case| case.id.as_str()).collect::<Vec<_>>(), [id], "{run:#?}");
        assert_eq!(run.claimed, Some(1));
    }
    let run =
        project.run(runner.as_ref(), &Selection::Cases(vec!["test/sum.spec.js::sum > gone".to_owned()]));
    assert_eq!((run.cases.len(), run.is_green()), (0, false), "{run:#?}");
}

#[test]
fn a_file_that_cannot_be_loaded_is_named_and_hides_no_other() {
    let (project, runner) = node_project(&[
        PACKAGE,
        ("test/broken.spec.js", "require('./not-there');\n"),
        ("test/good.spec.js", "it('x', () => {});\n"),
    ]);
    let run = project.run(runner.as_ref(), &files(&["test/broken.spec.js", "test/good.spec.js"]));
    assert_eq!(outcomes(&run), [("test/good.spec.js::x", Passed)], "{run:#?}");
    assert!(!run.is_green());
    assert_eq!(run.not_loaded[0].0, "test/broken.spec.js", "{run:#?}");
    assert!(run.not_loaded[0].1.contains("Cannot find module './not-there'"), "{run:#?}");
}

#[test]
fn a_test_that_hangs_is_named() {
    let (project, runner) = node_project(&[
        PACKAGE,
        ("test/a.spec.js", "it('good', () => {});\nit('hangs', () => { for (;;) {} });\n"),
    ]);
    let limit = Some(Duration::from_secs(1));
    let run = project.run_within(runner.as_ref(), &Selection::Everything, Duration::from_mins(1), limit);
    assert_eq!(
        outcomes(&run),
        [("test/a.spec.js::good", Passed), ("test/a.spec.js::hangs", TimedOut)],
        "{run:#?}"
    );
}
