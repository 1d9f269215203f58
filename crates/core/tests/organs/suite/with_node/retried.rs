//! Tests that the runner itself tries again.

use super::super::files;
use super::node_project;

/// The only flaky test and what it said at first.
fn flaky(all: &[(&str, &str)], file: &str) -> (String, String) {
    let (project, runner) = node_project(all);
    let run = project.run(runner.as_ref(), &files(&[file]));
    assert!(run.is_green() && run.cases.len() == 2, "{run:#?}");
    let mut found = run.flaky().map(|case| (case.id.clone(), case.reason.clone().unwrap()));
    let first = found.next().unwrap_or_else(|| panic!("{run:#?}"));
    assert!(found.next().is_none(), "{run:#?}");
    first
}

#[test]
fn jest_says_what_was_wrong_at_first() {
    let test = "jest.retryTimes(2);\nlet tries = 0;\ntest('sometimes', () => { expect(++tries).toBe(2); });\ntest('always', () => {});\n";
    let all = [("package.json", r#"{"scripts": {"test": "jest"}}"#), ("a.test.js", test)];
    let (id, said) = flaky(&all, "a.test.js");
    assert_eq!(id, "a.test.js::sometimes");
    assert!(said.contains("expect(received).toBe(expected)") || said.contains("earlier try"), "{said}");
}

#[test]
fn vitest_says_what_was_wrong_at_first() {
    let test = "import { expect, test } from 'vitest';\nlet tries = 0;\ntest('sometimes', { retry: 2 }, () => { expect(++tries).toBe(2); });\ntest('always', () => {});\n";
    let all = [("package.json", r#"{"type": "module", "scripts": {"test": "vitest"}}"#), ("a.test.js", test)];
    let (id, said) = flaky(&all, "a.test.js");
    assert_eq!(id, "a.test.js::sometimes");
    assert!(said.contains("expected 1 to be 2"), "{said}");
}

#[test]
fn mocha_says_that_it_tried_again() {
    let test = "let tries = 0;\nit('sometimes', function () { this.retries(2); if (++tries < 2) throw new Error('no luck'); });\nit('always', () => {});\n";
    let all =
        [("package.json", r#"{"scripts": {"test": "mocha test/*.spec.js"}}"#), ("test/a.spec.js", test)];
    let (id, said) = flaky(&all, "test/a.spec.js");
    assert_eq!((id.as_str(), said.as_str()), ("test/a.spec.js::sometimes", "an earlier try failed"));
}
