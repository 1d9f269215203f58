//! Records of the team: brought here from the remote, joined with ours, and taken there. Joining is a union of events,
//! so that it does not matter who is first, and nobody's events are lost.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use hotfix_model::{Fact, Record, Stage};

use super::{Project, REMOTE_RECORDS, oid};
use crate::error::Result;
use crate::git::{Lease, Oid, Push, PushOutcome, PushRequest, RefName};
use crate::record::{RecordError, Store, Stored, nearest};

/// How often a push is tried while colleagues push the same record. Every round one of them is through, so this is also
/// how many may do so at the same moment.
const TRIES: u32 = 16;
/// How long one round may take.
const LIMIT: Duration = Duration::from_mins(1);
/// The file in our own folder that remembers that the remote takes no records: what it said.
const REFUSAL: &str = "records-refused";
/// How a remote, or Git before it asks one, words that somebody else was faster.
const RACES: &[&str] = &[
    "stale info",
    "fetch first",
    "non-fast-forward",
    "failed to update ref",
    "incorrect old value",
    "cannot lock ref",
    "already exists",
];

/// What became of a record that was to be shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shared {
    /// The remote has it.
    Done,
    /// There is no remote.
    NoRemote,
    /// The remote takes no records, or has the record of another hotfix under this id; in its own words.
    Refused(String),
    /// The remote did not answer; why, in one line.
    Unreachable(String),
}

impl Project {
    /// Asks the remote for the team's records, joins them with ours and takes ours there. Gives why not, in one line, if
    /// it did not answer; what is known here is worth something all the same.
    pub fn meet_team(&self) -> Result<Option<String>> {
        let unanswered = match self.remote {
            Some(_) => self.fetch_team().err().map(|error| format!("{error}: {}", error.why())),
            None => None,
        };
        self.join_records()?;
        if self.remote.is_some() && unanswered.is_none() {
            self.take_there()?;
        }
        Ok(unanswered)
    }

    fn fetch_team(&self) -> Result<()> {
        self.fetch_base(LIMIT)?;
        Ok(())
    }

    /// Joins our records with what the remote had when it was last asked. One that cannot be joined stays as it is.
    pub fn join_records(&self) -> Result<()> {
        let theirs = self.theirs()?;
        for (id, tree) in self.store().refs()? {
            let Some(other) = theirs.get(&id).filter(|other| **other != tree) else { continue };
            let joined = self.store().load(&id).and_then(|ours| self.join(&ours, other));
            if let Err(error) = joined {
                self.ctx().warn(format!("{error}; it is shown as this clone has it"));
            }
        }
        Ok(())
    }

    /// Takes a record to the remote. If a colleague was faster, theirs is joined first.
    pub fn share(&self, id: &str) -> Result<Shared> {
        let Some(remote) = self.remote_name() else { return Ok(Shared::NoRemote) };
        let known = remote_record(id)?;
        for attempt in 0..TRIES {
            let theirs = self.repository.read_ref(&known)?;
            let ours = self.store().load(id)?;
            let joined = match &theirs {
                Some(theirs) => self.join(&ours, theirs)?,
                None => Some(ours),
            };
            let Some(next) = joined else {
                let said = format!("{remote} has the record of another hotfix of this id");
                return Ok(Shared::Refused(said));
            };
            if theirs.as_ref() == Some(&next.tree) {
                return Ok(Shared::Done);
            }
            match self.push_records(&[(id.to_owned(), next.tree, theirs)]) {
                Err(error) => return self.unreachable(&error),
                Ok(outcomes) => match outcomes.first() {
                    Some(PushOutcome::Rejected(said)) if is_race(said) => {}
                    Some(PushOutcome::Rejected(said)) => return Ok(self.refused(remote, said)),
                    _ => return Ok(Shared::Done),
                },
            }
            if let Err(error) = self.fetch_record(id, attempt) {
                return self.unreachable(&error);
            }
        }
        Ok(Shared::Unreachable("colleagues kept changing the same record".to_owned()))
    }

    /// Takes one state of a record to the remote, over `theirs` and nothing else. Nothing of this clone is written but
    /// what is known of the remote, so that this may run beside other work on the hotfix.
    pub fn push_record(
        &self,
        id: &str,
        tree: Oid,
        theirs: Option<Oid>,
        limit: Duration,
    ) -> Result<PushOutcome> {
        let outcomes = self.push_records_within(&[(id.to_owned(), tree, theirs)], limit)?;
        Ok(outcomes.into_iter().next().unwrap_or(PushOutcome::Done))
    }

