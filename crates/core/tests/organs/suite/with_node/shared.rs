//! What all tools share: where their packages come from, what runs before, where ids are relative to.

use std::fs;
use std::path::Path;

use hotfix_core::suite::{Place, Selection, SuiteError};
use hotfix_testkit::tools;

use super::super::{Project, files, found, outcomes};
use super::node_project;
use hotfix_model::CaseOutcome::Passed;

const MOCHA: (&str, &str) = ("package.json", r#"{"scripts": {"test": "mocha"}}"#);
const TEST: (&str, &str) = ("test/a.js", "it('x', () => {});\n");

#[test]
fn packages_of_the_main_worktree_are_linked_while_the_lock_file_is_the_same() {
    let all = [MOCHA, TEST, ("package-lock.json", "{}"), (".gitignore", "node_modules/\n")];
    let project = Project::new(&all);
    let runner = found(&all);
    fs::create_dir(project.home().join("node_modules")).unwrap();
    for entry in fs::read_dir(tools::node_modules()).unwrap().flatten() {
        std::os::unix::fs::symlink(entry.path(), project.home().join("node_modules").join(entry.file_name()))
            .unwrap();
    }
    let (root, home, scratch) = (project.root(), project.home(), project.scratch());
    let place = Place { root: &root, home: &home, scratch: &scratch };
    let error = runner.ready(&project.ctx(), &place).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(SuiteError::NotInstalled { .. })));
    assert!(error.next().contains("npm ci") && error.next().contains("[slot] setup"), "{}", error.next());
    fs::write(home.join("package-lock.json"), "{}").unwrap();
    assert_eq!(outcomes(&project.run(runner.as_ref(), &Selection::Everything)), [("test/a.js::x", Passed)]);
    assert!(root.join("node_modules/mocha").is_symlink() && !root.join("node_modules").is_symlink());
    fs::write(home.join("package-lock.json"), "{\"newer\": true}").unwrap();
    assert!(runner.ready(&project.ctx(), &place).is_err());
    assert!(!root.join("node_modules").exists() && home.join("node_modules/mocha").exists());
}

#[test]
fn a_worktree_that_does_not_ignore_packages_gets_no_links() {
    let all = [MOCHA, TEST, ("package-lock.json", "{}")];
    let project = Project::new(&all);
    fs::write(project.home().join("package-lock.json"), "{}").unwrap();
    fs::create_dir_all(project.home().join("node_modules/mocha")).unwrap();
    let (root, home, scratch) = (project.root(), project.home(), project.scratch());
    let place = Place { root: &root, home: &home, scratch: &scratch };
    assert!(found(&all).ready(&project.ctx(), &place).is_err());
    assert!(!root.join("node_modules").exists());
}

