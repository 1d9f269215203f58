//! What can go wrong with words.

use hotfix_model::ExitCode;

use crate::error::Explain;

/// What can go wrong with words.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// Nothing readable was given as a subject.
    #[error("the subject of the commit is empty")]
    EmptySubject,
}

impl Explain for MessageError {
    fn why(&self) -> String {
        "a fix that reaches production has to say what it fixes".to_owned()
    }

    fn next(&self) -> String {
        "git hotfix commit -m 'what is fixed'".to_owned()
    }

    fn exit(&self) -> ExitCode {
        ExitCode::USAGE
    }
}
