use clap::Args;
use hotfix_core::journey::status;
use hotfix_core::session::SessionError;
use hotfix_model::printed::NoneOpenOutput;

use crate::answer::{Answer, Failure, Outcome};
use crate::app::App;
use crate::render;

/// Show where the hotfix stands, and the next command to type
#[derive(Debug, Args)]
pub struct Arguments {
    /// Ask nobody; say what is known here
    #[arg(long)]
    offline: bool,
}

/// Shows where it stands.
pub fn run(app: &App, arguments: &Arguments) -> Outcome {
    let project = app.project(&[])?;
    project.remind();
    match project.find_watched(app.global.id.as_deref()) {
        Ok(id) => {
            let (output, not_asked) = match arguments.offline {
                true => (status::of(&project, &id)?, None),
                false => status::asked(&project, &id)?,
            };
            if let Some(why) = not_asked {
                app.ctx.warn(format!("as last known: {why}"));
            }
            Ok(Answer::new(&output, render::status(app.paint(), &output, app.ctx.now())))
        }
        // Nothing open is an answer, not an error: prompts and scripts ask all the time.
        Err(error) if matches!(error.downcast_ref(), Some(SessionError::NoneOpen)) => {
            let next = vec!["git hotfix start \"ALERT\"".to_owned()];
            let human = format!("no hotfix is open\n{}", render::next(app.paint(), &next));
            Ok(Answer::new(&NoneOpenOutput { id: None, next }, human))
        }
        Err(error) => Err(Failure::from(error)),
    }
}
