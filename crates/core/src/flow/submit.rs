//! submit: the branch is pushed as you would push it, then the record, and the merge request is made, or on a plain Git
//! remote the text to send.

pub mod ahead;
mod landing;
mod merged;
mod push;
mod target;
mod words;

use std::sync::Arc;
use std::thread;

use hotfix_model::config::MergeMode;
use hotfix_model::output::{OwedOutput, SubmitOutput};
use hotfix_model::{Fact, MergeRequest, MergeRequestState, Record, Stage, Step};

use super::PlanLines;
use crate::error::{FileError, Result};
use crate::event::Tone;
use crate::failpoint;
use crate::forge::{Draft, Forge, ForgeError, Plain, Whereabouts};
use crate::git::{Change, Oid, RefName, Remote};
use crate::session::{Happened, Hotfix, Project, SessionError};
use crate::session::{has_published_submodules, push_submodules};
use crate::slot::Held;
use ahead::Ahead;

pub use landing::{is_lost, look, refresh, wait};
pub use push::{remote_branch, share_missing_record, share_record};
pub use target::{choose_target, target_of};
pub use words::state_word;

/// What was asked for.
#[derive(Default)]
pub struct Request {
    /// Why the forge's own rules are to be bypassed, if they are.
    pub break_glass: Option<String>,
    /// The branch to merge into, if another one or none was chosen before.
    pub target: Option<String>,
    /// What was looked at while the tests ran.
    pub ahead: Option<Ahead>,
}

/// What submit is going to do.
pub struct Plan {
    remote: Remote,
    /// Where the branch is pushed.
    push_remote: Remote,
    forge: Arc<dyn Forge>,
    commit: Oid,
    target: RefName,
    target_name: String,
    /// For a direct merge without a forge: where the target must be.
    target_now: Option<Oid>,
    break_glass: Option<String>,
}

/// Looks; changes nothing.
pub fn plan(project: &Project, hotfix: &Hotfix, request: Request) -> Result<Plan> {
    let config = &hotfix.loaded.config;
    let record = hotfix.record();
    let remote = project.remote.clone().ok_or_else(|| project.no_remote())?;
    let commit = super::commit::of(hotfix)?;
    super::commit::pass_gates(project, hotfix)?;
    with_submodules(project, hotfix, &commit, |held, changes| {
        has_published_submodules(&project.repository, held, changes)
    })?;
    let target_name = match &request.target {
        Some(name) => target::checked(project, hotfix, name)?,
        None => target_of(hotfix)?.to_owned(),
    };
    let target = RefName::branch(&target_name)?;
    let mut forge = ahead::forge(project, &remote, (&config.submit, request.ahead))?;
    let push_remote = branch_remote(project, hotfix).unwrap_or(&remote).clone();
    if push_remote.name != remote.name {
        if forge.name() != Plain::NAME {
            let from = format!("from {} into {}", push_remote.name, remote.name);
            project
                .ctx()
                .warn(format!("remote.pushDefault names a fork: the merge request {from} is yours to open"));
        }
        forge = Arc::new(Plain::new(&project.repository, &push_remote));
    }
    // A forge merges by itself, where its rules and its pages are.
    let pushes_target = config.submit.merge == MergeMode::Direct && !forge.capabilities().merge_requests;
    let target_now = match pushes_target {
        true => project.newest_known(&remote.name, &target_name)?,
        false => None,
    };
    if let Some(now) = &target_now
        && !project.repository.is_ancestor(now, &commit)?
    {
        if !project.is_same_line(&record.base, &target_name, now)? {
            let base = record.base.reference.clone();
            return Err(SessionError::OtherLine { target: target_name, base }.into());
        }
        return Err(ForgeError::TargetMoved { target: target_name }.into());
    }
    if request.break_glass.is_some() && !forge.capabilities().break_glass {
        return Err(forge.unable("bypass its rules"));
    }
    Ok(Plan {
        remote,
        push_remote,
        forge,
        commit,
        target,
        target_name,
        target_now,
        break_glass: request.break_glass,
    })
}

