//! drill: the whole flow rehearsed on a harmless change, in the real slot and with the real tools, against a throw-away
//! copy of the remote. Each step is timed, what takes longest is named, and everything is taken back.
//!
//! The copy is a remote that only the surroundings of the drill know, and Git may speak to nothing but files in them:
//! nothing of a drill can leave the machine.

mod copy;
mod cost;
mod steps;
mod take_back;

use std::sync::Arc;

use hotfix_model::output::DrillOutput;

use crate::ctx::{Cancel, Ctx};
use crate::error::{Error, Result};
use crate::event::{Progress, Sink, Tone};
use crate::session::{Project, SessionError, TargetBranch};

use copy::Copy;
pub use take_back::{abandoned, take_back_abandoned};

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Settings of the command line.
    pub overrides: Vec<(String, String)>,
}

/// Settings of every drill: nothing is merged, no forge is spoken to, nobody is told.
const HARMLESS: &[(&str, &str)] = &[("submit.merge", "manual"), ("submit.forge", ""), ("notify.webhook", "")];

/// A step failed. Everything is taken back all the same.
#[derive(Debug)]
pub struct Stopped {
    /// Why.
    pub error: Error,
    /// How far it came; absent if it did not begin.
    pub output: Option<Box<DrillOutput>>,
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self { error, output: None }
    }
}

/// Rehearses the flow, after taking back what an earlier drill left when it was killed.
pub fn apply(ctx: &Ctx, request: &Request) -> Result<DrillOutput, Stopped> {
    let project = Project::open(ctx, request.overrides.clone())?;
    take_back_abandoned(&project)?;
    let (target, newest) = project.newest_base()?;
    let remote = project.remote_name().map(str::to_owned);
    let unknown = || SessionError::UnknownBase { base: target.0.clone(), remote: remote.clone() };
    let base = newest.ok_or_else(unknown).map_err(Error::from)?;
    let copy = Copy::make(&project, &target, &base)?;
    let rehearsed = rehearse(&project, &copy, request, &base, &target);
    // Also after a signal, whose wish to stop must not stop this.
    let calm = Ctx { cancel: Cancel::default(), ..ctx.clone() };
    let taken_back = Project::open(&calm, request.overrides.clone())
        .and_then(|project| take_back::take_back(&project, &copy));
    let output = rehearsed?;
    taken_back?;
    Ok(output)
}

fn rehearse(
    project: &Project,
    copy: &Copy,
    request: &Request,
    base: &crate::git::Oid,
    target: &TargetBranch,
) -> Result<DrillOutput, Stopped> {
    let ctx = project.ctx();
    let inside = Ctx {
        env: Arc::new(copy.environment(&ctx.env)),
        sink: Arc::new(StepsOnly(Arc::clone(&ctx.sink))),
        ..ctx.clone()
    };
    let harmless = HARMLESS.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let overrides = request.overrides.iter().cloned().chain(harmless).collect();
    let rehearsal = Project::open(&inside, overrides)?.delivering_to(copy.remote());
    steps::play(&rehearsal, copy.id(), base, target)
}

/// Lets through how the steps go and what is worth a look; what is said about files that will be gone is dropped.
struct StepsOnly(Arc<dyn Sink>);

impl Sink for StepsOnly {
    fn take(&self, progress: Progress) {
        if !matches!(progress, Progress::Said { tone: Tone::Plain | Tone::Good, .. }) {
            self.0.take(progress);
        }
    }
}
