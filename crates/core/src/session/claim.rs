//! Who is on an incident: a ref on the remote that only one can create.
//!
//! `refs/hotfix/incident/<key>` points at a tree with one file that says who, where and since when. The claim lasts as
//! long as the hotfix: it is removed when that is merged or given up, and whoever finds one that was left takes it over.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use hotfix_model::{Actor, Record};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::fetching::FETCH_PATIENCE;
use super::{IncidentError, Project, REMOTE_RECORDS, SessionError};
use crate::ctx::Ctx;
use crate::error::{FileError, Result};
use crate::git::{
    FetchLock, GitError, Lease, Oid, Push, PushOutcome, PushRequest, RefChange, RefName, Repository,
    TreeEntry, slug,
};
use crate::page::digest;
use crate::record::Store;

/// Where claims are, on the remote.
const CLAIMS: &str = "refs/hotfix/incident/";
/// Where we remember the remote's claims.
const REMOTE_CLAIMS: &str = "refs/hotfix/remote/incident/";
/// The one file of a claim.
const FILE: &str = "claim.json";
/// The file in our own folder that tells this clone from all others.
const CLONE: &str = "clone";
/// Bytes of the incident's name in the key, for people; the digest behind it tells two incidents apart.
const WORDS: usize = 40;
const DIGITS: usize = 16;
/// After this long a claim that nobody waits for any more is given up.
const LIMIT: Duration = Duration::from_secs(30);

/// Who is on an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The incident, as it was typed.
    pub incident: String,
    /// The hotfix.
    pub hotfix: String,
    /// Its branch, without `refs/heads/`.
    pub branch: String,
    /// Who claimed it.
    pub by: Actor,
    /// In which of their clones.
    pub clone: String,
    /// Since when.
    pub at: Timestamp,
}

/// What came of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// It is ours.
    Ours,
    /// Somebody is on it.
    Taken(Box<Claim>),
    /// The remote did not take it, and why. It is tried again when the fix is submitted.
    Queued(String),
}

/// Claims incidents on the remote. Can be given to a thread.
#[derive(Clone)]
pub struct Claimer {
    repository: Repository,
    remote: String,
}

/// A claim that was begun.
pub struct Claiming {
    receiver: Receiver<Result<Claimed>>,
    ctx: Ctx,
    began: Duration,
}

impl Claim {
    fn is_of(&self, other: &Self) -> bool {
        self.hotfix == other.hotfix && self.clone == other.clone
    }
}

impl Project {
    /// What claims incidents on the remote.
    pub fn claimer(&self) -> Result<Claimer> {
        let remote = self.remote_name().ok_or(SessionError::NoRemote)?.to_owned();
        Ok(Claimer { repository: self.repository.clone(), remote })
    }

    /// Claims in a thread of its own.
    pub fn claiming(&self, claim: Claim) -> Result<Claiming> {
        let claimer = self.claimer()?;
        let (sender, receiver) = channel();
        thread::spawn(move || sender.send(claimer.claim(&claim)));
        Ok(Claiming { receiver, ctx: self.ctx().clone(), began: self.ctx().clock.elapsed() })
    }
}

impl Claiming {
    /// Waits for the answer, at most [`FETCH_PATIENCE`] from its begin.
    pub fn finish(&self) -> Claimed {
        let left = FETCH_PATIENCE.saturating_sub(self.ctx.elapsed_since(self.began));
        match self.receiver.recv_timeout(left) {
            Ok(Ok(claimed)) => claimed,
            Ok(Err(error)) => Claimed::Queued(format!("{error}: {}", error.why())),
            Err(RecvTimeoutError::Timeout) => {
                Claimed::Queued(format!("the remote did not answer within {} s", FETCH_PATIENCE.as_secs()))
            }
            Err(RecvTimeoutError::Disconnected) => {
                Claimed::Queued("the claim ended without an answer".to_owned())
            }
        }
    }
}

impl Claimer {
    /// The claim that a record of this clone stands for; `None` without an incident.
    pub fn claim_of(&self, record: &Record) -> Result<Option<Claim>> {
        let Some(incident) = record.incident.clone() else { return Ok(None) };
        Ok(Some(Claim {
            incident,
            hotfix: record.id.clone(),
            branch: record.branch_name().to_owned(),
            by: record.author.clone(),
            clone: self.clone_id()?,
            at: record.started_at,
        }))
    }

    /// What tells this clone from all others; made up on first use.
    fn clone_id(&self) -> Result<String> {
        let path = self.repository.make_state_dir()?.join(CLONE);
        match std::fs::read_to_string(&path) {
            Ok(known) if !known.trim().is_empty() => Ok(known.trim().to_owned()),
            _ => {
                let fresh = self.repository.ctx().clock.ulid();
                std::fs::write(&path, format!("{fresh}\n")).map_err(FileError::of("write", &path))?;
                Ok(fresh)
            }
        }
    }

    /// Claims an incident, unless somebody is on it whose hotfix is still open.
    pub fn claim(&self, claim: &Claim) -> Result<Claimed> {
        let key = key(&claim.incident);
        let tree = self.write(claim)?;
        let mut lease = Lease::Absent;
        // Once for what is there, once for what came in between.
        for _ in 0..2 {
            let refused = match self.push(&key, Some(&tree), lease)? {
                PushOutcome::Done => return self.won(&key, &tree),
                PushOutcome::Rejected(said) => said,
            };
            let Some((found, theirs)) = self.look(&key)? else { return Ok(Claimed::Queued(refused)) };
            if theirs.is_of(claim) {
                return Ok(Claimed::Ours);
            }
            if !self.is_past(&theirs, claim)? {
                return Ok(Claimed::Taken(Box::new(theirs)));
            }
            lease = Lease::At(found);
        }
        Ok(match self.look(&key)? {
            Some((_, theirs)) => Claimed::Taken(Box::new(theirs)),
            None => Claimed::Queued("others claimed it and gave it up at the same time".to_owned()),
        })
    }