    /// Whether a record was refused only because a colleague's is there, which can be joined. Asks the remote for it.
    pub fn can_be_joined(&self, id: &str, said: &str) -> bool {
        is_race(said) && self.fetch_record(id, 0).is_ok() && self.is_ahead(id)
    }

    /// Takes a record to the remote and says so if that cannot be; nothing is lost then.
    pub fn share_or_say(&self, id: &str) -> Result<Shared> {
        let shared = self.share(id)?;
        if let Shared::Unreachable(why) = &shared {
            self.ctx().warn(format!("the record stays in this clone until the remote answers: {why}"));
        }
        Ok(shared)
    }

    /// Says once that the remote takes no records; from then on it is known.
    pub fn say_refused(&self, remote: &str, said: &str) {
        if !self.refuses_records() {
            self.ctx().warn(format!("{remote} does not take the record ({said}); it stays in this clone"));
        }
        // Only a memory: without it this is said again.
        std::fs::write(self.refusal(), said).ok();
    }

    /// Whether the remote took no record when it was last given one.
    pub fn refuses_records(&self) -> bool {
        self.refusal().exists()
    }

    /// Forgets that the remote takes no records: it took one.
    pub fn forget_refusal(&self) {
        std::fs::remove_file(self.refusal()).ok();
    }

    /// A record that this clone knows, its own or one of the team's. [`RecordError::Unknown`] names the nearest of all.
    pub fn known_record(&self, id: &str) -> Result<Stored> {
        match self.store().load(id) {
            Err(error) if is_unknown(&error) => {}
            found => return found,
        }
        if let Some(tree) = self.repository.read_ref(&remote_record(id)?)? {
            return self.store().load_at(id, &tree);
        }
        let known = self.theirs()?.into_keys().chain(self.store().refs()?.into_iter().map(|(id, _)| id));
        let known: Vec<String> = known.collect();
        let nearest = nearest(id, known.iter().map(String::as_str));
        Err(RecordError::Unknown { id: id.to_owned(), nearest }.into())
    }

    /// Makes a record of the team's one of this clone, to be written to.
    pub fn adopt_record(&self, id: &str) -> Result<Stored> {
        match (self.store().load(id), self.repository.read_ref(&remote_record(id)?)?) {
            (Err(error), Some(theirs)) if is_unknown(&error) => self.store().adopt(id, &theirs),
            (Err(error), _) => Err(error),
            (Ok(ours), Some(theirs)) => Ok(self.join(&ours, &theirs)?.unwrap_or(ours)),
            (Ok(ours), None) => Ok(ours),
        }
    }

    /// All records this clone knows, as they are by what it knows of the remote's branches: a fix that is in its target
    /// is merged, whoever wrote that down. Ours are told so.
    pub fn team_records(&self) -> Result<Vec<Record>> {
        let ours: Vec<String> = self.store().refs()?.into_iter().map(|(id, _)| id).collect();
        let mut records = self.all_records()?;
        for record in records.iter_mut().filter(|record| record.stage == Stage::Submitted) {
            let Some(merged) = self.landed(record)? else { continue };
            let facts = vec![(Fact::Merged { commit: merged.to_string() }, None)];
            let stored = self.known_record(&record.id)?;
            let mine = ours.contains(&record.id) && !stored.newer;
            *record = match mine {
                true => self.store().append(&stored, &self.actor()?, facts, &[])?.record,
                false => self.store().preview(&stored, &self.actor()?, facts)?,
            };
        }
        Ok(records)
    }

    /// The target's commit, if this clone has seen the fix in it: as it was pushed, or commit by commit as other commits
    /// that change the same.
    pub fn landed(&self, record: &Record) -> Result<Option<Oid>> {
        let (Some(remote), Some(commit)) = (self.remote_name(), &record.commit) else { return Ok(None) };
        let Some(target) = self.newest_known(remote, &record.target)? else { return Ok(None) };
        let (commit, base) = (oid(commit)?, oid(&record.base.commit)?);
        let there = self.repository.read_objects(&[commit.to_string(), base.to_string()])?;
        if there.iter().any(Option::is_none) {
            return Ok(None);
        }
        let whole = self.repository.is_ancestor(&commit, &target)?;
        let is_in = whole || self.repository.holds_the_same_changes(&target, (&base, &commit))?;
        Ok(is_in.then_some(target))
    }

    /// Ours and theirs in one; `None` if they are of two hotfixes that have one id by chance. Nothing may take the place
    /// of what a newer version wrote.
    fn join(&self, ours: &Stored, theirs: &Oid) -> Result<Option<Stored>> {
        let other = self.store().load_at(&ours.id, theirs)?;
        let key = |stored: &Stored| (stored.record.started_at, stored.record.author.clone());
        if key(&other) != key(ours) {
            return Ok(None);
        }
        let joined = self.store().merge(ours, theirs)?;
        if other.newer && joined.tree != *theirs {
            return Err(RecordError::Newer { id: ours.id.clone() }.into());
        }
        Ok(Some(joined))
    }

