//! The remote asked beside other work: for its branches, into our own namespace, and for the names of all its refs.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel};
use std::thread;
use std::time::Duration;

use super::base::{FoundBy, REMOTE_HOTFIXES, REMOTE_RECORDS, fetched_ref};
use super::{BasePlan, BaseSource, Project, SessionError};
use crate::ctx::joined;
use crate::error::{Error, Result};
use crate::git::{CommonLock, FetchLock, GitError, Oid, RefName, RemoteListing, Repository};
use crate::suite::Pattern;

/// How long a start waits for the remote.
pub const FETCH_PATIENCE: Duration = Duration::from_secs(5);
/// How long the names of the remote's refs are waited for: less, so that a fetch that is through counts without them.
const LISTING_LIMIT: Duration = Duration::from_secs(4);
/// After this long a fetch that nobody waits for any more is given up.
const FETCH_LIMIT: Duration = Duration::from_mins(1);
/// How often it is fetched where a worktree that is just being made comes in between.
const TRIES: u32 = 3;
/// What is left for a fetch at least when the lock was long in coming.
const LEAST: Duration = Duration::from_secs(1);
/// Where a tag is kept that only the remote has.
const FETCHED_TAGS: &str = "refs/hotfix/tag/";

/// Asks the remote.
#[derive(Clone)]
pub struct Fetcher {
    pub(super) repository: Repository,
    pub(super) remote: String,
}

/// What is asked for.
#[derive(Clone, Debug)]
struct Question {
    /// The branch that the base is the newest state of, or the one that hotfixes usually start from.
    branch: String,
    /// Whether another branch counts if the remote calls that its default.
    follows_default: bool,
    /// What the base is.
    source: BaseSource,
    /// The base as it was asked for.
    name: String,
    /// A branch to merge into that was asked for.
    target: Option<String>,
    /// What branches of releases are called.
    release_branches: Vec<String>,
}

/// What the remote answered.
#[derive(Debug, Default)]
pub struct RemoteAnswer {
    /// The names of its refs; `None` if it did not tell them in time.
    pub listing: Option<RemoteListing>,
    /// The newest commits of the branches that were fetched.
    pub branches: BTreeMap<String, Oid>,
    /// What a name stands for that only the remote knew.
    pub named: Option<NamedOnRemote>,
    /// Why a branch was not fetched.
    pub failure: Option<Error>,
    /// What else did not go as one would wish, one line each.
    pub remarks: Vec<String>,
}

/// What a name stands for on the remote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedOnRemote {
    /// A branch.
    Branch(String),
    /// A tag, or a commit that came with what was fetched.
    Commit(Oid),
}

/// A fetch that was begun.
pub struct Fetching(Receiver<Box<RemoteAnswer>>);

/// What came of it.
pub enum Fetched {
    /// The remote answered, at least in part.
    Answered(RemoteAnswer),
    /// Not asked for, or there is no remote.
    NotAsked,
    /// The remote did not answer; why, in one line.
    Failed(String),
}

impl RemoteAnswer {
    /// The remote's default branch if it is not the one that this clone took for it.
    pub fn renamed(&self, remembered: &str, found: FoundBy) -> Option<&str> {
        let default = self.listing.as_ref()?.default.as_deref()?;
        (found != FoundBy::Setting && default != remembered).then_some(default)
    }

    /// The commit of a branch that was fetched, or why it was not.
    pub fn into_commit(mut self, branch: &str) -> Result<Oid> {
        match (self.branches.remove(branch), self.failure) {
            (Some(commit), _) => Ok(commit),
            (None, Some(failure)) => Err(failure),
            (None, None) => Err(SessionError::UnknownBase { base: branch.to_owned(), remote: None }.into()),
        }
    }

    /// Whether the remote has said that it has no branch of this name.
    pub fn lacks_branch(&self, branch: &str) -> bool {
        self.listing.as_ref().is_some_and(|listing| !listing.branches.contains_key(branch))
    }
}

impl Fetcher {
    /// Brings a branch, the remote's hotfix branches and their records into our own namespace, and gives the branch's
    /// commit. The user's refs, tags and `FETCH_HEAD` stay as they are.
    pub fn fetch_branch(&self, branch: &str, limit: Duration) -> Result<Oid> {
        let mut remarks = Vec::new();
        let mut fetched = self.fetch_branches(&[branch], limit, &mut remarks)?;
        for remark in remarks {
            self.repository.ctx().warn(remark);
        }
        fetched.remove(branch).ok_or_else(|| self.gone(branch))
    }

    /// Fetches a branch and asks for the names of all refs at the same time. If the remote's default branch is another
    /// one and `follows_default`, that one is fetched as well.
    pub fn follow(&self, branch: &str, follows_default: bool, limit: Duration) -> RemoteAnswer {
        let (listed, fetched, remarks) = thread::scope(|scope| {
            let listed = scope.spawn(|| self.repository.list_remote(&self.remote, LISTING_LIMIT.min(limit)));
            let mut remarks = Vec::new();
            let fetched = self.fetch_branches(&[branch], limit, &mut remarks);
            (joined(listed.join()), fetched, remarks)
        });
        let mut answer = RemoteAnswer { listing: listed.ok(), remarks, ..RemoteAnswer::default() };
        answer.take(fetched);
        let default = answer.listing.as_ref().and_then(|listing| listing.default.clone());
        if let Some(default) = default.filter(|default| follows_default && default != branch) {
            let fetched = self.fetch_branches(&[&default], limit, &mut answer.remarks);
            if fetched.is_ok() {
                answer.failure = None;
            }
            answer.take(fetched);
        }
        answer
    }

