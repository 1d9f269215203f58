//! The slots of this clone: what they are for and what they take, and how to get rid of them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use hotfix_model::output::{CacheOutput, SlotListOutput, SlotRemovedOutput, SlotUse};

use super::refresh::warm_output;
use crate::config::Loaded;
use crate::error::{Error, Explain, Result};
use crate::git::Oid;
use crate::session::Project;
use crate::slot::{Cache, Move, Pool, SlotInfo, SlotState};

/// Which slots to remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// All that no hotfix is open in and that hold nothing of anybody's.
    AllFree,
    /// Those with these numbers or folders.
    Named(Vec<String>),
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoveRequest {
    /// Which.
    pub which: Which,
    /// Whether what is in no commit may go. It is not saved.
    pub discard: bool,
}

/// What is going to be removed.
pub struct RemovePlan {
    slots: Vec<Doomed>,
    discard: bool,
    loaded: Loaded,
}

struct Doomed {
    slot: SlotInfo,
    bytes: u64,
    caches: Vec<Cache>,
}

/// A word that names no slot.
#[derive(Debug, thiserror::Error)]
#[error("{word} is no slot of this repository")]
pub struct NoSuchSlot {
    word: String,
}

/// All slots by number. What was cut short of removing one is finished first.
pub fn list(project: &Project) -> Result<Vec<SlotListOutput>> {
    let (_, newest) = project.newest_base()?;
    let loaded = project.config_at(newest.as_ref())?;
    let pool = project.pool(&loaded);
    if let Err(error) = pool.finish_removals() {
        project.ctx().warn(format!("{error}: {}", error.why()));
    }
    let mut distances = HashMap::new();
    let mut behind = |commit: &Oid| -> Option<u64> {
        let newest = newest.as_ref()?;
        let count = || project.repository.distance(commit, newest).ok();
        *distances.entry(commit.clone()).or_insert_with(count)
    };
    Ok(pool.list()?.iter().map(|slot| told(&pool, slot, &mut behind)).collect())
}

fn told(pool: &Pool<'_>, slot: &SlotInfo, behind: &mut impl FnMut(&Oid) -> Option<u64>) -> SlotListOutput {
    let commit = commit_of(&slot.state).cloned();
    let state = match &slot.state {
        SlotState::Making => SlotUse::Making,
        SlotState::Removing { .. } => SlotUse::Removing,
        _ if slot.trouble.is_some() => SlotUse::Damaged,
        SlotState::Held(_) if slot.lease().is_some() => SlotUse::Held,
        // The slot of a start that never came to a name is nobody's.
        SlotState::Parked { .. } | SlotState::Held(_) => SlotUse::Parked,
        SlotState::Moving(_) => SlotUse::Moving,
    };
    let lease = slot.lease();
    SlotListOutput {
        number: slot.number,
        path: shown(&slot.path),
        state,
        trouble: slot.trouble.clone().filter(|_| state == SlotUse::Damaged),
        busy: slot.busy,
        hotfix: lease.map(|lease| lease.hotfix.clone()),
        since: lease.map(|lease| lease.since),
        behind: commit.as_ref().and_then(behind),
        commit: commit.map(|commit| commit.to_string()),
        twin: slot.twin.as_deref().map(shown),
        disk_bytes: pool.disk_of(slot),
        setup: slot.setup,
        warm: slot.warmed.as_ref().map(warm_output),
    }
}

fn commit_of(state: &SlotState) -> Option<&Oid> {
    match state {
        SlotState::Making | SlotState::Removing { .. } => None,
        SlotState::Parked { commit, .. } | SlotState::Moving(Move { commit, .. }) => Some(commit),
        SlotState::Held(lease) => Some(&lease.base),
    }
}

