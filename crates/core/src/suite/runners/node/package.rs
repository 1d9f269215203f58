//! `package.json`, and what lies beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::script::{self, Script, Scripts};
use crate::suite::family::Found;

/// Scripts looked into for tests, the most telling first.
const TEST_SCRIPTS: &[&str] =
    &["test", "test:unit", "unit", "tests", "test:ci", "test:run", "jest", "vitest", "mocha"];
/// Lock files, with the command that installs what they lock.
const LOCKS: &[(&str, &str)] = &[
    ("package-lock.json", "npm ci"),
    ("npm-shrinkwrap.json", "npm ci"),
    ("pnpm-lock.yaml", "pnpm install --frozen-lockfile"),
    ("yarn.lock", "yarn install --immutable"),
    ("bun.lock", "bun install --frozen-lockfile"),
    ("bun.lockb", "bun install --frozen-lockfile"),
];
/// What the classic yarn (1) writes at the head of its lock file; it does not know `--immutable`.
const CLASSIC_YARN: &str = "# yarn lockfile v1";

/// A `package.json`.
pub struct Package {
    /// Its folder.
    pub folder: PathBuf,
    content: Value,
}

impl Package {
    /// The one in a folder; `None` if it is no JSON.
    pub fn read(found: &Found<'_>, folder: &Path) -> Option<Self> {
        let text = found.text(folder.join("package.json"))?;
        let content = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
        Some(Self { folder: folder.to_owned(), content })
    }

    /// A value of it.
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.content.get(key)
    }

    /// Its scripts.
    pub fn scripts(&self) -> Scripts {
        let scripts = self.value("scripts").and_then(Value::as_object);
        let text = |(name, line): (&String, &Value)| Some((name.clone(), line.as_str()?.to_owned()));
        scripts.into_iter().flatten().filter_map(text).collect::<BTreeMap<_, _>>()
    }

    /// Whether it depends on anything.
    pub fn has_dependencies(&self) -> bool {
        let lists = ["dependencies", "devDependencies", "optionalDependencies"];
        let named =
            |list: &&str| self.value(list).and_then(Value::as_object).is_some_and(|list| !list.is_empty());
        lists.iter().any(named)
    }

    /// Whether it names a package it depends on.
    pub fn depends_on(&self, name: &str) -> bool {
        let lists = ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"];
        lists.iter().any(|list| self.value(list).is_some_and(|list| list.get(name).is_some()))
    }

    /// The version in which it wants a package it depends on.
    pub fn version_of(&self, name: &str) -> Option<&str> {
        let lists = ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"];
        lists.iter().find_map(|list| self.value(list)?.get(name)?.as_str())
    }

    /// Its own name.
    pub fn name(&self) -> Option<&str> {
        self.value("name")?.as_str()
    }

    /// The script that runs its tests, with what it does: the first of the usual names that does anything. What `npm
    /// init` writes only fails.
    pub fn tests(&self) -> Option<(&'static str, Script)> {
        let scripts = self.scripts();
        let read = |name: &'static &'static str| Some((*name, script::read(&scripts, name)?));
        TEST_SCRIPTS.iter().filter_map(read).find(|(_, script)| *script != Script::Nothing)
    }
}

/// The command that installs the dependencies of a folder: by the nearest lock file.
pub fn install_command(root: &Path, folder: &Path) -> String {
    let Some((place, lock, command)) = lock_of(root, folder) else {
        return "npm install".to_owned();
    };
    let head = std::fs::read(root.join(place).join(lock)).unwrap_or_default();
    let head = String::from_utf8_lossy(head.get(..200.min(head.len())).unwrap_or_default()).into_owned();
    if head.contains(CLASSIC_YARN) { "yarn install --frozen-lockfile".to_owned() } else { command.to_owned() }
}

/// The nearest folder with a lock file, the lock file, and the command that installs by it.
pub fn lock_of<'a>(root: &Path, folder: &'a Path) -> Option<(&'a Path, &'static str, &'static str)> {
    folder.ancestors().find_map(|place| {
        let mut locks = LOCKS.iter().filter(|(lock, _)| root.join(place).join(lock).is_file());
        locks.next().map(|(lock, command)| (place, *lock, *command))
    })
}
