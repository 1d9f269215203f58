use std::path::PathBuf;
use std::time::Duration;

use hotfix_core::suite::{Place, Selection};
use hotfix_model::CaseOutcome::{Failed, Passed, Skipped, TimedOut};
use hotfix_model::RunEnd;

use super::super::{files, outcomes, reason};
use super::node_project;

const PACKAGE: (&str, &str) =
    ("package.json", r#"{"type": "module", "scripts": {"test": "vitest --coverage"}}"#);
const SUM: &str = "
import { describe, expect, test, beforeAll } from 'vitest';
import { sum } from './sum';
describe('sum', () => {
  test('adds', () => { expect(sum(1, 2)).toBe(3); });
  test('is wrong (here) > [a.b]', () => { expect(sum(1, 2)).toBe(4); });
  test.skip('is left out', () => {});
  test.todo('is to be done');
  test.each([1, 2])('takes each', () => {});
});
describe('hook', () => {
  beforeAll(() => { throw new Error('no database'); });
  test('needs it', () => {});
});
";

fn sums() -> Vec<(&'static str, &'static str)> {
    let source = "export const sum = (a: number, b: number): number => a + b;\n";
    vec![PACKAGE, ("sum.ts", source), ("sum.test.ts", SUM)]
}

#[test]
fn every_outcome_is_read_and_the_counts_agree() {
    let (project, runner) = node_project(&sums());
    let run = project.run(runner.as_ref(), &files(&["sum.test.ts", "gone.test.ts"]));
    assert_eq!(
        outcomes(&run),
        [
            ("sum.test.ts::hook > needs it", Failed),
            ("sum.test.ts::sum > adds", Passed),
            ("sum.test.ts::sum > is left out", Skipped),
            ("sum.test.ts::sum > is to be done", Skipped),
            ("sum.test.ts::sum > is wrong (here) > [a.b]", Failed),
            ("sum.test.ts::sum > takes each", Passed),
            ("sum.test.ts::sum > takes each #2", Passed),
        ],
        "{run:#?}"
    );
    assert!(reason(&run, "sum.test.ts::hook > needs it").contains("no database"));
    let why = reason(&run, "sum.test.ts::sum > is wrong (here) > [a.b]");
    assert!(why.contains("expected 3 to be 4"), "{why}");
    assert_eq!((run.end, run.exit, run.claimed), (RunEnd::Finished, Some(1), Some(7)));
}

#[test]
fn ids_lead_back_to_exactly_those_tests() {
    let (project, runner) = node_project(&sums());
    for id in ["sum.test.ts::sum > is wrong (here) > [a.b]", "sum.test.ts::sum > takes each #2"] {
        let run = project.run(runner.as_ref(), &Selection::Cases(vec![id.to_owned()]));
        assert_eq!(run.cases.iter().map(|case| case.id.as_str()).collect::<Vec<_>>(), [id], "{run:#?}");
    }
    let run = project.run(runner.as_ref(), &Selection::Cases(vec!["sum.test.ts::sum > gone".to_owned()]));
    assert_eq!((run.cases.len(), run.is_green()), (0, false), "{run:#?}");
}

#[test]
fn a_file_that_cannot_be_loaded_is_named_and_hides_no_other() {
    let (project, runner) = node_project(&[
        PACKAGE,
        ("broken.test.ts", "import './not-there';\n"),
        ("syntax.test.ts", "test('x', () => {\n"),
        ("good.test.ts", "import { test } from 'vitest';\ntest('x', () => {});\n"),
    ]);
    let run = project.run(runner.as_ref(), &Selection::Everything);
    assert_eq!(outcomes(&run), [("good.test.ts::x", Passed)]);
    let mut names: Vec<&str> = run.not_loaded.iter().map(|(file, _)| file.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["broken.test.ts", "syntax.test.ts"], "{run:#?}");
    assert!(!run.is_green());
}

#[test]
fn an_error_outside_of_any_test_is_told() {
    let (project, runner) = node_project(&[
        PACKAGE,
        (
            "a.test.ts",
            "import { test } from 'vitest';\ntest('x', () => { Promise.reject(new Error('lost')); });\n",
        ),
    ]);
    let run = project.run(runner.as_ref(), &Selection::Everything);
    assert!(!run.is_green() && run.tail.lines().last().is_some_and(|line| line.contains("lost")), "{run:#?}");
}

#[test]
fn a_file_that_hangs_is_named_when_the_time_is_up() {
    let (project, runner) = node_project(&[
        PACKAGE,
        ("a.test.ts", "import { test } from 'vitest';\ntest('hangs', () => { for (;;) {} });\n"),
    ]);
    let run = project.run_within(runner.as_ref(), &Selection::Everything, Duration::from_secs(6), None);
    assert_eq!(run.end, RunEnd::TimedOut, "{run:#?}");
    let case = &run.cases[0];
    assert_eq!((case.file.as_deref(), case.outcome), (Some("a.test.ts"), TimedOut), "{run:#?}");
}

#[test]
fn related_tests_are_those_vitest_knows() {
    let more =
        [sums(), vec![("other.test.ts", "import { test } from 'vitest';\ntest('x', () => {});\n")]].concat();
    let (project, runner) = node_project(&more);
    let (root, home, scratch) = (project.root(), project.home(), project.scratch());
    let place = Place { root: &root, home: &home, scratch: &scratch };
    let related = runner.related(&project.ctx(), &place, &[PathBuf::from("sum.ts")]);
    assert_eq!(related, Some(vec!["sum.test.ts".into()]));
}