/// Looks at what is to be removed, and fails for a slot that was named and cannot be.
pub fn plan_removal(project: &Project, request: &RemoveRequest) -> Result<RemovePlan> {
    let (_, newest) = project.newest_base()?;
    let loaded = project.config_at(newest.as_ref())?;
    let pool = project.pool(&loaded);
    let all = pool.list()?;
    let mut slots = Vec::new();
    for slot in wanted(project, all, &request.which)? {
        match pool.check_removable(slot.number, request.discard) {
            Err(error) if request.which == Which::AllFree => {
                let path = slot.path.display();
                project.ctx().warn(format!("{path} is not removed: {}", error.why()));
                continue;
            }
            checked => checked?,
        }
        let caches = pool.caches_of(&slot)?;
        slots.push(Doomed { bytes: pool.disk_of(&slot), caches, slot });
    }
    Ok(RemovePlan { slots, discard: request.discard, loaded })
}

fn wanted(project: &Project, all: Vec<SlotInfo>, which: &Which) -> Result<Vec<SlotInfo>> {
    let Which::Named(words) = which else {
        return Ok(all);
    };
    for word in words {
        if !all.iter().any(|slot| is_meant(project, slot, word)) {
            return Err(Error::from(NoSuchSlot { word: word.clone() }));
        }
    }
    let meant = |slot: &SlotInfo| words.iter().any(|word| is_meant(project, slot, word));
    Ok(all.into_iter().filter(meant).collect())
}

/// A slot is meant by its number, or by its folder or that of its twin.
fn is_meant(project: &Project, slot: &SlotInfo, word: &str) -> bool {
    if word == slot.number.to_string() {
        return true;
    }
    let path = project.ctx().env.current_dir().join(word);
    let path: PathBuf = path.canonicalize().unwrap_or(path);
    slot.path == path || slot.twin.as_ref() == Some(&path)
}

impl RemovePlan {
    /// What is going to be removed, the caches with their sizes.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for doomed in &self.slots {
            let twin = doomed.slot.twin.as_ref().map(|twin| format!(" and {}", twin.display()));
            let path = doomed.slot.path.display();
            lines.push(format!("remove {path}{} ({})", twin.unwrap_or_default(), size(doomed.bytes)));
            lines.extend(doomed.caches.iter().map(|cache| {
                format!("with what Git ignores there: {} ({})", cache.path.display(), size(cache.bytes))
            }));
        }
        lines
    }
}

/// Removes.
pub fn remove(project: &Project, plan: RemovePlan) -> Result<Vec<SlotRemovedOutput>> {
    let pool = project.pool(&plan.loaded);
    let mut removed = Vec::new();
    for doomed in plan.slots {
        project.ctx().go_on()?;
        pool.remove(doomed.slot.number, plan.discard)?;
        let cache = |cache: &Cache| CacheOutput { path: shown(&cache.path), bytes: cache.bytes };
        removed.push(SlotRemovedOutput {
            number: doomed.slot.number,
            path: shown(&doomed.slot.path),
            freed_bytes: doomed.bytes,
            caches: doomed.caches.iter().map(cache).collect(),
        });
    }
    Ok(removed)
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Bytes as people read them: `12 KiB`, `3.4 GiB`.
pub fn size(bytes: u64) -> String {
    let mut unit = "B";
    let (mut whole, mut rest) = (bytes, 0);
    for larger in ["KiB", "MiB", "GiB", "TiB"] {
        if whole < 1024 {
            break;
        }
        (rest, whole, unit) = (whole % 1024, whole / 1024, larger);
    }
    match unit {
        "B" | "KiB" => format!("{whole} {unit}"),
        _ if whole >= 10 => format!("{whole} {unit}"),
        _ => format!("{whole}.{} {unit}", rest * 10 / 1024),
    }
}

impl Explain for NoSuchSlot {
    fn why(&self) -> String {
        "slots are named by their number or their folder".to_owned()
    }

    fn next(&self) -> String {
        "git hotfix slot list".to_owned()
    }

    fn exit(&self) -> hotfix_model::ExitCode {
        hotfix_model::ExitCode::USAGE
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_short() {
        let sizes = [0, 1023, 1024, 1024 * 1024 * 3 / 2, 48 << 20, (1 << 40) - 1].map(size);
        assert_eq!(sizes, ["0 B", "1023 B", "1 KiB", "1.5 MiB", "48 MiB", "1023 GiB"]);
    }
}
