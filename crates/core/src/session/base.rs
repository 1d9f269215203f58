//! Where a hotfix starts from: the newest state of the remote's default branch, or what was asked for.

use std::time::Duration;

use hotfix_model::Base;

use super::fetching::FETCH_PATIENCE;
use super::{Fetcher, Project, SessionError};
use crate::error::{Error, Result};
use crate::git::{GitError, Oid, RefName};

/// Where fetched branches of the remote are kept: never in the user's own refs.
pub const FETCHED_BRANCHES: &str = "refs/hotfix/base/";
/// What hotfix branches the remote has.
pub const REMOTE_HOTFIXES: &str = "refs/hotfix/remote/branch/";
/// What records the remote has.
pub const REMOTE_RECORDS: &str = "refs/hotfix/remote/record/";

/// What a default branch is mostly called, the most usual first.
const USUAL_BRANCHES: &[&str] = &["main", "master", "trunk"];

/// The branch on the remote that hotfixes start from and are merged into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetBranch(pub String);

/// The branch that hotfixes start from when nothing else is asked for, as this clone knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownBase {
    /// The branch.
    pub branch: TargetBranch,
    /// Its newest state that this clone knows; `None` if only the remote knows it.
    pub commit: Option<Oid>,
    /// How the branch was found.
    pub found: FoundBy,
}

/// How the branch that hotfixes start from was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundBy {
    /// The setting `base.branch` names it.
    Setting,
    /// The remote called it its default when it was last asked.
    Remote,
    /// It has a usual name; the remote was never asked.
    Guess,
}

/// What a hotfix is to start from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseSource {
    /// The branch that hotfixes start from when nothing else is asked for.
    Usual,
    /// A branch that was asked for.
    Branch,
    /// A tag or commit that was asked for and that this clone has.
    Commit,
    /// A name that was asked for and that this clone does not know.
    Unknown,
}

/// Where a hotfix will start from, as far as is known without the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasePlan {
    /// What the user would call it.
    pub reference: String,
    /// The commit; `None` if only the remote knows.
    pub commit: Option<Oid>,
    /// What it is.
    pub source: BaseSource,
    /// The branch it is the newest state of; for a tag or commit the one that hotfixes usually start from.
    pub branch: TargetBranch,
    /// How the branch that hotfixes usually start from was found.
    pub found: FoundBy,
}

impl BasePlan {
    /// Whether a fetch can bring a newer commit.
    pub fn follows_remote(&self) -> bool {
        matches!(self.source, BaseSource::Usual | BaseSource::Branch)
    }
}

impl Project {
    /// The branch that hotfixes start from, by configuration, else by what the remote calls its default.
    pub fn target_branch(&self, configured: &str) -> Result<TargetBranch> {
        if !configured.is_empty() {
            return Ok(TargetBranch(configured.to_owned()));
        }
        Ok(self.default_branch()?.branch)
    }

    /// The branch that hotfixes start from and its newest state that this clone knows, by the configuration that this
    /// state brings; asks nobody.
    pub fn known_base(&self) -> Result<KnownBase> {
        let default = self.default_branch()?;
        let configured = self.config_at(default.commit.as_ref())?.config.base.branch;
        if configured.is_empty() {
            return Ok(default);
        }
        if configured == default.branch.0 {
            return Ok(KnownBase { found: FoundBy::Setting, ..default });
        }
        let branch = TargetBranch(configured);
        let commit = self.newest_of(&branch)?;
        Ok(KnownBase { branch, commit, found: FoundBy::Setting })
    }

    /// Branch and commit of [`Project::known_base`].
    pub fn newest_base(&self) -> Result<(TargetBranch, Option<Oid>)> {
        let known = self.known_base()?;
        Ok((known.branch, known.commit))
    }

    /// The remote's default branch as far as it was ever said.
    pub fn remembered_default(&self) -> Result<Option<String>> {
        let users = self.seen()?.default_branch().map(|(name, _)| name.to_owned());
        Ok(self.remote_memory().default.or(users))
    }

