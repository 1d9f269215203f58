//! Where the fix is delivered: the push of the branch, then one folder per forge behind one trait.
//!
//! A forge is found by [`detect`], its token by [`token`], and spoken to through [`http`], which alone knows how.

pub mod address;
mod azure;
mod bitbucket;
mod deliver;
pub mod detect;
mod error;
mod gerrit;
mod gitea;
pub mod github;
mod gitlab;
pub mod http;
mod links;
mod owners;
mod plain;
mod request_pull;
pub mod token;
pub mod webhook;

use std::sync::Arc;

use hotfix_model::config::MergeMode;
use hotfix_model::{Landing, Record};

use crate::error::Result;
use crate::git::{Oid, Remote, Repository};
use detect::{Configured, Kind, Site};
use http::Patience;
use token::{Token, Wanted};

pub use azure::Azure;
pub use bitbucket::{Bitbucket, BitbucketServer};
pub use deliver::{Delivered, Delivery, deliver, find, take_back};
pub use error::ForgeError;
pub use gerrit::Gerrit;
pub use gitea::Gitea;
pub use github::GitHub;
pub use links::{create_url, pushed};
pub use owners::owners;
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
    /// Who is asked to review: names of accounts, or addresses where the forge knows people by those.
    pub reviewers: Vec<String>,
    /// Whether it is not to be merged yet.
    pub is_draft: bool,
    /// How it gets into the target.
    pub merge: MergeMode,
    /// Why the forge's own rules are to be bypassed, if they are.
    pub break_glass: Option<String>,
}

impl Draft<'_> {
    /// Where its merge request is.
    pub fn whereabouts(&self, number: Option<u64>) -> Whereabouts<'_> {
        let record = self.record;
        Whereabouts { number, branch: record.branch_name(), target: &record.target, commit: self.commit }
    }
}

/// What the push of the branch carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PushPlan {
    /// Push options that do what else would take requests of their own. Without a line break, at most 60 KB each.
    pub options: Vec<String>,
    /// A ref that makes the merge request, such as `refs/for/main%topic=…`, pushed instead of the branch.
    pub instead: Option<String>,
}

/// A merge request there may be.
#[derive(Clone, Copy, Debug)]
pub struct Whereabouts<'a> {
    /// Its number, where it is known; else it is looked for by its branch.
    pub number: Option<u64>,
    /// The branch, without `refs/heads/`.
    pub branch: &'a str,
    /// The branch it is to be merged into.
    pub target: &'a str,
    /// The commit of the fix. No other one is ever merged.
    pub commit: &'a Oid,
}

impl Whereabouts<'_> {
    /// The hotfix.
    pub fn id(&self) -> &str {
        self.branch.strip_prefix("hotfix/").unwrap_or(self.branch)
    }
}

/// How to merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merge {
    /// As soon as the forge's conditions hold.
    WhenReady,
    /// At once, by the forge's rules.
    Now,
    /// At once, past the forge's rules, for this reason.
    Bypass(String),
}

/// What an adapter can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one switch per ability, named where it is set")]
pub struct Capabilities {
    /// It knows merge requests, and a token is at hand where one is needed for them.
    pub merge_requests: bool,
    /// They carry labels.
    pub labels: bool,
    /// They can merge by themselves.
    pub auto_merge: bool,
    /// The rules can be bypassed, which the forge writes down.
    pub break_glass: bool,
    /// The push alone makes the merge request.
    pub by_push: bool,
}

/// What was found before the push: whether it will land.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    /// Whose token it is.
    pub account: Option<String>,
    /// What stands in the way, one line each; the push is done all the same.
    pub obstacles: Vec<String>,
    /// What is worth knowing, one line each.
    pub remarks: Vec<String>,
}

/// A sign of somebody who looked at a merge request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The account.
    pub account: String,
    /// Whose address the forge knows, if it says so.
    pub email: Option<String>,
    /// Whether it approves; else it is a remark, or a no.
    pub approves: bool,
    /// The words, from outside.
    pub words: String,
    /// When, as the forge writes times (RFC 3339).
    pub at: Option<String>,
}

/// A forge, or a plain Git remote. What a forge cannot do is [`ForgeError::Unable`].
pub trait Forge: Send + Sync {
    /// Name as in the configuration: `plain`.
    fn name(&self) -> &'static str;

    /// What it can do, with the token at hand.
    fn capabilities(&self) -> Capabilities;

    /// Looks ahead while the tests run: token, project settings, rules of the target; makes labels that do not exist.
    fn prepare(&self, _target: &str, _labels: &[String]) -> Result<Outlook> {
        Ok(Outlook::default())
    }

    /// What the push carries.
    fn push_plan(&self, _draft: &Draft<'_>) -> PushPlan {
        PushPlan::default()
    }

