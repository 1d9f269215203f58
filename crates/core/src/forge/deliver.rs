//! The push that delivers: the branch, from its slot, as the user would push it, and for a direct merge the target. Each
//! ref has its own lease and stands or falls alone. The record is not part of it: it goes by itself, later.

use std::time::Duration;

use super::{ForgeError, PushPlan};
use crate::error::{Error, Result};
use crate::git::{
    GitError, Lease, Oid, Push, PushCause, PushOutcome, PushReport, PushRequest, RefName, Repository,
    Worktree,
};

/// What to push.
#[derive(Clone, Debug)]
pub struct Delivery<'a> {
    /// Name of the remote.
    pub remote: &'a str,
    /// Where it is pushed from; `None` where the slot was given back, and the user's hook has let this commit through
    /// before.
    pub slot: Option<&'a Worktree>,
    /// The hotfix branch.
    pub branch: RefName,
    /// The commit of the fix.
    pub commit: Oid,
    /// Where the branch was on the remote when we last pushed it; `None` if we never did.
    pub pushed_before: Option<Oid>,
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
    /// Whether the target now holds the fix.
    pub merged: bool,
    /// What the remote said for people.
    pub said: Vec<String>,
}

/// Pushes. Run again after a cut it finds its own work done: a ref that already is as wanted counts as pushed.
pub fn deliver(repository: &Repository, delivery: &Delivery<'_>) -> Result<Delivered> {
    let lease = |old: &Option<Oid>| old.clone().map_or(Lease::Absent, Lease::At);
    let (target, own_lease) = match &delivery.plan.instead {
        Some(instead) => (RefName::new(instead.clone())?, Lease::None),
        None => (delivery.branch.clone(), lease(&delivery.pushed_before)),
    };
    let mut pushes = vec![Push { source: Some(delivery.commit.clone()), target, lease: own_lease }];
    if let Some((target, old)) = &delivery.target {
        let source = Some(delivery.commit.clone());
        pushes.push(Push { source, target: target.clone(), lease: Lease::At(old.clone()) });
    }
    let mut report = match send(repository, delivery, &pushes) {
        // An answer may have been lost on its way: what Git calls failed counts only if the remote has it everywhere.
        Err(error) if is_unanswered(&error) && has_all(repository, delivery, &pushes) => {
            return Ok(Delivered { merged: delivery.target.is_some(), said: Vec::new() });
        }
        sent => sent?,
    };
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

fn is_unanswered(error: &Error) -> bool {
    matches!(error.downcast_ref(), Some(ForgeError::Unreachable { .. } | ForgeError::NotPushed { .. }))
}

/// Whether every ref is on the remote as it was to be. A request leaves nothing there by which to tell.
fn has_all(repository: &Repository, delivery: &Delivery<'_>, pushes: &[Push]) -> bool {
    delivery.plan.instead.is_none()
        && pushes.iter().all(|push| on_remote(repository, delivery, &push.target) == push.source)
}

/// Whether the branch was refused because it is no longer there: a forge removed it after a merge that we do not know
/// of yet, or somebody deleted it. It is pushed anew, and what became of it is then seen.
fn is_gone(repository: &Repository, delivery: &Delivery<'_>, report: &PushReport) -> bool {
    matches!(report.outcomes.first(), Some(PushOutcome::Rejected(_)))
        && delivery.plan.instead.is_none()
        && delivery.pushed_before.is_some()
        && on_remote(repository, delivery, &delivery.branch).is_none()
}

fn send(repository: &Repository, delivery: &Delivery<'_>, pushes: &[Push]) -> Result<PushReport> {
    let Delivery { remote, limit, plan, .. } = delivery;
    let request = PushRequest { remote, pushes, options: &plan.options, limit: *limit };
    let sent = match delivery.slot {
        Some(slot) => repository.push_for_user(slot, &delivery.branch, &request),
        None => repository.push_plainly(&request),
    };
    sent.map_err(|error| not_delivered(remote, error))
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
    match &delivery.target {
        None => Ok(Delivered { merged: false, said }),
        Some((target, old)) => match refusal(1) {
            None => Ok(Delivered { merged: true, said }),
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
    find(repository, delivery.remote, name, delivery.limit).ok()?
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

/// Where a ref is at every address that pushes go to; `None` if it is not there, or not the same at all of them.
pub fn find(repository: &Repository, remote: &str, name: &RefName, limit: Duration) -> Result<Option<Oid>> {
    let mut found =
        repository.pushed_refs(remote, name, limit).map_err(|error| not_delivered(remote, error))?;
    found.dedup();
    Ok(if found.len() == 1 { found.remove(0) } else { None })
}

/// Deletes a branch we pushed, only if it still is where we left it. True if it is gone.
pub fn take_back(
    repository: &Repository,
    remote: &str,
    (branch, commit): (&RefName, &Oid),
    limit: Duration,
) -> Result<bool> {
    let found =
        repository.pushed_refs(remote, branch, limit).map_err(|error| not_delivered(remote, error))?;
    let mut there = found.iter().flatten().peekable();
    if there.peek().is_none() {
        return Ok(true);
    }
    if there.any(|found| found != commit) {
        return Ok(false);
    }
    let push = Push { source: None, target: branch.clone(), lease: Lease::At(commit.clone()) };
    let request = PushRequest { remote, pushes: &[push], options: &[], limit };
    let report = repository.push_plainly(&request).map_err(|error| not_delivered(remote, error))?;
    Ok(report.outcomes.first() == Some(&PushOutcome::Done))
}

/// The error of a push, or of a question to the remote, by where its reason lies.
fn not_delivered(remote: &str, error: Error) -> Error {
    let (remote, said) = (remote.to_owned(), error.why());
    match error.downcast_ref::<GitError>() {
        Some(GitError::NotPushed { cause, .. }) => match cause {
            PushCause::Hook => ForgeError::Stopped { remote, said },
            PushCause::Rights => ForgeError::NoRights { remote, said },
            PushCause::Connection => ForgeError::Unreachable { remote, said },
            PushCause::Other => ForgeError::NotPushed { remote, said },
        }
        .into(),
        Some(GitError::Failed { .. }) => ForgeError::Unreachable { remote, said }.into(),
        Some(GitError::TimedOut { .. }) => ForgeError::Unreachable { remote, said: error.to_string() }.into(),
        _ => error,
    }
}
