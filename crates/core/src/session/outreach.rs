//! What others are told once something has happened: who is on the incident, the record, a webhook. It is done by a
//! process of its own, and nothing that matters waits for it or fails by it.

use std::str::FromStr;
use std::time::Duration;

use hotfix_model::Record;

use super::{Claimed, Project, REMOTE_RECORDS};
use crate::error::Result;
use crate::exec::{Command, sanitize_line};
use crate::forge::webhook::{self, Notice};
use crate::git::{Lease, Oid, Push, PushOutcome, PushRequest, RefName};
use crate::record::Store;

/// What is done in the background writes here, in the state folder.
const LOG: &str = "told.log";
/// How long a push of a record alone may take.
const LIMIT: Duration = Duration::from_secs(30);

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// A hotfix was started.
    Started,
    /// The merge request exists.
    Submitted,
    /// The fix is in the target.
    Merged,
    /// Something stands in the way of the merge.
    Blocked,
    /// Something owed is overdue.
    Overdue,
    /// It was given up.
    GivenUp,
}

impl Happened {
    const ALL: [Self; 6] =
        [Self::Started, Self::Submitted, Self::Merged, Self::Blocked, Self::Overdue, Self::GivenUp];

    /// The word for it, in notices and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Submitted => "submitted",
            Self::Merged => "merged",
            Self::Blocked => "blocked",
            Self::Overdue => "overdue",
            Self::GivenUp => "given_up",
        }
    }
}

impl FromStr for Happened {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|happened| happened.word() == text);
        found.ok_or_else(|| format!("{text} is nothing that is told"))
    }
}

impl Project {
    /// Has others told, by a process of its own where there can be one.
    pub fn tell(&self, record: &Record, happened: Happened) {
        if !self.has_to_tell(record, happened) {
            return;
        }
        let ctx = self.ctx();
        let log = self.repository.state_dir().join(LOG);
        let command = Command::new(ctx.env.executable())
            .arg("--quiet")
            .args(self.overrides().iter().map(|(key, value)| format!("--set={key}={value}")))
            .args(["tell", &record.id, happened.word()]);
        if ctx.env.in_foreground() || command.detach(ctx, &log).is_err() {
            self.tell_now(record, happened);
        }
    }

    /// Tells others, and waits for it. What fails is said, and tried again with the next thing that happens.
    pub fn tell_now(&self, record: &Record, happened: Happened) {
        if let Err(error) = self.keep_claim(record, happened) {
            self.ctx().warn(format!("the claim of the incident could not be kept: {error}"));
        }
        if let Some(url) = self.webhook(record)
            && happened != Happened::GivenUp
        {
            let notice = Notice::of(record, happened.word(), self.ctx().now());
            if let Err(error) = webhook::post(self.ctx(), &url, &notice) {
                self.ctx().warn(format!("nobody was told by notify.webhook: {error}"));
            }
        }
    }

    fn has_to_tell(&self, record: &Record, happened: Happened) -> bool {
        let claims = record.incident.is_some() && self.remote.is_some() && happened != Happened::Overdue;
        claims || (happened != Happened::GivenUp && self.webhook(record).is_some())
    }

    /// The address to tell, by the configuration as of base.
    fn webhook(&self, record: &Record) -> Option<String> {
        let loaded = self.config_at(Some(&Oid::parse(&record.base.commit)?)).ok()?;
        Some(loaded.config.notify.webhook).filter(|url| !url.is_empty())
    }

    /// A claim lasts as long as its hotfix. Who joins needs the record.
    fn keep_claim(&self, record: &Record, happened: Happened) -> Result<()> {
        if record.incident.is_none() || self.remote.is_none() {
            return Ok(());
        }
        let claimer = self.claimer()?;
        let Some(claim) = &claimer.claim_of(record)? else { return Ok(()) };
        if !record.is_open() {
            return claimer.release(claim);
        }
        if happened == Happened::Overdue {
            return Ok(());
        }
        if !claimer.holds(claim)?
            && let Claimed::Taken(theirs) = claimer.claim(claim)?
        {
            let (who, id) = (sanitize_line(&theirs.by.name), sanitize_line(&theirs.hotfix));
            self.ctx().warn(format!("{who} is on {} as well: hotfix {id}", sanitize_line(&claim.incident)));
        }
        self.bring(record)
    }

    /// Brings the record to the remote if it has none of it yet.
    fn bring(&self, record: &Record) -> Result<()> {
        let known = RefName::new(format!("{REMOTE_RECORDS}{}", record.id))?;
        let target = Store::ref_name(&record.id)?;
        let (Some(remote), None) = (self.remote_name(), self.repository.read_ref(&known)?) else {
            return Ok(());
        };
        let Some(tree) = self.repository.read_ref(&target)? else { return Ok(()) };
        let push = Push { source: Some(tree.clone()), target, lease: Lease::Absent };
        let request = PushRequest { remote, pushes: &[push], options: &[], limit: LIMIT };
        match self.repository.push_plainly(&request)?.outcomes.first() {
            Some(PushOutcome::Done) => self.repository.set_refs(&[(known, tree)]),
            _ => Ok(()),
        }
    }
}
