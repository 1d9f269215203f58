//! `--fix`: what is ours is repaired. Nothing of the user's configuration is made or changed.

use std::collections::BTreeSet;

use hotfix_model::output::{RefreshOutput, RefreshedSlot, RefreshedState};

use crate::error::Result;
use crate::journey::{drill, refresh};
use crate::session::Project;

/// Mends what crashes left, and brings the free slots to the newest main. Gives what was done, one line each; what could
/// not be done is a warning and shows in the table.
pub fn apply(project: &Project) -> Result<Vec<String>> {
    let mut done = Vec::new();
    match drill::take_back_abandoned(project) {
        Ok(taken_back) => done.extend(taken_back),
        Err(error) => project.ctx().warn(format!("a drill was not taken back: {error}: {}", error.why())),
    }
    let pool_config = project.config_at(None)?;
    let pool = project.pool(&pool_config);
    match pool.repair() {
        Ok(repaired) => done.extend(repaired),
        Err(error) => project.ctx().warn(format!("not repaired: {error}: {}", error.why())),
    }
    project.ctx().go_on()?;
    let waiting = pool.waiting().unwrap_or_default();
    let before: BTreeSet<(u32, String)> =
        waiting.into_iter().map(|slot| (slot.number, slot.commit.to_string())).collect();
    let all_in_use = before.is_empty() && !pool.list()?.is_empty();
    let request = refresh::Request { fetch: true, make: !all_in_use, warm: true, only: None };
    match refresh::apply(project, &request) {
        Ok(output) => done.extend(told(project, &output, &before)),
        Err(error) => project.ctx().warn(format!("no slot was brought to main: {error}: {}", error.why())),
    }
    project.ctx().go_on()?;
    Ok(done)
}

/// What a refresh changed, one line each.
fn told(project: &Project, output: &RefreshOutput, before: &BTreeSet<(u32, String)>) -> Vec<String> {
    if let Some(why) = &output.note {
        project.ctx().warn(format!("{} may be old: {why}", output.target));
    }
    let ready = |slot: &&RefreshedSlot| slot.state == RefreshedState::Ready;
    for slot in &output.slots {
        if let Some(why) = &slot.why {
            project.ctx().warn(format!("{}: {why}", slot.path));
        }
    }
    let moved = output.slots.iter().filter(ready).filter_map(|slot| {
        let was_there = before.contains(&(slot.number, output.commit.clone()));
        match (was_there, slot.setup) {
            (false, _) => Some(format!("{} waits at the newest {}", slot.path, output.target)),
            (true, Some(true)) => Some(format!("{} is set up", slot.path)),
            (true, _) => None,
        }
    });
    moved.collect()
}
