//! Where a hotfix starts from: the newest state of the remote's default branch, or what was asked for.

use std::time::Duration;

use hotfix_model::Base;

use super::fetching::FETCH_PATIENCE;
use super::{Project, SessionError};
use crate::error::{Error, Result};
use crate::git::{CommonLock, FetchLock, GitError, Oid, RefName, Repository};

/// Where fetched branches of the remote are kept: never in the user's own refs.
pub const FETCHED_BRANCHES: &str = "refs/hotfix/base/";
/// What hotfix branches the remote has.
pub const REMOTE_HOTFIXES: &str = "refs/hotfix/remote/branch/";
/// What records the remote has.
pub const REMOTE_RECORDS: &str = "refs/hotfix/remote/record/";

/// How often it is fetched where a worktree that is just being made comes in between.
const TRIES: u32 = 3;
/// What is left for a fetch at least when the lock was long in coming.
const LEAST: Duration = Duration::from_secs(1);

/// What a default branch is mostly called, the most usual first.
const USUAL_BRANCHES: &[&str] = &["main", "master", "trunk"];

/// The branch on the remote that hotfixes start from and are merged into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetBranch(pub String);

/// Asks the remote.
pub struct Fetcher {
    repository: Repository,
    remote: String,
    target: TargetBranch,
}

/// Where a hotfix will start from, as far as is known without the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasePlan {
    /// What the user would call it.
    pub reference: String,
    /// The commit; `None` if only the remote knows.
    pub commit: Option<Oid>,
    /// The branch the fix is to be merged into.
    pub target: TargetBranch,
    /// Whether a fetch can bring a newer commit.
    pub follows_remote: bool,
}

impl Fetcher {
    /// Brings the target, the remote's hotfix branches and their records into our own namespace, and gives the
    /// target's commit. The user's refs, tags and `FETCH_HEAD` stay as they are.
    pub fn fetch(&self, limit: Duration) -> Result<Oid> {
        let fetched = fetched_ref(&self.target.0)?;
        let refspecs = [
            format!("+refs/heads/{}:{fetched}", self.target.0),
            format!("+refs/heads/hotfix/*:{REMOTE_HOTFIXES}*"),
            format!("+refs/hotfix/record/*:{REMOTE_RECORDS}*"),
        ];
        self.ask(&refspecs, limit).map_err(|error| match error.downcast_ref::<GitError>() {
            Some(GitError::Failed { said, .. }) if said.contains("couldn't find remote ref") => self.gone(),
            _ => error,
        })?;
        self.repository.read_ref(&fetched)?.ok_or_else(|| self.gone())
    }

    /// Brings one record of the remote's into our own namespace.
    pub fn fetch_record(&self, id: &str, limit: Duration) -> Result<()> {
        self.ask(&[format!("+refs/hotfix/record/{id}:{REMOTE_RECORDS}{id}")], limit)
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

    fn gone(&self) -> Error {
        SessionError::UnknownBase { base: self.target.0.clone(), remote: Some(self.remote.clone()) }.into()
    }
}

impl Project {
    /// The branch that hotfixes start from, by configuration, else by what the remote calls its default.
    pub fn target_branch(&self, configured: &str) -> Result<TargetBranch> {
        if !configured.is_empty() {
            return Ok(TargetBranch(configured.to_owned()));
        }
        let name = match &self.remote {
            Some(remote) => match self.seen()?.default_branch() {
                Some((name, _)) => Some(name.to_owned()),
                None => self.guess_remote_default(&remote.name)?,
            },
            None => None,
        };
        let name = match name {
            Some(name) => name,
            None => self.local_default()?.ok_or_else(|| self.no_commit())?,
        };
        Ok(TargetBranch(name))
    }

    /// The target and its newest state that this clone knows, by the configuration that this state brings; asks
    /// nobody.
    pub fn newest_base(&self) -> Result<(TargetBranch, Option<Oid>)> {
        let default = self.target_branch("")?;
        let newest = self.newest_of(&default)?;
        let configured = self.config_at(newest.as_ref())?.config.base.branch;
        if configured.is_empty() || configured == default.0 {
            return Ok((default, newest));
        }
        let target = TargetBranch(configured);
        let newest = self.newest_of(&target)?;
        Ok((target, newest))
    }

    /// The newest state of a branch that this clone knows; asks nobody.
    fn newest_of(&self, target: &TargetBranch) -> Result<Option<Oid>> {
        let Some(remote) = self.remote_name() else {
            return self.repository.read_ref(&RefName::branch(&target.0)?);
        };
        let seen = self.seen()?;
        match (seen.fetched(&target.0), seen.default_branch()) {
            (Some(ours), Some((name, users))) if name == target.0 => self.newer(ours, users).map(Some),
            (None, Some((name, users))) if name == target.0 => Ok(Some(users.clone())),
            _ => self.newest_known(remote, &target.0),
        }
    }

