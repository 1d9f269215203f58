//! What became of the merge request: asked, recorded, and waited for.

use std::time::Duration;

use hotfix_model::config::MergeMode;
use hotfix_model::{Fact, JobState, Landing, MergeRequestState, Stage, Step};

use super::{ahead, merged};
use crate::error::{Error, Result};
use crate::event::Tone;
use crate::forge::{self, Asking, Forge, ForgeError, Merge, Plain, Whereabouts};
use crate::git::Oid;
use crate::session::{Hotfix, Project, TargetBranch};

/// How far apart the forge is asked while we wait: the first times soon, then at leisure.
const PAUSES: &[Duration] = &[Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(2)];
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Writes down what the forge said, if it is news. Once it is merged, does what is to be done then.
pub(super) fn follow(
    project: &Project,
    hotfix: &mut Hotfix,
    (forge, landing): (&dyn Forge, &Landing),
) -> Result<()> {
    let known = hotfix.record().merge_request.clone();
    let mut now = known.clone();
    if let Some(now) = &mut now {
        now.follow(landing);
    }
    if now == known || hotfix.record().stage == Stage::Merged {
        return Ok(());
    }
    hotfix.append(project, vec![(Fact::Landing(Box::new(landing.clone())), None)], &Vec::new())?;
    if landing.state == MergeRequestState::Merged {
        merged::tidy_up(project, hotfix, forge);
    }
    Ok(())
}

/// Asks the forge where the merge request of a hotfix stands. `None` if there is nobody to ask.
pub fn look(project: &Project, hotfix: &Hotfix) -> Result<Option<Landing>> {
    match asked_forge(project, hotfix)? {
        Some(forge) => look_at(hotfix, &*forge).map(Some),
        None => Ok(None),
    }
}

/// Asks the forge, and writes down what it says.
pub fn refresh(project: &Project, hotfix: &mut Hotfix) -> Result<Option<Landing>> {
    let Some(forge) = asked_forge(project, hotfix)? else { return Ok(None) };
    let landing = look_at(hotfix, &*forge)?;
    follow(project, hotfix, (&*forge, &landing))?;
    Ok(Some(landing))
}

/// The forge of a merge request that is on its way; none for a plain remote.
fn asked_forge(project: &Project, hotfix: &Hotfix) -> Result<Option<std::sync::Arc<dyn Forge>>> {
    let record = hotfix.record();
    let asked = record.merge_request.as_ref().filter(|request| request.forge != Plain::NAME);
    let Some(remote) =
        project.remote.as_ref().filter(|_| asked.is_some() && record.stage == Stage::Submitted)
    else {
        return Ok(None);
    };
    let configured = ahead::configured(&hotfix.loaded.config.submit);
    let forge = forge::adapter(&project.repository, remote, configured, Asking::Nobody)?;
    Ok(Some(forge).filter(|forge| forge.capabilities().merge_requests))
}

fn look_at(hotfix: &Hotfix, forge: &dyn Forge) -> Result<Landing> {
    let commit = crate::flow::commit::of(hotfix)?;
    forge.look(&whereabouts(hotfix, &commit))
}

fn whereabouts<'a>(hotfix: &'a Hotfix, commit: &'a Oid) -> Whereabouts<'a> {
    let record = hotfix.record();
    let number = record.merge_request.as_ref().and_then(|request| request.number);
    Whereabouts { number, branch: record.branch_name(), target: &record.target, commit }
}

/// Stays until the target holds the fix, or something stands in the way that needs you, or the user stops it.
pub fn wait(project: &Project, hotfix: &mut Hotfix) -> Result<MergeRequestState> {
    let ctx = project.ctx();
    let target = TargetBranch(hotfix.record().target.clone());
    ctx.began(Step::FollowUp, format!("waiting until {} holds the fix", target.0));
    let forge = asked_forge(project, hotfix)?;
    let mut pauses = PAUSES.iter().copied();
    while hotfix.record().stage != Stage::Merged {
        match &forge {
            Some(forge) => ask(project, hotfix, &**forge)?,
            None => ask_target(project, hotfix, &target)?,
        }
        if hotfix.record().stage != Stage::Merged {
            pause(project, pauses.next().unwrap_or(LONGEST_PAUSE))?;
        }
    }
    ctx.ended(Step::FollowUp, Tone::Good, format!("{} holds the fix", target.0));
    Ok(MergeRequestState::Merged)
}

/// One look. What is open though it should merge by itself is armed; where the forge has no such thing, it is merged once
/// nothing holds it back.
fn look_and_push_on(hotfix: &Hotfix, forge: &dyn Forge) -> Result<Landing> {
    let config = &hotfix.loaded.config.submit;
    let landing = look_at(hotfix, forge)?;
    if landing.state != MergeRequestState::Open || config.merge == MergeMode::Manual || config.draft {
        return Ok(landing);
    }
    let commit = crate::flow::commit::of(hotfix)?;
    let at = Whereabouts { number: landing.number, ..whereabouts(hotfix, &commit) };
    match forge.merge(&at, &Merge::WhenReady) {
        Err(error) if matches!(error.downcast_ref(), Some(ForgeError::Unable { .. })) => Ok(landing),
        pushed_on => pushed_on,
    }
}

