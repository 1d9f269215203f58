use std::fmt::Write;

use clap::{Args, Command, CommandFactory};
use hotfix_core::env::VARIABLES;
use hotfix_core::error::{Error, FileError};
use hotfix_model::ExitCode;
use hotfix_model::printed::PageOutput;

use crate::answer::{Answer, Outcome};
use crate::app::App;
use crate::arguments;

/// Print the manual page
#[derive(Debug, Args)]
pub struct Arguments {}

const SYNOPSIS: &str = r#".SH SYNOPSIS
\fBgit hotfix start\fR "\fIALERT\fR"
.br
\fBgit hotfix ship\fR ["\fISUBJECT\fR"]
.br
\fBgit hotfix\fR \fICOMMAND\fR [\fIOPTIONS\fR]
"#;

const FILES: &str = ".SH FILES
.TP
hotfix.toml
The configuration of the repository, read from the base commit.
.TP
~/.config/git-hotfix/config.toml
Your own configuration. It overrides that of the repository.
.TP
~/.local/state/git-hotfix/trust.json
The commands you have approved.
.TP
\\&.worktreeinclude
Ignored files that a worktree needs as well, by patterns as in .gitignore.
";

const SEE_ALSO: &str = ".SH SEE ALSO
\\fBgit\\fR(1), \\fBgit\\-worktree\\fR(1), \\fBgit\\-request\\-pull\\fR(1)
";

/// Prints the manual page.
pub fn run(_: &App, _: &Arguments) -> Outcome {
    let mut page = Vec::new();
    let mut command = arguments::Arguments::command();
    command.build();
    render(&command, &mut page).map_err(FileError::of("write", "the manual page")).map_err(Error::from)?;
    let page = String::from_utf8_lossy(&page).into_owned();
    Ok(Answer::new(&PageOutput { page: page.clone() }, page))
}

/// One page for everything, because `git hotfix --help` opens exactly one.
fn render(command: &Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    let whole = clap_mangen::Man::new(command.clone().name("git-hotfix").display_name("git-hotfix"));
    whole.render_title(page)?;
    whole.render_name_section(page)?;
    page.extend(SYNOPSIS.as_bytes());
    whole.render_description_section(page)?;
    page.extend(commands(command).as_bytes());
    let everywhere = command.get_arguments().filter(|argument| argument.is_global_set());
    page.extend(format!(".SH OPTIONS OF EVERY COMMAND\n{}", options(everywhere)).as_bytes());
    page.extend(exit_codes().as_bytes());
    page.extend(variables().as_bytes());
    page.extend(FILES.as_bytes());
    page.extend(SEE_ALSO.as_bytes());
    Ok(())
}

fn commands(command: &Command) -> String {
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
    shown.fold(".SH COMMANDS\n".to_owned(), |text, command| {
        let below = command.get_subcommands().filter(|below| below.get_name() != "help");
        below.fold(text + &section(command), |text, below| text + &section(below))
    })
}

/// A command: how it is typed, what it does, its own options, its examples.
fn section(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim().trim_start_matches("Usage: ").to_owned();
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    let mut text = format!(".SS \"{}\"\n{}.\n", escaped(&usage), escaped(about.trim_end_matches('.')));
    text += &options(command.get_arguments().filter(|argument| !argument.is_global_set()));
    if let Some(examples) = command.get_after_help() {
        text = text + ".PP\n.nf\n" + &escaped(&examples.to_string()) + "\n.fi\n";
    }
    text
}

fn options<'a>(arguments: impl Iterator<Item = &'a clap::Arg>) -> String {
    let shown = arguments.filter(|argument| !argument.is_hide_set() && argument.get_id() != "help");
    shown.fold(String::new(), |text, argument| {
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        text + &format!(".TP\n\\fB{}\\fR\n{}.\n", escaped(&argument.to_string()), escaped(&help))
    })
}

fn exit_codes() -> String {
    let mut text = ".SH EXIT STATUS\n".to_owned();
    for (code, meaning) in ExitCode::MEANINGS {
        write!(text, ".TP\n{}\n{}\n", code.code(), escaped(meaning)).ok();
    }
    text + ".TP\n128+N\nEnded by signal N; 130 is Ctrl\\-C.\n"
}

fn variables() -> String {
    let line = |(name, meaning): &(&str, &str)| format!(".TP\n{name}\n{}.\n", escaped(meaning));
    VARIABLES.iter().fold(".SH ENVIRONMENT\n".to_owned(), |text, variable| text + &line(variable))
}

/// Text that roff prints as it is. Empty lines begin a paragraph.
fn escaped(text: &str) -> String {
    let line = |line: &str| match line {
        "" => ".PP".to_owned(),
        line => {
            let guard = if line.starts_with(['.', '\'']) { "\\&" } else { "" };
            format!("{guard}{}", line.replace('\\', "\\e").replace('-', "\\-").replace('"', "\\(dq"))
        }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}
