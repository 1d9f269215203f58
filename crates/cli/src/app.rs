//! From the command line to the exit code.

use std::sync::Arc;

use clap::Parser;
use hotfix_core::clock::SystemClock;
use hotfix_core::ctx::Ctx;
use hotfix_core::env::Environment;
use hotfix_core::session::{Hotfix, Project};
use hotfix_model::ExitCode;

use crate::answer::{Answer, Failure, Outcome};
use crate::arguments::{Arguments, Global};
use crate::render::Paint;
use crate::signals;
use crate::ui::{self, Terminal};

/// What every command is given.
pub struct App {
    /// The surroundings of the deeds.
    pub ctx: Ctx,
    /// Options that every command takes.
    pub global: Global,
    /// The terminal.
    pub terminal: Arc<Terminal>,
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return not_parsed(&error),
    };
    let environment = match Environment::of_process() {
        Ok(environment) => environment,
        Err(error) => return Terminal::plain().fatal(&format!("the current folder cannot be read: {error}")),
    };
    let app = App::new(arguments.global, environment);
    signals::listen(app.ctx.cancel.clone());
    let outcome = arguments.command.run(&app);
    app.finish(outcome)
}

/// Help and version are no errors; clap knows which stream each belongs to. Programs that asked for JSON get it also
/// when they asked wrongly.
fn not_parsed(error: &clap::Error) -> ExitCode {
    error.print().ok();
    if !error.use_stderr() {
        return ExitCode::DONE;
    }
    if std::env::args_os().take_while(|word| word != "--").any(|word| word == "--json") {
        ui::answer(&Failure::usage(&error.render().to_string()).output().to_string());
    }
    ExitCode::USAGE
}

impl App {
    fn new(global: Global, environment: Environment) -> Self {
        let dir = match &global.directory {
            Some(directory) => environment.current_dir().join(directory),
            None => environment.current_dir().to_owned(),
        };
        let environment = environment.with_current_dir(dir);
        let terminal = Arc::new(Terminal::new(&environment, &global));
        let ctx = Ctx::new(environment, SystemClock::new(), terminal.clone());
        Self { ctx, global, terminal }
    }

    /// Opens the repository. `settings` are the settings that flags of the command stand for.
    pub fn project(&self, settings: &[(&str, &str)]) -> Result<Project, Failure> {
        let of_flags = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let overrides = self.global.set.iter().cloned().chain(of_flags).collect();
        Ok(Project::open(&self.ctx, overrides)?)
    }

    /// Opens the hotfix that is meant, to work on it.
    pub fn hotfix(&self, project: &Project) -> Result<Hotfix, Failure> {
        let id = project.find(self.global.id.as_deref())?;
        Ok(project.hotfix(&id)?)
    }

    /// Colours for the answer.
    pub fn paint(&self) -> Paint {
        self.terminal.answer_paint()
    }

    /// Tells the shell wrapper, if there is one, where to go.
    pub fn go_to(&self, dir: &str) {
        if let Some(file) = self.ctx.env.get("HOTFIX_CD_FILE") {
            // Without the wrapper's file the user types `cd`, as the output says.
            std::fs::write(file, dir).ok();
        }
    }

    fn finish(&self, outcome: Outcome) -> ExitCode {
        self.terminal.close();
        match outcome {
            Ok(Answer { json, human, exit }) => {
                if self.global.json {
                    ui::answer(&json.to_string());
                } else {
                    ui::answer(&human);
                }
                exit
            }
            Err(failure) => {
                if self.global.json {
                    ui::answer(&failure.output().to_string());
                } else {
                    ui::answer(&failure.human);
                }
                self.terminal.error(&failure.detail);
                ExitCode::from_code(failure.detail.exit)
            }
        }
    }
}