/// The remote that the branch is pushed to. A direct merge is a push to the target, which is not on a fork.
pub fn branch_remote<'a>(project: &'a Project, hotfix: &Hotfix) -> Option<&'a Remote> {
    match hotfix.loaded.config.submit.merge {
        MergeMode::Direct => project.remote.as_ref(),
        _ => project.push_remote.as_ref(),
    }
}

/// Asks something of the submodules that a commit of the fix names, in the slot, which has their repositories. Without a
/// slot, nobody can tell.
fn with_submodules(
    project: &Project,
    hotfix: &Hotfix,
    commit: &Oid,
    ask: impl FnOnce(&Held, &[Change]) -> Result<()>,
) -> Result<()> {
    let Ok(Some(held)) = project.pool(&hotfix.loaded).held(hotfix.id()) else { return Ok(()) };
    if project.repository.submodules(&held.worktree)?.is_empty() {
        return Ok(());
    }
    ask(&held, &project.repository.changes(&hotfix.base()?, commit)?)
}

impl Plan {
    /// Whether the branch is pushed to another remote than the record.
    fn goes_to_fork(&self) -> bool {
        self.push_remote.name != self.remote.name
    }

    /// What is going to be done.
    pub fn lines(&self) -> PlanLines {
        let mut lines = match self.goes_to_fork() {
            false => vec![format!("push {} and the record to {}", self.commit.short(), self.remote.name)],
            true => vec![
                format!("push {} to {}", self.commit.short(), self.push_remote.name),
                format!("push the record to {}", self.remote.name),
            ],
        };
        match &self.target_now {
            Some(now) => lines.push(format!("fast-forward {} from {}", self.target, now.short())),
            None => lines.push(format!("merge request into {} ({})", self.target_name, self.forge.name())),
        }
        lines
    }
}

/// Submits, and writes it into the record. The branch comes first; once it is there the record says so, and is pushed
/// beside the making of the merge request.
pub fn apply(project: &Project, hotfix: &mut Hotfix, plan: &Plan) -> Result<SubmitOutput> {
    let ctx = project.ctx();
    ctx.began(Step::Submit, format!("pushing to {}", plan.push_remote.name));
    target::record_target(project, hotfix, &plan.target_name)?;
    if let Some(reason) = &plan.break_glass {
        let broke = Fact::BrokeGlass { reason: reason.clone() };
        hotfix.append(project, vec![(broke, None)], &Vec::new())?;
    }
    if is_merged_already(project, hotfix, plan)? {
        return Ok(finished(project, hotfix, plan));
    }
    let limit = hotfix.loaded.config.submit.timeout.duration();
    with_submodules(project, hotfix, &plan.commit, |held, changes| {
        push_submodules(&project.repository, held, changes, limit)
    })?;
    let record_before = push::join_record(project, hotfix)?;
    let record = hotfix.record().clone();
    let expected = !project.refuses_records();
    let draft = words::draft(project, hotfix, (plan, &record), expected)?;
    let merge_request = proposed(plan, &draft, expected)?;
    let said = push::deliver(project, hotfix, plan, &merge_request, plan.forge.push_plan(&draft))?;
    let (mut record_push, pushing) = push::RecordPush::new(project, hotfix, record_before);
    let proposed = thread::scope(|scope| {
        scope.spawn(|| pushing.run());
        let taken = record_push.is_taken_soon(project);
        let draft = match taken == expected {
            true => draft,
            false => words::draft(project, hotfix, (plan, &record), taken)?,
        };
        if hotfix.record().stage != Stage::Merged {
            propose(project, hotfix, plan, (&draft, &said))?;
        }
        write_text(project, hotfix, &draft)
    });
    record_push.finish(project, hotfix, plan)?;
    proposed?;
    tell(project, hotfix.record());
    Ok(finished(project, hotfix, plan))
}

