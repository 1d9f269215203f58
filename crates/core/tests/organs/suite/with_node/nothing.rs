//! Commands that run nothing, or nothing that could be loaded, and programs that are not there.

use hotfix_core::suite::{Place, Selection};
use hotfix_model::CaseOutcome::{Failed, Passed};
use hotfix_model::RunEnd;

use super::super::{detect_in, files, outcomes, reason};
use super::node_project;

#[test]
fn a_script_that_does_nothing_is_no_way_to_test() {
    for line in
        ["exit 0", "true", ":", "echo no tests yet", "echo none; exit 0", "npm run unit", "sleep 1 && exit 0"]
    {
        let package = format!(r#"{{"scripts": {{"test": "{line}", "unit": "echo later"}}}}"#);
        assert!(detect_in(&[("package.json", &package)], "").is_err(), "{line}");
    }
    // The next of the usual names counts.
    let package = r#"{"scripts": {"test": "exit 0", "test:unit": "mocha"}}"#;
    assert_eq!(detect_in(&[("package.json", package)], "").unwrap().name(), "mocha");
}

#[test]
fn ava_tells_its_tests_and_the_files_that_cannot_be_loaded() {
    let price = "import test from 'ava';\nimport { total } from '../price.js';\ntest('type', (t) => { t.is(typeof total([1]), 'number'); });\ntest('sum', (t) => { t.is(total([1]), 4); });\n";
    let (project, runner) = node_project(&[
        ("package.json", r#"{"type": "module", "scripts": {"test": "ava"}}"#),
        ("price.js", "export const total = (xs) => xs.length;\n"),
        ("test/price.test.js", price),
        ("test/other.test.js", "import test from 'ava';\ntest('is alone', (t) => { t.pass(); });\n"),
    ]);
    let run = project.run(runner.as_ref(), &Selection::Everything);
    let all = [("other › is alone", Passed), ("price › sum", Failed), ("price › type", Passed)];
    assert_eq!(outcomes(&run), all, "{run:#?}");
    assert_eq!((run.counted, run.claimed, run.exit), (true, Some(3), Some(1)));
    assert_eq!(reason(&run, "price › sum"), "AssertionError: t.is() - 1 + 4");
    project.write(&[("price.js", "export const total = () => 4;\n")]);
    assert!(project.run(runner.as_ref(), &Selection::Everything).is_green());
    let missing = "import test from 'ava';\nimport { anything } from '../unrelated.js';\ntest('x', (t) => { t.truthy(anything); });\n";
    project.write(&[("test/new.test.js", missing)]);
    let run = project.run(runner.as_ref(), &Selection::Everything);
    assert_eq!(run.not_loaded.len(), 1, "{run:#?}");
    let (file, why) = &run.not_loaded[0];
    assert!(file == "test/new.test.js" && why.contains("Cannot find module"), "{run:#?}");
    assert!(run.broken().next().is_none() && !run.is_green(), "{run:#?}");
}

#[test]
fn a_test_program_that_cannot_be_loaded_is_told_from_one_that_fails() {
    let package = r#"{"scripts": {"test": "node test/run.js"}}"#;
    let run_of = |text: &str| {
        let (project, runner) = node_project(&[("package.json", package), ("test/run.js", text)]);
        project.run(runner.as_ref(), &files(&["test/run.js"]))
    };
    let run = run_of("require('assert').strictEqual(1, 2);\n");
    assert_eq!((run.counted, run.exit, run.not_loaded.len()), (false, Some(1), 0), "{run:#?}");
    assert_eq!(run_of("JSON.parse('{');\n").not_loaded, []);
    for text in ["require('../unrelated');\n", "import('../unrelated.js');\n", "const x = ;\n"] {
        let run = run_of(text);
        assert_eq!(run.not_loaded.len(), 1, "{text}: {run:#?}");
        assert_eq!(run.not_loaded[0].0, "test/run.js");
    }
    // What a test starts to see it fail is its own affair.
    let inner =
        "require('child_process').spawnSync(process.execPath, ['-e', 'x ='], { stdio: 'inherit' });\n";
    let run = run_of(inner);
    assert!(run.is_green() && run.not_loaded.is_empty(), "{run:#?}");
}

#[test]
fn programs_that_are_not_there_are_named() {
    let (project, runner) = node_project(&[("package.json", r#"{"scripts": {"test": "deno test"}}"#)]);
    let (root, home, scratch) = (project.root(), project.home(), project.scratch());
    let place = Place { root: &root, home: &home, scratch: &scratch };
    let error = runner.ready(&project.ctx(), &place).unwrap_err();
    assert!(error.to_string().contains("deno") && error.next().contains("deno.com"), "{error}");
    let (project, runner) =
        node_project(&[("package.json", r#"{"scripts": {"test": "A=b our-own-tests --all"}}"#)]);
    let run = project.run(runner.as_ref(), &Selection::Everything);
    assert_eq!((run.end, run.exit), (RunEnd::Crashed, Some(127)), "{run:#?}");
    assert!(
        run.tail.ends_with("our-own-tests, which `npm test` runs, is not installed, or not on the PATH"),
        "{run:#?}"
    );
}

#[test]
fn the_last_line_says_why_a_tool_stopped() {
    let (project, runner) = node_project(&[
        ("package.json", r#"{"scripts": {"test": "mocha"}}"#),
        (".mocharc.json", r#"{"require": ["./setup.js"]}"#),
        ("setup.js", "console.log('the licence is out of date'); process.exit(3);\n"),
        ("test/a.js", "it('x', () => {});\n"),
    ]);
    let run = project.run(runner.as_ref(), &Selection::Everything);
    let last = run.tail.lines().last().unwrap();
    assert_eq!(last, "mocha ended with code 3 before its tests did: the licence is out of date", "{run:#?}");
}
