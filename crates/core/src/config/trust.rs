//! Which commands of which repository the user approved. Kept outside every repository, so that no repository can
//! approve itself.

use std::ffi::OsStr;

use hotfix_model::output::TrustedCommand;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::commands::digest;
use super::store::Store;
use super::trust_error::TrustError;
use crate::ctx::Ctx;
use crate::error::Result;

/// One approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The repository, as [`super::repository_key`] names it.
    pub repository: String,
    /// The digest of the commands.
    pub digest: String,
    /// What was approved; kept so that a change can be shown.
    pub commands: Vec<TrustedCommand>,
    /// When.
    pub approved_at: Timestamp,
}

/// The approvals of this user.
pub struct Trust {
    ctx: Ctx,
    store: Option<Store>,
}

impl Trust {
    /// The approvals in the user's folder for state. Reads nothing yet.
    pub fn open(ctx: &Ctx) -> Self {
        Self { ctx: ctx.clone(), store: ctx.env.state_dir().map(Store::new) }
    }

    /// Whether these commands may run: there are none, `HOTFIX_TRUST` holds their digest, or the user approved exactly
    /// them for this repository. A damaged file is an error, never an approval.
    pub fn is_approved(&self, repository: &str, commands: &[TrustedCommand]) -> Result<bool> {
        let wanted = digest(commands);
        if commands.is_empty() || self.ctx.env.get("HOTFIX_TRUST") == Some(OsStr::new(&wanted)) {
            return Ok(true);
        }
        let approved = |approval: &Approval| approval.repository == repository && approval.digest == wanted;
        Ok(self.list()?.iter().any(approved))
    }

    /// Approves exactly these commands for this repository. Approving them again makes them the newest approval.
    pub fn approve(&self, repository: &str, commands: &[TrustedCommand]) -> Result<()> {
        if commands.is_empty() {
            return Ok(());
        }
        let approval = Approval {
            repository: repository.to_owned(),
            digest: digest(commands),
            commands: commands.to_vec(),
            approved_at: self.ctx.now(),
        };
        self.store()?.change(&self.ctx, |approvals| {
            approvals.retain(|old| old.repository != approval.repository || old.digest != approval.digest);
            approvals.push(approval);
        })
    }

    /// Takes back every approval of a repository, and tells how many there were.
    pub fn revoke(&self, repository: &str) -> Result<usize> {
        let Some(store) = &self.store else { return Ok(0) };
        if !self.list()?.iter().any(|approval| approval.repository == repository) {
            return Ok(0);
        }
        store.change(&self.ctx, |approvals| {
            let before = approvals.len();
            approvals.retain(|approval| approval.repository != repository);
            before - approvals.len()
        })
    }

    /// All approvals, the newest last.
    pub fn list(&self) -> Result<Vec<Approval>> {
        self.store.as_ref().map_or_else(|| Ok(Vec::new()), Store::read)
    }

    /// The newest approval of a repository: what [`super::difference`] compares with.
    pub fn newest(&self, repository: &str) -> Result<Option<Approval>> {
        Ok(self.list()?.into_iter().rfind(|approval| approval.repository == repository))
    }

    fn store(&self) -> Result<&Store, TrustError> {
        self.store.as_ref().ok_or(TrustError::NoHome)
    }
}
