//! `slot.warm`: a command that fills caches while a slot waits: a build, or the critical tests.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::setup::{hex, in_words};
use super::state::Entry;
use super::{Pool, SetupRequest};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exec::{Command, Ending};

/// How `slot.warm` last ended in a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warmed {
    /// Of the command and the commit it ran at.
    digest: String,
    /// Whether it succeeded.
    pub good: bool,
    /// How it ended, in words; absent if it succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub how: Option<String>,
    /// When it ended.
    pub at: Timestamp,
    /// How long it ran, in milliseconds.
    pub elapsed_ms: u64,
}

impl Pool<'_> {
    /// Runs `slot.warm`, once for each commit, failed or not. The caller has locked the slot, which is set up.
    pub(super) fn warm(
        &self,
        ctx: &Ctx,
        entry: &mut Entry,
        dir: &Path,
        request: &SetupRequest<'_>,
    ) -> Result<Option<Warmed>> {
        let line = &self.config.warm;
        if line.is_empty() {
            return Ok(None);
        }
        let digest = hex(&Sha256::digest(format!("{} {line}", request.tree)));
        if let Some(known) = entry.setup.warmed.as_ref().filter(|known| known.digest == digest) {
            return Ok(Some(known.clone()));
        }
        if !request.trusted {
            ctx.warn("slot.warm did not run: approve it with `git hotfix trust`");
            return Ok(None);
        }
        entry.setup.warmed = None;
        self.begin_work(entry, request.tree)?;
        ctx.now_doing(request.step, format!("warm: {line}"));
        let limit = self.config.warm_timeout.duration();
        let log = request.logs.join("warm.log");
        let command = Command::shell(line).dir(dir).contained().deadline(limit).log(&log);
        let finished = command.run(ctx)?;
        if finished.ending == Ending::Cancelled {
            ctx.go_on()?;
        }
        let how = (!finished.success()).then(|| in_words(finished.ending, limit));
        if let Some(how) = &how {
            ctx.warn(format!("slot.warm `{line}` {how}; its output is in {}", log.display()));
        }
        let elapsed_ms = u64::try_from(Duration::as_millis(&finished.elapsed)).unwrap_or(u64::MAX);
        let warmed = Warmed { digest, good: how.is_none(), how, at: ctx.now(), elapsed_ms };
        entry.setup.warmed = Some(warmed.clone());
        self.store.save(entry)?;
        Ok(Some(warmed))
    }
}
