//! Where the fix is delivered: one push for branch and record, then one file per forge behind one trait.

mod deliver;
mod error;
mod plain;
mod request_pull;

use hotfix_model::config::MergeMode;
use hotfix_model::{MergeRequest, Record};

use crate::error::Result;
use crate::git::{Oid, Remote, Repository};

pub use deliver::{Delivered, Delivery, deliver, find, take_back};
pub use error::ForgeError;
pub use plain::Plain;
pub use request_pull::request_pull;

/// A merge request to be.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    /// The hotfix.
    pub record: &'a Record,
    /// The commit of the fix.
    pub commit: &'a Oid,
    /// Title, one line.
    pub title: String,
    /// Text, Markdown, neutralised.
    pub description: String,
    /// Labels.
    pub labels: Vec<String>,
    /// How it gets into the target.
    pub merge: MergeMode,
}

/// A forge, or a plain Git remote.
pub trait Forge: Send + Sync {
    /// Name as in the configuration: `plain`.
    fn name(&self) -> &'static str;

    /// Push options that do what else would take requests of their own.
    fn push_options(&self, draft: &Draft<'_>) -> Vec<String>;

    /// Makes the merge request, or finds the one there is, after the branch was pushed.
    fn propose(&self, repository: &Repository, remote: &Remote, draft: &Draft<'_>) -> Result<MergeRequest>;
}

/// The adapter for a remote: by configuration, else by what the remote is.
pub fn adapter(configured: &str) -> Result<Box<dyn Forge>> {
    match configured {
        "" | "plain" => Ok(Box::new(Plain)),
        other => Err(ForgeError::Unknown { name: other.to_owned() }.into()),
    }
}
