//! What servers said they are, kept in our own folder of the repository.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Address, Kind};
use crate::git::Repository;

/// One server.
#[derive(Serialize, Deserialize)]
struct Known {
    kind: String,
    pages: String,
}

fn file(repository: &Repository) -> PathBuf {
    repository.state_dir().join("forges.json")
}

fn read(repository: &Repository) -> BTreeMap<String, Known> {
    let bytes = std::fs::read(file(repository)).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// What a server is, and where its pages are, as it said before.
pub(super) fn recall(repository: &Repository, remote: &Address) -> Option<(Kind, Address)> {
    let known = read(repository).remove(&remote.origin())?;
    let kind = Kind::named(&known.kind).filter(|kind| *kind != Kind::Plain)?;
    Some((kind, Address::parse(&known.pages)?))
}

/// Whether a server answered before that it is no forge we know.
pub(super) fn is_plain(repository: &Repository, remote: &Address) -> bool {
    read(repository).get(&remote.origin()).is_some_and(|known| known.kind == Kind::Plain.name())
}

/// Only a memory: without it the next command asks again.
pub(super) fn learn(repository: &Repository, remote: &Address, kind: Kind, pages: &Address) {
    let mut all = read(repository);
    all.insert(remote.origin(), Known { kind: kind.name().to_owned(), pages: pages.printed() });
    if let Ok(text) = serde_json::to_vec(&all) {
        std::fs::write(file(repository), text).ok();
    }
}
