//! submit: one push for branch and record, and the merge request, or on a plain Git remote the text to send.

use hotfix_model::config::MergeMode;
use hotfix_model::output::{OwedOutput, SubmitOutput};
use hotfix_model::{Actor, Fact, MergeRequest, MergeRequestState, Stage, Step};
use serde_json::json;

use super::PlanLines;
use crate::error::{FileError, Result};
use crate::event::Tone;
use crate::failpoint;
use crate::forge::{self, Delivered, Delivery, Draft, Forge, ForgeError};
use crate::git::{Lease, Oid, Push, PushOutcome, RefName, Remote};
use crate::message::{self, RequestText};
use crate::record::{Entry, Journal, Store};
use crate::session::{
    Blocked, Gates, Hotfix, Project, REMOTE_HOTFIXES, REMOTE_RECORDS, SessionError, Skips, TargetBranch,
};

/// What submit is going to do.
pub struct Plan {
    remote: Remote,
    forge: Box<dyn Forge>,
    commit: Oid,
    target: RefName,
    /// For a direct merge: where the target must be.
    target_now: Option<Oid>,
}

/// Looks; changes nothing.
pub fn plan(project: &Project, hotfix: &Hotfix) -> Result<Plan> {
    let config = &hotfix.loaded.config;
    let record = hotfix.record();
    let remote = project.remote.clone().ok_or(SessionError::NoRemote)?;
    let commit = super::commit::of(hotfix)?;
    tested(hotfix)?;
    let target = RefName::branch(&record.target)?;
    let target_now = match config.submit.merge {
        MergeMode::Direct => project.newest_known(&remote.name, &record.target)?,
        MergeMode::Auto | MergeMode::Manual => None,
    };
    if let Some(now) = &target_now
        && !project.repository.is_ancestor(now, &commit)?
    {
        return Err(ForgeError::TargetMoved { target: record.target.clone() }.into());
    }
    let forge = forge::adapter(&config.submit.forge)?;
    Ok(Plan { remote, forge, commit, target, target_now })
}

/// Whether the critical tests passed on what is committed, or were skipped. They count no more once the fix was moved
/// onto a newer target.
pub fn tested(hotfix: &Hotfix) -> Result<(), Blocked> {
    let record = hotfix.record();
    let skipped = record.skipped.iter().map(|skip| (skip.gate, skip.reason.clone()));
    let skips = Skips(skipped.collect());
    Gates { config: &hotfix.loaded.config, skips: &skips }.tested(record)
}

impl Plan {
    /// What is going to be done.
    pub fn lines(&self) -> PlanLines {
        let mut lines = vec![format!("push {} and the record to {}", self.commit.short(), self.remote.name)];
        match &self.target_now {
            Some(now) => lines.push(format!("fast-forward {} from {}", self.target, now.short())),
            None => lines.push(format!("merge request ({})", self.forge.name())),
        }
        lines
    }
}

/// Submits, and writes it into the record. The record that is pushed says "submitted", and becomes ours only once
/// the push has succeeded.
pub fn apply(project: &Project, hotfix: &mut Hotfix, plan: &Plan) -> Result<SubmitOutput> {
    let ctx = project.ctx();
    ctx.began(Step::Submit, format!("pushing to {}", plan.remote.name));
    let actor = project.actor()?;
    let journal = Journal::open(&project.repository)?;
    let cut = cut_pushes(&journal, hotfix)?;
    let record_before = match carried(project, hotfix, plan, &cut)? {
        Some(ours) => Some(ours),
        None => join_record(project, hotfix)?,
    };
    let (title, description) = text(project, hotfix, plan, &actor)?;
    let draft = Draft {
        record: hotfix.record(),
        commit: &plan.commit,
        title,
        description,
        labels: hotfix.loaded.config.submit.labels.clone(),
        merge: hotfix.loaded.config.submit.merge,
    };
    let options = plan.forge.push_options(&draft);
    let mut merge_request = plan.forge.propose(&project.repository, &plan.remote, &draft)?;
    merge_request.record_pushed = true;
    let facts = facts(plan, &merge_request);
    let next = project.store().draft(&hotfix.stored, &actor, facts)?;
    let record = (Store::ref_name(hotfix.id())?, next.tree.clone(), record_before);
    failpoint::reach(ctx, "submit.before");
    let detail = json!({ "commit": plan.commit.as_str(), "record": next.tree.as_str() });
    let intent = journal.intend(hotfix.id(), Step::Submit, "push", detail)?;
    let delivered = push(project, hotfix, plan, (record, options))?;
    failpoint::reach(ctx, "submit.pushed");
    remember_remote(project, hotfix, plan, (&delivered, &next.tree))?;
    match &delivered.record_refused {
        None => hotfix.stored = project.store().settle(&hotfix.stored, &next)?,
        Some(said) => {
            ctx.warn(format!(
                "{} does not take the record ({said}); it stays in this clone",
                plan.remote.name
            ));
            merge_request.record_pushed = false;
            hotfix.append(project, self::facts(plan, &merge_request), &Vec::new())?;
        }
    }
    intent.done(json!({ "record": delivered.record_refused.is_none(), "merged": delivered.merged }));
    cut.iter().try_for_each(|entry| journal.close(entry, json!({ "made good": true })))?;
    failpoint::reach(ctx, "submit.recorded");
    if delivered.merged {
        merge_request.state = MergeRequestState::Merged;
        record_merge(project, hotfix, plan)?;
    }
    write_text(project, hotfix, &merge_request)?;
    ctx.ended(Step::Submit, Tone::Good, outcome_line(plan, &merge_request, hotfix));
    Ok(output(project, hotfix, plan, merge_request))
}

