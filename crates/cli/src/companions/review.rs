use clap::Args;
use hotfix_core::error::Error;
use hotfix_core::exec::Command;
use hotfix_core::flow::follow_up;
use hotfix_core::flow::follow_up::review::{self, Verdict};
use hotfix_core::session::Project;
use hotfix_model::ReviewVerdict;
use hotfix_model::output::ReviewOutput;

use crate::answer::{Answer, Failure, Outcome};
use crate::app::App;
use crate::{render, ui};

/// Look at what a hotfix shipped, and say what you think of it: also after the merge
///
/// Shows alert, proof, tests, skipped gates and the change in your pager, then asks. An approval by somebody who did not
/// work on the hotfix settles its review and its skipped gates; a concern is owed until whoever raised it approves.
/// Your word is signed if you sign your commits, and goes to the remote for everybody to see.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  git hotfix review 1.2.3
  git hotfix review 1.2.3 --approve
  git hotfix review 1.2.3 --concern \"the refund is still wrong\"
  git hotfix review 1.2.3 --request \"fixed by 1.2.4, please look again\"")]
pub struct Arguments {
    /// The hotfix [default: the one at hand, else the newest]
    #[arg(value_name = "ID")]
    hotfix: Option<String>,
    /// Approve it; needs a person at a terminal
    #[arg(long, conflicts_with_all = ["concern", "request"])]
    approve: bool,
    /// Say what is wrong with it; stays owed until it is verified
    #[arg(long, value_name = "TEXT", conflicts_with = "request")]
    concern: Option<String>,
    /// Say what was done about the concerns, and ask to look again
    #[arg(long, value_name = "TEXT")]
    request: Option<String>,
    /// Say something with the approval
    #[arg(long, short, value_name = "TEXT", requires = "approve")]
    message: Option<String>,
    /// Do not ask the remote for what colleagues did meanwhile
    #[arg(long)]
    offline: bool,
}

/// Shows a hotfix and writes down what is said about it.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    let project = app.project(&[])?;
    let named = arguments.hotfix.as_deref().or(app.global.id.as_deref());
    let id = project.find_any(named)?;
    let shown = review::look(&project, &id, arguments.offline)?;
    let shown = if arguments.offline { shown } else { with_forge(&project, &id, shown)? };
    let said = match said_by(arguments) {
        Some(said) => Some(said),
        None if app.global.json => None,
        None => asked(app, &project, &shown)?,
    };
    let Some((verdict, text)) = said else { return Ok(answer(app, &shown)) };
    if verdict == ReviewVerdict::Approve && !ui::somebody_is_there() {
        review::may_approve(&project, &id)?;
        if !review::may_approve_unattended(&project, &shown.commit) {
            return Err(Error::from(review::nobody_there(&shown)).into());
        }
    }
    let verdict = Verdict { verdict, text, commit: shown.commit.clone() };
    let output = review::say(&project, &id, &verdict)?;
    Ok(Answer::new(&output, render::reviewed(app.paint(), &output)))
}

/// The same, with what was approved on the forge meanwhile.
fn with_forge(project: &Project, id: &str, shown: ReviewOutput) -> Result<ReviewOutput, Failure> {
    if shown.url.is_none() {
        return Ok(shown);
    }
    follow_up::import(project, id)?;
    Ok(review::look(project, id, true)?)
}

type Said = (ReviewVerdict, Option<String>);

fn said_by(arguments: &Arguments) -> Option<Said> {
    let concern = || Some((ReviewVerdict::Concern, Some(arguments.concern.clone()?)));
    let request = || Some((ReviewVerdict::Request, Some(arguments.request.clone()?)));
    match arguments.approve {
        true => Some((ReviewVerdict::Approve, arguments.message.clone())),
        false => concern().or_else(request),
    }
}

/// Shows it in the pager and asks. Nothing is asked where nobody is, or of who cannot answer.
fn asked(app: &App, project: &Project, shown: &ReviewOutput) -> Result<Option<Said>, Failure> {
    if !ui::somebody_is_there() {
        return Ok(None);
    }
    page(app, project, &render::review(app.paint(), shown))?;
    if let Err(error) = review::may_approve(project, &shown.id) {
        app.ctx.warn(format!("{error}: {}", error.why()));
        return Ok(None);
    }
    let answer = ui::ask_line("approve it, raise a concern, or neither? [a/c/N]");
    match answer.as_deref() {
        Some("a" | "A" | "approve") => Ok(Some((ReviewVerdict::Approve, None))),
        Some("c" | "C" | "concern") => {
            let text = ui::ask_line("what is wrong?").filter(|text| !text.is_empty());
            Ok(text.map(|text| (ReviewVerdict::Concern, Some(text))))
        }
        _ => Ok(None),
    }
}

/// In the pager that the user's Git uses; just printed where that is none.
fn page(app: &App, project: &Project, text: &str) -> Result<(), Failure> {
    app.terminal.close();
    let pager = project.repository.pager()?;
    if pager.is_empty() || pager == "cat" {
        ui::answer(text);
        return Ok(());
    }
    // As Git sets them where the user has not: leave at once if it fits, keep colours, do not clear the screen.
    let defaults = [("LESS", "FRX"), ("LV", "-c")];
    let unset = defaults.into_iter().filter(|(name, _)| app.ctx.env.get(name).is_none());
    let call = unset.fold(Command::shell(&pager), |call, (name, value)| call.env(name, value));
    call.show(&app.ctx, text).map_err(|error| Failure::from(Error::from(error)))
}

fn answer(app: &App, shown: &ReviewOutput) -> Answer {
    let was_shown = !app.global.json && ui::somebody_is_there();
    let human = match was_shown {
        true => render::next(app.paint(), &shown.next),
        false => render::review(app.paint(), shown) + &render::next(app.paint(), &shown.next),
    };
    Answer::new(shown, human)
}
