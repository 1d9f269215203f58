//! The documents that people look for first.

use crate::source::{read, root};

const DOCUMENTS: &[&str] = &[
    "AGENTS.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "deny.toml",
];

#[test]
fn documents_exist() {
    let missing: Vec<&&str> = DOCUMENTS.iter().filter(|name| !root().join(name).is_file()).collect();
    assert!(missing.is_empty(), "missing: {missing:?}");
}

#[test]
fn the_guide_for_agents_is_short() {
    let words = read("AGENTS.md").split_whitespace().count();
    assert!((100..=500).contains(&words), "AGENTS.md has {words} words");
}

#[test]
fn the_readme_begins_with_the_two_commands() {
    let readme = read("README.md");
    let first: Vec<&str> = readme.lines().take(40).collect();
    for command in ["cargo run --release -- demo", "cargo xtask test"] {
        assert!(
            first.iter().any(|line| line.contains(command)),
            "`{command}` is not among the first 40 lines"
        );
    }
}
