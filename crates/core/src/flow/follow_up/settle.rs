//! What is owed and no command of its own settles: skipped gates made up for, ports that are done, concerns met.

use hotfix_model::output::{OwedOutput, SettleOutput};
use hotfix_model::{Actor, Fact, OwedKind, Record};

use super::FollowUpError;
use crate::error::Result;
use crate::record::Stored;
use crate::session::Project;

/// What is to be settled, and how.
#[derive(Clone, Debug)]
pub struct SettleRequest {
    /// The hotfix; the only one that owes it if absent.
    pub id: Option<String>,
    /// The key of what is owed.
    pub key: String,
    /// How it was settled, in words.
    pub reason: String,
}

/// Settles it, and takes that to the remote.
pub fn settle(project: &Project, request: &SettleRequest) -> Result<SettleOutput> {
    let id = match &request.id {
        Some(id) => id.clone(),
        None => the_one_that_owes(project, &request.key)?,
    };
    let stored = project.adopt_record(&id)?;
    may_be_settled(project, &stored, &request.key)?;
    let fact = Fact::Settled { owed: request.key.clone(), reason: Some(request.reason.clone()) };
    let written = project.store().append(&stored, &project.actor()?, vec![(fact, None)], &[])?;
    project.remember_debts_of(&written.record);
    project.share_or_say(&id)?;
    let owed = OwedOutput::of(&written.record, project.ctx().now());
    Ok(SettleOutput { id, key: request.key.clone(), owed })
}

fn the_one_that_owes(project: &Project, key: &str) -> Result<String> {
    let owes = |record: &Record| record.outstanding().any(|owed| owed.key == key);
    let records = project.all_records()?.into_iter().filter(owes);
    let mut ids: Vec<String> = records.map(|record| record.id).collect();
    match ids.pop() {
        Some(id) if ids.is_empty() => Ok(id),
        last => {
            ids.extend(last);
            Err(FollowUpError::WhichHotfix { key: key.to_owned(), ids }.into())
        }
    }
}

fn may_be_settled(project: &Project, stored: &Stored, key: &str) -> Result<()> {
    let record = &stored.record;
    let id = record.id.clone();
    let Some(owed) = record.outstanding().find(|owed| owed.key == key) else {
        let keys = record.outstanding().map(|owed| owed.key.clone()).collect();
        return Err(FollowUpError::NotOwed { id, key: key.to_owned(), keys }.into());
    };
    match owed.kind {
        OwedKind::Review => Err(FollowUpError::ByReview { id }.into()),
        OwedKind::Concern => Ok(no_hand(project, record)?),
        OwedKind::Postmortem | OwedKind::Port | OwedKind::SkippedGate => Ok(()),
    }
}

/// Fails if whoever types this worked on the hotfix.
fn no_hand(project: &Project, record: &Record) -> Result<()> {
    let actor = project.actor()?;
    match record.hands.iter().any(|hand| hand.is(&actor)) {
        false => Ok(()),
        true => Err(own(record, &actor).into()),
    }
}

/// The error for somebody who worked on the hotfix.
pub(super) fn own(record: &Record, actor: &Actor) -> FollowUpError {
    let hands = record.hands.iter().map(ToString::to_string).collect();
    FollowUpError::Own { id: record.id.clone(), who: actor.to_string(), hands }
}
