use std::time::Duration;

use hotfix_core::suite::Selection;
use hotfix_model::CaseOutcome::{Failed, Passed, Skipped, TimedOut};
use hotfix_model::RunEnd;

use super::super::{Project, files, found, outcomes, reason, write_into};
use super::node_project;

const PACKAGE: (&str, &str) = ("package.json", r#"{"scripts": {"test": "node --test"}}"#);
const SUM: &str = "
const { describe, it, test, before } = require('node:test');
const assert = require('assert');
describe('sum', () => {
  it('adds', () => {});
  it('is wrong (here) [a.b]', () => assert.strictEqual(3, 4));
  it('is left out', { skip: 'not today' }, () => {});
  it('is to be done', { todo: true }, () => {});
  for (const one of [1, 2]) it('takes each', () => {});
});
test('has parts', async (t) => {
  await t.test('good part', () => {});
  await t.test('bad part', () => { throw new TypeError('no'); });
});
";

fn sums() -> Vec<(&'static str, &'static str)> {
    vec![PACKAGE, ("sum.test.js", SUM), ("other.test.js", "require('node:test')('is alone', () => {});\n")]
}

#[test]
fn every_outcome_is_read_and_the_counts_agree() {
    let (project, runner) = node_project(&sums());
    let run = project.run(runner.as_ref(), &files(&["sum.test.js", "gone.test.js"]));
    assert_eq!(
        outcomes(&run),
        [
            ("sum.test.js::has parts", Failed),
            ("sum.test.js::has parts > bad part", Failed),
            ("sum.test.js::has parts > good part", Passed),
            ("sum.test.js::sum > adds", Passed),
            ("sum.test.js::sum > is left out", Skipped),
            ("sum.test.js::sum > is to be done", Skipped),
            ("sum.test.js::sum > is wrong (here) [a.b]", Failed),
            ("sum.test.js::sum > takes each", Passed),
            ("sum.test.js::sum > takes each #2", Passed),
        ],
        "{run:#?}"
    );
    assert!(reason(&run, "sum.test.js::has parts > bad part").contains("TypeError: no"));
    assert_eq!((run.end, run.exit, run.claimed), (RunEnd::Finished, Some(1), Some(9)));
}

#[test]
fn ids_lead_back_to_exactly_those_tests() {
    let (project, runner) = node_project(&sums());
    for id in ["sum.test.js::sum > is wrong (here) [a.b]", "sum.test.js::has parts > bad part"] {
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
        ("broken.test.js", "require('./not-there');\n"),
        ("good.test.js", "require('node:test')('x', () => {});\n"),
    ]);
    let run = project.run(runner.as_ref(), &Selection::Everything);
    assert_eq!(outcomes(&run), [("good.test.js::x", Passed)]);
    assert_eq!(run.not_loaded.len(), 1, "{run:#?}");
    assert_eq!(run.not_loaded[0].0, "broken.test.js");
    assert!(run.not_loaded[0].1.contains("Cannot find module './not-there'"), "{run:#?}");
    assert_eq!(run.claimed, Some(1));
}

#[test]
fn a_file_that_hangs_is_named_when_the_time_is_up() {
    let (project, runner) = node_project(&[
        PACKAGE,
        (
            "a.test.js",
            "const t = require('node:test');\nt('good', () => {});\nt('hangs', () => { for (;;) {} });\n",
        ),
    ]);
    let run = project.run_within(runner.as_ref(), &Selection::Everything, Duration::from_secs(10), None);
    assert_eq!(run.end, RunEnd::TimedOut, "{run:#?}");
    assert!(run.cases.iter().any(|case| case.outcome == TimedOut), "{run:#?}");
}

#[test]
fn what_each_test_file_runs_is_learnt() {
    let source = "exports.near = () => {\n  return 1;\n};\nexports.far = () => {\n  return 2;\n};\n";
    let test = |name: &str| format!("require('node:test')('runs', () => require('./source').{name}());\n");
    let (near, far) = (test("near"), test("far"));
    let all = [PACKAGE, ("source.js", source), ("near.test.js", &near), ("far.test.js", &far)];
    let (project, runner) = node_project(&all);
    let found = project.footprints(runner.as_ref(), &["near.test.js", "far.test.js"]);
    let lines = |test: &str| found.get(test).and_then(|files| files.get("source.js")).cloned();
    assert_eq!(lines("near.test.js"), Some(vec![(1, 3)]), "{found:?}");
    assert_eq!(lines("far.test.js"), Some(vec![(4, 6)]), "{found:?}");
}

#[test]
fn packages_of_the_main_worktree_are_found_without_a_lock_file() {
    let test = "const assert = require('assert');\nrequire('node:test')('finds it', () => assert.equal(require('sum'), 3));\n";
    let all = [PACKAGE, (".gitignore", "node_modules\n"), ("sum.test.js", test)];
    let (project, runner) = (Project::new(&all), found(&all));
    let installed = [
        ("package.json", PACKAGE.1),
        ("node_modules/sum/package.json", r#"{"name": "sum", "main": "index.js"}"#),
        ("node_modules/sum/index.js", "module.exports = 3;\n"),
    ];
    write_into(&project.home(), &installed);
    let run = project.run(runner.as_ref(), &Selection::Everything);
    assert_eq!(outcomes(&run), [("sum.test.js::finds it", Passed)], "{run:#?}");
}
