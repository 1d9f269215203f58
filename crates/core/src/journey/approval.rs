//! trust: the commands a repository brings, and the approval they need.

use hotfix_model::ExitCode;
use hotfix_model::output::TrustOutput;

use crate::config::{Loaded, Trust, difference, digest};
use crate::error::{Explain, Result};
use crate::session::Project;

/// Approval needs a person at a terminal, and there is none.
#[derive(Debug, thiserror::Error)]
#[error("nobody is at a terminal to approve these commands")]
pub struct NobodyThere {
    /// What an approval would be bound to.
    pub digest: String,
}

/// The commands of the newest known base, and whether they are approved.
pub fn of(project: &Project) -> Result<TrustOutput> {
    let loaded = loaded(project)?;
    let trusted = project.is_trusted(&loaded)?;
    Ok(TrustOutput { trusted, digest: digest(&loaded.commands), commands: loaded.commands })
}

/// What differs from the newest approval, one line each; nothing if there is none.
pub fn changes_since(project: &Project) -> Result<Vec<String>> {
    let Some(approval) = Trust::open(project.ctx()).newest(&project.trust_key())? else {
        return Ok(Vec::new());
    };
    let now = loaded(project)?.commands;
    let none = || "nothing".to_owned();
    let changes = difference(&approval.commands, &now).into_iter().map(|changed| {
        let (before, after) = (changed.before.unwrap_or_else(none), changed.after.unwrap_or_else(none));
        crate::exec::sanitize(&format!("{} was: {before}; is: {after}", changed.key))
    });
    Ok(changes.collect())
}

/// Approves exactly these commands.
pub fn approve(project: &Project, output: &TrustOutput) -> Result<()> {
    Trust::open(project.ctx()).approve(&project.trust_key(), &output.commands)
}

/// Takes back every approval given to this repository.
pub fn revoke(project: &Project) -> Result<()> {
    Trust::open(project.ctx()).revoke(&project.trust_key())?;
    Ok(())
}

/// The configuration as of the newest known base.
pub fn loaded(project: &Project) -> Result<Loaded> {
    let (_, newest) = project.newest_base()?;
    project.config_at(newest.as_ref())
}

impl Explain for NobodyThere {
    fn why(&self) -> String {
        "what a repository brings may do anything your account may, so a person decides".to_owned()
    }

    fn next(&self) -> String {
        format!("git hotfix trust  # on a terminal; for automation set HOTFIX_TRUST={}", self.digest)
    }

    fn exit(&self) -> ExitCode {
        ExitCode::DECISION
    }
}