    /// Brings one record of the remote's into our own namespace.
    pub fn fetch_record(&self, id: &str, limit: Duration) -> Result<()> {
        self.ask(&[format!("+refs/hotfix/record/{id}:{REMOTE_RECORDS}{id}")], limit)
    }

    fn answer(&self, question: &Question) -> RemoteAnswer {
        let Question { branch, follows_default, .. } = question;
        let other_target = question.target.as_ref().is_some_and(|target| target != branch);
        match question.source {
            BaseSource::Usual | BaseSource::Branch if !other_target => {
                let is_usual = question.source == BaseSource::Usual;
                let mut answer = self.follow(branch, is_usual && *follows_default, FETCH_LIMIT);
                if answer.lacks_branch(branch) && !is_usual {
                    // Whoever asked for it may have it: then the fix goes where its commit is.
                    self.add_lines(question, &mut answer);
                }
                answer
            }
            _ => {
                let mut answer = RemoteAnswer::default();
                match self.repository.list_remote(&self.remote, LISTING_LIMIT) {
                    Ok(listing) => answer.listing = Some(listing),
                    Err(error) => {
                        answer.failure = Some(error);
                        return answer;
                    }
                }
                self.add_lines(question, &mut answer);
                if question.source == BaseSource::Unknown {
                    self.add_named(question, &mut answer);
                }
                answer
            }
        }
    }

    /// Fetches the branches that a fix may be merged into: the default one, those of releases, and what was asked for.
    fn add_lines(&self, question: &Question, answer: &mut RemoteAnswer) {
        let Some(listing) = &answer.listing else { return };
        let default = listing.default.clone().filter(|_| question.follows_default);
        let named =
            [Some(&question.branch), Some(&question.name), default.as_ref(), question.target.as_ref()];
        let wanted = |name: &String| {
            named.contains(&Some(name)) || is_release_branch(&question.release_branches, name)
        };
        let names: Vec<String> = listing.branches.keys().filter(|name| wanted(name)).cloned().collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let fetched = self.fetch_branches(&names, FETCH_LIMIT, &mut answer.remarks);
        answer.take(fetched);
    }

    /// Finds out what a name stands for that this clone does not know.
    fn add_named(&self, question: &Question, answer: &mut RemoteAnswer) {
        let name = question.name.as_str();
        let Some(listing) = &answer.listing else { return };
        let short = name.strip_prefix(&format!("{}/", self.remote)).unwrap_or(name);
        let tag = name.strip_prefix("refs/tags/").unwrap_or(name);
        if listing.tags.contains_key(tag) {
            match self.fetch_tag(tag) {
                Ok(commit) => answer.named = Some(NamedOnRemote::Commit(commit)),
                Err(error) => answer.failure = Some(error),
            }
        } else if listing.branches.contains_key(short) {
            if !answer.branches.contains_key(short) {
                let fetched = self.fetch_branches(&[short], FETCH_LIMIT, &mut answer.remarks);
                answer.take(fetched);
            }
            answer.named = Some(NamedOnRemote::Branch(short.to_owned()));
        } else {
            // A commit that came with one of the branches.
            answer.named = self.repository.resolve_commit(name).ok().map(NamedOnRemote::Commit);
        }
    }

    fn fetch_tag(&self, tag: &str) -> Result<Oid> {
        let kept = RefName::new(format!("{FETCHED_TAGS}{tag}"))?;
        self.ask(&[format!("+refs/tags/{tag}:{kept}")], FETCH_LIMIT)?;
        self.repository.resolve_commit(kept.as_str())
    }

    /// Fetches branches, and the team's hotfix branches and records. If one of the team's cannot be brought here, the
    /// branches count all the same, and a remark says so.
    fn fetch_branches(
        &self,
        branches: &[&str],
        limit: Duration,
        remarks: &mut Vec<String>,
    ) -> Result<BTreeMap<String, Oid>> {
        let kept = branches.iter().map(|branch| fetched_ref(branch)).collect::<Result<Vec<_>>>()?;
        let wanted = branches.iter().zip(&kept).map(|(branch, kept)| format!("+refs/heads/{branch}:{kept}"));
        let wanted: Vec<String> = wanted.collect();
        let team = [
            format!("+refs/heads/hotfix/*:{REMOTE_HOTFIXES}*"),
            format!("+refs/hotfix/record/*:{REMOTE_RECORDS}*"),
        ];
        let all: Vec<String> = wanted.iter().chain(&team).cloned().collect();
        match self.ask(&all, limit) {
            Ok(()) => {}
            Err(error) if said(&error).contains("couldn't find remote ref") => {
                let gone =
                    branches.iter().find(|branch| said(&error).ends_with(&format!("refs/heads/{branch}")));
                return Err(gone.map_or(error, |branch| self.gone(branch)));
            }
            Err(error) if wanted.is_empty() || !is_partial(&error) => return Err(error),
            Err(error) => {
                self.ask(&wanted, limit)?;
                let why = said(&error);
                remarks.push(format!(
                    "not all hotfixes of the team could be fetched from {}: {why}",
                    self.remote
                ));
            }
        }
        let names: Vec<&str> = kept.iter().map(RefName::as_str).collect();
        let known = self.repository.list_refs(&names)?;
        let commit = |kept: &RefName| known.iter().find(|(name, _)| name == kept).map(|(_, oid)| oid.clone());
        let found = branches
            .iter()
            .zip(&kept)
            .filter_map(|(branch, kept)| Some(((*branch).to_owned(), commit(kept)?)));
        Ok(found.collect())
    }

