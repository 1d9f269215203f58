//! Packages of the repository must be those of the place under test.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use hotfix_core::suite::{Runner, Selection};
use hotfix_model::CaseOutcome::Passed;

use super::super::{Project, found, outcomes, write_into};
use super::{link_modules, project_with_own_modules};

const FILES: &[(&str, &str)] = &[
    ("package.json", r#"{"name": "shop", "private": true, "workspaces": ["packages/*"]}"#),
    ("packages/core/package.json", r#"{"name": "@shop/core", "version": "1.0.0", "main": "index.js"}"#),
    ("packages/core/index.js", "exports.add = (a, b) => a + b;\n"),
    (
        "packages/api/package.json",
        r#"{"name": "@shop/api", "scripts": {"test": "mocha"}, "dependencies": {"@shop/core": "^1.0.0"}}"#,
    ),
    (
        "packages/api/test/a.js",
        "it('adds', () => require('assert').strictEqual(require('@shop/core').add(1, 2), 3));\n",
    ),
    (".gitignore", "node_modules\n"),
];

fn run(project: &Project, runner: &dyn Runner) -> hotfix_model::Run {
    project.run(runner, &Selection::Everything)
}

fn link(target: &Path, link: &Path) {
    fs::create_dir_all(link.parent().unwrap()).unwrap();
    symlink(target, link).unwrap();
}

#[test]
fn a_member_of_the_workspace_that_leads_into_another_worktree_stops_the_run() {
    let (project, runner) = project_with_own_modules(FILES);
    write_into(&project.home(), FILES);
    let own = project.root().join("node_modules/@shop/core");
    link(&project.home().join("packages/core"), &own);
    let done = run(&project, runner.as_ref());
    let why = done.foreign.clone().unwrap_or_default();
    assert!(why.contains("node_modules/@shop/core leads to ") && why.contains("npm install"), "{done:#?}");
    assert!(done.cases.is_empty() && !done.is_green());
    fs::remove_file(&own).unwrap();
    link(&project.root().join("packages/core"), &own);
    let done = run(&project, runner.as_ref());
    assert_eq!(
        (outcomes(&done), done.foreign.clone()),
        (vec![("packages/api/test/a.js::adds", Passed)], None)
    );
}

#[test]
fn so_does_a_folder_of_packages_that_is_that_of_the_main_worktree() {
    let (project, runner) = (Project::new(FILES), found(FILES));
    write_into(&project.home(), FILES);
    link_modules(&project.home());
    link(Path::new("../../packages/core"), &project.home().join("node_modules/@shop/core"));
    symlink(project.home().join("node_modules"), project.root().join("node_modules")).unwrap();
    assert!(run(&project, runner.as_ref()).foreign.is_some());
}

#[test]
fn links_of_ours_lead_to_the_place() {
    let (project, runner) = (Project::new(FILES), found(FILES));
    write_into(&project.home(), FILES);
    link_modules(&project.home());
    link(Path::new("../../packages/core"), &project.home().join("node_modules/@shop/core"));
    project.write(&[("packages/core/index.js", "exports.add = (a, b) => a + b + 0;\n")]);
    let done = run(&project, runner.as_ref());
    assert_eq!(
        (outcomes(&done), done.foreign.clone()),
        (vec![("packages/api/test/a.js::adds", Passed)], None),
        "{done:#?}"
    );
    let real = fs::canonicalize(project.root().join("node_modules/@shop/core")).unwrap();
    assert_eq!(real, fs::canonicalize(project.root().join("packages/core")).unwrap());
}

#[test]
fn a_copy_of_a_member_is_foreign_as_soon_as_it_differs() {
    let (project, runner) = project_with_own_modules(FILES);
    let copy = [
        ("node_modules/@shop/core/package.json", FILES[1].1),
        ("node_modules/@shop/core/index.js", FILES[2].1),
    ];
    project.write(&copy);
    assert_eq!(run(&project, runner.as_ref()).foreign, None);
    project.write(&[("packages/core/index.js", "exports.add = () => 0;\n")]);
    let why = run(&project, runner.as_ref()).foreign.unwrap_or_default();
    assert!(why.contains("a copy that is not the code here"), "{why}");
}

#[test]
fn a_package_of_its_own_name_that_leads_elsewhere_is_foreign_and_a_published_one_is_not() {
    let files: &[(&str, &str)] = &[
        (
            "package.json",
            r#"{"name": "shop", "version": "2.0.0", "scripts": {"test": "mocha"}, "devDependencies": {"shop": "1.0.0"}}"#,
        ),
        ("index.js", "module.exports = 2;\n"),
        ("test/a.js", "it('x', () => { require('shop'); });\n"),
    ];
    let (project, runner) = project_with_own_modules(files);
    project.write(&[
        ("node_modules/shop/package.json", r#"{"name": "shop", "version": "1.0.0"}"#),
        ("node_modules/shop/index.js", "module.exports = 1;\n"),
    ]);
    assert_eq!(outcomes(&run(&project, runner.as_ref())), [("test/a.js::x", Passed)]);
    fs::remove_dir_all(project.root().join("node_modules/shop")).unwrap();
    let clone = project.scratch().join("clone");
    write_into(&clone, files);
    link(&clone, &project.root().join("node_modules/shop"));
    let why = run(&project, runner.as_ref()).foreign.unwrap_or_default();
    assert!(why.contains("not the code here"), "{why}");
}

#[test]
fn a_local_package_of_no_workspace_that_was_copied_is_foreign_once_it_differs() {
    let files: &[(&str, &str)] = &[
        (
            "web/package.json",
            r#"{"name": "web", "scripts": {"test": "vitest run"}, "dependencies": {"core": "file:../core"}}"#,
        ),
        (
            "web/a.test.mjs",
            "import { expect, test } from 'vitest';\nimport core from 'core';\ntest('x', () => { expect(core).toBe(1); });\n",
        ),
        ("core/package.json", r#"{"name": "core", "version": "1.0.0", "main": "index.js"}"#),
        ("core/index.js", "module.exports = 2;\n"),
    ];
    let (project, runner) = project_with_own_modules(files);
    project.write(&[
        ("web/node_modules/core/package.json", files[2].1),
        ("web/node_modules/core/index.js", "module.exports = 1;\n"),
    ]);
    assert!(run(&project, runner.as_ref()).foreign.is_some());
}

#[test]
fn what_another_package_of_the_workspace_needs_is_there_too() {
    let deep =
        [FILES, &[("packages/core/index.js", "exports.add = (a, b) => require('adder')(a, b);\n")]].concat();
    let (project, runner) = (Project::new(&deep), found(&deep));
    write_into(&project.home(), &deep);
    write_into(&project.home(), &[("packages/core/node_modules/adder/package.json", "{}")]);
    write_into(
        &project.home(),
        &[("packages/core/node_modules/adder/index.js", "module.exports = (a, b) => a + b;\n")],
    );
    link_modules(&project.home());
    link(Path::new("../../packages/core"), &project.home().join("node_modules/@shop/core"));
    assert_eq!(outcomes(&run(&project, runner.as_ref())), [("packages/api/test/a.js::adds", Passed)]);
}
