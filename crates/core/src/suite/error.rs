//! What can go wrong with finding and starting a test runner.

use hotfix_model::ExitCode;

use crate::error::Explain;

/// An error of the test runners.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// Nothing in the repository shows how its tests run.
    #[error("no test runner was found in this repository")]
    NoRunner,
    /// The runner the repository uses is not installed.
    #[error("{runner} is not installed for this repository")]
    MissingRunner {
        /// Its name.
        runner: &'static str,
        /// The command that installs it where it is looked for first.
        hint: String,
    },
    /// What the tests of a project need is not installed where they are to run.
    #[error("the dependencies of the tests are not installed in {place}")]
    NotInstalled {
        /// The project's folder there.
        place: String,
        /// What was looked for.
        wanted: String,
        /// The command that installs it.
        install: String,
    },
    /// A program that is not a part of the project is not on the machine.
    #[error("{program} is not installed, or not on the PATH")]
    MissingProgram {
        /// Its name.
        program: &'static str,
        /// What to do.
        install: &'static str,
    },
    /// The command to run is empty.
    #[error("the test command is empty")]
    EmptyCommand,
}

impl Explain for SuiteError {
    fn why(&self) -> String {
        match self {
            Self::NoRunner => {
                "no file shows a test runner that is known, and hotfix.toml does not name a command under [test]".to_owned()
            }
            Self::MissingRunner { runner: runner @ ("pytest" | "unittest"), .. } => format!(
                "no {runner} in .venv or venv here or in the main worktree, in VIRTUAL_ENV, or for python3 on the PATH"
            ),
            Self::MissingRunner { runner, .. } => {
                format!("the files of this repository show that its tests run with {runner}")
            }
            Self::NotInstalled { wanted, .. } => format!("{wanted} is neither there nor above it"),
            Self::MissingProgram { .. } => "the tests of this repository run with it".to_owned(),
            Self::EmptyCommand => "there is nothing to run".to_owned(),
        }
    }

    fn next(&self) -> String {
        match self {
            Self::NoRunner => {
                "git hotfix ship --set test.command=\"make test\"  # or whatever runs your tests".to_owned()
            }
            Self::MissingRunner { hint, .. } => hint.clone(),
            Self::NotInstalled { place, install, .. } => format!(
                "(cd {place} && {install})  # or for every slot, in hotfix.toml: [slot] setup = [\"{install}\"]"
            ),
            Self::MissingProgram { install, .. } => (*install).to_owned(),
            Self::EmptyCommand => "git hotfix prove -- COMMAND".to_owned(),
        }
    }

    fn exit(&self) -> ExitCode {
        match self {
            Self::EmptyCommand => ExitCode::USAGE,
            _ => ExitCode::SETUP,
        }
    }
}
