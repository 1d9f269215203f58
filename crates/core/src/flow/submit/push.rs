//! The push of branch and record, and what has to be known before and remembered after it.

use hotfix_model::{Fact, MergeRequest, Step};
use serde_json::json;

use super::{Plan, facts, proposed, words};
use crate::error::Result;
use crate::failpoint;
use crate::forge::{self, Delivered, Delivery, PushPlan};
use crate::git::{Lease, Oid, Push, PushOutcome, RefName, Remote};
use crate::record::{Entry, Journal, Store};
use crate::session::{Hotfix, Project, REMOTE_HOTFIXES, REMOTE_RECORDS, remote_record};

/// Joins our record with what colleagues pushed. Gives where the remote's record is, if it may be pushed over.
pub(super) fn prepare(project: &Project, hotfix: &mut Hotfix, plan: &Plan) -> Result<Option<Oid>> {
    let journal = Journal::open(&project.repository)?;
    let cut = cut_pushes(&journal, hotfix)?;
    match carried(project, hotfix, plan, &cut)? {
        Some(ours) => Ok(Some(ours)),
        None => join_record(project, hotfix),
    }
}

/// Pushes, and makes the record ours that was pushed. Gives what the remote said.
pub(super) fn deliver(
    project: &Project,
    hotfix: &mut Hotfix,
    plan: &Plan,
    (merge_request, record_before, push_plan): (MergeRequest, Option<Oid>, PushPlan),
) -> Result<Vec<String>> {
    let ctx = project.ctx();
    let journal = Journal::open(&project.repository)?;
    let cut = cut_pushes(&journal, hotfix)?;
    let evidence = project.attest_if_missing(&hotfix.stored)?;
    let submitted = facts(plan, &merge_request);
    let next = project.store().draft(&hotfix.stored, &project.actor()?, submitted, &evidence)?;
    let record = (Store::ref_name(hotfix.id())?, next.tree.clone(), record_before);
    failpoint::reach(ctx, "submit.before");
    let detail = json!({ "commit": plan.commit.as_str(), "record": next.tree.as_str() });
    let intent = journal.intend(hotfix.id(), Step::Submit, "push", detail)?;
    let delivered = push(project, hotfix, plan, (record, push_plan))?;
    failpoint::reach(ctx, "submit.pushed");
    remember_remote(project, hotfix, plan, (&delivered, &next.tree))?;
    match &delivered.record_refused {
        None => {
            hotfix.stored = project.store().settle(&hotfix.stored, &next)?;
            project.forget_refusal();
            project.remember_debts_of(hotfix.record());
        }
        // A colleague wrote into it meanwhile.
        Some(said) if project.can_be_joined(hotfix.id(), said) => {
            project.store().settle(&hotfix.stored, &next)?;
            project.share_or_say(hotfix.id())?;
            hotfix.stored = project.store().load(hotfix.id())?;
        }
        Some(said) => {
            project.say_refused(&plan.remote.name, said);
            let draft = words::draft(project, hotfix, (plan, hotfix.record()), false)?;
            hotfix.append(project, facts(plan, &proposed(plan, &draft, false)?), &evidence)?;
        }
    }
    intent.done(json!({ "record": delivered.record_refused.is_none(), "merged": delivered.merged }));
    cut.iter().try_for_each(|entry| journal.close(entry, json!({ "made good": true })))?;
    failpoint::reach(ctx, "submit.recorded");
    if delivered.merged {
        record_merge(project, hotfix, plan)?;
        super::merged::after_push(project, hotfix, plan);
    }
    Ok(delivered.said)
}

/// Says in the record, here and on the remote, that the target holds the fix.
fn record_merge(project: &Project, hotfix: &mut Hotfix, plan: &Plan) -> Result<()> {
    let merged = Fact::Merged { commit: plan.commit.to_string() };
    hotfix.append(project, vec![(merged, None)], &Vec::new())?;
    share_record(project, hotfix, &plan.remote)
}

/// Pushes the record alone, over the one we pushed before. What mattered has happened already: a remote that does not
/// take the record now gets it with the next push.
pub fn share_record(project: &Project, hotfix: &Hotfix, remote: &Remote) -> Result<()> {
    let known = remote_record(hotfix.id())?;
    let Some(before) = project.repository.read_ref(&known)? else { return Ok(()) };
    let tree = hotfix.stored.tree.clone();
    let target = Store::ref_name(hotfix.id())?;
    let push = Push { source: Some(tree.clone()), target, lease: Lease::At(before) };
    let limit = hotfix.loaded.config.submit.timeout.duration();
    match project.repository.push(&remote.name, &[push], &[], limit) {
        Ok(report) if report.outcomes == [PushOutcome::Done] => project.repository.set_refs(&[(known, tree)]),
        _ => Ok(()),
    }
}

