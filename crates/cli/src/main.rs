//! The `git hotfix` command: an emergency production fix from the alert to the merge request.

mod answer;
mod app;
mod arguments;
mod commands;
mod companions;
mod render;
mod signals;
mod skip;
mod ui;

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(app::main().code())
}
