//! The test files that the project's own command would run, as the tool itself lists them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use hotfix_core::suite::Selection;
use hotfix_model::CaseOutcome::{Failed, Passed};

use super::super::{files, outcomes};
use super::{listed, node_project};

fn paths(names: &[&str]) -> BTreeSet<PathBuf> {
    names.iter().map(PathBuf::from).collect()
}

#[test]
fn jest_lists_by_its_settings_and_by_the_script() {
    let test = "test('x', () => {});\n";
    let all = [
        ("package.json", r#"{"scripts": {"test": "jest -c settings.json unit"}}"#),
        ("settings.json", r#"{"testPathIgnorePatterns": ["live"]}"#),
        ("unit/a.test.js", test),
        ("unit/live/b.test.js", test),
        ("c.test.js", test),
    ];
    let (project, runner) = node_project(&all);
    assert_eq!(listed(&project, runner.as_ref()), Some(paths(&["unit/a.test.js"])));
}

#[test]
fn vitest_lists_also_files_of_source_that_hold_tests() {
    let source = "export const total = (xs) => xs.length;\nif (import.meta.vitest) {\n  const { test, expect } = import.meta.vitest;\n  test('total', () => { expect(total([])).toBe(0); });\n}\n";
    let all = [
        ("package.json", r#"{"type": "module", "scripts": {"test": "vitest --exclude '**/live/**'"}}"#),
        ("vitest.config.js", "export default { test: { includeSource: ['src/**/*.js'] } }\n"),
        ("src/price.js", source),
        ("src/plain.js", "export const one = 1;\n"),
        ("src/a.test.js", "import { test } from 'vitest';\ntest('a', () => {});\n"),
        ("src/live/b.test.js", "throw new Error('live');\n"),
    ];
    let (project, runner) = node_project(&all);
    assert_eq!(listed(&project, runner.as_ref()), Some(paths(&["src/a.test.js", "src/price.js"])));
    let (price, plain) = (Path::new("src/price.js"), Path::new("src/plain.js"));
    assert!(runner.is_test_file(price) && runner.holds_both(price) && !runner.is_test_file(plain));
    assert_eq!(runner.test_lines(price, source), [2..=5]);
    let run = project.run(runner.as_ref(), &Selection::Everything);
    assert_eq!(outcomes(&run), [("src/a.test.js::a", Passed), ("src/price.js::total", Passed)], "{run:#?}");
    project.write(&[("src/price.js", &source.replace("xs.length", "xs.length + 99"))]);
    let run = project.run(runner.as_ref(), &files(&["src/price.js"]));
    assert_eq!(outcomes(&run), [("src/price.js::total", Failed)], "{run:#?}");
}

#[test]
fn mocha_lists_by_its_settings() {
    let all = [
        ("package.json", r#"{"scripts": {"test": "mocha --extension ts"}}"#),
        (".mocharc.json", r#"{"spec": ["check"], "recursive": true, "ignore": ["check/live/**"]}"#),
        ("check/a.ts", ""),
        ("check/deep/b.ts", ""),
        ("check/helper.js", ""),
        ("check/live/c.ts", "throw new Error('never loaded');\n"),
        ("test/d.js", ""),
    ];
    let (project, runner) = node_project(&all);
    assert_eq!(listed(&project, runner.as_ref()), Some(paths(&["check/a.ts", "check/deep/b.ts"])));
}

#[test]
fn node_lists_what_it_would_find_itself() {
    let all = [
        ("package.json", r#"{"scripts": {"test": "node --test"}}"#),
        ("a.test.js", ""),
        ("test/deep/b.js", ""),
        ("src/c.js", ""),
        ("src/.cache/d.test.js", ""),
    ];
    let (project, runner) = node_project(&all);
    assert_eq!(listed(&project, runner.as_ref()), Some(paths(&["a.test.js", "test/deep/b.js"])));
    let named = [
        ("package.json", r#"{"scripts": {"test": "node --test check/*.js"}}"#),
        ("check/a.js", ""),
        ("b.test.js", ""),
    ];
    let (project, runner) = node_project(&named);
    assert_eq!(listed(&project, runner.as_ref()), Some(paths(&["check/a.js"])));
}

#[test]
fn a_tool_that_cannot_load_its_settings_lists_nothing() {
    let (project, runner) = node_project(&[
        ("package.json", r#"{"scripts": {"test": "jest -c bad.js"}}"#),
        ("bad.js", "throw new Error('no');\n"),
        ("a.test.js", ""),
    ]);
    assert_eq!(listed(&project, runner.as_ref()), None);
}
