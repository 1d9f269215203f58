//! What the generated projects have in common: parts, each with a number that a commit changes and that is printed when
//! the project runs.

use std::env;
use std::ffi::OsString;

use anyhow::{Context, Result};
use hotfix_testkit::{Sandbox, tools};

/// Parts of a project.
pub const PARTS: usize = 8;
/// The number of a part that no commit has changed. All numbers have the same length, so that no tool sees a change by
/// the size of a file.
const FIRST: usize = 10_000;

/// A generated project.
pub struct Project {
    /// Its language.
    pub name: &'static str,
    /// What it consists of, in words.
    pub what: String,
    /// Path and content of each file of the first commit.
    pub files: Vec<(String, String)>,
    /// Path and content of the file that holds the number of a part.
    pub part: fn(part: usize, value: usize) -> (String, String),
    /// What installs its dependencies, as typed; `:` for nothing.
    pub install: String,
    /// A file that comes with each installation.
    pub installed: Option<&'static str>,
    /// What builds or tests it, and prints all numbers.
    pub run: String,
    /// What is done in a fresh worktree, in words.
    pub first: &'static str,
    /// What is done in a slot, in words.
    pub again: &'static str,
    /// The ratio that must be reached.
    pub goal: f64,
}

/// The number that a change brings.
pub fn value(change: usize) -> usize {
    FIRST + change
}

/// All numbers after so many changes, as the projects print them.
pub fn values(changes: usize) -> String {
    let newest = |part: usize| (1..=changes).rev().find(|change| change % PARTS == part);
    let values = (0..PARTS).map(|part| value(newest(part).unwrap_or(0)).to_string());
    format!("values {}", values.collect::<Vec<_>>().join(" "))
}

/// The configuration that has a slot install the dependencies.
pub fn settings(install: &str, input: &str) -> (String, String) {
    ("hotfix.toml".to_owned(), format!("[slot]\nsetup = [\"{install}\"]\nsetup_inputs = [\"{input}\"]\n"))
}

/// Lets the sandbox find programs of the machine.
pub fn add_to_path(sandbox: &Sandbox, programs: &[&str]) -> Result<()> {
    let inherited = sandbox.variables().remove(&OsString::from("PATH")).unwrap_or_default();
    let mut folders: Vec<_> = env::split_paths(&inherited).collect();
    for program in programs {
        folders.push(tools::folder_of(program).with_context(|| format!("{program} is not on the PATH"))?);
    }
    sandbox.env_set("PATH", env::join_paths(folders)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_is_seen_in_its_part_until_the_next() {
        let first = values(0);
        assert_eq!(first.split(' ').skip(1).collect::<Vec<_>>(), ["10000"; PARTS]);
        let word = |changes: usize, part: usize| values(changes).split(' ').nth(part + 1).map(str::to_owned);
        assert_eq!(word(3, 3).as_deref(), Some("10003"));
        assert_eq!(word(3, 4).as_deref(), Some("10000"));
        assert_eq!(word(3 + PARTS, 3).as_deref(), Some("10011"));
    }
}
