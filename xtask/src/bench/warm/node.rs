//! A Node project whose dependencies are the tools that the tests of this project drive: runners, linters, a compiler.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use hotfix_testkit::{Sandbox, tools};

use super::project::{self, PARTS, Project};
use crate::process::quiet;

const PACKAGE: &str = include_str!("../../../node-tools/package.json");
const LOCK: &str = include_str!("../../../node-tools/package-lock.json");
const INSTALL: &str = "npm ci --offline --ignore-scripts --no-audit --no-fund --silent";

/// The project, in a sandbox in which npm has everything in its cache.
pub fn project() -> Result<(Sandbox, Project)> {
    let cache = tools::dir().context("neither HOTFIX_TOOLS nor HOME says where tools go")?.join("bench/npm");
    let sandbox = Sandbox::new();
    project::add_to_path(&sandbox, &["node", "npm"])?;
    let first = sandbox.root().join("first");
    fs::create_dir(&first)?;
    fs::write(first.join("package.json"), PACKAGE)?;
    fs::write(first.join("package-lock.json"), LOCK)?;
    let mut fill = Command::new("npm");
    fill.args([
        "ci",
        "--prefer-offline",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--silent",
        "--cache",
    ]);
    fill.arg(&cache).current_dir(&first);
    quiet(fill)?;
    sandbox.env_set("npm_config_cache", &cache);
    let mut files = vec![
        ("package.json".to_owned(), PACKAGE.to_owned()),
        ("package-lock.json".to_owned(), LOCK.to_owned()),
        (".gitignore".to_owned(), "node_modules/\n".to_owned()),
        ("test/values.test.js".to_owned(), test()),
        project::settings(INSTALL, "package-lock.json"),
    ];
    files.extend((0..PARTS).map(|number| part(number, project::value(0))));
    let project = Project {
        name: "Node",
        what: format!("{} packages in the lock file, one test", LOCK.matches("\"node_modules/").count()),
        files,
        part,
        install: INSTALL.to_owned(),
        installed: Some("node_modules/.package-lock.json"),
        run: "node_modules/.bin/mocha test/values.test.js".to_owned(),
        first: "`npm ci`, `mocha`",
        again: "`mocha`",
        goal: 0.12,
    };
    Ok((sandbox, project))
}

fn test() -> String {
    let mut text = "const assert = require('node:assert');\n\nit('has all parts', () => {\n".to_owned();
    text.push_str("  const values = [];\n");
    for part in 0..PARTS {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "  values.push(require('../lib/part_{part}').value);");
    }
    text.push_str(
        "  console.log(`values ${values.join(' ')}`);\n  assert(values.every((value) => value > 0));\n});\n",
    );
    text
}

fn part(part: usize, value: usize) -> (String, String) {
    (format!("lib/part_{part}.js"), format!("exports.value = {value};\n"))
}
