//! report: all emergency changes of a period. What is asked is what the records say, those of the team included.

mod buckets;
mod period;
mod view;

use std::collections::BTreeMap;

use hotfix_model::output::{DebtState, ReportLine, ReportOutput, ReportTotals};
use hotfix_model::{Gate, Owed, OwedKind, Stage};
use jiff::Timestamp;

use crate::error::Result;
use crate::git::Oid;
use crate::page;
use crate::record::Brief;
use crate::session::{Project, REMOTE_RECORDS};

pub use period::{Moment, MomentError};
pub use view::{Figure, debt, is_address, proof_tone, stage};

/// What was asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request {
    /// Only hotfixes started then or later.
    pub since: Option<Timestamp>,
    /// Only hotfixes started before.
    pub until: Option<Timestamp>,
}

/// Reads the records of the period.
pub fn of(project: &Project, request: Request) -> Result<ReportOutput> {
    let at = project.ctx().now();
    let (briefs, unreadable) = briefs(project)?;
    let started = |brief: &Brief| {
        let after = request.since.is_none_or(|since| brief.started_at >= since);
        after && request.until.is_none_or(|until| brief.started_at < until)
    };
    let mut hotfixes: Vec<ReportLine> =
        briefs.into_iter().filter(started).map(|brief| line(brief, at)).collect();
    hotfixes.sort_by(|one, other| (other.started_at, &other.id).cmp(&(one.started_at, &one.id)));
    let totals = totals(&hotfixes, at);
    Ok(ReportOutput { since: request.since, until: request.until, at, totals, hotfixes, unreadable })
}

/// The report as a page.
pub fn html(report: &ReportOutput) -> Result<String> {
    Ok(page::render("report.html", &view::of(report))?)
}

/// All records this clone knows, and the ids of those that cannot be read. One that is known twice, and differently,
/// is both together.
fn briefs(project: &Project) -> Result<(Vec<Brief>, Vec<String>)> {
    let store = project.store();
    let theirs: BTreeMap<String, Oid> = store.refs_below(REMOTE_RECORDS)?.into_iter().collect();
    let ours: BTreeMap<String, Oid> = store.refs()?.into_iter().collect();
    let only_theirs = theirs.iter().filter(|(id, _)| !ours.contains_key(*id));
    let (both, one): (Vec<_>, Vec<_>) = ours
        .iter()
        .chain(only_theirs)
        .map(|(id, tree)| (id.clone(), tree.clone()))
        .partition(|(id, tree)| theirs.get(id).is_some_and(|theirs| theirs != tree));
    let mut found = store.briefs(&one)?;
    let mut ids: Vec<String> = one.into_iter().map(|(id, _)| id).collect();
    for (id, tree) in both {
        let theirs = theirs.get(&id).unwrap_or(&tree);
        found.push(store.joined(&id, &tree, theirs)?.map(Brief::of));
        ids.push(id);
    }
    let unreadable =
        ids.into_iter().zip(&found).filter(|(_, brief)| brief.is_none()).map(|(id, _)| id).collect();
    Ok((found.into_iter().flatten().collect(), unreadable))
}

fn line(brief: Brief, now: Timestamp) -> ReportLine {
    let review = brief.owed.iter().find(|owed| owed.kind == OwedKind::Review);
    let debt = |kind| brief.owed.iter().find(|owed| owed.kind == kind).map(|owed| state(owed, now));
    let open = brief.owed.iter().filter(|owed| owed.settled.is_none());
    let mut skipped: Vec<Gate> = brief.skipped.iter().map(|skip| skip.gate).collect();
    skipped.dedup();
    let (proof, test) = (brief.proof(), brief.test());
    ReportLine {
        review: debt(OwedKind::Review),
        reviewed_by: review.and_then(|owed| owed.settled_by.as_ref()).map(ToString::to_string),
        reviewed_at: review.and_then(|owed| owed.settled),
        authorised_by: brief.authorised.map(|authorised| authorised.by.to_string()),
        postmortem: debt(OwedKind::Postmortem),
        open_debts: open.map(|owed| owed.due).collect(),
        restore_seconds: brief.merged_at.and_then(|merged| seconds(brief.started_at, merged)),
        author: brief.author.to_string(),
        proof,
        test,
        skipped,
        merge_request: brief.merge_request.and_then(|request| request.url),
        id: brief.id,
        alert: brief.alert,
        incident: brief.incident,
        severity: brief.severity,
        stage: brief.stage,
        started_at: brief.started_at,
        submitted_at: brief.submitted_at,
        merged_at: brief.merged_at,
        size: brief.size,
        base: brief.base.map(|base| base.reference),
        target: brief.target.filter(|target| !target.is_empty()),
        commit: brief.commit,
    }
}

/// Seconds from one moment to a later one. An earlier one is what another machine's clock said.
pub fn seconds(from: Timestamp, to: Timestamp) -> Option<u64> {
    u64::try_from(to.as_second() - from.as_second()).ok()
}

/// How a debt stands.
pub fn state(owed: &Owed, now: Timestamp) -> DebtState {
    match owed.settled {
        Some(settled) if settled <= owed.due => DebtState::OnTime,
        Some(_) => DebtState::Late,
        None if owed.due <= now => DebtState::Overdue,
        None => DebtState::Open,
    }
}

fn totals(hotfixes: &[ReportLine], now: Timestamp) -> ReportTotals {
    let count = |wanted: &dyn Fn(&ReportLine) -> bool| counted(hotfixes.iter().filter(|line| wanted(line)));
    let review =
        |line: &ReportLine, states: &[DebtState]| line.review.is_some_and(|state| states.contains(&state));
    let due = || hotfixes.iter().flat_map(|line| &line.open_debts);
    ReportTotals {
        hotfixes: counted(hotfixes.iter()),
        shipped: count(&ReportLine::is_shipped),
        merged: count(&|line| line.stage == Stage::Merged),
        median_restore_seconds: median(hotfixes.iter().filter_map(|line| line.restore_seconds).collect()),
        unproven: count(&|line| line.is_shipped() && !line.is_proven()),
        skipped: count(&|line| line.is_shipped() && !line.skipped.is_empty()),
        reviews_on_time: count(&|line| review(line, &[DebtState::OnTime])),
        reviews_late: count(&|line| review(line, &[DebtState::Late, DebtState::Overdue])),
        open_debts: counted(due()),
        overdue_debts: counted(due().filter(|due| **due <= now)),
    }
}

fn counted(things: impl Iterator) -> u64 {
    u64::try_from(things.count()).unwrap_or(u64::MAX)
}

/// The middle one, the lower of two.
fn median(mut values: Vec<u64>) -> Option<u64> {
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) / 2).copied()
}
