//! What stands around a tool in the script stays there, for every selection.

use std::net::TcpListener;

use hotfix_core::suite::Selection;
use hotfix_model::CaseOutcome::{Failed, Passed};
use hotfix_model::RunEnd;

use super::super::{files, outcomes};
use super::node_project;

fn cases(ids: &[&str]) -> Selection {
    Selection::Cases(ids.iter().map(|id| (*id).to_owned()).collect())
}

#[test]
fn a_program_in_front_of_the_tool_is_kept() {
    let test = "test('rate', () => { expect(process.env.RATE).toBe('2'); });\ntest('other', () => {});\n";
    let (project, runner) = node_project(&[
        ("package.json", r#"{"scripts": {"test": "dotenv -e .env.test -- jest"}}"#),
        (".env.test", "RATE=2\n"),
        ("src/a.test.js", test),
    ]);
    let all = [("src/a.test.js::other", Passed), ("src/a.test.js::rate", Passed)];
    for selection in [Selection::Everything, files(&["src/a.test.js"])] {
        assert_eq!(outcomes(&project.run(runner.as_ref(), &selection)), all);
    }
    let run = project.run(runner.as_ref(), &cases(&["src/a.test.js::rate"]));
    assert_eq!(outcomes(&run), [("src/a.test.js::rate", Passed)], "{run:#?}");
    let words = runner.command(&files(&["src/a.test.js"])).join(" ");
    assert_eq!(words, "dotenv -e .env.test -- npx jest src/a.test.js");
    project.write(&[(".env.test", "RATE=3\n")]);
    assert_eq!(outcomes(&project.run(runner.as_ref(), &Selection::Everything))[1].1, Failed);
}

#[test]
fn a_server_beside_the_tests_runs_beside_them() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let scripts = format!(
        r#"{{"scripts": {{"test": "start-server-and-test serve http://127.0.0.1:{port} unit", "unit": "vitest run",
            "serve": "node server.js"}}}}"#
    );
    let server =
        format!("require('http').createServer((_, to) => to.end('hello')).listen({port}, '127.0.0.1');\n");
    let test = format!(
        "import {{ expect, test }} from 'vitest';\ntest('asks', async () => {{\n  const answer = await fetch('http://127.0.0.1:{port}/');\n  expect(await answer.text()).toBe('hello');\n}});\ntest('other', () => {{}});\n"
    );
    let (project, runner) = node_project(&[
        ("package.json", &scripts),
        ("server.js", &server),
        ("a.test.mjs", &test),
        ("b.test.mjs", "import { test } from 'vitest';\ntest('b', () => {});\n"),
    ]);
    assert_eq!((runner.name(), runner.can_select()), ("vitest", true));
    let run = project.run(runner.as_ref(), &Selection::Everything);
    let all = [("a.test.mjs::asks", Passed), ("a.test.mjs::other", Passed), ("b.test.mjs::b", Passed)];
    assert_eq!(outcomes(&run), all, "{run:#?}");
    assert_eq!((run.claimed, run.is_green()), (Some(3), true));
    let run = project.run(runner.as_ref(), &files(&["a.test.mjs"]));
    assert_eq!(outcomes(&run), all[..2], "{run:#?}");
    let run = project.run(runner.as_ref(), &cases(&["a.test.mjs::asks"]));
    assert_eq!(outcomes(&run), all[..1], "{run:#?}");
}

