use clap::{Args, ValueEnum};
use hotfix_core::journey::report::{self, Moment, MomentError, Request};

use crate::answer::{Answer, Outcome};
use crate::app::App;
use crate::render;

/// Report on all emergency changes of a period: time to restore, proofs, skipped gates, reviews, debts
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  git hotfix report --since 90d
  git hotfix report --since 2026-01-01 --until 2026-04-01 --format csv > quarter.csv
  git hotfix report --format html > report.html    # one file, nothing is loaded from anywhere")]
pub struct Arguments {
    /// Only hotfixes started then or later: a day, a time, or so long ago (30d)
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    since: Option<Moment>,
    /// Only hotfixes started before
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    until: Option<Moment>,
    /// As what to print it
    #[arg(long, default_value = "table")]
    format: Format,
}

/// How a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For reading.
    Table,
    /// For spreadsheets.
    Csv,
    /// For programs, as with --json.
    Json,
    /// A page with plots, for people.
    Html,
}

fn moment(text: &str) -> Result<Moment, MomentError> {
    text.parse()
}

/// Reports.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    let project = app.project(&[])?;
    let now = app.ctx.now();
    let time = |moment: Option<Moment>| moment.map(|moment| moment.time(now));
    let request = Request { since: time(arguments.since), until: time(arguments.until) };
    let output = report::of(&project, request)?;
    for id in &output.unreadable {
        app.ctx.warn(format!("the record of {id} cannot be read"));
    }
    let human = match arguments.format {
        // What is printed as JSON needs no other form.
        _ if app.global.json => String::new(),
        Format::Table => render::report(app.paint(), &output),
        Format::Csv => render::report_csv(&output),
        Format::Json => Answer::new(&output, String::new()).json.to_string(),
        Format::Html => report::html(&output)?,
    };
    Ok(Answer::new(&output, human.trim_end().to_owned()))
}
