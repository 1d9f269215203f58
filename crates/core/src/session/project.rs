//! The repository as git-hotfix sees it: its remote, its configuration, whether its commands are approved.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use hotfix_model::Actor;

use crate::config::{self, Loaded, Sources, Trust};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::git::{Oid, Remote, Repository, Settings};
use crate::session::Seen;
use crate::slot::Pool;

/// Name of the configuration file at the root of a repository.
pub const CONFIG_FILE: &str = "hotfix.toml";

/// An opened repository and its remote.
pub struct Project {
    /// The repository.
    pub repository: Repository,
    /// The remote to deliver to; `None` when there is none.
    pub remote: Option<Remote>,
    /// The remote that the branch is pushed to, as `git push` without a name would; `None` when there is none. It is another
    /// one for somebody who works with a fork.
    pub push_remote: Option<Remote>,
    actor: Option<Actor>,
    overrides: Vec<(String, String)>,
    seen: OnceLock<Seen>,
    /// Where the remote is that approvals are about, when another stands in for it.
    trusted_address: Option<String>,
    /// Configurations that were read: each commit's is read, and its warnings are said, once.
    read: Mutex<HashMap<Option<Oid>, Loaded>>,
}

impl Project {
    /// Opens the repository that holds the current folder. `overrides` are settings given on the command line.
    pub fn open(ctx: &Ctx, overrides: Vec<(String, String)>) -> Result<Self> {
        let repository = Repository::discover(ctx)?;
        repository.make_state_dir()?;
        let Settings { remote, push_remote, actor } = repository.settings()?;
        Ok(Self {
            repository,
            remote,
            push_remote,
            actor,
            overrides,
            seen: OnceLock::new(),
            trusted_address: None,
            read: Mutex::default(),
        })
    }

    /// The same repository, delivering to a remote that stands in for its own. Approvals stay those of its own.
    #[must_use]
    pub fn delivering_to(mut self, stand_in: Remote) -> Self {
        self.trusted_address = self.remote.take().map(|remote| remote.url);
        self.push_remote = Some(stand_in.clone());
        self.remote = Some(stand_in);
        self.seen = OnceLock::new();
        self
    }

    /// Whether another remote stands in for its own.
    pub fn delivers_elsewhere(&self) -> bool {
        self.trusted_address.is_some()
    }

    /// What all deeds are given.
    pub fn ctx(&self) -> &Ctx {
        self.repository.ctx()
    }

    /// Our refs as they were when this command first looked.
    pub fn seen(&self) -> Result<&Seen> {
        if let Some(seen) = self.seen.get() {
            return Ok(seen);
        }
        let seen = Seen::look(&self.repository, self.remote_name())?;
        Ok(self.seen.get_or_init(|| seen))
    }

    /// The configuration as of a commit: always base, never the fix, which could have been written to widen it.
    pub fn config_at(&self, base: Option<&Oid>) -> Result<Loaded> {
        let known = self.read.lock().unwrap_or_else(PoisonError::into_inner).get(&base.cloned()).cloned();
        if let Some(loaded) = known {
            return Ok(loaded);
        }
        let content = match base {
            Some(base) => self.repository.read_file(base, CONFIG_FILE)?,
            None => None,
        };
        let shown = base.map(|base| format!("{CONFIG_FILE} at {}", base.short())).unwrap_or_default();
        let repository = content.as_deref().map(|content| (shown.as_str(), content));
        let loaded = config::load(self.ctx(), &Sources { repository, overrides: &self.overrides })?;
        for warning in &loaded.warnings {
            self.ctx().warn(warning);
        }
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(base.cloned(), loaded.clone());
        Ok(loaded)
    }

    /// Settings given on the command line.
    pub fn overrides(&self) -> &[(String, String)] {
        &self.overrides
    }

    /// Whether the commands the repository brings may run.
    pub fn is_trusted(&self, loaded: &Loaded) -> Result<bool> {
        if loaded.commands.is_empty() {
            return Ok(true);
        }
        Trust::open(self.ctx()).is_approved(&self.trust_key(), &loaded.commands)
    }

    /// What approvals are kept under.
    pub fn trust_key(&self) -> String {
        let own = self.remote.as_ref().map(|remote| remote.url.as_str());
        let url = self.trusted_address.as_deref().or(own);
        config::repository_key(url, self.repository.common_dir())
    }

    /// The slots.
    pub fn pool<'a>(&'a self, loaded: &'a Loaded) -> Pool<'a> {
        Pool::new(&self.repository, &loaded.config.slot)
    }

    /// Who is at work.
    pub fn actor(&self) -> Result<Actor> {
        match &self.actor {
            Some(actor) => Ok(actor.clone()),
            None => Ok(self.repository.identity()?.0),
        }
    }

    /// The name of the remote.
    pub fn remote_name(&self) -> Option<&str> {
        self.remote.as_ref().map(|remote| remote.name.as_str())
    }
}