    /// The remote's default branch: as it said when we last asked, else as the user's clone remembers it, else by its
    /// name. A name of which nothing was fetched yet gives way to one that is known here.
    fn default_branch(&self) -> Result<KnownBase> {
        let Some(remote) = self.remote_name() else {
            let branch = TargetBranch(self.local_default()?.ok_or_else(|| self.no_commit())?);
            let commit = self.newest_of(&branch)?;
            return Ok(KnownBase { branch, commit, found: FoundBy::Remote });
        };
        let said =
            [self.remote_memory().default, self.seen()?.default_branch().map(|(name, _)| name.to_owned())];
        let mut unknown = None;
        for name in said.into_iter().flatten() {
            let branch = TargetBranch(name);
            let commit = self.newest_of(&branch)?;
            let known = KnownBase { branch, commit, found: FoundBy::Remote };
            match known.commit {
                Some(_) => return Ok(known),
                None => unknown = unknown.or(Some(known)),
            }
        }
        if let Some(unknown) = unknown {
            return Ok(unknown);
        }
        let (name, found) = match self.usual_branch(remote)? {
            Some(name) => (Some(name), FoundBy::Guess),
            None => (self.ask_default(remote), FoundBy::Remote),
        };
        let name = match name {
            Some(name) => name,
            None => self.local_default()?.ok_or_else(|| self.no_commit())?,
        };
        let branch = TargetBranch(name);
        let commit = self.newest_of(&branch)?;
        Ok(KnownBase { branch, commit, found })
    }

    /// The newest state of a branch that this clone knows; asks nobody.
    fn newest_of(&self, branch: &TargetBranch) -> Result<Option<Oid>> {
        let Some(remote) = self.remote_name() else {
            return self.repository.read_ref(&RefName::branch(&branch.0)?);
        };
        let seen = self.seen()?;
        match (seen.fetched(&branch.0), seen.default_branch()) {
            (Some(ours), Some((name, users))) if name == branch.0 => self.newer(ours, users).map(Some),
            (None, Some((name, users))) if name == branch.0 => Ok(Some(users.clone())),
            _ => self.newest_known(remote, &branch.0),
        }
    }

    /// Where a hotfix starts from: `asked`, else the newest state of `usual`, the branch that hotfixes start from.
    pub fn base_plan(&self, asked: Option<&str>, usual: KnownBase) -> Result<BasePlan> {
        let KnownBase { branch, commit, found } = usual;
        let remote = self.remote_name();
        let shown =
            |branch: &str| remote.map_or_else(|| branch.to_owned(), |remote| format!("{remote}/{branch}"));
        let Some(asked) = asked else {
            return Ok(BasePlan {
                reference: shown(&branch.0),
                commit,
                source: BaseSource::Usual,
                branch,
                found,
            });
        };
        if let Some(named) = self.branch_named(asked)? {
            let source = if named.0 == branch.0 { BaseSource::Usual } else { BaseSource::Branch };
            let known = if source == BaseSource::Usual { commit } else { self.newest_of(&named)? };
            let local = || self.repository.read_ref(&RefName::branch(&named.0)?);
            let commit = known.map_or_else(local, |known| Ok(Some(known)))?;
            return Ok(BasePlan { reference: shown(&named.0), commit, source, branch: named, found });
        }
        let (source, commit) = match self.repository.resolve_commit(asked) {
            Ok(commit) => (BaseSource::Commit, Some(commit)),
            // The remote may have a branch or tag of that name.
            Err(error) if is_unknown(&error) && remote.is_some() && RefName::branch(asked).is_ok() => {
                (BaseSource::Unknown, None)
            }
            Err(error) if is_unknown(&error) && self.local_default()?.is_none() => {
                return Err(self.no_commit());
            }
            Err(error) if is_unknown(&error) => {
                return Err(SessionError::UnknownBase { base: asked.to_owned(), remote: None }.into());
            }
            Err(error) => return Err(error),
        };
        Ok(BasePlan { reference: asked.to_owned(), commit, source, branch, found })
    }

