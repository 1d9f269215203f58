//! What a command comes back with: the same facts for people and for programs.

use hotfix_core::error::Error;
use hotfix_model::ExitCode;
use hotfix_model::output::{ErrorDetail, ErrorOutput};
use serde::Serialize;
use serde_json::Value;

/// The outcome of a command that did its work, whatever the work said.
#[derive(Debug)]
pub struct Answer {
    /// For programs: one object, or an array for lists.
    pub json: Value,
    /// For people; empty if progress has said it all.
    pub human: String,
    /// The exit code.
    pub exit: ExitCode,
}

/// The outcome of a command that could not do its work.
#[derive(Debug)]
pub struct Failure {
    /// What, why, and what to type next.
    pub detail: Box<ErrorDetail>,
    /// What was found before, for people; empty if nothing was.
    pub human: String,
    /// What was found before; printed instead of the error with `--json`.
    pub json: Option<Value>,
}

/// What commands return.
pub type Outcome = Result<Answer, Failure>;

impl Answer {
    /// An answer with exit code 0.
    pub fn new(json: &impl Serialize, human: String) -> Self {
        // Our own types always serialise; a failure here would be a defect that `null` makes visible.
        let json = serde_json::to_value(json).unwrap_or(Value::Null);
        Self { json, human, exit: ExitCode::DONE }
    }

    /// The same answer with another exit code.
    #[must_use]
    pub fn exit(mut self, exit: ExitCode) -> Self {
        self.exit = exit;
        self
    }
}

impl Failure {
    /// A command line that does not exist. `said` is what clap has to say about it.
    pub fn usage(said: &str) -> Self {
        let first = said.lines().next().unwrap_or_default();
        let what = first.trim_start_matches("error: ").to_owned();
        let why = "the command line does not have this form".to_owned();
        let detail =
            ErrorDetail { what, why, next: "git hotfix --help".to_owned(), exit: ExitCode::USAGE.code() };
        Self { detail: Box::new(detail), json: None, human: String::new() }
    }

    /// What is printed with `--json`.
    pub fn output(&self) -> Value {
        let error =
            || serde_json::to_value(ErrorOutput { error: (*self.detail).clone() }).unwrap_or(Value::Null);
        self.json.clone().unwrap_or_else(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let detail = ErrorDetail {
            what: error.to_string(),
            why: error.why(),
            next: error.next(),
            exit: error.exit().code(),
        };
        Self { detail: Box::new(detail), human: String::new(), json: None }
    }
}
