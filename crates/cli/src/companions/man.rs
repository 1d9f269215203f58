use clap::{Args, CommandFactory};
use hotfix_core::error::{Error, FileError};
use serde_json::json;

use crate::answer::{Answer, Outcome};
use crate::app::App;
use crate::arguments;

/// Print the manual page
#[derive(Debug, Args)]
pub struct Arguments {}

/// Prints the manual page.
pub fn run(_: &App, _: &Arguments) -> Outcome {
    let mut page = Vec::new();
    let manual = clap_mangen::Man::new(arguments::Arguments::command().bin_name("git-hotfix"));
    manual.render(&mut page).map_err(FileError::of("write", "the manual page")).map_err(Error::from)?;
    let page = String::from_utf8_lossy(&page).into_owned();
    Ok(Answer::new(&json!({ "page": page }), page))
}