    /// Makes the merge request, or finds the one there is, labels it and arms its merge, after the push, which said
    /// these lines. Run again it finds its own work done; it never touches a stranger's.
    fn propose(&self, draft: &Draft<'_>, said: &[String]) -> Result<Landing>;

    /// Where it stands.
    fn look(&self, at: &Whereabouts<'_>) -> Result<Landing>;

    /// Merges it, or arms the merge.
    fn merge(&self, _at: &Whereabouts<'_>, _how: &Merge) -> Result<Landing> {
        Err(self.unable("merge by request"))
    }

    /// Takes back an armed merge.
    fn cancel(&self, _at: &Whereabouts<'_>) -> Result<()> {
        Err(self.unable("take back a merge"))
    }

    /// Closes it without a merge.
    fn close(&self, _at: &Whereabouts<'_>) -> Result<()> {
        Err(self.unable("close a merge request"))
    }

    /// Adds and removes labels, also after the merge.
    fn relabel(&self, _number: u64, _add: &[String], _remove: &[String]) -> Result<()> {
        Err(self.unable("label a merge request"))
    }

    /// The text to send to whoever merges, where there is nobody else to tell.
    fn request_pull(&self, _draft: &Draft<'_>) -> Result<Option<String>> {
        Ok(None)
    }

    /// Approvals and remarks, also those made after the merge.
    fn marks(&self, _number: u64) -> Result<Vec<Mark>> {
        Ok(Vec::new())
    }

    /// Makes a release of a tag that is there; gives its page.
    fn release(&self, _tag: &str, _title: &str, _notes: &str) -> Result<Option<String>> {
        Err(self.unable("make a release"))
    }

    /// The error for what this forge cannot do.
    fn unable(&self, what: &str) -> crate::error::Error {
        ForgeError::Unable { forge: self.name(), what: what.to_owned() }.into()
    }
}

/// What an adapter is made of.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The repository on the forge.
    pub site: Site,
    /// The token, if one was found.
    pub token: Option<Token>,
}

/// How much may be asked to find the forge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// Only what is known here.
    Nobody,
    /// The server too, once.
    Server,
}

/// Where a remote leads: the site and the token for it; `None` for plain Git.
pub fn connection(
    repository: &Repository,
    remote: &Remote,
    configured: Configured<'_>,
    asking: Asking,
) -> Result<Option<Connection>> {
    // Git need not be asked about a folder of this machine.
    if remote.url.starts_with(['/', '.']) || remote.url.starts_with("file://") {
        return detect::known(repository, "", configured).map(|_| None);
    }
    // The address that pushes use, as `url.….insteadOf` and `pushurl` make it.
    let url = repository.push_address(&remote.name).unwrap_or_else(|_| remote.url.clone());
    let url = url.lines().next().unwrap_or_default();
    let site = match asking {
        Asking::Nobody => detect::known(repository, url, configured)?,
        Asking::Server => detect::find(repository, url, configured)?,
    };
    Ok(site.map(|site| {
        let wanted = Wanted { kind: site.kind, remote: &site.remote, pages: &site.pages };
        let token = token::find(repository, wanted);
        Connection { site, token }
    }))
}

/// Trailers by which the forge knows a commit again, as far as the forge is known without asking: Gerrit's `Change-Id`.
pub fn trailers(
    repository: &Repository,
    remote: &Remote,
    configured: Configured<'_>,
    record: &Record,
) -> Result<Vec<(&'static str, String)>> {
    let site = detect::known(repository, &remote.url, configured)?;
    let is_gerrit = site.is_some_and(|site| site.kind == Kind::Gerrit);
    Ok(if is_gerrit { vec![("Change-Id", gerrit::change_id(record))] } else { Vec::new() })
}

/// The adapter for a remote.
pub fn adapter(
    repository: &Repository,
    remote: &Remote,
    configured: Configured<'_>,
    asking: Asking,
) -> Result<Arc<dyn Forge>> {
    let ctx = repository.ctx();
    let connection = connection(repository, remote, configured, asking)?;
    Ok(match connection.map(|connection| (connection.site.kind, connection)) {
        // One line per forge.
        Some((Kind::GitHub, connection)) => Arc::new(GitHub::new(ctx, connection, Patience::default())),
        Some((Kind::Gitea | Kind::Forgejo, connection)) => Arc::new(Gitea::new(ctx, connection)),
        Some((Kind::Gerrit, connection)) => Arc::new(Gerrit::new(ctx, connection)),
        Some((Kind::GitLab, connection)) => {
            Arc::new(gitlab::GitLab::new(repository, connection, Patience::default()))
        }
        Some((Kind::Bitbucket, connection)) => Arc::new(Bitbucket::new(ctx, connection)),
        Some((Kind::BitbucketServer, connection)) => Arc::new(BitbucketServer::new(ctx, connection)),
        Some((Kind::Azure, connection)) => Arc::new(Azure::new(ctx, connection)),
        Some((Kind::Plain, _)) | None => Arc::new(Plain::new(repository, remote)),
    })
}