#[test]
fn ids_are_relative_to_the_root_also_in_a_project_below_it() {
    let (project, runner) = node_project(&[
        ("web/package.json", r#"{"scripts": {"test": "jest"}}"#),
        ("web/src/a.test.js", "test('x', () => {});\n"),
        ("api/package.json", r#"{"scripts": {"test": "mocha"}}"#),
        ("api/test/a.js", "it('x', () => {});\n"),
    ]);
    assert_eq!(runner.name(), "mocha + jest");
    let both = ["api/test/a.js", "web/src/a.test.js"];
    let run = project.run(runner.as_ref(), &files(&both));
    assert_eq!(outcomes(&run), [("api/test/a.js::x", Passed), ("web/src/a.test.js::x", Passed)], "{run:#?}");
    assert_eq!((run.exit, run.claimed), (Some(0), Some(2)));
    assert!(run.is_green());
    let words = runner.command(&files(&both)).join(" ");
    assert_eq!(words, "cd api && npx mocha test/a.js && cd web && npx jest src/a.test.js");
    let ids: Vec<String> = run.cases.iter().map(|case| case.id.clone()).collect();
    assert_eq!(project.run(runner.as_ref(), &Selection::Cases(ids)).cases.len(), 2);
}

#[test]
fn what_the_script_builds_first_is_built_first() {
    let scripts = r#"{"scripts": {"pretest": "npm run lint && npm run build", "lint": "exit 3",
        "build": "mkdir -p build && cp a.js build/a.js", "test": "TZ=Asia/Tokyo mocha"}}"#;
    let test =
        "it('x', () => { require('../build/a.js'); if (process.env.TZ !== 'Asia/Tokyo') throw 1; });\n";
    let (project, runner) =
        node_project(&[("package.json", scripts), ("a.js", "module.exports = 1;\n"), ("test/a.js", test)]);
    let run = project.run(runner.as_ref(), &files(&["test/a.js"]));
    assert_eq!(outcomes(&run), [("test/a.js::x", Passed)], "{run:#?}");
    fs::remove_file(project.root().join("a.js")).unwrap();
    let run = project.run(runner.as_ref(), &files(&["test/a.js"]));
    assert_eq!(run.cases.len(), 0);
    assert_eq!(run.not_loaded[0].0, "package.json", "{run:#?}");
    assert!(run.not_loaded[0].1.starts_with("npm run build: "), "{run:#?}");
    // Asked again by that name, as for base, the build is what runs.
    let again = project.run(runner.as_ref(), &files(&["package.json"]));
    assert_eq!(again.not_loaded[0].0, "package.json");
}

#[test]
fn a_tool_that_dies_before_its_tests_says_why() {
    let (project, runner) = node_project(&[
        ("package.json", r#"{"scripts": {"test": "jest --config bad.config.js"}}"#),
        ("bad.config.js", "throw new Error('no such preset');\n"),
        ("a.test.js", "test('x', () => {});\n"),
    ]);
    let run = project.run(runner.as_ref(), &files(&["a.test.js"]));
    assert_eq!(run.end, hotfix_model::RunEnd::Crashed);
    assert!(run.tail.contains("no such preset"), "{run:#?}");
}

#[test]
fn a_tool_that_is_not_known_is_run_by_npm() {
    let project = node_project(&[("package.json", r#"{"scripts": {"test": "tape test/*.js"}}"#)]);
    assert_eq!(project.1.command(&Selection::Everything).join(" "), "sh -c npm test");
    assert!(!project.1.can_select());
    let placeholder = r#"{"scripts": {"test": "echo \"Error: no test specified\" && exit 1"}}"#;
    assert!(super::super::detect_in(&[("package.json", placeholder)], "").is_err());
}

#[test]
fn settings_say_which_files_are_tests() {
    let is_test = |files: &[(&str, &str)], path: &str| found(files).is_test_file(Path::new(path));
    let jest = [("package.json", r#"{"scripts": {"test": "jest"}}"#)];
    for path in ["a.test.js", "src/a.spec.tsx", "src/__tests__/a.js"] {
        assert!(is_test(&jest, path), "{path}");
    }
    for path in ["a.js", "node_modules/a.test.js", "src/__tests__/fixtures/a.js", "a.test.d.ts", "a.test.py"]
    {
        assert!(!is_test(&jest, path), "{path}");
    }
    let regex =
        [("package.json", r#"{"scripts": {"test": "jest"}, "jest": {"testRegex": "test/.*test.js$"}}"#)];
    assert!(is_test(&regex, "test/plugin/utc.test.js") && !is_test(&regex, "src/a.test.js"));
    let vitest = [
        ("package.json", r#"{"devDependencies": {"vitest": "1"}}"#),
        (
            "vite.config.ts",
            "export default { test: { include: ['check/**/*.test.ts'], coverage: { include: ['src/**'] } } }",
        ),
    ];
    assert_eq!(found(&vitest).name(), "vitest");
    assert!(is_test(&vitest, "check/a.test.ts") && !is_test(&vitest, "src/a.ts"));
    let node = [("package.json", r#"{"scripts": {"test": "node --import tsx --test \"test/**/*.ts\""}}"#)];
    assert!(is_test(&node, "test/a/b.ts") && !is_test(&node, "src/a.test.ts"));
}
