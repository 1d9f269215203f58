//! The text of `git request-pull`, made without asking the remote once more.

use std::thread;

use hotfix_model::Record;

use crate::ctx::joined;
use crate::error::Result;
use crate::git::{Oid, Remote, Repository};

/// The same text as `git request-pull <base> <url> <branch>` prints, credentials removed.
pub fn request_pull(
    repository: &Repository,
    remote: &Remote,
    record: &Record,
    commit: &Oid,
) -> Result<String> {
    let base = &record.base.commit;
    // Three questions to Git that do not wait for each other.
    let (heads, authors, files) = thread::scope(|scope| {
        let heads = scope.spawn(|| repository.describe_commits(&[base, commit.as_str()]));
        let authors = scope.spawn(|| repository.authors(base, commit.as_str()));
        let files = repository.summarise(base, commit.as_str());
        (heads.join(), authors.join(), files)
    });
    let (heads, authors, files) = (joined(heads)?, joined(authors)?, files?);
    let (from, to) = (heads.first().cloned().unwrap_or_default(), heads.last().cloned().unwrap_or_default());
    let url = remote.shown_url();
    let branch = record.branch_name();
    let rule = "-".repeat(64);
    Ok(format!(
        "The following changes since commit {base}:\n\n  {from}\n\n\
         are available in the Git repository at:\n\n  {url} {branch}\n\n\
         for you to fetch changes up to {commit}:\n\n  {to}\n\n\
         {rule}\n{authors}{files}"
    ))
}