/// What is merged by now is not pushed again: the merge took the branch away, and a forge that makes merge requests of
/// pushes would make a second one. Asked only where something was under way before.
fn is_merged_already(project: &Project, hotfix: &mut Hotfix, plan: &Plan) -> Result<bool> {
    let record = hotfix.record().clone();
    let may_be = record.merge_request.is_some() || push::was_cut(project, hotfix)?;
    if !may_be || !plan.forge.capabilities().merge_requests {
        return Ok(false);
    }
    let (branch, target) = (record.branch_name(), record.target.as_str());
    let landing = match plan.forge.look(&Whereabouts { number: None, branch, target, commit: &plan.commit }) {
        Ok(landing) if landing.state == MergeRequestState::Merged => landing,
        // Whoever cannot say so now says so in the answer to the push.
        _ => return Ok(false),
    };
    if landing.head.as_deref() != Some(plan.commit.as_str()) {
        return Ok(false);
    }
    if record.merge_request.is_none() {
        hotfix.append(project, facts(plan, &blank(plan)), &Vec::new())?;
    }
    landing::follow(project, hotfix, (&*plan.forge, &landing))?;
    Ok(true)
}

fn finished(project: &Project, hotfix: &Hotfix, plan: &Plan) -> SubmitOutput {
    let merge_request = hotfix.record().merge_request.clone().unwrap_or_else(|| blank(plan));
    let line = words::outcome_line(plan, &merge_request, hotfix);
    project.ctx().ended(Step::Submit, tone(&merge_request), line);
    output(project, hotfix, plan, merge_request)
}

/// What is merged by now was told when that was noticed.
fn tell(project: &Project, record: &Record) {
    match record.merge_request.as_ref().map(|request| request.state) {
        _ if record.stage == Stage::Merged => {}
        Some(MergeRequestState::Blocked) => project.tell(record, Happened::Blocked),
        _ => project.tell(record, Happened::Submitted),
    }
}

/// The merge request. What the forge does is looked for before it is done, so a cut anywhere is made good by the next
/// run.
fn propose(
    project: &Project,
    hotfix: &mut Hotfix,
    plan: &Plan,
    (draft, said): (&Draft<'_>, &[String]),
) -> Result<()> {
    let ctx = project.ctx();
    if plan.forge.name() != Plain::NAME {
        ctx.now_doing(Step::Submit, "opening the merge request");
    }
    let landing = plan.forge.propose(draft, said)?;
    failpoint::reach(ctx, "submit.proposed");
    landing::follow(project, hotfix, (&*plan.forge, &landing))?;
    if let Some(next) = &landing.next {
        ctx.say(Tone::Plain, format!("next: {next}"));
    }
    failpoint::reach(ctx, "submit.followed");
    Ok(())
}

fn tone(merge_request: &MergeRequest) -> Tone {
    match merge_request.state {
        MergeRequestState::Blocked | MergeRequestState::Closed => Tone::Warning,
        _ => Tone::Good,
    }
}

/// Puts the text where it can be copied from.
fn write_text(project: &Project, hotfix: &Hotfix, draft: &Draft<'_>) -> Result<()> {
    let path = project.run_dir(hotfix.id())?.join("merge-request.md");
    let text = format!("# {}\n\n{}", draft.title, draft.description);
    std::fs::write(&path, text).map_err(FileError::of("write", &path))?;
    if hotfix.record().merge_request.as_ref().is_none_or(|request| request.number.is_none()) {
        project.ctx().say(Tone::Plain, format!("the text of the merge request is in {}", path.display()));
    }
    Ok(())
}

/// The merge request that is asked for.
fn proposed(plan: &Plan, draft: &Draft<'_>, record_pushed: bool) -> Result<MergeRequest> {
    Ok(MergeRequest {
        labels: draft.labels.clone(),
        title: draft.title.clone(),
        description: draft.description.clone(),
        request_pull: plan.forge.request_pull(draft)?,
        record_pushed,
        ..blank(plan)
    })
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

fn output(project: &Project, hotfix: &Hotfix, plan: &Plan, merge_request: MergeRequest) -> SubmitOutput {
    let record = hotfix.record();
    SubmitOutput {
        id: record.id.clone(),
        state: merge_request.state,
        commit: plan.commit.to_string(),
        branch: record.branch_name().to_owned(),
        target: record.chosen_target().map(str::to_owned),
        merge_request,
        owed: OwedOutput::of(record, project.ctx().now()),
        next: vec!["git hotfix cleanup".to_owned()],
    }
}
