//! Everything a drill made is taken back: after it ended, failed or was stopped, and by the next one after it was killed.
//! May be cut anywhere and run again.

use serde_json::json;

use super::copy::Copy;
use crate::error::{FileError, Result};
use crate::git::{RefChange, RefName};
use crate::record::Journal;
use crate::session::Project;
use crate::slot::Keep;

/// What killed drills left, one line each.
pub fn abandoned(project: &Project) -> Result<Vec<String>> {
    let copies = Copy::abandoned(&project.repository)?;
    Ok(copies.iter().map(|copy| format!("{} was killed and left traces", copy.id())).collect())
}

/// Takes back what killed drills left. Gives what was done, one line each.
pub fn take_back_abandoned(project: &Project) -> Result<Vec<String>> {
    let mut done = Vec::new();
    for copy in Copy::abandoned(&project.repository)? {
        take_back(project, &copy)?;
        done.push(format!("took back {}, which was killed", copy.id()));
    }
    Ok(done)
}

/// Takes back one drill: its slot is parked, or removed if it was made for the drill; its refs, its journal, its files
/// and the copy are gone.
pub fn take_back(project: &Project, copy: &Copy) -> Result<()> {
    give_slot_back(project, copy)?;
    remove_refs(project, copy.id())?;
    let journal = Journal::open(&project.repository)?;
    for entry in journal.open_of(copy.id())? {
        journal.close(&entry, json!({ "drill": "taken back" }))?;
    }
    project.forget_debts_of(copy.id());
    let runs = project.run_dir(copy.id())?;
    std::fs::remove_dir_all(&runs).map_err(FileError::of("remove", &runs))?;
    copy.remove()
}

fn give_slot_back(project: &Project, copy: &Copy) -> Result<()> {
    let loaded = project.config_at(None)?;
    let pool = project.pool(&loaded);
    // A park that was cut short ends where it was going; what it holds is the drill's own.
    pool.finish_park(copy.id())?;
    if let Some(mut held) = pool.held(copy.id())? {
        pool.work_in(&mut held)?;
        pool.park(&held, &held.base, Keep::Discard)?;
    }
    let Some(before) = copy.slots_before() else { return Ok(()) };
    // The others were made for the drill. One that a hotfix took meanwhile does not wait, and stays.
    pool.repair()?;
    for slot in pool.waiting()?.into_iter().filter(|slot| !before.contains(&slot.number)) {
        if slot.unfinished {
            let held = pool.take_unnamed(&slot.commit)?;
            pool.park(&held, &slot.commit, Keep::Discard)?;
        }
        pool.remove(slot.number, true)?;
    }
    Ok(())
}

/// Every ref that ends in the drill's name, which no other ref does.
fn remove_refs(project: &Project, id: &str) -> Result<()> {
    let ending = format!("/{id}");
    let all = project.repository.list_refs(&["refs/heads/hotfix/", "refs/hotfix/", "refs/remotes/"])?;
    let ours = all.into_iter().filter(|(name, _)| name.as_str().ends_with(&ending));
    let gone: Vec<RefChange> = ours.map(|(name, oid)| RefChange::delete(name, oid)).collect();
    if !gone.is_empty() {
        project.repository.change_refs("hotfix: drill", &gone)?;
    }
    project.repository.forget_upstream(&RefName::branch(&format!("hotfix/{id}"))?)
}
