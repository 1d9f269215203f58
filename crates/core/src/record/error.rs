//! What can go wrong with a record.

use hotfix_model::ExitCode;
use hotfix_model::record::RECORD_VERSION;

use crate::error::Explain;

/// An error of the record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// There is no hotfix of that id here.
    #[error("there is no hotfix `{id}` here")]
    Unknown {
        /// The id that was asked for.
        id: String,
        /// The known ids that look most like it, the likest first.
        nearest: Vec<String>,
    },
    /// A newer git-hotfix wrote the record.
    #[error("the record of hotfix {id} was written by a newer git-hotfix")]
    Newer {
        /// The hotfix.
        id: String,
    },
    /// Neither the events nor the state can be read.
    #[error("the record of hotfix {id} is damaged")]
    Damaged {
        /// The hotfix.
        id: String,
        /// What is wrong, in one line.
        what: String,
    },
    /// A name that could leave its folder, or that some file system would refuse.
    #[error("`{name}` cannot be the name of a piece of evidence")]
    EvidenceName {
        /// The name.
        name: String,
    },
    /// Others kept changing the record, or one of them left it locked.
    #[error("the record of hotfix {id} is held by somebody else")]
    Busy {
        /// The hotfix.
        id: String,
        /// What Git said the last time.
        said: String,
    },
    /// An event holds something that has no place in a record.
    #[error("an event of hotfix {id} cannot be written")]
    Unwritable {
        /// The hotfix.
        id: String,
        /// Why.
        source: serde_json::Error,
    },
}

impl Explain for RecordError {
    fn why(&self) -> String {
        match self {
            Self::Unknown { nearest, .. } if nearest.is_empty() => {
                "no record of that name was started here or fetched".to_owned()
            }
            Self::Unknown { nearest, .. } => format!("did you mean {}?", nearest.join(" or ")),
            Self::Newer { .. } => {
                format!(
                    "this one knows version {RECORD_VERSION} of the layout and would lose what it cannot read"
                )
            }
            Self::Damaged { what, .. } => what.clone(),
            Self::EvidenceName { .. } => {
                "letters, digits, `.`, `_` and `-` are allowed, at most 128, and no `.` or `-` in front"
                    .to_owned()
            }
            Self::Busy { said, .. } => said.clone(),
            Self::Unwritable { source, .. } => source.to_string(),
        }
    }

    fn next(&self) -> String {
        match self {
            Self::Unknown { nearest, .. } => match nearest.first() {
                Some(id) => format!("git hotfix status --id {id}"),
                None => "git hotfix list".to_owned(),
            },
            Self::Newer { .. } => "install the newest git-hotfix, then run the same command again".to_owned(),
            Self::Damaged { id, .. } => {
                format!("git fetch origin +refs/hotfix/record/{id}:refs/hotfix/record/{id}")
            }
            Self::EvidenceName { .. } => "choose another name".to_owned(),
            Self::Busy { .. } | Self::Unwritable { .. } => "run the same command again".to_owned(),
        }
    }

    fn exit(&self) -> ExitCode {
        match self {
            Self::Unknown { .. } | Self::EvidenceName { .. } => ExitCode::USAGE,
            Self::Newer { .. } | Self::Damaged { .. } | Self::Unwritable { .. } => ExitCode::SETUP,
            Self::Busy { .. } => ExitCode::DECISION,
        }
    }
}
