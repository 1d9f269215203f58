//! One push for everything: the branch, the record and, for a direct merge, the target. Each ref has its own lease
//! and stands or falls alone: a remote that refuses the record must not stop the fix.

use std::time::Duration;

use super::{ForgeError, PushPlan};
use crate::error::{Error, Result};
use crate::git::{GitError, Lease, Oid, Push, PushOutcome, PushReport, RefName, Repository};

/// What to push.
#[derive(Clone, Debug)]
pub struct Delivery<'a> {
    /// Name of the remote.
    pub remote: &'a str,
    /// The hotfix branch.
    pub branch: RefName,
    /// The commit of the fix.
    pub commit: Oid,
    /// Where the branch was on the remote when we last pushed it; `None` if we never did.
    pub pushed_before: Option<Oid>,
    /// The record: its ref, its tree, and where it was on the remote when we last pushed it.
    pub record: (RefName, Oid, Option<Oid>),
    /// For a direct merge: the target and where it must be.
    pub target: Option<(RefName, Oid)>,
    /// Options for the forge, and what is pushed instead of the branch.
    pub plan: PushPlan,
    /// How long it may take, the pre-push hook included.
    pub limit: Duration,
}

/// What the remote took. The branch always, or there was an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// `None` if the remote took the record, else why not.
    pub record_refused: Option<String>,
    /// Whether the target now holds the fix.
    pub merged: bool,
    /// What the remote said for people.
    pub said: Vec<String>,
}

/// Pushes. Run again after a cut it finds its own work done: a ref that already is as wanted counts as pushed.
pub fn deliver(repository: &Repository, delivery: &Delivery<'_>) -> Result<Delivered> {
    let lease = |old: &Option<Oid>| old.clone().map_or(Lease::Absent, Lease::At);
    let (record, tree, record_before) = &delivery.record;
    let (target, own_lease) = match &delivery.plan.instead {
        Some(instead) => (RefName::new(instead.clone())?, Lease::None),
        None => (delivery.branch.clone(), lease(&delivery.pushed_before)),
    };
    let mut pushes = vec![
        Push { source: Some(delivery.commit.clone()), target, lease: own_lease },
        Push { source: Some(tree.clone()), target: record.clone(), lease: lease(record_before) },
    ];
    if let Some((target, old)) = &delivery.target {
        let source = Some(delivery.commit.clone());
        pushes.push(Push { source, target: target.clone(), lease: Lease::At(old.clone()) });
    }
    let mut report = send(repository, delivery, &pushes)?;
    if is_gone(repository, delivery, &report) {
        pushes.truncate(1);
        for push in &mut pushes {
            push.lease = Lease::Absent;
        }
        let again = send(repository, delivery, &pushes)?;
        report.outcomes.splice(..1, again.outcomes);
    }
    read_report(repository, delivery, report)
}

/// Whether the branch was refused because it is no longer there: a forge removed it after a merge that we do not know
/// of yet, or somebody deleted it. It is pushed anew, and what became of it is then seen.
fn is_gone(repository: &Repository, delivery: &Delivery<'_>, report: &PushReport) -> bool {
    matches!(report.outcomes.first(), Some(PushOutcome::Rejected(_)))
        && delivery.plan.instead.is_none()
        && delivery.pushed_before.is_some()
        && on_remote(repository, delivery, &delivery.branch).is_none()
}

/// Sends all in one push; one by one, the fix first, where the forge wants it by itself, or where the other
/// end failed: `GitBucket` does at a ref that holds no commit, as the record does.
fn send(repository: &Repository, delivery: &Delivery<'_>, pushes: &[Push]) -> Result<PushReport> {
    if !delivery.plan.is_alone() {
        let sent = repository.push(delivery.remote, pushes, &delivery.plan.options, delivery.limit);
        match sent {
            Err(error) if pushes.len() > 1 && is_failure_there(&error) => {}
            sent => return sent.map_err(|error| unreachable(delivery.remote, error)),
        }
    }
    send_one_by_one(repository, delivery, pushes)
}

fn send_one_by_one(repository: &Repository, delivery: &Delivery<'_>, pushes: &[Push]) -> Result<PushReport> {
    let (now, later) = pushes.split_at(1.min(pushes.len()));
    let push = |pushes: &[Push], options: &[String]| {
        repository.push(delivery.remote, pushes, options, delivery.limit)
    };
    let mut report =
        push(now, &delivery.plan.options).map_err(|error| unreachable(delivery.remote, error))?;
    for one in later.chunks(1) {
        // The fix is there: whatever goes wrong with the rest is no more than a refusal of it.
        let refused = |error: Error| vec![PushOutcome::Rejected(error.why())];
        report.outcomes.extend(push(one, &[]).map_or_else(refused, |report| report.outcomes));
    }
    Ok(report)
}

