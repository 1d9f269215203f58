//! What is owed and when, remembered in a file of our own: start and status say in one line that something is overdue
//! and must not read the records of the whole team for it.

use std::collections::BTreeSet;

use hotfix_model::{OwedKind, Record};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Project;

/// The file.
const MEMORY: &str = "owed.json";
/// Kinds in the order in which they are named, with what one and several are called.
const KINDS: &[(OwedKind, &str, &str)] = &[
    (OwedKind::Review, "review", "reviews"),
    (OwedKind::Concern, "concern", "concerns"),
    (OwedKind::Postmortem, "post-mortem", "post-mortems"),
    (OwedKind::Port, "port", "ports"),
    (OwedKind::SkippedGate, "skipped gate", "skipped gates"),
];

/// Something owed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Debt {
    due: Timestamp,
    id: String,
    kind: OwedKind,
}

impl Project {
    /// Remembers what all these records owe, in the place of what was remembered before.
    pub fn remember_debts(&self, records: &[Record]) {
        self.keep(records.iter().flat_map(debts).collect());
    }

    /// Remembers what one record owes, in the place of what was remembered of it before.
    pub fn remember_debts_of(&self, record: &Record) {
        let known = self.remembered();
        let others = known.iter().filter(|debt| debt.id != record.id).cloned();
        let mut now: Vec<Debt> = others.chain(debts(record)).collect();
        now.sort();
        if now != known {
            self.keep(now);
        }
    }

    /// Forgets what a hotfix owed that is gone without a trace.
    pub fn forget_debts_of(&self, id: &str) {
        let known = self.remembered();
        let others: Vec<Debt> = known.iter().filter(|debt| debt.id != id).cloned().collect();
        if others != known {
            self.keep(others);
        }
    }

    /// One line if something is overdue, as far as this clone remembers.
    pub fn reminder(&self) -> Option<String> {
        let now = self.ctx().now();
        let late: Vec<Debt> = self.remembered().into_iter().filter(|debt| debt.due < now).collect();
        let hotfixes: BTreeSet<&str> = late.iter().map(|debt| debt.id.as_str()).collect();
        let count = |(kind, one, several): &(OwedKind, &str, &str)| match late
            .iter()
            .filter(|debt| debt.kind == *kind)
            .count()
        {
            0 => None,
            1 => Some(format!("1 {one}")),
            count => Some(format!("{count} {several}")),
        };
        let counted: Vec<String> = KINDS.iter().filter_map(count).collect();
        let is = if late.len() == 1 { "is" } else { "are" };
        let of = hotfixes.first().filter(|_| hotfixes.len() == 1).map(|id| format!(" of {id}"));
        let of = of.unwrap_or_default();
        (!late.is_empty()).then(|| format!("{}{of} {is} overdue: git hotfix owed", listed(&counted)))
    }

    /// Says so, if something is overdue.
    pub fn remind(&self) {
        if let Some(reminder) = self.reminder() {
            self.ctx().warn(reminder);
        }
    }

    fn remembered(&self) -> Vec<Debt> {
        let text = std::fs::read(self.repository.state_dir().join(MEMORY)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Only a memory: without it nobody is reminded before the next `owed`.
    fn keep(&self, mut debts: Vec<Debt>) {
        debts.sort();
        let memory = self.repository.state_dir().join(MEMORY);
        if debts.is_empty() {
            std::fs::remove_file(memory).ok();
        } else if let Ok(text) = serde_json::to_vec(&debts) {
            std::fs::write(memory, text).ok();
        }
    }
}

fn debts(record: &Record) -> impl Iterator<Item = Debt> {
    record.outstanding().map(|owed| Debt { due: owed.due, id: record.id.clone(), kind: owed.kind })
}

/// `a`, `a and b`, `a, b and c`.
fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