/// Whether a push of this hotfix never came to its end, so that the remote may know more than we do.
pub(super) fn was_cut(project: &Project, hotfix: &Hotfix) -> Result<bool> {
    let open = Journal::open(&project.repository)?.open_of(hotfix.id())?;
    Ok(open.iter().any(is_push))
}

fn is_push(entry: &Entry) -> bool {
    entry.step == Step::Submit && entry.what == "push"
}

/// Pushes of this hotfix that were cut short.
fn cut_pushes(journal: &Journal, hotfix: &Hotfix) -> Result<Vec<Entry>> {
    let mut cut = journal.unfinished(Some(hotfix.id()))?;
    cut.retain(is_push);
    Ok(cut)
}

/// A push that was cut short may have brought its record to the remote before anything here knew of it. If the remote
/// holds exactly what such a push carried, it is ours, and the next push may take its place.
fn carried(project: &Project, hotfix: &Hotfix, plan: &Plan, cut: &[Entry]) -> Result<Option<Oid>> {
    if cut.is_empty() {
        return Ok(None);
    }
    let (name, limit) = (Store::ref_name(hotfix.id())?, hotfix.loaded.config.submit.timeout.duration());
    let found = forge::find(&project.repository, &plan.remote.name, &name, limit)?;
    Ok(found.filter(|found| cut.iter().any(|entry| entry.detail["record"] == found.as_str())))
}

fn push(
    project: &Project,
    hotfix: &Hotfix,
    plan: &Plan,
    (record, push_plan): ((RefName, Oid, Option<Oid>), PushPlan),
) -> Result<Delivered> {
    let repository = &project.repository;
    let delivery = Delivery {
        remote: &plan.remote.name,
        branch: hotfix.branch()?,
        commit: plan.commit.clone(),
        pushed_before: pushed_before(project, hotfix)?,
        record,
        target: plan.target_now.clone().map(|now| (plan.target.clone(), now)),
        plan: push_plan,
        limit: hotfix.loaded.config.submit.timeout.duration(),
    };
    forge::deliver(repository, &delivery)
}

/// Where the remote's branch is, as far as we know, if it was us who put it there: a commit of somebody else that a
/// fetch brought must not be pushed over.
fn pushed_before(project: &Project, hotfix: &Hotfix) -> Result<Option<Oid>> {
    let known = project.repository.read_ref(&remote_branch(hotfix.id())?)?;
    let events = || hotfix.stored.lines.iter().filter_map(|line| line.event());
    let ours = |known: &Oid| {
        events().any(|event| match &event.fact {
            Fact::Committed { commit, .. }
            | Fact::Rebased { commit, .. }
            | Fact::Submitted { commit, .. } => commit == known.as_str(),
            _ => false,
        })
    };
    Ok(known.filter(ours))
}

/// What colleagues added to the record, as far as it was fetched, becomes part of ours before ours is pushed over
/// theirs. Gives what may be pushed over; nothing if the remote's is the record of another hotfix.
fn join_record(project: &Project, hotfix: &mut Hotfix) -> Result<Option<Oid>> {
    let Some(theirs) = project.repository.read_ref(&remote_record(hotfix.id())?)? else {
        return Ok(None);
    };
    let known = project.store().list_below(REMOTE_RECORDS)?.into_iter();
    let found = known.filter(|summary| summary.id == hotfix.id()).find_map(|summary| summary.record);
    let ours = hotfix.record();
    let same =
        found.is_some_and(|found| (found.started_at, &found.author) == (ours.started_at, &ours.author));
    if !same {
        return Ok(None);
    }
    hotfix.stored = project.store().merge(&hotfix.stored, &theirs)?;
    Ok(Some(theirs))
}

/// Remembers where the remote's refs are now: the lease of the next push.
fn remember_remote(
    project: &Project,
    hotfix: &Hotfix,
    plan: &Plan,
    (delivered, record_tree): (&Delivered, &Oid),
) -> Result<()> {
    let id = hotfix.id();
    let mut refs = vec![(remote_branch(id)?, plan.commit.clone())];
    if delivered.record_refused.is_none() {
        refs.push((remote_record(id)?, record_tree.clone()));
    }
    project.repository.set_refs(&refs)
}

/// Where we remember the remote's branch of a hotfix.
pub fn remote_branch(id: &str) -> Result<RefName> {
    Ok(RefName::new(format!("{REMOTE_HOTFIXES}{id}"))?)
}