/// One look; fails if waiting longer is of no use.
fn ask(project: &Project, hotfix: &mut Hotfix, forge: &dyn Forge) -> Result<()> {
    let landing = match look_and_push_on(hotfix, forge) {
        Ok(landing) => landing,
        // A forge that is away for a moment is asked again.
        Err(error) if is_passing(&error) => {
            project.ctx().now_doing(Step::FollowUp, format!("{error}: {}", error.why()));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    follow(project, hotfix, (forge, &landing))?;
    project.ctx().now_doing(Step::FollowUp, line(&landing));
    match landing.state {
        MergeRequestState::Closed => Err(closed(hotfix, &landing)),
        MergeRequestState::Blocked if landing.next.is_some() => Err(held(hotfix, landing)),
        _ => Ok(()),
    }
}

fn is_passing(error: &Error) -> bool {
    use crate::forge::http::HttpError;
    match error.downcast_ref::<HttpError>() {
        Some(HttpError::Unreachable { .. }) => true,
        Some(error) => error.status().is_some_and(|status| status == 429 || status >= 500),
        None => false,
    }
}

fn closed(hotfix: &Hotfix, landing: &Landing) -> Error {
    let url = landing.url.clone().unwrap_or_default();
    ForgeError::Closed { id: hotfix.id().to_owned(), url }.into()
}

fn held(hotfix: &Hotfix, landing: Landing) -> Error {
    ForgeError::Held {
        id: hotfix.id().to_owned(),
        why: landing.why.unwrap_or_default(),
        who: landing.who.unwrap_or_default(),
        next: landing.next.unwrap_or_default(),
    }
    .into()
}

/// Where it stands, in one line.
fn line(landing: &Landing) -> String {
    let count = |state| landing.jobs_in(state).count();
    let names = |state| landing.jobs_in(state).map(|job| job.name.as_str()).collect::<Vec<_>>().join(", ");
    let word = match landing.state {
        MergeRequestState::Queued => match landing.queue_position {
            Some(position) => format!("number {position} in the queue"),
            None => "in the queue".to_owned(),
        },
        state => super::state_word(state).to_owned(),
    };
    let mut parts = vec![word];
    parts.extend(landing.why.clone());
    if !landing.jobs.is_empty() {
        parts.push(format!(
            "{} of {} jobs done",
            count(JobState::Passed) + count(JobState::Skipped),
            landing.jobs.len()
        ));
    }
    if count(JobState::Running) > 0 {
        parts.push(format!("running: {}", names(JobState::Running)));
    }
    parts.join(" · ")
}

/// Whether a fix that was submitted to a remote without a forge has to be pushed again: the remote has neither its branch
/// nor, in the target, the fix. The record remembers a push; only the remote knows.
pub fn is_lost(project: &Project, hotfix: &mut Hotfix) -> Result<bool> {
    let record = hotfix.record();
    let is_plain = record.merge_request.as_ref().is_some_and(|request| request.forge == Plain::NAME);
    let Some(remote) =
        super::branch_remote(project, hotfix).filter(|_| is_plain && record.stage == Stage::Submitted)
    else {
        return Ok(false);
    };
    let limit = hotfix.loaded.config.submit.timeout.duration();
    match forge::find(&project.repository, &remote.name, &hotfix.branch()?, limit) {
        // Another commit than ours is a colleague's, and is not pushed over.
        Ok(Some(_)) => return Ok(false),
        Ok(None) => {}
        Err(error) => {
            project.ctx().go_on()?;
            let why = error.why();
            project.ctx().warn(format!("{} was not asked whether it still has the fix: {why}", remote.name));
            return Ok(false);
        }
    }
    let target = TargetBranch(hotfix.record().target.clone());
    ask_target(project, hotfix, &target)?;
    Ok(hotfix.record().stage != Stage::Merged)
}

/// A remote without a forge is asked for its target.
fn ask_target(project: &Project, hotfix: &mut Hotfix, target: &TargetBranch) -> Result<()> {
    let commit = crate::flow::commit::of(hotfix)?;
    let newest =
        project.fetcher()?.fetch_branch(&target.0, hotfix.loaded.config.submit.timeout.duration())?;
    if project.repository.is_ancestor(&commit, &newest)? {
        hotfix.append(project, vec![(Fact::Merged { commit: newest.to_string() }, None)], &Vec::new())?;
    }
    Ok(())
}

/// Lets some time pass, watching for the user's wish to stop.
fn pause(project: &Project, time: Duration) -> Result<()> {
    const STEP: Duration = Duration::from_millis(100);
    let mut left = time;
    while !left.is_zero() {
        project.ctx().go_on()?;
        let step = left.min(STEP);
        project.ctx().clock.rest(step);
        left -= step;
    }
    Ok(())
}
