//! Which hotfixes of this clone are open. Records stay for ever, so those that are closed are remembered: otherwise
//! every look would read them all.

use std::collections::HashSet;
use std::path::Path;

use hotfix_model::Record;

use super::{Project, SessionError};
use crate::error::Result;
use crate::git::Oid;

/// The file in our own folder that holds the trees of closed records, one a line below [`HEAD`].
const MEMORY: &str = "closed-records";
/// The first line. Another one means that another version wrote it, to which other records were closed.
const HEAD: &str = concat!("closed by git-hotfix ", env!("CARGO_PKG_VERSION"));

impl Project {
    /// Ids of open hotfixes of this clone that somebody has to work on, oldest first.
    pub fn open_here(&self) -> Result<Vec<String>> {
        let open = self.not_closed()?.into_iter().filter(Record::needs_work);
        Ok(open.map(|record| record.id).collect())
    }

    /// The hotfix that there is something to say about: as [`Project::find`], else the newest that waits for its forge.
    pub fn find_watched(&self, named: Option<&str>) -> Result<String> {
        match self.find(named) {
            Err(error) if matches!(error.downcast_ref(), Some(SessionError::NoneOpen)) => {
                let newest = self.not_closed()?.pop();
                Ok(newest.map(|record| record.id).ok_or(SessionError::NoneOpen)?)
            }
            found => found,
        }
    }

    /// Records of which something is still expected, of a person or of the forge, oldest first.
    fn not_closed(&self) -> Result<Vec<Record>> {
        let store = self.store();
        let refs = store.refs()?;
        let memory = self.repository.state_dir().join(MEMORY);
        let known = remembered(&memory);
        // A tree never changes, so what a record was once, it still is while its ref points at the same tree.
        let (closed, unknown): (Vec<_>, Vec<_>) =
            refs.into_iter().partition(|(_, tree)| known.contains(tree));
        let found = store.read(unknown)?;
        let is_closed = |record: &Record| !(record.needs_work() || record.waits_for_forge());
        let newly = found.iter().filter(|found| found.intact && found.record.as_ref().is_some_and(is_closed));
        let newly: Vec<&Oid> = newly.map(|found| &found.tree).collect();
        if !newly.is_empty() {
            remember(&memory, closed.iter().map(|(_, tree)| tree).chain(newly));
        }
        let records = found.into_iter().filter_map(|summary| summary.record);
        let mut open: Vec<Record> = records.filter(|record| !is_closed(record)).collect();
        open.sort_by_key(|record| record.started_at);
        Ok(open)
    }
}

/// The trees that the file holds; none if it is not ours or was cut short.
fn remembered(memory: &Path) -> HashSet<Oid> {
    let text = std::fs::read_to_string(memory).unwrap_or_default();
    let mut lines = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
    if lines.next() != Some(HEAD) {
        return HashSet::new();
    }
    lines.filter_map(Oid::parse).collect()
}

/// Only a memory: without it the next look reads all records again.
fn remember<'a>(memory: &Path, trees: impl Iterator<Item = &'a Oid>) {
    let lines: Vec<&str> = std::iter::once(HEAD).chain(trees.map(Oid::as_str)).collect();
    std::fs::write(memory, lines.join("\n") + "\n").ok();
}
