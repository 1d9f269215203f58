//! What is said of a failed test: where it failed, of what kind the error is, and what a snapshot lacks.

use std::fs;

use hotfix_core::suite::Selection;
use hotfix_model::{Case, CaseOutcome, Run};

use super::node_project;

const SOURCE: &str = "
class OutOfStock extends Error {}
const total = (xs) => { if (xs === null) throw new OutOfStock('nothing left'); return inner(xs); };
function inner(xs) { return xs.reduce((a, b) => a.b.c + b); }
class Basket { async pay() { await null; throw new TypeError('no card'); } }
module.exports = { total, Basket };
";

/// The tests of every tool: `BEGIN` imports, `test` is the function of the tool.
const TESTS: &str = "
test('in the source', () => { total([1, 2]); });
test('of its own kind', () => { total(null); });
test('in a method', async () => { await new Basket().pay(); });
test('in the test', () => { throw new Error('plain'); });
test('in a package', () => { require('path').join(3); });
test('behind', async () => { throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:1') }); });
";

fn case<'a>(run: &'a Run, name: &str) -> &'a Case {
    run.cases.iter().find(|case| case.id.ends_with(name)).unwrap_or_else(|| panic!("no {name} in {run:#?}"))
}

fn run_of(script: &str, test: &str, begin: &str) -> Run {
    let package = format!(r#"{{"scripts": {{"test": "{script}"}}}}"#);
    let text = format!("const {{ total, Basket }} = require('../src/price.js');\n{begin}\n{TESTS}");
    let (project, runner) =
        node_project(&[("package.json", &package), ("src/price.js", SOURCE), (test, &text)]);
    project.run(runner.as_ref(), &Selection::Everything)
}

fn check(run: &Run, test: &str) {
    let frame = |name: &str| case(run, name).frame.clone().unwrap_or_default();
    let reason = |name: &str| case(run, name).reason.clone().unwrap_or_default();
    assert!(frame("in the source").starts_with("src/price.js"), "{run:#?}");
    assert_eq!(frame("of its own kind"), "src/price.js:total", "{run:#?}");
    assert!(frame("in a method").ends_with("src/price.js:Basket.pay"), "{run:#?}");
    for name in ["in the test", "in a package", "behind"] {
        // jest names the place by what was called there.
        assert_eq!(frame(name).split(':').next(), Some(test), "{name}: {run:#?}");
    }
    assert!(reason("in the source").starts_with("TypeError: Cannot read"), "{run:#?}");
    assert!(reason("in a method").starts_with("TypeError: no card"), "{run:#?}");
    assert!(reason("in the test").ends_with("plain"), "{run:#?}");
}

#[test]
fn jest_says_where_and_of_what_kind() {
    let run = run_of("jest", "t/a.test.js", "");
    check(&run, "t/a.test.js");
}

#[test]
fn mocha_says_where_and_of_what_kind() {
    let run = run_of("mocha t/a.js", "t/a.js", "const test = it;");
    check(&run, "t/a.js");
    assert_eq!(case(&run, "of its own kind").reason.as_deref(), Some("OutOfStock: nothing left"));
    let behind = case(&run, "behind").reason.as_deref();
    assert_eq!(behind, Some("TypeError: fetch failed (connect ECONNREFUSED 127.0.0.1:1)"));
}

#[test]
fn node_says_where_and_of_what_kind() {
    let run = run_of("node --test t/a.test.js", "t/a.test.js", "const { test } = require('node:test');");
    check(&run, "t/a.test.js");
}

#[test]
fn vitest_says_where_and_of_what_kind() {
    let text = format!(
        "import {{ test }} from 'vitest';\nimport {{ createRequire }} from 'node:module';\nimport {{ total, Basket }} from '../src/price.mjs';\nconst require = createRequire(import.meta.url);\n{TESTS}"
    );
    let source = SOURCE.replace("module.exports =", "export");
    let (project, runner) = node_project(&[
        ("package.json", r#"{"scripts": {"test": "vitest run"}}"#),
        ("src/price.mjs", &source),
        ("t/a.test.mjs", &text),
    ]);
    let run = project.run(runner.as_ref(), &Selection::Everything);
    let frame = |name: &str| case(&run, name).frame.clone().unwrap_or_default();
    assert!(frame("in the source").starts_with("src/price.mjs"), "{run:#?}");
    assert_eq!(frame("of its own kind"), "src/price.mjs:total", "{run:#?}");
    assert_eq!(frame("in the test"), "t/a.test.mjs", "{run:#?}");
    assert_eq!(case(&run, "of its own kind").reason.as_deref(), Some("OutOfStock: nothing left"));
    let behind = case(&run, "behind").reason.as_deref();
    assert_eq!(behind, Some("TypeError: fetch failed (connect ECONNREFUSED 127.0.0.1:1)"), "{run:#?}");
}

/// The only failed test; nothing was written.
fn new_snapshot(files: &[(&str, &str)]) -> String {
    let (project, runner) = node_project(files);
    let before = fs::read(project.root().join(files[1].0)).unwrap();
    let run = project.run(runner.as_ref(), &Selection::Everything);
    assert!(!run.is_green() && run.cases.len() == 1, "{run:#?}");
    assert_eq!(run.cases[0].outcome, CaseOutcome::Failed);
    assert!(!project.root().join("__snapshots__").exists());
    assert_eq!(fs::read(project.root().join(files[1].0)).unwrap(), before);
    run.cases[0].reason.clone().unwrap()
}

#[test]
fn a_snapshot_that_is_not_there_is_not_written_and_no_pass() {
    let jest = ("package.json", r#"{"scripts": {"test": "jest --ci=false"}}"#);
    let vitest = ("package.json", r#"{"scripts": {"test": "vitest run"}}"#);
    let said = new_snapshot(&[jest, ("a.test.js", "test('x', () => { expect(3).toMatchSnapshot(); });\n")]);
    assert_eq!(
        said,
        "a new snapshot was not written: run `npx jest --ci=false a.test.js` and commit what it writes"
    );
    let said =
        new_snapshot(&[jest, ("a.test.js", "test('x', () => { expect(3).toMatchInlineSnapshot(); });\n")]);
    assert!(said.contains("not written"), "{said}");
    let test = |call: &str| {
        format!("import {{ expect, test }} from 'vitest';\ntest('x', () => {{ expect(3).{call}(); }});\n")
    };
    let wanted =
        "a new snapshot was not written: run `npx vitest run --update a.test.mjs` and commit what it writes";
    for call in ["toMatchSnapshot", "toMatchInlineSnapshot"] {
        assert_eq!(new_snapshot(&[vitest, ("a.test.mjs", &test(call))]), wanted, "{call}");
    }
}

#[test]
fn a_snapshot_that_differs_says_so() {
    let (project, runner) = node_project(&[
        ("package.json", r#"{"scripts": {"test": "vitest run"}}"#),
        (
            "a.test.mjs",
            "import { expect, test } from 'vitest';\ntest('x', () => { expect(3).toMatchSnapshot(); });\n",
        ),
        (
            "__snapshots__/a.test.mjs.snap",
            "// Vitest Snapshot v1, https://vitest.dev/guide/snapshot.html\n\nexports[`x 1`] = `4`;\n",
        ),
    ]);
    let run = project.run(runner.as_ref(), &Selection::Everything);
    assert_eq!(run.cases[0].reason.as_deref(), Some("Snapshot `x 1` mismatched"), "{run:#?}");
}

#[test]
fn a_failure_that_is_expected_shows_nothing() {
    let jest = "test.failing('it\\'s known', () => { throw new Error('no'); });\ntest('x', () => {});\n";
    let vitest = "import { test } from 'vitest';\ntest.fails('it\\'s known', () => { throw new Error('no'); });\ntest('x', () => {});\n";
    for (script, name, text) in [("jest", "a.test.js", jest), ("vitest run", "a.test.mjs", vitest)] {
        let package = format!(r#"{{"scripts": {{"test": "{script}"}}}}"#);
        let (project, runner) = node_project(&[("package.json", &package), (name, text)]);
        let run = project.run(runner.as_ref(), &Selection::Everything);
        assert_eq!(case(&run, "it's known").outcome, CaseOutcome::Skipped, "{run:#?}");
        assert_eq!((case(&run, "::x").outcome, run.claimed), (CaseOutcome::Passed, Some(2)), "{run:#?}");
    }
}
