//! Slots kept ready ahead of time: the target is fetched, every free slot goes to it, is set up and warmed. For the
//! background after a cleanup, for `ready`, and for whatever runs it on a schedule.

use std::time::Duration;

use hotfix_model::output::{RefreshOutput, RefreshedSlot, RefreshedState, WarmOutput};

use crate::error::Result;
use crate::failpoint;
use crate::git::Oid;
use crate::session::{Project, SessionError};
use crate::slot::{Pool, RefreshOutcome, RefreshRequest, Refreshed, SetupOutcome, SlotState, Warmed};

/// How long the remote may take to answer: nobody waits for this, but a start waits for the lock it is asked under.
const FETCH_LIMIT: Duration = Duration::from_secs(30);

/// What was asked for. The default does everything that costs no network and runs no command: it moves free slots to
/// the newest state that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Whether to ask the remote for a newer target. If it does not answer, what is known counts.
    pub fetch: bool,
    /// Whether to make a slot, and its twin, when none is free.
    pub make: bool,
    /// Whether to run `slot.warm`.
    pub warm: bool,
    /// Only this slot.
    pub only: Option<u32>,
}

/// Refreshes. A slot that cannot be refreshed is told in the output and does not stop the others; the error is about
/// what concerns all of them.
pub fn apply(project: &Project, request: &Request) -> Result<RefreshOutput> {
    let (mut target, known) = project.newest_base()?;
    let asks = request.fetch && project.remote.is_some();
    let (fetched, note) = match asks.then(|| project.fetch_base(FETCH_LIMIT)) {
        Some(Ok(fetched)) => {
            target = fetched.branch;
            (fetched.commit, None)
        }
        Some(Err(error)) => (None, Some(format!("{error}: {}", error.why()))),
        None => (None, None),
    };
    let asked = fetched.is_some();
    let unknown = || SessionError::UnknownBase { base: target.0.clone(), remote: None };
    let commit = newest(project, &target, fetched)?.or(known).ok_or_else(unknown)?;
    failpoint::reach(project.ctx(), "refresh.fetched");
    let loaded = project.config_at(Some(&commit))?;
    let pool = project.pool(&loaded);
    if request.make {
        make_first(&pool, &commit)?;
    }
    let logs = project.repository.make_state_dir()?.join("slots/logs");
    let wanted = RefreshRequest {
        commit: &commit,
        trusted: project.is_trusted(&loaded)?,
        warm: request.warm,
        twin: request.make,
        logs: &logs,
    };
    let refreshed = match request.only {
        Some(number) => pool.refresh(number, &wanted)?.into_iter().collect(),
        None => pool.refresh_all(&wanted)?,
    };
    Ok(RefreshOutput {
        target: target.0,
        commit: commit.to_string(),
        fetched: asked,
        note,
        slots: refreshed.into_iter().map(told).collect(),
    })
}

/// What was fetched, unless the user has fetched something later.
fn newest(
    project: &Project,
    target: &crate::session::TargetBranch,
    fetched: Option<Oid>,
) -> Result<Option<Oid>> {
    match (project.remote_name(), fetched) {
        (Some(remote), Some(fetched)) => Ok(project.newest_known(remote, &target.0)?.or(Some(fetched))),
        (_, fetched) => Ok(fetched),
    }
}

/// Makes a slot if none waits for the next start.
fn make_first(pool: &Pool<'_>, commit: &Oid) -> Result<()> {
    let waits = |state: &SlotState| matches!(state, SlotState::Parked { .. } | SlotState::Moving(_));
    if pool.list()?.iter().any(|slot| waits(&slot.state) && slot.trouble.is_none()) {
        return Ok(());
    }
    let held = pool.take_unnamed(commit)?;
    pool.release(&held)?;
    Ok(())
}

fn told(slot: Refreshed) -> RefreshedSlot {
    let (state, mut why) = match slot.outcome {
        RefreshOutcome::Ready => (RefreshedState::Ready, None),
        RefreshOutcome::Held => (RefreshedState::Held, None),
        RefreshOutcome::Busy => (RefreshedState::Busy, None),
        RefreshOutcome::Wanted => (RefreshedState::Taken, None),
        RefreshOutcome::Unusable(why) => (RefreshedState::Unusable, Some(why)),
    };
    let setup = match slot.setup {
        SetupOutcome::Unneeded => None,
        SetupOutcome::Done => Some(true),
        SetupOutcome::Untrusted => {
            why = why.or_else(|| Some("slot.setup is not approved (git hotfix trust)".to_owned()));
            Some(false)
        }
        SetupOutcome::Failed { command, how, log } => {
            why = why.or_else(|| Some(format!("setup `{command}` {how}; see {}", log.display())));
            Some(false)
        }
    };
    if let Some(first) = slot.parked.left.first() {
        why = why.or_else(|| Some(format!("{} in it cannot be removed", first.display())));
    }
    RefreshedSlot {
        number: slot.number,
        path: slot.path.to_string_lossy().into_owned(),
        state,
        why,
        setup,
        warm: slot.warmed.as_ref().map(warm_output),
    }
}

/// How warming ended, for programs.
pub fn warm_output(warmed: &Warmed) -> WarmOutput {
    WarmOutput { good: warmed.good, how: warmed.how.clone(), at: warmed.at, elapsed_ms: warmed.elapsed_ms }
}
