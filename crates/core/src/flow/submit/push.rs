//! The two pushes, and what has to be known before and remembered after them: the branch, as the user would push it; then
//! the record, which neither delays nor fails the delivery.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use hotfix_model::{Fact, MergeRequest, Stage, Step};
use serde_json::json;

use super::{Plan, facts, words};
use crate::error::Result;
use crate::failpoint;
use crate::forge::{self, Delivered, Delivery, PushPlan};
use crate::git::{GitError, Oid, PushOutcome, RefName};
use crate::record::{Entry, Journal};
use crate::session::{Hotfix, Project, REMOTE_HOTFIXES, REMOTE_RECORDS, SessionError, remote_record};

/// How long the push of the record may take: nobody waits for more than the fix needs.
const RECORD_LIMIT: Duration = Duration::from_secs(20);
/// How long the text of the merge request waits for the word whether this remote takes records, if it never had one.
const RECORD_PATIENCE: Duration = Duration::from_secs(2);

/// Pushes the branch, and writes down that it is on the remote. Gives what the remote said.
pub(super) fn deliver(
    project: &Project,
    hotfix: &mut Hotfix,
    plan: &Plan,
    merge_request: &MergeRequest,
    push_plan: PushPlan,
) -> Result<Vec<String>> {
    let ctx = project.ctx();
    let journal = Journal::open(&project.repository)?;
    let cut = cut_pushes(&journal, hotfix)?;
    failpoint::reach(ctx, "submit.before");
    let intent =
        journal.intend(hotfix.id(), Step::Submit, "push", json!({ "commit": plan.commit.as_str() }))?;
    let delivered = push(project, hotfix, plan, push_plan)?;
    failpoint::reach(ctx, "submit.pushed");
    if !plan.goes_to_fork() {
        project.repository.set_refs(&[(remote_branch(hotfix.id())?, plan.commit.clone())])?;
    }
    let evidence = project.attest_if_missing(&hotfix.stored)?;
    let mut facts = facts(plan, merge_request);
    if delivered.merged {
        facts.push((Fact::Merged { commit: plan.commit.to_string() }, None));
    }
    hotfix.append(project, facts, &evidence)?;
    intent.done(json!({ "merged": delivered.merged }));
    cut.iter().try_for_each(|entry| journal.close(entry, json!({ "made good": true })))?;
    failpoint::reach(ctx, "submit.recorded");
    if delivered.merged {
        super::merged::after_push(project, hotfix, plan);
    }
    Ok(delivered.said)
}

/// A push of the record under way, in a thread of its own.
pub(super) struct RecordPush {
    outcome: Receiver<Result<PushOutcome>>,
    known: Option<Result<PushOutcome>>,
}

/// The other end of a [`RecordPush`]: what the thread does.
pub(super) struct RecordPushing<'a> {
    project: &'a Project,
    id: String,
    tree: Oid,
    over: Option<Oid>,
    sender: Sender<Result<PushOutcome>>,
}

impl RecordPush {
    /// The push of the record as it is now, over what the remote has of it, and the thread's part in that.
    pub(super) fn new<'a>(
        project: &'a Project,
        hotfix: &Hotfix,
        over: Option<Oid>,
    ) -> (Self, RecordPushing<'a>) {
        let (sender, outcome) = channel();
        let (id, tree) = (hotfix.id().to_owned(), hotfix.stored.tree.clone());
        (Self { outcome, known: None }, RecordPushing { project, id, tree, over, sender })
    }

    /// Whether the remote takes the record, as far as is known when the text of the merge request has to be made: this
    /// clone remembers it, or the remote says so soon.
    pub(super) fn is_taken_soon(&mut self, project: &Project) -> bool {
        if project.refuses_records() {
            return false;
        }
        let refs = project.store().refs_below(REMOTE_RECORDS);
        if refs.is_ok_and(|known| !known.is_empty()) {
            return true;
        }
        match self.outcome.recv_timeout(RECORD_PATIENCE) {
            Ok(outcome) => {
                let taken = matches!(outcome, Ok(PushOutcome::Done));
                self.known = Some(outcome);
                taken
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => true,
        }
    }

    /// Waits for the end of the push, and says what became of the record. Whatever that is, the fix is delivered.
    pub(super) fn finish(self, project: &Project, hotfix: &mut Hotfix, plan: &Plan) -> Result<()> {
        let outcome = match self.known {
            Some(known) => Some(known),
            None => self.outcome.recv().ok(),
        };
        let taken = match outcome {
            Some(Ok(PushOutcome::Done)) => true,
            // A colleague wrote into it meanwhile.
            Some(Ok(PushOutcome::Rejected(said))) if project.can_be_joined(hotfix.id(), &said) => {
                project.share_or_say(hotfix.id())?;
                hotfix.stored = project.store().load(hotfix.id())?;
                true
            }
            Some(Ok(PushOutcome::Rejected(said))) => {
                project.say_refused(&plan.remote.name, &said);
                false
            }
            // The remote has just taken the fix: where it fails at the record, as `GitBucket` does at a ref that holds no
            // commit, that is as good as a refusal.
            Some(Err(error)) if matches!(error.downcast_ref(), Some(GitError::NotPushed { .. })) => {
                project.say_refused(&plan.remote.name, &error.why());
                false
            }
            Some(Err(error)) => {
                project.ctx().go_on()?;
                let why = format!("{error}: {}", error.why());
                project.ctx().warn(format!("the record stays in this clone until the remote answers: {why}"));
                false
            }
            None => false,
        };
        match &hotfix.record().merge_request {
            Some(request) if request.record_pushed != taken => correct(project, hotfix, plan, taken),
            _ => Ok(()),
        }
    }
}

