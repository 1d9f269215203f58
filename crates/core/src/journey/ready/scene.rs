//! What all looks share.

use std::sync::{Arc, OnceLock};

use crate::config::{ConfigError, Loaded};
use crate::ctx::{Cancel, Ctx};
use crate::error::{Error, Result};
use crate::event::Silent;
use crate::git::{Oid, RemoteListing};
use crate::session::{FoundBy, KnownBase, Project, SessionError, TargetBranch};

use super::table::{Found, PATIENCE};

/// The repository, and what hotfixes would start from.
pub struct Scene {
    /// The repository.
    pub project: Project,
    /// Ends the looks that are still under way.
    pub cancel: Cancel,
    base: OnceLock<Result<Base, Unknown>>,
    listing: OnceLock<Result<RemoteListing>>,
}

/// What hotfixes would start from.
pub struct Base {
    /// The branch.
    pub target: TargetBranch,
    /// How it was found.
    pub found: FoundBy,
    /// Its newest state that this clone knows.
    pub commit: Oid,
    /// The configuration as of it.
    pub loaded: Loaded,
}

/// Why there is no base.
pub enum Unknown {
    /// The settings cannot be read.
    Settings(Found),
    /// The branch is not known.
    Target(Found),
}

impl Scene {
    /// Opens the repository. What the looks would say on the way is in the table anyway.
    pub fn open(ctx: &Ctx, overrides: Vec<(String, String)>) -> Result<Self> {
        let cancel = Cancel::default();
        let quiet = Ctx { sink: Arc::new(Silent), cancel: cancel.clone(), ..ctx.clone() };
        Ok(Self {
            project: Project::open(&quiet, overrides)?,
            cancel,
            base: OnceLock::new(),
            listing: OnceLock::new(),
        })
    }

    /// The surroundings of the looks.
    pub fn ctx(&self) -> &Ctx {
        self.project.ctx()
    }

    /// What the remote has; asked once.
    pub fn listing(&self) -> Result<&RemoteListing, &Error> {
        let ask = || {
            let remote = self.project.remote_name().ok_or(SessionError::NoRemote)?;
            let listing = self.project.repository.list_remote(remote, PATIENCE)?;
            self.project.remember_remote(&listing);
            Ok(listing)
        };
        self.listing.get_or_init(ask).as_ref()
    }

    /// What hotfixes would start from; found out once.
    pub fn base(&self) -> Result<&Base, &Unknown> {
        self.base.get_or_init(|| self.look_for_base()).as_ref()
    }

    fn look_for_base(&self) -> Result<Base, Unknown> {
        let KnownBase { branch: target, commit, found } =
            self.project.known_base().map_err(|error| sorted(&error))?;
        let Some(commit) = commit else {
            let remote = self.project.remote_name().map(str::to_owned);
            let why = SessionError::UnknownBase { base: target.0.clone(), remote: remote.clone() };
            let repair = format!("git fetch {}", remote.unwrap_or_default());
            return Err(Unknown::Target(Found::missing(
                format!("{why}, as far as this clone knows"),
                repair,
            )));
        };
        let loaded = self.project.config_at(Some(&commit)).map_err(|error| sorted(&error))?;
        Ok(Base { target, found, commit, loaded })
    }
}

fn sorted(error: &Error) -> Unknown {
    match error.downcast_ref::<ConfigError>() {
        Some(_) => Unknown::Settings(Found::of(error)),
        None => Unknown::Target(Found::of(error)),
    }
}
