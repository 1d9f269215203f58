//! Reference pages.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use hotfix_core::env::VARIABLES;
use hotfix_model::ExitCode;

use super::{MARK, Page};

fn page(name: &str, title: &str, text: &str) -> Vec<Page> {
    let path = Path::new("docs/src/reference").join(name).with_extension("md");
    vec![Page { path, text: format!("{MARK}\n\n# {title}\n\n{}\n", text.trim_end()) }]
}

/// From the list in the model.
pub fn exit_codes(_: &Path) -> Result<Vec<Page>> {
    let mut text = "Every command ends with one of these. A number never changes its meaning.\n\n\
                    | code | meaning |\n| --- | --- |\n"
        .to_owned();
    for (code, meaning) in ExitCode::MEANINGS {
        writeln!(text, "| {} | {meaning} |", code.code())?;
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

fn read(root: &Path, path: &str) -> Result<String> {
    fs::read_to_string(root.join(path)).with_context(|| path.to_owned())
}