    /// Fetches while others may make worktrees. Making the entry of one takes a moment, during which a fetch fails; so
    /// it is repeated, and at last with no worktree in the making.
    fn ask(&self, refspecs: &[String], limit: Duration) -> Result<()> {
        let began = self.repository.ctx().clock.elapsed();
        let lock = FetchLock::acquire(&self.repository, limit)?;
        // All of it together takes no longer; a remote that hangs behind one that hangs gets a moment all the same.
        let left = || limit.saturating_sub(self.repository.ctx().elapsed_since(began)).max(LEAST);
        let fetch = || self.repository.fetch_private(&lock, &self.remote, refspecs, left());
        for _ in 1..TRIES {
            match fetch() {
                Err(error) if met_a_worktree(&error) => {}
                fetched => return fetched,
            }
        }
        let _common = CommonLock::acquire(&self.repository)?;
        fetch()
    }

    fn gone(&self, branch: &str) -> Error {
        SessionError::UnknownBase { base: branch.to_owned(), remote: Some(self.remote.clone()) }.into()
    }
}

impl RemoteAnswer {
    fn take(&mut self, fetched: Result<BTreeMap<String, Oid>>) {
        match fetched {
            Ok(branches) => self.branches.extend(branches),
            Err(error) => self.failure = Some(error),
        }
    }
}

impl Project {
    /// Asks the remote in a thread of its own for the newest state of the base, and for what decides where the fix is to
    /// be merged.
    pub fn fetching(
        &self,
        base: &BasePlan,
        target: Option<&str>,
        release_branches: &[String],
    ) -> Result<Fetching> {
        let fetcher = self.fetcher()?;
        let question = Question {
            branch: base.branch.0.clone(),
            follows_default: base.found != FoundBy::Setting,
            source: base.source.clone(),
            name: base.reference.clone(),
            target: target.map(str::to_owned),
            release_branches: release_branches.to_vec(),
        };
        let (sender, receiver) = channel();
        thread::spawn(move || sender.send(Box::new(fetcher.answer(&question))));
        Ok(Fetching(receiver))
    }
}

impl Fetching {
    /// Waits for the answer, however long it takes; `None` if there is none.
    pub fn answer(&self) -> Option<RemoteAnswer> {
        self.0.recv().ok().map(|answer| *answer)
    }

    /// Waits for the answer, at most [`FETCH_PATIENCE`]. Until it is there, does one small `piece` of work after the
    /// other, as long as there is one.
    pub fn finish_beside(&self, mut piece: impl FnMut() -> bool) -> Fetched {
        loop {
            match self.0.try_recv() {
                Ok(answer) => return Fetched::Answered(*answer),
                Err(TryRecvError::Empty) if piece() => {}
                Err(_) => return self.finish(),
            }
        }
    }

    /// Waits for the answer, at most [`FETCH_PATIENCE`].
    fn finish(&self) -> Fetched {
        match self.0.recv_timeout(FETCH_PATIENCE) {
            Ok(answer) => Fetched::Answered(*answer),
            Err(RecvTimeoutError::Timeout) => {
                Fetched::Failed(format!("it did not answer within {} s", FETCH_PATIENCE.as_secs()))
            }
            Err(RecvTimeoutError::Disconnected) => {
                Fetched::Failed("the fetch ended without an answer".to_owned())
            }
        }
    }
}

/// Whether a branch is called as branches of releases are.
pub(super) fn is_release_branch(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| Pattern::new(pattern).covers(std::path::Path::new(name)))
}

/// What Git said when it failed.
fn said(error: &Error) -> &str {
    match error.downcast_ref::<GitError>() {
        Some(GitError::Failed { said, .. }) => said,
        _ => "",
    }
}

/// Whether the remote was reached and not every ref could be updated.
fn is_partial(error: &Error) -> bool {
    matches!(error.downcast_ref::<GitError>(), Some(GitError::Failed { code: 1, .. }))
}

/// Whether a fetch failed in a way in which it does when it looks at a worktree that is not complete.
fn met_a_worktree(error: &Error) -> bool {
    let signs =
        ["did not send all necessary objects", "/worktrees/", "bad object", "missing necessary objects"];
    signs.iter().any(|sign| said(error).contains(sign))
}
