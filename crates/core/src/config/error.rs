//! What can be wrong with a configuration.

use std::fmt;

use hotfix_model::ExitCode;

use super::value::Problem;
use crate::error::Explain;

/// An error in a configuration file or in a flag that overrides it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file is not TOML.
    #[error("{place}: not valid TOML")]
    Syntax {
        /// Where.
        place: Place,
        /// What the parser said.
        said: String,
    },
    /// A file is not UTF-8.
    #[error("{place}: not UTF-8 text")]
    NotText {
        /// Where.
        place: Place,
    },
    /// Values are not what they must be.
    #[error("{}: `{}` must be {}", first.place, first.key, first.expected)]
    Wrong {
        /// The first of them.
        first: Box<Mistake>,
        /// The others.
        more: Vec<Mistake>,
    },
    /// A flag overrides a key that does not exist.
    #[error("there is no key `{key}`")]
    UnknownKey {
        /// The key.
        key: String,
        /// The key that was probably meant.
        nearest: Option<String>,
    },
    /// A flag overrides a key by a value it cannot have.
    #[error("`{key}` must be {expected}")]
    WrongOverride {
        /// The key.
        key: String,
        /// What its value must be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The layers do not make a configuration: our own mistake.
    #[error("the configuration does not hold together")]
    Inconsistent {
        /// What the reader said.
        said: String,
    },
}

/// A line of a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file as people know it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// For the repository's file: the user's own, which overrides it.
    pub overridden_by: Option<String>,
}

/// A value that is not what its key takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where it is.
    pub place: Place,
    /// The key, or the table.
    pub key: String,
    /// What the value must be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

impl Mistake {
    pub(super) fn of(place: Place, key: String, problem: Problem) -> Self {
        Self { place, key, expected: problem.expected, found: problem.found }
    }

    /// The mistake as a warning, when `origin` overrides it.
    pub(super) fn as_warning(&self, origin: &str) -> String {
        let Self { place, key, expected, found } = self;
        format!("{place}: `{key}` must be {expected}, found {found}; used instead: {origin}")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, line {}", self.file, self.line)
    }
}

impl Explain for ConfigError {
    fn why(&self) -> String {
        match self {
            Self::Syntax { said, .. } | Self::Inconsistent { said } => said.clone(),
            Self::NotText { .. } => "TOML files are UTF-8".to_owned(),
            Self::Wrong { first, more } => {
                let also =
                    |other: &Mistake| format!("; line {}: `{}` is wrong too", other.place.line, other.key);
                let others: String = more.iter().map(also).collect();
                format!("found {}{others}", first.found)
            }
            Self::UnknownKey { nearest: Some(nearest), .. } => format!("the nearest is `{nearest}`"),
            Self::UnknownKey { nearest: None, .. } => "no key is like it".to_owned(),
            Self::WrongOverride { found, .. } => format!("found {found}"),
        }
    }

    fn next(&self) -> String {
        match self {
            Self::Syntax { place, .. } | Self::NotText { place } => place.remedy(None),
            Self::Wrong { first, .. } => first.place.remedy(Some(&first.key)),
            Self::UnknownKey { nearest: Some(nearest), .. } => format!("write `{nearest}`"),
            Self::UnknownKey { nearest: None, .. } => "git hotfix config".to_owned(),
            Self::WrongOverride { .. } => "run it again with another value".to_owned(),
            Self::Inconsistent { .. } => {
                "git hotfix --version, and report both lines as a mistake".to_owned()
            }
        }
    }

    fn exit(&self) -> ExitCode {
        match self {
            Self::UnknownKey { .. } | Self::WrongOverride { .. } => ExitCode::USAGE,
            _ => ExitCode::SETUP,
        }
    }
}

impl Place {
    /// What to do about it. The repository's file is read from the base commit, so that editing it here is not enough.
    fn remedy(&self, key: Option<&str>) -> String {
        let overridable = key.filter(|key| key.contains('.'));
        match (&self.overridden_by, overridable) {
            (None, _) => format!("edit line {} of {}, then run the same command again", self.line, self.file),
            (Some(own), Some(key)) => format!("set `{key}` in {own}, or correct it on the base branch"),
            (Some(_), None) => "correct it on the base branch, then run the same command again".to_owned(),
        }
    }
}
