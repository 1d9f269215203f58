//! Every command with its help, as the program prints it, and the manual page.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{MARK, Page};
use crate::workspace;

/// `docs/src/reference/commands.md` and `docs/man/git-hotfix.1`.
pub fn pages(_: &Path) -> Result<Vec<Page>> {
    let program = workspace::debug_binary()?;
    let help = printed(&program, &["--help"])?;
    let mut text = format!(
        "{MARK}\n\n# Commands\n\n`git hotfix COMMAND -h` prints the same. (`git hotfix --help` without a command is Git's \
         own and opens the [manual page](../install.md).)\n\n```text\n{help}```\n"
    );
    for name in names(&help) {
        let help = printed(&program, &[&name, "--help"])?;
        write!(text, "\n## {name}\n\n```text\n{help}```\n")?;
        for below in names(&help) {
            let help = printed(&program, &[&name, &below, "--help"])?;
            write!(text, "\n### {name} {below}\n\n```text\n{help}```\n")?;
        }
    }
    let manual = printed(&program, &["man"])?;
    Ok(vec![
        Page { path: "docs/src/reference/commands.md".into(), text },
        Page { path: "docs/man/git-hotfix.1".into(), text: manual },
    ])
}

/// The commands that the help lists, in its order.
fn names(help: &str) -> Vec<String> {
    let list = help.split_once("Commands:\n").map_or("", |(_, rest)| rest);
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// What the program prints; the width of no terminal plays a part.
fn printed(program: &Path, args: &[&str]) -> Result<String> {
    let mut command = Command::new(program);
    command.args(args).env_remove("COLUMNS").env("NO_COLOR", "1");
    let output = command.output().context("the program cannot be started")?;
    ensure!(output.status.success(), "{} failed", args.join(" "));
    let lines = String::from_utf8(output.stdout)?;
    Ok(lines.lines().fold(String::new(), |text, line| text + line.trim_end() + "\n"))
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn commands_are_read_from_the_help() {
        let help =
            "Usage: x\n\nCommands:\n  start  Get it\n         going\n  follow-up  Later\n\nOptions:\n  -h\n";
        assert_eq!(names(help), ["start", "follow-up"]);
    }
}
