//! Options of ours never collide with those of the project, and those that choose tests mean what they meant.

use hotfix_core::suite::Selection;
use hotfix_model::CaseOutcome::Passed;

use super::super::{files, outcomes};
use super::node_project;

#[test]
fn vitest_takes_options_of_coverage_and_reporters_once() {
    let test = "import { test } from 'vitest';\ntest('x', () => {});\n";
    for options in [
        "--coverage.enabled --coverage.reporter=text",
        "--coverage.enabled=false",
        "--no-coverage --watch=false",
        "--outputFile.junit=out.xml --reporter=junit --reporter dot",
        "--pass-with-no-tests=false --bail 1 --no-watch",
    ] {
        let package = format!(r#"{{"scripts": {{"test": "vitest run {options}"}}}}"#);
        let (project, runner) = node_project(&[("package.json", &package), ("a.test.mjs", test)]);
        let run = project.run(runner.as_ref(), &Selection::Everything);
        assert_eq!(outcomes(&run), [("a.test.mjs::x", Passed)], "{options}: {run:#?}");
        assert!(!project.root().join("out.xml").exists());
    }
}

#[test]
fn node_may_be_told_to_end_at_once() {
    let test = "const t = require('node:test');\nsetInterval(() => {}, 1000);\nfor (let i = 0; i < 40; i += 1) t('t' + i, () => {});\n";
    let (project, runner) = node_project(&[
        ("package.json", r#"{"scripts": {"test": "node --test --test-force-exit"}}"#),
        ("a.test.js", test),
        ("b.test.js", test),
    ]);
    let run = project.run(runner.as_ref(), &Selection::Everything);
    assert_eq!((run.cases.len(), run.claimed, run.is_green()), (80, Some(80), true), "{run:#?}");
    project.write(&[("b.test.js", "require('node:test')('fails', () => { throw new Error('no'); });\n")]);
    let run = project.run(runner.as_ref(), &Selection::Everything);
    assert_eq!((run.cases.len(), run.claimed, run.exit), (41, Some(41), Some(1)), "{run:#?}");
}

#[test]
fn files_and_names_that_the_script_chooses_are_its_choice() {
    let mocha = "it('slow x', () => {});\nit('y', () => {});\n";
    let own = [
        ("test/unit/a.js", mocha),
        ("test/unit/b.js", mocha),
        ("test/live/c.js", "throw new Error('live');\n"),
    ];
    for (line, expected) in [
        ("mocha test/unit/*.js", ["a.js::slow x", "a.js::y", "b.js::slow x", "b.js::y"].as_slice()),
        ("mocha --grep slow test/unit", &["a.js::slow x", "b.js::slow x"]),
        ("mocha -g slow -i 'test/unit/?.js'", &["a.js::y", "b.js::y"]),
        ("F=b; mocha test/unit/$F.js", &["b.js::slow x", "b.js::y"]),
    ] {
        let package = format!(r#"{{"scripts": {{"test": "{line}"}}}}"#);
        let all = [own.as_slice(), &[("package.json", package.as_str())]].concat();
        let (project, runner) = node_project(&all);
        let run = project.run(runner.as_ref(), &Selection::Everything);
        let expected: Vec<String> = expected.iter().map(|id| format!("test/unit/{id}")).collect();
        let ids: Vec<&str> = outcomes(&run).into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, expected, "{line}: {run:#?}");
    }
}

#[test]
fn jest_runs_what_the_script_names() {
    let test = "test('unit x', () => {});\ntest('y', () => {});\n";
    let (project, runner) = node_project(&[
        ("package.json", r#"{"scripts": {"test": "jest -t '^unit' --testPathPattern src --bail 1"}}"#),
        ("src/a.test.js", test),
        ("live/b.test.js", "throw new Error('live');\n"),
    ]);
    let ran = |selection: &Selection| {
        let run = project.run(runner.as_ref(), selection);
        run.ran().map(|case| case.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(ran(&Selection::Everything), ["src/a.test.js::unit x"]);
    assert_eq!(ran(&files(&["src/a.test.js"])), ["src/a.test.js::unit x"]);
    assert_eq!(ran(&Selection::Cases(vec!["src/a.test.js::y".to_owned()])), ["src/a.test.js::y"]);
}

#[test]
fn settings_that_invert_names_do_not_invert_ours() {
    let (project, runner) = node_project(&[
        ("package.json", r#"{"scripts": {"test": "mocha"}}"#),
        (".mocharc.json", r#"{"grep": "slow", "invert": true}"#),
        ("test/a.js", "it('slow', () => {});\nit('x', () => {});\nit('y', () => {});\n"),
    ]);
    let run = project.run(runner.as_ref(), &Selection::Everything);
    assert_eq!(outcomes(&run), [("test/a.js::x", Passed), ("test/a.js::y", Passed)], "{run:#?}");
    let run = project.run(runner.as_ref(), &Selection::Cases(vec!["test/a.js::y".to_owned()]));
    assert_eq!(outcomes(&run), [("test/a.js::y", Passed)], "{run:#?}");
}