#[test]
fn conditions_pipes_and_parallel_commands_are_left_to_the_shell() {
    let test = "test('mode', () => { expect(process.env.MODE).toBe('a'); });\ntest('other', () => {});\n";
    for line in [
        "if [ -z \\\"$NONE\\\" ]; then MODE=a jest --watch; else exit 3; fi",
        "concurrently -k -s first \\\"MODE=a jest\\\" \\\"node -e 'setInterval(Date, 1000)'\\\"",
        "cd . && MODE=a jest",
        "sh -c 'MODE=a npx jest --coverage'",
    ] {
        let package = format!(r#"{{"scripts": {{"test": "{line}"}}}}"#);
        let (project, runner) = node_project(&[
            ("package.json", &package),
            ("a.test.js", test),
            ("b.test.js", "test('b', () => {});\n"),
        ]);
        let run = project.run(runner.as_ref(), &Selection::Everything);
        let all = [("a.test.js::mode", Passed), ("a.test.js::other", Passed), ("b.test.js::b", Passed)];
        assert_eq!(outcomes(&run), all, "{line}: {run:#?}");
        let run = project.run(runner.as_ref(), &cases(&["a.test.js::mode"]));
        assert_eq!(outcomes(&run), all[..1], "{line}: {run:#?}");
    }
}

#[test]
fn every_tool_tells_from_inside_of_a_script() {
    for (tool, name, text) in [
        ("mocha", "test/a.js", "it('x', () => {});\nit('y', () => { throw new Error('no'); });\n"),
        (
            "node --test",
            "a.test.js",
            "const t = require('node:test');\nt('x', () => {});\nt('y', () => { throw new Error('no'); });\n",
        ),
    ] {
        let package = format!(r#"{{"scripts": {{"test": "({tool})"}}}}"#);
        let (project, runner) = node_project(&[("package.json", &package), (name, text)]);
        let run = project.run(runner.as_ref(), &Selection::Everything);
        let (x, y) = (format!("{name}::x"), format!("{name}::y"));
        assert_eq!(outcomes(&run), [(x.as_str(), Passed), (y.as_str(), Failed)], "{tool}: {run:#?}");
        let run = project.run(runner.as_ref(), &Selection::Cases(vec![y.clone()]));
        assert_eq!(outcomes(&run), [(y.as_str(), Failed)], "{tool}: {run:#?}");
    }
}

#[test]
fn a_script_that_replaces_the_options_of_node_is_judged_by_its_code() {
    let (project, runner) = node_project(&[
        ("package.json", r#"{"scripts": {"test": "NODE_OPTIONS= jest; exit $?"}}"#),
        ("a.test.js", "test('x', () => {});\n"),
    ]);
    let run = project.run(runner.as_ref(), &Selection::Everything);
    assert_eq!((run.counted, run.exit, run.cases.len()), (false, Some(0), 0), "{run:#?}");
}

#[test]
fn all_calls_of_a_script_run_and_each_file_by_those_that_would_run_it() {
    let test = "it('x', () => { if (process.env.TZ === 'Asia/Tokyo') throw new Error('late'); });\n";
    let (project, runner) = node_project(&[
        (
            "package.json",
            r#"{"scripts": {"test": "npm run unit && TZ=Asia/Tokyo mocha test/zone.js && node --test own.test.js", "unit": "TZ=UTC mocha"}}"#,
        ),
        ("test/zone.js", test),
        ("test/a.js", test),
        ("own.test.js", "require('node:test')('own', () => {});\n"),
    ]);
    assert_eq!(runner.name(), "mocha + node --test");
    let run = project.run(runner.as_ref(), &Selection::Everything);
    let all = [("own.test.js::own", Passed), ("test/a.js::x", Passed), ("test/zone.js::x", Failed)];
    assert_eq!(outcomes(&run), all, "{run:#?}");
    assert_eq!((run.claimed, run.exit), (Some(3), Some(1)));
    let run = project.run(runner.as_ref(), &files(&["test/zone.js"]));
    assert_eq!(outcomes(&run), all[2..], "{run:#?}");
    let run = project.run(runner.as_ref(), &files(&["own.test.js", "test/a.js"]));
    assert_eq!(outcomes(&run), all[..2], "{run:#?}");
}

#[test]
fn what_the_script_runs_after_its_tests_counts_with_everything() {
    let (project, runner) = node_project(&[
        ("package.json", r#"{"scripts": {"test": "mocha && node smoke.js && eslint ."}}"#),
        ("test/a.js", "it('x', () => {});\n"),
        ("smoke.js", "console.log('smoke'); process.exit(4);\n"),
    ]);
    let run = project.run(runner.as_ref(), &Selection::Everything);
    assert_eq!(
        (outcomes(&run), run.exit, run.end),
        (vec![("test/a.js::x", Passed)], Some(4), RunEnd::Finished)
    );
    assert!(!run.is_green() && run.tail.contains("node smoke.js failed"), "{run:#?}");
    assert!(project.run(runner.as_ref(), &files(&["test/a.js"])).is_green());
}

#[test]
fn scripts_have_what_npm_tells_them() {
    let test = "it('x', () => {\n  const { npm_package_version: v, npm_lifecycle_event: e, INIT_CWD } = process.env;\n  require('assert').deepStrictEqual([v, e, INIT_CWD], ['1.2.3', 'test', process.cwd()]);\n});\n";
    let (project, runner) = node_project(&[
        ("web/package.json", r#"{"version": "1.2.3", "scripts": {"test": "mocha"}}"#),
        ("web/test/a.js", test),
    ]);
    let run = project.run(runner.as_ref(), &Selection::Everything);
    assert_eq!(outcomes(&run), [("web/test/a.js::x", Passed)], "{run:#?}");
}

#[test]
fn options_for_node_in_the_settings_of_npm_hold() {
    let test = "it('x', () => require('assert').strictEqual(globalThis.ready, true));\n";
    for line in ["mocha", "(mocha)"] {
        let package = format!(r#"{{"scripts": {{"test": "{line}"}}}}"#);
        let (project, runner) = node_project(&[
            ("package.json", &package),
            (".npmrc", "node-options = --require ./ready.cjs\n"),
            ("ready.cjs", "globalThis.ready = true;\n"),
            ("test/a.js", test),
        ]);
        let run = project.run(runner.as_ref(), &Selection::Everything);
        assert_eq!(outcomes(&run), [("test/a.js::x", Passed)], "{line}: {run:#?}");
    }
}