fn read_report(
    repository: &Repository,
    delivery: &Delivery<'_>,
    PushReport { outcomes, said, .. }: PushReport,
) -> Result<Delivered> {
    let refusal = |index: usize| match outcomes.get(index) {
        Some(PushOutcome::Rejected(said)) => Some(said.clone()),
        _ => None,
    };
    if let Some(said) = refusal(0).filter(|said| !is_there_already(delivery, said)) {
        let found = on_remote(repository, delivery, &delivery.branch);
        // An answer was lost, and Git asked once more: what it refuses then is what it had taken.
        if found.as_ref() != Some(&delivery.commit) {
            return Err(branch_refused(found, delivery, said));
        }
    }
    let record_refused = refusal(1);
    match &delivery.target {
        None => Ok(Delivered { record_refused, merged: false, said }),
        Some((target, old)) => match refusal(2) {
            None => Ok(Delivered { record_refused, merged: true, said }),
            Some(said) => Err(target_refused(repository, delivery, (target, old), said)),
        },
    }
}

/// Gerrit and Gitea refuse a request that they have already, which is as good as taking it.
fn is_there_already(delivery: &Delivery<'_>, said: &str) -> bool {
    const WORDS: &[&str] = &["no new changes", "new commit is same with old commit"];
    delivery.plan.instead.is_some() && WORDS.iter().any(|words| said.contains(words))
}

/// A target that is elsewhere was moved by somebody, before the push or while it was under way; anything else is the
/// remote's own refusal.
fn target_refused(
    repository: &Repository,
    delivery: &Delivery<'_>,
    (target, old): (&RefName, &Oid),
    said: String,
) -> Error {
    match on_remote(repository, delivery, target) {
        Some(found) if found != *old => ForgeError::TargetMoved { target: target.to_string() }.into(),
        _ => ForgeError::Rejected { branch: target.to_string(), said }.into(),
    }
}

fn on_remote(repository: &Repository, delivery: &Delivery<'_>, name: &RefName) -> Option<Oid> {
    let refs = repository.remote_refs(delivery.remote, &[name], delivery.limit).ok()?;
    refs.into_iter().next().map(|(_, oid)| oid)
}

/// A lost lease means that somebody else has the branch; anything else is the remote's own refusal.
fn branch_refused(found: Option<Oid>, delivery: &Delivery<'_>, said: String) -> Error {
    let branch = delivery.branch.to_string();
    match found {
        Some(found) if Some(&found) != delivery.pushed_before.as_ref() => {
            ForgeError::BranchTaken { branch, found: found.short().to_owned() }.into()
        }
        _ => ForgeError::Rejected { branch, said }.into(),
    }
}

/// Where a ref is on the remote; `None` if it is not there.
pub fn find(repository: &Repository, remote: &str, name: &RefName, limit: Duration) -> Result<Option<Oid>> {
    let found = repository.remote_refs(remote, &[name], limit).map_err(|error| unreachable(remote, error))?;
    Ok(found.into_iter().next().map(|(_, oid)| oid))
}

/// Deletes a branch we pushed, only if it still is where we left it. True if it is gone.
pub fn take_back(
    repository: &Repository,
    remote: &str,
    (branch, commit): (&RefName, &Oid),
    limit: Duration,
) -> Result<bool> {
    let unreachable = |error| unreachable(remote, error);
    let found = repository.remote_refs(remote, &[branch], limit).map_err(unreachable)?;
    match found.first() {
        None => Ok(true),
        Some((_, found)) if found != commit => Ok(false),
        Some(_) => {
            let push = Push { source: None, target: branch.clone(), lease: Lease::At(commit.clone()) };
            let report = repository.push(remote, &[push], &[], limit).map_err(unreachable)?;
            Ok(report.outcomes.first() == Some(&PushOutcome::Done))
        }
    }
}

/// What `git push` ends with when a hook said no; what fails on the way is fatal and ends with 128.
const HOOK_SAID_NO: i32 = 1;
/// Git's words for a request that came to no good answer, and for a connection that ended (remote-curl.c, pkt-line.c).
const LOST: &str = "RPC failed";
const FAILED_THERE: &str = "RPC failed; HTTP 5";
const GONE: &str = "the remote end hung up";

/// Whether the other end went away, or failed, in the middle of a push. Over HTTP Git ends such a push as it does when a
/// hook said no.
fn is_broken_off(error: &Error) -> bool {
    git_said(error, &[LOST, GONE])
}

/// Whether it was the other end that failed, as far as Git can tell: over SSH its end is all that is seen.
fn is_failure_there(error: &Error) -> bool {
    git_said(error, &[FAILED_THERE, GONE])
}

fn git_said(error: &Error, any: &[&str]) -> bool {
    let said = |said: &str| any.iter().any(|words| said.contains(words));
    matches!(error.downcast_ref(), Some(GitError::Failed { said: words, .. }) if said(words))
}

/// A push that did not come to a report was stopped by a hook, or failed on the way.
fn unreachable(remote: &str, error: Error) -> Error {
    match error.downcast_ref::<GitError>() {
        Some(GitError::Failed { code: HOOK_SAID_NO, said, .. }) if !is_broken_off(&error) => {
            ForgeError::Stopped { remote: remote.to_owned(), said: said.clone() }.into()
        }
        Some(GitError::Failed { said, .. }) => {
            ForgeError::Unreachable { remote: remote.to_owned(), said: said.clone() }.into()
        }
        Some(GitError::TimedOut { .. }) => {
            ForgeError::Unreachable { remote: remote.to_owned(), said: error.to_string() }.into()
        }
        _ => error,
    }
}
