//! The command line. The comments are the help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::answer::Outcome;
use crate::app::App;
use crate::{commands, companions};

/// Take an emergency production fix from the alert to the merge request, without touching what you are working on.
///
/// Two commands: `git hotfix start "ALERT"`, edit, `git hotfix ship "WHAT WAS FIXED"`. The first gives you a worktree
/// of the newest main on a branch of its own; the second proves the fix (red on base, green with it), checks the style
/// of the changed lines, runs the critical tests, commits, pushes, makes the merge request and gives the worktree back.
#[derive(Debug, Parser)]
#[command(name = "git-hotfix", bin_name = "git hotfix", version, max_term_width = 100)]
#[command(after_help = EXAMPLES, propagate_version = false, disable_help_subcommand = true)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "Examples:
  git hotfix start \"Production down! Auth failing\"
  git hotfix ship \"auth token validation\"
  git hotfix status
  git hotfix demo          watch the whole flow on a project made for it";

/// The heading that keeps them apart from a command's own.
const EVERYWHERE: &str = "Options of every command";

/// Options that every command takes.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Print the answer as JSON: one object, or an array for lists
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub json: bool,
    /// The hotfix that is meant [default: that of the worktree you stand in, else the only open one]
    #[arg(long, global = true, value_name = "ID", help_heading = EVERYWHERE)]
    pub id: Option<String>,
    /// Print only the answer, warnings and errors
    #[arg(long, short, global = true, help_heading = EVERYWHERE)]
    pub quiet: bool,
    /// Use colours: auto (only on a terminal), always or never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    #[arg(help_heading = EVERYWHERE)]
    pub color: Color,
    /// Set a key of the configuration for this run, as in test.budget=3m
    #[arg(long, global = true, value_name = "KEY=VALUE", value_parser = setting, help_heading = EVERYWHERE)]
    pub set: Vec<(String, String)>,
    /// Run as if started in this folder
    #[arg(short = 'C', global = true, value_name = "DIR", help_heading = EVERYWHERE)]
    pub directory: Option<PathBuf>,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// All commands: the eight steps in the order of the flow, then the rest.
#[derive(Debug, Subcommand)]
pub enum Command {
    Start(commands::start::Arguments),
    Prove(commands::prove::Arguments),
    Check(commands::check::Arguments),
    Test(commands::test::Arguments),
    Commit(commands::commit::Arguments),
    Submit(commands::submit::Arguments),
    Cleanup(commands::cleanup::Arguments),
    #[command(name = "follow-up")]
    FollowUp(commands::follow_up::Arguments),
    Ship(companions::ship::Arguments),
    Status(companions::status::Arguments),
    List(companions::list::Arguments),
    Log(companions::log::Arguments),
    Undo(companions::undo::Arguments),
    Resume(companions::resume::Arguments),
    Join(companions::join::Arguments),
    Owed(companions::owed::Arguments),
    Postmortem(companions::postmortem::Arguments),
    Report(companions::report::Arguments),
    Review(companions::review::Arguments),
    Proof(companions::proof::Arguments),
    Ready(companions::ready::Arguments),
    Drill(companions::drill::Arguments),
    Init(companions::init::Arguments),
    Trust(companions::trust::Arguments),
    Config(companions::config::Arguments),
    Slot(companions::slot::Arguments),
    Demo(companions::demo::Arguments),
    Completions(companions::completions::Arguments),
    #[command(name = "shell-init")]
    ShellInit(companions::shell_init::Arguments),
    #[command(hide = true)]
    Tell(companions::tell::Arguments),
    #[command(hide = true)]
    Man(companions::man::Arguments),
}

impl Command {
    /// Runs it.
    pub fn run(&self, app: &App) -> Outcome {
        match self {
            Self::Start(arguments) => commands::start::run(app, arguments),
            Self::Prove(arguments) => commands::prove::run(app, arguments),
            Self::Check(arguments) => commands::check::run(app, arguments),
            Self::Test(arguments) => commands::test::run(app, arguments),
            Self::Commit(arguments) => commands::commit::run(app, arguments),
            Self::Submit(arguments) => commands::submit::run(app, arguments),
            Self::Cleanup(arguments) => commands::cleanup::run(app, arguments),
            Self::FollowUp(arguments) => commands::follow_up::run(app, arguments),
            Self::Ship(arguments) => companions::ship::run(app, arguments),
            Self::Status(arguments) => companions::status::run(app, arguments),
            Self::List(arguments) => companions::list::run(app, arguments),
            Self::Log(arguments) => companions::log::run(app, arguments),
            Self::Undo(arguments) => companions::undo::run(app, arguments),
            Self::Resume(arguments) => companions::resume::run(app, arguments),
            Self::Join(arguments) => companions::join::run(app, arguments),
            Self::Owed(arguments) => companions::owed::run(app, arguments),
            Self::Postmortem(arguments) => companions::postmortem::run(app, arguments),
            Self::Report(arguments) => companions::report::run(app, arguments),
            Self::Review(arguments) => companions::review::run(app, arguments),
            Self::Proof(arguments) => companions::proof::run(app, arguments),
            Self::Ready(arguments) => companions::ready::run(app, arguments),
            Self::Drill(arguments) => companions::drill::run(app, arguments),
            Self::Init(arguments) => companions::init::run(app, arguments),
            Self::Trust(arguments) => companions::trust::run(app, arguments),
            Self::Config(arguments) => companions::config::run(app, arguments),
            Self::Slot(arguments) => companions::slot::run(app, arguments),
            Self::Demo(arguments) => companions::demo::run(app, arguments),
            Self::Completions(arguments) => Ok(companions::completions::run(arguments)),
            Self::ShellInit(arguments) => Ok(companions::shell_init::run(arguments)),
            Self::Tell(arguments) => companions::tell::run(app, arguments),
            Self::Man(arguments) => companions::man::run(app, arguments),
        }
    }
}

fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write KEY=VALUE, as in test.budget=3m".to_owned()),
    }
}
