//! Packages that yarn keeps without a folder.

use std::path::Path;
use std::time::Duration;

use hotfix_core::exec::Command;
use hotfix_core::suite::{Limits, Place, Selection};
use hotfix_model::CaseOutcome::Passed;
use hotfix_testkit::tools;

use super::super::{Project, files, found, outcomes, write_into};

const FILES: &[(&str, &str)] = &[
    (
        "package.json",
        r#"{"name": "shop", "private": true, "scripts": {"test": "node --test"}, "dependencies": {"sum": "portal:./vendor/sum"}}"#,
    ),
    ("vendor/sum/package.json", r#"{"name": "sum", "version": "1.0.0", "main": "index.js"}"#),
    ("vendor/sum/index.js", "module.exports = (a, b) => a + b;\n"),
    (
        ".yarnrc.yml",
        "nodeLinker: pnp\nenableTelemetry: false\nenableNetwork: false\nenableGlobalCache: false\n",
    ),
    (".gitignore", ".yarn/*\n.pnp.*\n"),
    (
        "sum.test.js",
        "const assert = require('assert');\nrequire('node:test')('sums', () => assert.equal(require('sum')(1, 2), 3));\n",
    ),
];

fn install(project: &Project, folder: &Path) {
    let yarn = tools::node_modules().join("@yarnpkg/cli-dist/bin/yarn.js");
    let command = Command::new("node").arg(yarn).arg("install").dir(folder).env("CI", "");
    let done = command.run(&project.ctx()).unwrap();
    assert!(done.success(), "{}", String::from_utf8_lossy(&done.stdout));
}

#[test]
fn the_map_of_the_main_worktree_serves_a_slot_with_the_same_lock_file() {
    let (project, runner) = (Project::new(FILES), found(FILES));
    write_into(&project.home(), FILES);
    write_into(&project.home(), &[("yarn.lock", "")]);
    install(&project, &project.home());
    let lock = std::fs::read_to_string(project.home().join("yarn.lock")).unwrap();
    // Our folder lies in the main worktree, which has a map of its own.
    let (root, home, scratch) = (project.root(), project.home(), project.home().join("scratch"));
    std::fs::create_dir(&scratch).unwrap();
    let limits = Limits { run: Duration::from_mins(2), test: None };
    let place = Place { root: &root, home: &home, scratch: &scratch };
    project.write(&[("yarn.lock", &lock)]);
    for selection in [Selection::Everything, files(&["sum.test.js"])] {
        let run = runner.run(&project.ctx(), &place, &selection, &limits).unwrap();
        assert_eq!(outcomes(&run), [("sum.test.js::sums", Passed)], "{run:#?}");
    }
    // The code is that of the slot.
    project.write(&[("vendor/sum/index.js", "module.exports = () => 4;\n")]);
    assert!(!project.run(runner.as_ref(), &Selection::Everything).is_green());
    // Another lock file wants other packages.
    project.write(&[("yarn.lock", &format!("{lock}\n# other\n"))]);
    let error = runner.ready(&project.ctx(), &place).unwrap_err();
    assert!(!root.join(".pnp.cjs").exists() && home.join(".pnp.cjs").exists());
    assert!(error.why().contains(".pnp.cjs"), "{error:?}");
}