impl RecordPushing<'_> {
    /// Pushes.
    pub(super) fn run(self) {
        let outcome = self.project.push_record(&self.id, self.tree, self.over, RECORD_LIMIT);
        // Whoever wanted to know may be gone.
        self.sender.send(outcome).ok();
    }
}

/// Says in the record what became of it.
fn correct(project: &Project, hotfix: &mut Hotfix, plan: &Plan, taken: bool) -> Result<()> {
    let record = hotfix.record().clone();
    let Some(known) = record.merge_request.clone() else { return Ok(()) };
    let draft = words::draft(project, hotfix, (plan, &record), taken)?;
    let merge_request = MergeRequest { record_pushed: taken, description: draft.description, ..known };
    hotfix.append(project, facts(plan, &merge_request), &Vec::new())
}

/// Pushes the record alone, over the one we pushed before. What mattered has happened already: a remote that does not
/// take the record now gets it with the next push.
pub fn share_record(project: &Project, hotfix: &Hotfix) -> Result<()> {
    if let Some(before) = project.repository.read_ref(&remote_record(hotfix.id())?)? {
        project.push_record(hotfix.id(), hotfix.stored.tree.clone(), Some(before), RECORD_LIMIT).ok();
    }
    Ok(())
}

/// Pushes the record of a fix that was delivered, if the remote never had it: the command that pushed the branch may have
/// been killed before it pushed the record.
pub fn share_missing_record(project: &Project, hotfix: &mut Hotfix) -> Result<()> {
    let is_delivered = matches!(hotfix.record().stage, Stage::Submitted | Stage::Merged);
    let is_known = project.repository.read_ref(&remote_record(hotfix.id())?)?.is_some();
    if !is_delivered || is_known || project.refuses_records() {
        return Ok(());
    }
    project.share_or_say(hotfix.id())?;
    hotfix.stored = project.store().load(hotfix.id())?;
    Ok(())
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

fn push(project: &Project, hotfix: &Hotfix, plan: &Plan, push_plan: PushPlan) -> Result<Delivered> {
    let held = project.pool(&hotfix.loaded).held(hotfix.id())?;
    if held.is_none() && !was_submitted(hotfix, &plan.commit) {
        return Err(SessionError::NoSlot { id: hotfix.id().to_owned() }.into());
    }
    let delivery = Delivery {
        remote: &plan.push_remote.name,
        slot: held.as_ref().map(|held| &held.worktree),
        branch: hotfix.branch()?,
        commit: plan.commit.clone(),
        pushed_before: pushed_before(project, hotfix, plan)?,
        target: plan.target_now.clone().map(|now| (plan.target.clone(), now)),
        plan: push_plan,
        limit: hotfix.loaded.config.submit.timeout.duration(),
    };
    forge::deliver(&project.repository, &delivery)
}

/// Whether this very commit was pushed before, past the user's hook.
fn was_submitted(hotfix: &Hotfix, commit: &Oid) -> bool {
    let mut events = hotfix.stored.lines.iter().filter_map(|line| line.event());
    events.any(
        |event| matches!(&event.fact, Fact::Submitted { commit: pushed, .. } if pushed == commit.as_str()),
    )
}

/// Where the remote's branch is, as far as we know, if it was us who put it there: a commit of somebody else that a
/// fetch brought must not be pushed over.
fn pushed_before(project: &Project, hotfix: &Hotfix, plan: &Plan) -> Result<Option<Oid>> {
    let name = match plan.goes_to_fork() {
        // We fetch from no fork, but Git notes what was pushed there.
        true => {
            RefName::new(format!("refs/remotes/{}/{}", plan.push_remote.name, hotfix.record().branch_name()))?
        }
        false => remote_branch(hotfix.id())?,
    };
    let known = project.repository.read_ref(&name)?;
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
pub(super) fn join_record(project: &Project, hotfix: &mut Hotfix) -> Result<Option<Oid>> {
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

/// Where we remember the remote's branch of a hotfix.
pub fn remote_branch(id: &str) -> Result<RefName> {
    Ok(RefName::new(format!("{REMOTE_HOTFIXES}{id}"))?)
}
