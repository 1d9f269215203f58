//! status and list: where it stands, and the next command to type. Needs no worktree; asks nobody but, where there is a merge
//! request on its way, the forge.

use hotfix_model::output::{ListOutput, OwedOutput, StatusOutput};
use hotfix_model::{MergeRequest, Record, Stage, Step};

use crate::error::Result;
use crate::flow::{self, submit};
use crate::forge::Plain;
use crate::record::Journal;
use crate::session::Project;

/// Where one hotfix stands.
pub fn of(project: &Project, id: &str) -> Result<StatusOutput> {
    let record = project.store().load(id)?.record;
    let worktree = worktree(project, &record)?;
    let interrupted = interrupted(project, &record)?;
    Ok(StatusOutput {
        next: flow::next_commands(&record, worktree.as_deref()),
        owed: OwedOutput::of(&record, project.ctx().now()),
        branch: record.branch_name().to_owned(),
        target: record.chosen_target().map(str::to_owned),
        proof: record.proof_of_fix().map(|proof| proof.verdict),
        findings: record.check_of_fix().map(|check| u64::try_from(check.findings.len()).unwrap_or(u64::MAX)),
        test: record.test_of_fix().map(|test| test.verdict),
        id: record.id,
        stage: record.stage,
        alert: record.alert,
        worktree,
        target_choices: record.target_choices,
        base: record.base,
        started_at: record.started_at,
        commit: record.commit,
        merge_request: record.merge_request,
        interrupted,
    })
}

/// Where one hotfix stands, after the forge was asked. What it says is written down; if it does not answer, or somebody
/// else is at work on the hotfix, the record is what there is, and the second part says why.
pub fn asked(project: &Project, id: &str) -> Result<(StatusOutput, Option<String>)> {
    let record = project.store().load(id)?.record;
    let on_its_way = |request: &MergeRequest| request.forge != Plain::NAME;
    let asks = record.stage == Stage::Submitted && record.merge_request.as_ref().is_some_and(on_its_way);
    if !asks {
        return Ok((of(project, id)?, None));
    }
    let said = project.hotfix(id).and_then(|mut hotfix| submit::refresh(project, &mut hotfix));
    project.ctx().go_on()?;
    Ok((of(project, id)?, said.err().map(|error| format!("{error}: {}", error.why()))))
}

/// All hotfixes of this clone, the newest first; only those that need work unless `all`.
pub fn list(project: &Project, all: bool) -> Result<Vec<ListOutput>> {
    let summaries = project.store().list()?;
    for damaged in summaries.iter().filter(|summary| summary.record.is_none()) {
        project.ctx().warn(format!("the record of {} cannot be read", damaged.id));
    }
    let records = summaries.into_iter().filter_map(|summary| summary.record);
    let mut records: Vec<Record> = records.filter(|record| all || record.needs_work()).collect();
    records.sort_by_key(|record| std::cmp::Reverse(record.started_at));
    records.iter().map(|record| line(project, record)).collect()
}

fn line(project: &Project, record: &Record) -> Result<ListOutput> {
    Ok(ListOutput {
        id: record.id.clone(),
        stage: record.stage,
        alert: record.alert.clone(),
        author: record.author.name.clone(),
        started_at: record.started_at,
        worktree: worktree(project, record)?,
        owed: u64::try_from(record.outstanding().count()).unwrap_or(u64::MAX),
    })
}

/// The slot, if the record says one is in use and it is still there.
fn worktree(project: &Project, record: &Record) -> Result<Option<String>> {
    if !record.slot_in_use {
        return Ok(None);
    }
    let path = project.slot_path(&record.id)?;
    Ok(path.map(|path| path.to_string_lossy().into_owned()))
}

/// A step that was begun and is still to be done. One that failed and was then run again is past.
fn interrupted(project: &Project, record: &Record) -> Result<Option<Step>> {
    let unfinished = Journal::open(&project.repository)?.unfinished(Some(&record.id))?;
    Ok(unfinished.last().map(|entry| entry.step).filter(|step| !is_past(record, *step)))
}

fn is_past(record: &Record, step: Step) -> bool {
    match step {
        Step::Commit => record.stage != Stage::Started,
        Step::Submit => !matches!(record.stage, Stage::Started | Stage::Committed),
        Step::Cleanup => !record.slot_in_use,
        _ => false,
    }
}
