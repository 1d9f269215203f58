//! The look ahead: which forge it is, and whether the fix will land there, found out while the tests run.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use hotfix_model::config::SubmitConfig;

use crate::error::Result;
use crate::forge::detect::Configured;
use crate::forge::{self, Asking, Forge, Outlook};
use crate::git::Remote;
use crate::session::{Hotfix, Project};

/// How long the push waits for what would be nice to know.
const PATIENCE: Duration = Duration::from_secs(2);

/// A look ahead under way.
pub struct Ahead {
    forge: Receiver<Result<Arc<dyn Forge>>>,
    outlook: Receiver<Result<Outlook>>,
}

/// Begins to look, in a thread of its own. Nothing waits for it before the push.
pub fn begin(project: &Project, hotfix: &Hotfix) -> Option<Ahead> {
    let remote = project.remote.clone()?;
    let repository = project.repository.clone();
    let (config, target) = (hotfix.loaded.config.submit.clone(), hotfix.record().target.clone());
    let (to_forge, forge) = channel();
    let (to_outlook, outlook) = channel();
    thread::spawn(move || {
        let found = forge::adapter(&repository, &remote, configured(&config), Asking::Server);
        let prepared = found.as_ref().ok().cloned();
        // Whoever wanted to know may be gone.
        let _ = to_forge.send(found);
        if let Some(forge) = prepared {
            let _ = to_outlook.send(forge.prepare(&target, &config.labels));
        }
    });
    Some(Ahead { forge, outlook })
}

/// The forge, as the look ahead found it, or found now.
pub(super) fn forge(
    project: &Project,
    remote: &Remote,
    (config, ahead): (&SubmitConfig, Option<Ahead>),
) -> Result<Arc<dyn Forge>> {
    let found = ahead.and_then(|ahead| Some((ahead.forge.recv().ok()?, ahead.outlook)));
    match found {
        Some((forge, outlook)) => {
            let forge = forge?;
            if forge.capabilities().merge_requests || forge.capabilities().by_push {
                tell(project, outlook.recv_timeout(PATIENCE).ok());
            }
            Ok(forge)
        }
        None => forge::adapter(&project.repository, remote, configured(config), Asking::Server),
    }
}

/// Says what was found. What could not be found out does not keep the fix from being delivered.
fn tell(project: &Project, outlook: Option<Result<Outlook>>) {
    let ctx = project.ctx();
    match outlook {
        Some(Ok(outlook)) => {
            outlook.obstacles.iter().for_each(|obstacle| ctx.warn(obstacle));
            outlook.remarks.iter().for_each(|remark| ctx.say(crate::event::Tone::Plain, remark));
        }
        Some(Err(error)) => ctx.warn(format!("{error}: {}", error.why())),
        None => {}
    }
}

pub(super) fn configured(config: &SubmitConfig) -> Configured<'_> {
    Configured { forge: &config.forge, api: &config.api }
}