    /// The records that the remote had when it was last asked.
    fn theirs(&self) -> Result<BTreeMap<String, Oid>> {
        Ok(self.store().refs_below(REMOTE_RECORDS)?.into_iter().collect())
    }

    /// Takes there what the remote has in an older state: written while it could not be reached.
    fn take_there(&self) -> Result<()> {
        let theirs = self.theirs()?;
        let ours = self.store().refs()?.into_iter();
        let differs = |(id, tree): (String, Oid)| {
            let known = theirs.get(&id).filter(|known| **known != tree)?.clone();
            Some((id, tree, Some(known)))
        };
        let newer: Vec<(String, Oid, Option<Oid>)> = ours.filter_map(differs).collect();
        let newer: Vec<_> = newer.into_iter().filter(|(id, ..)| self.is_ahead(id)).collect();
        if !newer.is_empty() && !self.refusal().exists() {
            // Who is refused or comes too late is tried again the next time.
            self.push_records(&newer).ok();
        }
        Ok(())
    }

    /// Whether ours was joined with theirs, so that it may take its place.
    fn is_ahead(&self, id: &str) -> bool {
        matches!(self.joined(id), Ok(Some(_)))
    }

    /// Ours joined with what the remote had when it was last asked.
    fn joined(&self, id: &str) -> Result<Option<Stored>> {
        let theirs = self.repository.read_ref(&remote_record(id)?)?;
        theirs.map_or(Ok(None), |theirs| self.join(&self.store().load(id)?, &theirs))
    }

    /// Pushes trees of records, each over what the remote is known to have, and remembers what it took.
    fn push_records(&self, records: &[(String, Oid, Option<Oid>)]) -> Result<Vec<PushOutcome>> {
        self.push_records_within(records, LIMIT)
    }

    fn push_records_within(
        &self,
        records: &[(String, Oid, Option<Oid>)],
        limit: Duration,
    ) -> Result<Vec<PushOutcome>> {
        let push = |(id, tree, theirs): &(String, Oid, Option<Oid>)| {
            let lease = theirs.clone().map_or(Lease::Absent, Lease::At);
            Ok(Push { source: Some(tree.clone()), target: Store::ref_name(id)?, lease })
        };
        let pushes = records.iter().map(push).collect::<Result<Vec<_>>>()?;
        let remote = self.remote_name().unwrap_or_default();
        let request = PushRequest { remote, pushes: &pushes, options: &[], limit };
        let outcomes = self.repository.push_plainly(&request)?.outcomes;
        let taken = records.iter().zip(&outcomes).filter(|(_, outcome)| **outcome == PushOutcome::Done);
        let known = taken.map(|((id, tree, _), _)| Ok((remote_record(id)?, tree.clone())));
        let known = known.collect::<Result<Vec<_>>>()?;
        if !known.is_empty() {
            self.repository.set_refs(&known)?;
            self.forget_refusal();
        }
        Ok(outcomes)
    }

    /// Brings what a colleague pushed meanwhile, after a pause that gets longer the more there seem to be.
    fn fetch_record(&self, id: &str, attempt: u32) -> Result<()> {
        let ctx = self.ctx();
        ctx.go_on()?;
        let at_most = 4_u128 << attempt.min(6);
        let pause = u64::try_from(ctx.clock.chance() % at_most).unwrap_or_default();
        std::thread::sleep(Duration::from_millis(pause));
        self.fetcher()?.fetch_record(id, LIMIT)
    }

    fn refused(&self, remote: &str, said: &str) -> Shared {
        self.say_refused(remote, said);
        Shared::Refused(said.to_owned())
    }

    fn unreachable(&self, error: &crate::error::Error) -> Result<Shared> {
        self.ctx().go_on()?;
        Ok(Shared::Unreachable(format!("{error}: {}", error.why())))
    }

    fn refusal(&self) -> PathBuf {
        self.repository.state_dir().join(REFUSAL)
    }
}

/// Where we remember the remote's record of a hotfix.
pub fn remote_record(id: &str) -> Result<RefName> {
    Ok(RefName::new(format!("{REMOTE_RECORDS}{id}"))?)
}

fn is_race(said: &str) -> bool {
    RACES.iter().any(|race| said.contains(race))
}

fn is_unknown(error: &crate::error::Error) -> bool {
    matches!(error.downcast_ref(), Some(RecordError::Unknown { .. }))
}
