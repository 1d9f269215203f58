//! What is in production, where the repository has a command that says so (`base.deployed`).

use std::time::Duration;

use super::{Project, SessionError};
use crate::error::Result;
use crate::exec::{Command, sanitize_line};
use crate::git::Oid;

/// How long the command may take: it asks a server, while somebody waits.
const PATIENCE: Duration = Duration::from_secs(20);

impl Project {
    /// The commit or tag in production, by the configuration as of `newest`; `None` where no command says so, or nobody has approved it yet.
    ///
    /// A command that fails is an error: a fix made for something else than what is deployed may make things worse.
    pub fn deployed(&self, newest: Option<&Oid>) -> Result<Option<String>> {
        let loaded = self.config_at(newest)?;
        let line = &loaded.config.base.deployed;
        if line.is_empty() {
            return Ok(None);
        }
        let brought = loaded.commands.iter().any(|command| command.key == "base.deployed");
        if brought && !self.is_trusted(&loaded)? {
            self.ctx().warn("base.deployed was not asked: nobody has approved it yet (git hotfix trust)");
            return Ok(None);
        }
        let command = Command::shell(line).dir(self.repository.home()).contained().deadline(PATIENCE);
        let finished = command.run(self.ctx())?;
        self.ctx().go_on()?;
        let printed = String::from_utf8_lossy(&finished.stdout).into_owned();
        let name = printed.lines().map(str::trim).find(|line| !line.is_empty());
        match name {
            Some(name) if finished.success() => Ok(Some(name.to_owned())),
            _ => Err(SessionError::NotDeployed {
                command: sanitize_line(line),
                said: sanitize_line(&finished.last_line()),
            }
            .into()),
        }
    }
}