    /// The branch of the remote that a name stands for, as far as this clone knows: `release/1.x`, `origin/release/1.x`
    /// or a local branch that follows one. Without a remote, a local branch.
    fn branch_named(&self, name: &str) -> Result<Option<TargetBranch>> {
        let exists = |name: &str| match RefName::new(name) {
            Ok(name) => Ok::<_, Error>(self.repository.read_ref(&name)?.is_some()),
            Err(_) => Ok(false),
        };
        let short = name.strip_prefix("refs/heads/").unwrap_or(name);
        let Some(remote) = self.remote_name() else {
            let is_branch = exists(&format!("refs/heads/{short}"))? && !exists(&format!("refs/tags/{name}"))?;
            return Ok(is_branch.then(|| TargetBranch(short.to_owned())));
        };
        let tracked = format!("refs/remotes/{remote}/");
        let on_remote = |branch: &str| -> Result<bool> {
            Ok(branch != "HEAD"
                && (exists(&format!("{tracked}{branch}"))?
                    || exists(&format!("{FETCHED_BRANCHES}{branch}"))?))
        };
        for prefix in [tracked.as_str(), &format!("remotes/{remote}/"), &format!("{remote}/")] {
            if let Some(branch) = name.strip_prefix(prefix)
                && on_remote(branch)?
            {
                return Ok(Some(TargetBranch(branch.to_owned())));
            }
        }
        // Git, too, takes a tag before a branch of the same name.
        if exists(&format!("refs/tags/{name}"))? {
            return Ok(None);
        }
        if on_remote(short)? {
            return Ok(Some(TargetBranch(short.to_owned())));
        }
        if !exists(&format!("refs/heads/{short}"))? {
            return Ok(None);
        }
        let upstream = self.repository.upstream(&RefName::branch(short)?)?;
        let followed = upstream.and_then(|upstream| upstream.strip_prefix(&tracked).map(str::to_owned));
        Ok(Some(TargetBranch(followed.unwrap_or_else(|| short.to_owned()))))
    }

    /// What asks the remote; can be given to a thread.
    pub fn fetcher(&self) -> Result<Fetcher> {
        let remote = match self.remote_name() {
            Some(remote) => remote.to_owned(),
            None => return Err(self.no_remote()),
        };
        Ok(Fetcher { repository: self.repository.clone(), remote })
    }

    /// Fetches the branch that hotfixes start from, by the name it has on the remote now, and the team's hotfixes.
    pub fn fetch_base(&self, limit: Duration) -> Result<KnownBase> {
        let known = self.known_base()?;
        let answer = self.fetcher()?.follow(&known.branch.0, known.found != FoundBy::Setting, limit);
        if let Some(listing) = &answer.listing {
            self.remember_remote(listing);
        }
        let renamed = answer.renamed(&known.branch.0, known.found).map(str::to_owned);
        let branch = TargetBranch(renamed.unwrap_or(known.branch.0));
        let commit = answer.into_commit(&branch.0)?;
        Ok(KnownBase { branch, commit: Some(commit), found: known.found })
    }

    /// Why there is no remote: there is none, or there are several and none was chosen.
    pub fn no_remote(&self) -> Error {
        let names = self.repository.remote_names().unwrap_or_default();
        match names.len() {
            0 => SessionError::NoRemote.into(),
            _ => SessionError::SeveralRemotes { names }.into(),
        }
    }

    /// The newest state of a branch that this clone knows; asks nobody.
    pub fn newest_known(&self, remote: &str, branch: &str) -> Result<Option<Oid>> {
        if branch.is_empty() {
            return Ok(None);
        }
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

    /// The branch with the most usual name of those that this clone has of the remote, else its only one.
    fn usual_branch(&self, remote: &str) -> Result<Option<String>> {
        let prefix = format!("refs/remotes/{remote}/");
        let known = self.repository.list_refs(&[&prefix, FETCHED_BRANCHES])?;
        let branch = |name: &RefName| {
            let name = name.as_str();
            name.strip_prefix(&prefix).or_else(|| name.strip_prefix(FETCHED_BRANCHES)).map(str::to_owned)
        };
        let mut names: Vec<String> = known.iter().filter_map(|(name, _)| branch(name)).collect();
        names.sort_unstable();
        names.dedup();
        let usual = USUAL_BRANCHES.iter().find(|usual| names.iter().any(|name| name == **usual));
        Ok(match usual {
            Some(name) => Some((*name).to_owned()),
            None if names.len() == 1 => names.pop(),
            None => None,
        })
    }

    /// What the remote calls its default, by asking; `None` if it does not say.
    fn ask_default(&self, remote: &str) -> Option<String> {
        let listing = self.repository.list_remote(remote, FETCH_PATIENCE).ok()?;
        self.remember_remote(&listing).default
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

fn is_unknown(error: &Error) -> bool {
    matches!(error.downcast_ref::<GitError>(), Some(GitError::UnknownCommit { .. }))
}

/// Where a fetched branch of the remote is kept.
pub fn fetched_ref(branch: &str) -> Result<RefName> {
    Ok(RefName::new(format!("{FETCHED_BRANCHES}{branch}"))?)
}
