//! Reference pages.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use hotfix_core::env::VARIABLES;

use super::{MARK, Page};

fn page(name: &str, title: &str, text: &str) -> Vec<Page> {
    let path = Path::new("docs/src/reference").join(name).with_extension("md");
    vec![Page { path, text: format!("{MARK}\n\n# {title}\n\n{}\n", text.trim_end()) }]
}

/// From the constants and their documentation in the model.
pub fn exit_codes(root: &Path) -> Result<Vec<Page>> {
    let source = read(root, "crates/model/src/exit.rs")?;
    let codes = constants(&source);
    ensure!(!codes.is_empty(), "no constants found in exit.rs");
    let mut text = "Every command ends with one of these. A number never changes its meaning.\n\n\
                    | code | meaning |\n| --- | --- |\n"
        .to_owned();
    for (code, meaning) in codes {
        writeln!(text, "| {code} | {meaning} |")?;
    }
    text.push_str("| 128 + N | Ended by signal N, as shells report it; 130 is Ctrl-C. |\n");
    Ok(page("exit-codes", "Exit codes", &text))
}

/// From the list in `env.rs`.
pub fn variables(_: &Path) -> Result<Vec<Page>> {
    let mut text =
        "Variables of our own and those of general custom that are honoured. What Git itself reads works as \
                    ever.\n\n| variable | meaning |\n| --- | --- |\n"
            .to_owned();
    for (name, meaning) in VARIABLES {
        writeln!(text, "| `{name}` | {meaning} |")?;
    }
    Ok(page("environment", "Environment variables", &text))
}

/// The defaults, as the readable file they are.
pub fn configuration(root: &Path) -> Result<Vec<Page>> {
    let defaults = read(root, "crates/core/src/config/defaults.toml")?;
    let text = format!(
        "`hotfix.toml` at the root of the repository, read from the base commit; then `git-hotfix/config.toml` in \
         your folder for configuration; then the command line. Everything has a default, so no file is needed. \
         These are the defaults:\n\n```toml\n{}\n```\n",
        defaults.trim_end()
    );
    Ok(page("configuration", "Configuration", &text))
}

/// The number and the documentation of every `pub const NAME: Self = Self(n);`.
fn constants(source: &str) -> Vec<(u8, String)> {
    let mut found = Vec::new();
    let mut documentation: Vec<&str> = Vec::new();
    for line in source.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("/// ") {
            documentation.push(text);
            continue;
        }
        let number = line.starts_with("pub const ").then(|| line.split_once("= Self(")).flatten();
        if let Some(code) = number.and_then(|(_, rest)| rest.strip_suffix(");")?.parse().ok()) {
            found.push((code, documentation.join(" ")));
        }
        documentation.clear();
    }
    found
}

fn read(root: &Path, path: &str) -> Result<String> {
    fs::read_to_string(root.join(path)).with_context(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_found_with_their_documentation() {
        let source = include_str!("../../../crates/model/src/exit.rs");
        let found = constants(source);
        assert_eq!(found.iter().map(|(code, _)| *code).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
        assert_eq!(found[0].1, "The deed is done.");
        assert!(found.iter().all(|(_, meaning)| !meaning.is_empty()));
    }
}