/// Puts the text where it can be copied from.
fn write_text(project: &Project, hotfix: &Hotfix, merge_request: &MergeRequest) -> Result<()> {
    let path = project.run_dir(hotfix.id())?.join("merge-request.md");
    let text = format!("# {}\n\n{}", merge_request.title, merge_request.description);
    std::fs::write(&path, text).map_err(FileError::of("write", &path))?;
    project.ctx().say(Tone::Plain, format!("the text of the merge request is in {}", path.display()));
    Ok(())
}

/// Stays until the target holds the fix, or the user stops it.
pub fn wait(project: &Project, hotfix: &mut Hotfix) -> Result<MergeRequestState> {
    let ctx = project.ctx();
    let target = TargetBranch(hotfix.record().target.clone());
    let commit = super::commit::of(hotfix)?;
    ctx.began(Step::FollowUp, format!("waiting until {} holds the fix", target.0));
    while hotfix.record().stage != Stage::Merged {
        let newest = project.fetcher(&target)?.fetch(hotfix.loaded.config.submit.timeout.duration())?;
        if project.repository.is_ancestor(&commit, &newest)? {
            hotfix.append(project, vec![(Fact::Merged { commit: newest.to_string() }, None)], &Vec::new())?;
        } else {
            pause(project)?;
        }
    }
    ctx.ended(Step::FollowUp, Tone::Good, format!("{} holds the fix", target.0));
    Ok(MergeRequestState::Merged)
}

/// Lets some time pass, watching for the user's wish to stop.
fn pause(project: &Project) -> Result<()> {
    for _ in 0..50 {
        project.ctx().go_on()?;
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    Ok(())
}

/// Title and description, with the debts as they will be once this has happened.
fn text(project: &Project, hotfix: &Hotfix, plan: &Plan, actor: &Actor) -> Result<(String, String)> {
    let blank = MergeRequest {
        state: MergeRequestState::Pushed,
        forge: plan.forge.name().to_owned(),
        url: None,
        number: None,
        labels: Vec::new(),
        auto_merge: false,
        title: String::new(),
        description: String::new(),
        request_pull: None,
        record_pushed: false,
    };
    let record = project.store().preview(&hotfix.stored, actor, facts(plan, &blank))?;
    Ok(message::merge_request_text(&RequestText::of(&record)))
}

/// What the pushed record says. Not yet that the fix is in the target: each ref stands or falls alone.
fn facts(plan: &Plan, merge_request: &MergeRequest) -> Vec<(Fact, Option<u64>)> {
    let submitted = Fact::Submitted { commit: plan.commit.to_string(), merge_request: merge_request.clone() };
    vec![(submitted, None)]
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
        Ok(outcomes) if outcomes == [PushOutcome::Done] => project.repository.set_refs(&[(known, tree)]),
        _ => Ok(()),
    }
}

/// Pushes of this hotfix that were cut short.
fn cut_pushes(journal: &Journal, hotfix: &Hotfix) -> Result<Vec<Entry>> {
    let mut cut = journal.unfinished(Some(hotfix.id()))?;
    cut.retain(|entry| entry.step == Step::Submit && entry.what == "push");
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
    (record, options): ((RefName, Oid, Option<Oid>), Vec<String>),
) -> Result<Delivered> {
    let repository = &project.repository;
    let delivery = Delivery {
        remote: &plan.remote.name,
        branch: hotfix.branch()?,
        commit: plan.commit.clone(),
        pushed_before: pushed_before(project, hotfix)?,
        record,
        target: plan.target_now.clone().map(|now| (plan.target.clone(), now)),
        options,
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

/// Where we remember the remote's record of a hotfix.
pub fn remote_record(id: &str) -> Result<RefName> {
    Ok(RefName::new(format!("{REMOTE_RECORDS}{id}"))?)
}

fn outcome_line(plan: &Plan, merge_request: &MergeRequest, hotfix: &Hotfix) -> String {
    let branch = hotfix.record().branch_name();
    match (&merge_request.url, merge_request.state) {
        (_, MergeRequestState::Merged) => format!("{} now holds the fix", hotfix.record().target),
        (Some(url), _) => url.clone(),
        (None, _) => {
            format!("{branch} is on {}; the merge request text is ready", plan.remote.name)
        }
    }
}

fn output(project: &Project, hotfix: &Hotfix, plan: &Plan, merge_request: MergeRequest) -> SubmitOutput {
    let record = hotfix.record();
    SubmitOutput {
        id: record.id.clone(),
        state: merge_request.state,
        commit: plan.commit.to_string(),
        branch: record.branch_name().to_owned(),
        merge_request,
        owed: OwedOutput::of(record, project.ctx().now()),
        next: vec!["git hotfix cleanup".to_owned()],
    }
}
