//! submit: one push for branch and record, and the merge request, or on a plain Git remote the text to send.

mod landing;
mod push;

use hotfix_model::config::MergeMode;
use hotfix_model::output::{OwedOutput, SubmitOutput};
use hotfix_model::{Fact, MergeRequest, MergeRequestState, Record, Stage, Step};

use super::PlanLines;
use crate::error::{FileError, Result};
use crate::event::Tone;
use crate::failpoint;
use crate::forge::detect::Configured;
use crate::forge::{self, Asking, Draft, Forge, ForgeError};
use crate::git::{Oid, RefName, Remote};
use crate::message::{self, RequestText};
use crate::session::{Blocked, Gates, Happened, Hotfix, Project, SessionError, Skips};

pub use landing::wait;
pub use push::{remote_branch, share_record};

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
    let configured = Configured { forge: &config.submit.forge, api: &config.submit.api };
    let forge = forge::adapter(&project.repository, &remote, configured, Asking::Server)?;
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
    let record_before = push::prepare(project, hotfix, plan)?;
    let (title, description) = text(project, hotfix, plan)?;
    let (record, config) = (hotfix.record().clone(), hotfix.loaded.config.submit.clone());
    let draft = Draft {
        record: &record,
        commit: &plan.commit,
        title,
        description,
        labels: config.labels,
        reviewers: config.reviewers,
        is_draft: config.draft,
        merge: config.merge,
        break_glass: None,
    };
    let merge_request = MergeRequest {
        labels: draft.labels.clone(),
        title: draft.title.clone(),
        description: draft.description.clone(),
        request_pull: plan.forge.request_pull(&draft)?,
        record_pushed: true,
        ..blank(plan)
    };
    let said =
        push::deliver(project, hotfix, plan, (merge_request, record_before, plan.forge.push_plan(&draft)))?;
    if hotfix.record().stage != Stage::Merged {
        let landing = plan.forge.propose(&draft, &said)?;
        landing::follow(project, hotfix, &landing)?;
        failpoint::reach(ctx, "submit.proposed");
    }
    write_text(project, hotfix, &draft)?;
    tell(project, hotfix.record());
    let merge_request = hotfix.record().merge_request.clone().unwrap_or_else(|| blank(plan));
    ctx.ended(Step::Submit, Tone::Good, outcome_line(plan, &merge_request, hotfix));
    Ok(output(project, hotfix, plan, merge_request))
}

/// What is merged by now was told when that was noticed.
fn tell(project: &Project, record: &Record) {
    match record.merge_request.as_ref().map(|request| request.state) {
        _ if record.stage == Stage::Merged => {}
        Some(MergeRequestState::Blocked) => project.tell(record, Happened::Blocked),
        _ => project.tell(record, Happened::Submitted),
    }
}

/// Puts the text where it can be copied from.
fn write_text(project: &Project, hotfix: &Hotfix, draft: &Draft<'_>) -> Result<()> {
    let path = project.run_dir(hotfix.id())?.join("merge-request.md");
    let text = format!("# {}\n\n{}", draft.title, draft.description);
    std::fs::write(&path, text).map_err(FileError::of("write", &path))?;
    project.ctx().say(Tone::Plain, format!("the text of the merge request is in {}", path.display()));
    Ok(())
}

/// Title and description, with the debts as they will be once this has happened.
fn text(project: &Project, hotfix: &Hotfix, plan: &Plan) -> Result<(String, String)> {
    let actor = project.actor()?;
    let record = project.store().preview(&hotfix.stored, &actor, facts(plan, &blank(plan)))?;
    Ok(message::merge_request_text(&RequestText::of(&record)))
}

/// A merge request of which nothing is known yet.
fn blank(plan: &Plan) -> MergeRequest {
    MergeRequest {
        state: MergeRequestState::Pushed,
        forge: plan.forge.name().to_owned(),
        url: None,
        number: None,
        labels: Vec::new(),
        auto_merge: false,
        why: None,
        who: None,
        title: String::new(),
        description: String::new(),
        request_pull: None,
        record_pushed: false,
    }
}

/// What the pushed record says. Not yet that the fix is in the target: each ref stands or falls alone.
fn facts(plan: &Plan, merge_request: &MergeRequest) -> Vec<(Fact, Option<u64>)> {
    let submitted = Fact::Submitted { commit: plan.commit.to_string(), merge_request: merge_request.clone() };
    vec![(submitted, None)]
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
