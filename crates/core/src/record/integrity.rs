//! Whether a record still is what was written. Each event names the digests of those before it and of the files that
//! were written with it, and the state names those of the last events: a change of any byte does not fit to the rest.

use std::collections::BTreeMap;

use hotfix_model::{Digest, Record};
use serde_json::Value;

use super::line::{self, Line};
use super::tree::{EVENTS, STATE};
use super::{Store, Stored};
use crate::error::Result;

/// What is wrong with the parts of a record, one line each; nothing where a part is as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// The events.
    pub events: Vec<String>,
    /// The state that is folded from them.
    pub state: Vec<String>,
    /// The files of evidence.
    pub evidence: Vec<String>,
    /// Files that no event speaks of: of an older version, or put there by somebody.
    pub strangers: Vec<String>,
}

impl Store<'_> {
    /// Compares every byte of a record with what the rest of it says.
    pub fn damage(&self, stored: &Stored) -> Result<Damage> {
        let read = |path: &str| self.repository().read_file(&stored.tree, path);
        let events = damage_of_events(&stored.lines, &read(EVENTS)?.unwrap_or_default());
        let state = damage_of_state(&stored.record, &read(STATE)?.unwrap_or_default());
        let mut damage = Damage { events, state, ..Damage::default() };
        self.look_at_evidence(stored, &mut damage)?;
        Ok(damage)
    }

    fn look_at_evidence(&self, stored: &Stored, damage: &mut Damage) -> Result<()> {
        let bound = bound(&stored.lines);
        for name in stored.evidence_names() {
            let bytes = self.evidence(stored, name)?.unwrap_or_default();
            match known_as(&bound, name) {
                None => damage.strangers.push(name.to_owned()),
                Some(digests) if digests.contains(&line::sha256(&bytes)) => {}
                Some(_) => damage.evidence.push(format!("{name} was changed")),
            }
        }
        let missing = bound.keys().filter(|name| stored.evidence_names().all(|there| there != **name));
        damage.evidence.extend(missing.map(|name| format!("{name} is missing")));
        damage.strangers.extend(stored.strangers().map(str::to_owned));
        Ok(())
    }
}

fn damage_of_events(lines: &[Line], file: &[u8]) -> Vec<String> {
    let mut damage = Vec::new();
    if !line::is_whole(lines) {
        damage.push("an event was changed, is missing or cannot be read".to_owned());
    }
    if line::join(lines) != file {
        damage.push("the file of events holds something else besides".to_owned());
    }
    damage
}

/// The state must be written as we write it, and say nothing that the events do not say. What an older version did not
/// know may be absent.
fn damage_of_state(folded: &Record, file: &[u8]) -> Vec<String> {
    let Ok(record) = serde_json::from_slice::<Record>(file) else {
        return vec!["the state cannot be read".to_owned()];
    };
    let written = serde_json::to_vec_pretty(&record).map(|text| [text.as_slice(), b"\n"].concat());
    if written.ok().as_deref() != Some(file) {
        return vec!["the state is not written as git-hotfix writes it".to_owned()];
    }
    let values = (serde_json::to_value(&record), serde_json::to_value(folded));
    match values {
        (Ok(said), Ok(folded)) if is_within(&said, &folded) => Vec::new(),
        _ => vec!["the state says something that the events do not say".to_owned()],
    }
}

/// Whether everything in one value is in the other.
fn is_within(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(key, value)| whole.get(key).is_some_and(|other| is_within(value, other)))
        }
        (Value::Array(part), Value::Array(whole)) => {
            part.len() == whole.len() && part.iter().zip(whole).all(|(part, whole)| is_within(part, whole))
        }
        _ => part == whole,
    }
}

/// What events say that files hold, by name.
fn bound(lines: &[Line]) -> BTreeMap<&str, Vec<Digest>> {
    let mut bound: BTreeMap<&str, Vec<Digest>> = BTreeMap::new();
    for (name, digest) in lines.iter().filter_map(Line::event).flat_map(|event| &event.evidence) {
        bound.entry(name).or_default().push(digest.clone());
    }
    bound
}

/// What a file may hold. Of two that had one name when clones met, one has its id behind the name.
fn known_as<'a>(bound: &'a BTreeMap<&str, Vec<Digest>>, name: &str) -> Option<&'a Vec<Digest>> {
    let without_id = name.rsplit_once('.').map_or(name, |(name, _)| name);
    bound.get(name).or_else(|| bound.get(without_id))
}
