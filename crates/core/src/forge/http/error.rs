//! What can go wrong between us and a forge.

use std::time::Duration;

use hotfix_model::ExitCode;

use crate::error::Explain;
use crate::exec::{redact, sanitize_line};

/// An error of a request.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The API is on plain HTTP, on another machine.
    #[error("{host} would be spoken to without encryption")]
    NotSecure {
        /// The host.
        host: String,
    },
    /// No connection, or it broke.
    #[error("{host} does not answer")]
    Unreachable {
        /// The host.
        host: String,
        /// What the system said.
        said: String,
    },
    /// The answer is larger than any a forge has reason to give.
    #[error("{host} answered without end")]
    TooLarge {
        /// The host.
        host: String,
    },
    /// The answer sends us to another host, or in circles.
    #[error("{host} sends requests to another host")]
    Redirected {
        /// The host.
        host: String,
        /// Where to.
        to: String,
    },
    /// The forge said no.
    #[error("{host} answered {status}")]
    Refused {
        /// The host.
        host: String,
        /// The status.
        status: u16,
        /// Its own words.
        said: String,
        /// Its name for the request.
        request_id: Option<String>,
    },
    /// There were too many requests.
    #[error("{host} takes no more requests for now")]
    Limited {
        /// The host.
        host: String,
        /// Its own words.
        said: String,
        /// How long it asks to wait.
        wait: Option<Duration>,
        /// Its name for the request.
        request_id: Option<String>,
    },
    /// The answer is not what the forge's documents say.
    #[error("{host} answered something unexpected")]
    Unreadable {
        /// The host.
        host: String,
        /// What is wrong with it.
        said: String,
        /// Its name for the request.
        request_id: Option<String>,
    },
}

impl HttpError {
    /// The error of the library in our words.
    pub(super) fn of(host: String, error: &ureq::Error) -> Self {
        match error {
            ureq::Error::BodyExceedsLimit(_) | ureq::Error::LargeResponseHeader(..) => {
                Self::TooLarge { host }
            }
            ureq::Error::Timeout(_) => {
                Self::Unreachable { host, said: "it took longer than it may".to_owned() }
            }
            other => Self::Unreachable { host, said: sanitize_line(&redact(&other.to_string())) },
        }
    }

    /// The status, if there was an answer; 429 for too many requests, however the forge said it.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Limited { .. } => Some(429),
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether the same request may go better in a moment.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}

impl Explain for HttpError {
    fn why(&self) -> String {
        let named = |said: &str, id: &Option<String>| match id {
            Some(id) => format!("{said} (request {})", sanitize_line(&redact(id))),
            None => said.to_owned(),
        };
        match self {
            Self::NotSecure { .. } => "a token is only sent over HTTPS".to_owned(),
            Self::Unreachable { said, .. } => said.clone(),
            Self::TooLarge { .. } => "it was read up to 8 MiB and then left".to_owned(),
            Self::Redirected { to, .. } => {
                format!("the answer names {}; a token stays with its host", sanitize_line(to))
            }
            Self::Refused { said, status, request_id, .. } if said.is_empty() => {
                named(meaning(*status), request_id)
            }
            Self::Limited { said, request_id, .. } if said.is_empty() => named(meaning(429), request_id),
            Self::Refused { said, request_id, .. }
            | Self::Limited { said, request_id, .. }
            | Self::Unreadable { said, request_id, .. } => named(said, request_id),
        }
    }

    fn next(&self) -> String {
        match self {
            Self::NotSecure { .. } => "use an https:// address for the remote, or set submit.api".to_owned(),
            Self::Refused { status: 401 | 403, .. } => {
                "git hotfix ready  # says which token was used and what it lacks".to_owned()
            }
            Self::Limited { wait: Some(wait), .. } => {
                format!("git hotfix ship  # in {} min", wait.as_secs().div_ceil(60).max(1))
            }
            Self::Limited { .. } => "git hotfix ship  # in some minutes".to_owned(),
            Self::Redirected { .. } => "set submit.api to the address of the API".to_owned(),
            _ => "git hotfix ship".to_owned(),
        }
    }

    fn exit(&self) -> ExitCode {
        ExitCode::REMOTE
    }
}

/// What a status means where the forge said nothing.
fn meaning(status: u16) -> &'static str {
    match status {
        401 => "the token is not valid, or has expired",
        403 => "the token may not do this",
        404 => "there is no such thing, or the token may not see it",
        409 => "something changed meanwhile",
        429 => "there were too many requests",
        500.. => "the forge has trouble of its own",
        _ => "it gave no reason",
    }
}
