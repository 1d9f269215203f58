//! Words that leave the machine: commit messages, merge request texts, and the scan for secrets in what is pushed.
//!
//! What came from outside (alerts, test output, linters) is never trusted to be harmless text: see [`neutral`].

mod commit;
mod error;
pub mod neutral;
mod request;
mod secrets;
mod sections;
mod subject;

pub use crate::exec::{command_line, quoted};
pub use commit::{commit_message, trailer};
pub use error::MessageError;
pub use request::{LIMIT, Page, RequestText, merge_request_page, merge_request_text};
pub use secrets::{Secret, scan};
pub use subject::{LONG, default_subject, is_long, subject};