    /// Where a hotfix starts from: `asked`, else the newest known state of the target.
    pub fn base_plan(&self, asked: Option<&str>) -> Result<BasePlan> {
        let (target, newest) = self.newest_base()?;
        let branch = &target.0;
        let Some(remote) = self.remote_name() else {
            let reference = asked.map_or_else(|| branch.clone(), str::to_owned);
            let commit = self.resolve_base(&reference)?;
            return Ok(BasePlan { reference, commit: Some(commit), target, follows_remote: false });
        };
        if let Some(asked) = asked {
            let of_remote = asked.strip_prefix(&format!("{remote}/")).unwrap_or(asked);
            if of_remote != branch {
                let commit = self.resolve_base(asked)?;
                return Ok(BasePlan {
                    reference: asked.to_owned(),
                    commit: Some(commit),
                    target,
                    follows_remote: false,
                });
            }
        }
        let reference = format!("{remote}/{branch}");
        Ok(BasePlan { reference, commit: newest, target, follows_remote: true })
    }

    /// What asks the remote for the newest state of `target`; can be given to a thread.
    pub fn fetcher(&self, target: &TargetBranch) -> Result<Fetcher> {
        let remote = self.remote_name().ok_or(SessionError::NoRemote)?.to_owned();
        Ok(Fetcher { repository: self.repository.clone(), remote, target: target.clone() })
    }

    /// The newest state of the target that this clone knows; asks nobody.
    pub fn newest_known(&self, remote: &str, branch: &str) -> Result<Option<Oid>> {
        let ours = fetched_ref(branch)?;
        let users = RefName::new(format!("refs/remotes/{remote}/{branch}"))?;
        let known = self.repository.list_refs(&[ours.as_str(), users.as_str()])?;
        let at = |name: &RefName| known.iter().find(|(known, _)| known == name).map(|(_, oid)| oid.clone());
        match (at(&ours), at(&users)) {
            (Some(ours), Some(users)) => self.newer(&ours, &users).map(Some),
            (ours, users) => Ok(ours.or(users)),
        }
    }

    /// Of what we fetched and what the user fetched, the later; ours if neither contains the other.
    fn newer(&self, ours: &Oid, users: &Oid) -> Result<Oid> {
        let users_newer = ours != users && self.repository.is_ancestor(ours, users)?;
        Ok(if users_newer { users.clone() } else { ours.clone() })
    }

    /// The base as people name it in output.
    pub fn base(reference: &str, commit: &Oid) -> Base {
        Base { reference: reference.to_owned(), commit: commit.to_string() }
    }

    fn resolve_base(&self, name: &str) -> Result<Oid> {
        let remote = self.remote_name().map(str::to_owned);
        self.repository.resolve_commit(name).map_err(|error| match error.downcast_ref::<GitError>() {
            Some(GitError::UnknownCommit { .. }) if self.local_default().ok().flatten().is_none() => {
                self.no_commit()
            }
            Some(GitError::UnknownCommit { .. }) => {
                SessionError::UnknownBase { base: name.to_owned(), remote }.into()
            }
            _ => error,
        })
    }

    /// What the remote calls its default, from what this clone has of it, else by asking.
    fn guess_remote_default(&self, remote: &str) -> Result<Option<String>> {
        let known = self.repository.list_refs(&[&format!("refs/remotes/{remote}/")])?;
        let prefix = format!("refs/remotes/{remote}/");
        let names: Vec<&str> =
            known.iter().filter_map(|(name, _)| name.as_str().strip_prefix(&prefix)).collect();
        let usual = USUAL_BRANCHES.iter().copied().find(|usual| names.contains(usual));
        match usual {
            Some(name) if names.len() == 1 => Ok(Some(name.to_owned())),
            _ => match self.repository.asked_default_branch(remote, FETCH_PATIENCE) {
                Ok(asked) => Ok(asked.or(usual.map(str::to_owned))),
                Err(_) => Ok(usual.map(str::to_owned)),
            },
        }
    }

    /// With no remote to ask: a local branch with a usual name, else the one the user is on, else any; never a hotfix.
    fn local_default(&self) -> Result<Option<String>> {
        let heads = self.repository.list_refs(&["refs/heads/"])?;
        let names = heads.iter().filter_map(|(name, _)| name.as_str().strip_prefix("refs/heads/"));
        let names: Vec<&str> = names.filter(|name| !name.starts_with("hotfix/")).collect();
        if let Some(usual) = USUAL_BRANCHES.iter().find(|usual| names.contains(usual)) {
            return Ok(Some((*usual).to_owned()));
        }
        let current = self.repository.current_branch()?.filter(|name| names.contains(&name.as_str()));
        Ok(current.or_else(|| names.first().map(|name| (*name).to_owned())))
    }

    fn no_commit(&self) -> Error {
        SessionError::NoCommit { repository: self.repository.home().display().to_string() }.into()
    }
}

/// Whether a fetch failed in a way in which it does when it looks at a worktree that is not complete.
fn met_a_worktree(error: &Error) -> bool {
    let signs =
        ["did not send all necessary objects", "/worktrees/", "bad object", "missing necessary objects"];
    matches!(error.downcast_ref(), Some(GitError::Failed { said, .. }) if signs.iter().any(|sign| said.contains(sign)))
}

fn fetched_ref(branch: &str) -> Result<RefName> {
    Ok(RefName::new(format!("{FETCHED_BRANCHES}{branch}"))?)
}