    /// Who is on an incident now, as the remote says.
    pub fn find(&self, incident: &str) -> Result<Option<Claim>> {
        Ok(self.look(&key(incident))?.map(|(_, claim)| claim))
    }

    /// Gives a claim up, if it is still the one of this hotfix.
    pub fn release(&self, claim: &Claim) -> Result<()> {
        let key = key(&claim.incident);
        let known = remembered(&key)?;
        let Some(at) = self.repository.read_ref(&known)? else { return Ok(()) };
        if self.read(&at)?.is_none_or(|found| !found.is_of(claim)) {
            return Ok(());
        }
        self.push(&key, None, Lease::At(at.clone()))?;
        self.repository.change_refs("hotfix: claim given up", &[RefChange::delete(known, at)])
    }

    /// Whether we know that this claim is on the remote.
    pub fn holds(&self, claim: &Claim) -> Result<bool> {
        let at = self.repository.read_ref(&remembered(&key(&claim.incident))?)?;
        let found = at.map(|at| self.read(&at)).transpose()?.flatten();
        Ok(found.is_some_and(|found| found.is_of(claim)))
    }

    fn won(&self, key: &str, tree: &Oid) -> Result<Claimed> {
        self.repository.set_refs(&[(remembered(key)?, tree.clone())])?;
        Ok(Claimed::Ours)
    }

    fn write(&self, claim: &Claim) -> Result<Oid> {
        let text = serde_json::to_vec_pretty(claim).unwrap_or_default();
        let mut objects = self.repository.new_objects();
        let oid = objects.blob(text);
        let tree = objects.tree(&[TreeEntry { mode: "100644".to_owned(), oid, name: FILE.to_owned() }]);
        objects.write()?;
        Ok(tree)
    }

    fn read(&self, tree: &Oid) -> Result<Option<Claim>> {
        let bytes = self.repository.read_file(tree, FILE)?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    fn push(&self, key: &str, source: Option<&Oid>, lease: Lease) -> Result<PushOutcome> {
        let target = RefName::new(format!("{CLAIMS}{key}"))?;
        let push = Push { source: source.cloned(), target, lease };
        let request = PushRequest { remote: &self.remote, pushes: &[push], options: &[], limit: LIMIT };
        let outcomes = self.repository.push_plainly(&request)?.outcomes;
        Ok(outcomes.into_iter().next().unwrap_or(PushOutcome::Done))
    }

    /// The claim that the remote has now, and the records by which to tell whether it still stands.
    fn look(&self, key: &str) -> Result<Option<(Oid, Claim)>> {
        let known = remembered(key)?;
        let refspecs =
            [format!("+{CLAIMS}{key}:{known}"), format!("+{}*:{REMOTE_RECORDS}*", crate::record::RECORDS)];
        let fetched = {
            let lock = FetchLock::acquire(&self.repository, LIMIT)?;
            self.repository.fetch_private(&lock, &self.remote, &refspecs, LIMIT)
        };
        match fetched {
            Ok(()) => {}
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(error),
        }
        let Some(at) = self.repository.read_ref(&known)? else { return Ok(None) };
        Ok(self.read(&at)?.map(|claim| (at, claim)))
    }

    /// Whether a claim outlived its hotfix: that is merged or given up, or it is one of our own that never began.
    fn is_past(&self, theirs: &Claim, ours: &Claim) -> Result<bool> {
        let store = Store::new(&self.repository);
        let mut records = Vec::new();
        for prefix in [crate::record::RECORDS, REMOTE_RECORDS] {
            let mut refs = store.refs_below(prefix)?;
            refs.retain(|(id, _)| *id == theirs.hotfix);
            records.extend(store.read(refs)?.into_iter().filter_map(|summary| summary.record));
        }
        records.retain(|record| record.incident.as_ref() == Some(&theirs.incident));
        let closed = records.iter().any(|record| !record.is_open());
        Ok(closed || (records.is_empty() && theirs.clone == ours.clone))
    }
}

fn is_absent(error: &crate::error::Error) -> bool {
    matches!(error.downcast_ref(), Some(GitError::Failed { said, .. }) if said.contains("couldn't find remote ref"))
}

fn remembered(key: &str) -> Result<RefName> {
    Ok(RefName::new(format!("{REMOTE_CLAIMS}{key}"))?)
}

/// The last part of the ref's name: words for people, and a digest that no other incident has.
fn key(incident: &str) -> String {
    let (words, digest) = (slug(incident, WORDS), digest(incident.trim().as_bytes()));
    let words = if words.is_empty() { "incident" } else { &words };
    format!("{words}-{}", digest.get(..DIGITS).unwrap_or_default())
}

impl Claimed {
    /// Fails if somebody else is on it.
    pub fn is_free(&self) -> Result<(), IncidentError> {
        match self {
            Self::Taken(claim) => Err(IncidentError::Taken { claim: claim.clone() }),
            Self::Ours | Self::Queued(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_can_be_read_and_is_no_other_incidents() {
        assert!(key("INC-77").starts_with("inc-77-"));
        assert_ne!(key("INC-77"), key("inc-77"));
        assert_eq!(key(" INC-77 "), key("INC-77"));
        assert!(key("日本").len() > DIGITS);
    }

    proptest! {
        #[test]
        fn every_incident_has_a_ref(incident in "(?s).{0,60}") {
            let name = [CLAIMS, &key(&incident)].concat();
            prop_assert!(RefName::new(name).is_ok());
        }
    }
}
