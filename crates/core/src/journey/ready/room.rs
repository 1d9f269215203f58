//! Where the work happens: slots, space, what was left behind, what is owed.

use hotfix_model::output::OwedOutput;
use rustix::fs::{Access, access};

use super::scene::{Base, Scene};
use super::table::Found;
use super::tools::NO_BASE;
use crate::error::Result;
use crate::flow::follow_up;
use crate::git::CheckoutSize;
use crate::journey::{drill, status};
use crate::slot::{Space, Waiting};

/// Repairs what is ours.
const FIX: &str = "git hotfix ready --fix";
/// What a hotfix writes besides a checkout: objects, logs, results.
const MARGIN: u64 = 64 << 20;
/// Files that a hotfix makes besides a checkout.
const MARGIN_FILES: u64 = 1_000;

/// Whether a slot waits, and how far behind it is.
pub fn slot(scene: &Scene) -> Result<Found> {
    let Ok(base) = scene.base() else { return Ok(Found::unknown(NO_BASE)) };
    if let Some(found) = missing_hooks(scene, base)? {
        return Ok(found);
    }
    let pool = scene.project.pool(&base.loaded);
    let waiting = pool.waiting()?;
    let (usable, troubled): (Vec<&Waiting>, Vec<&Waiting>) =
        waiting.iter().partition(|slot| slot.trouble.is_none());
    let mut best: Option<(u64, &Waiting)> = None;
    for slot in usable {
        let behind = scene.project.repository.count_commits(&slot.commit, &base.commit)?;
        if best.is_none_or(|(least, _)| behind < least) {
            best = Some((behind, slot));
        }
    }
    Ok(match (best, troubled.first()) {
        (Some((0, slot)), _) => Found::fine(format!("{} waits at {}", slot.path.display(), base.target.0)),
        (Some((behind, slot)), _) => {
            let commits = if behind == 1 { "1 commit".to_owned() } else { format!("{behind} commits") };
            let path = slot.path.display();
            Found::warning(format!("{path} is {commits} behind {}", base.target.0), FIX)
        }
        (None, Some(slot)) => unusable(slot),
        (None, None) if pool.list()?.is_empty() => {
            Found::warning("there is none yet: the next start makes one first", FIX)
        }
        (None, None) => Found::warning("all are in use: the next start makes one first", "git hotfix list"),
    })
}

/// Says where the user's hooks would not run in a slot. A relative `core.hooksPath` means another folder in each worktree,
/// and where that is missing Git runs no hook and says nothing.
fn missing_hooks(scene: &Scene, base: &Base) -> Result<Option<Found>> {
    let repository = &scene.project.repository;
    let folder = repository.configuration()?.text("core.hooksPath").unwrap_or_default();
    let same_everywhere = |folder: &str| folder.starts_with(['/', '~']) || folder.starts_with("%(");
    if folder.is_empty() || same_everywhere(&folder) {
        return Ok(None);
    }
    let tracked = repository.read_objects(&[format!("{}:{folder}", base.commit)])?;
    if tracked.iter().any(Option::is_some) {
        return Ok(None);
    }
    let slots = scene.project.pool(&base.loaded).list()?;
    let lacking = slots.iter().find(|slot| !slot.path.join(&folder).is_dir());
    let what = match lacking {
        Some(slot) => format!("{} lacks {folder}, which core.hooksPath names", slot.path.display()),
        None if slots.is_empty() && base.loaded.config.slot.setup.is_empty() => {
            format!("core.hooksPath is {folder}, which is not in {}", base.target.0)
        }
        None => return Ok(None),
    };
    let repair = "slot.setup in hotfix.toml: the command that makes it, such as `npm ci`";
    Ok(Some(Found::warning(format!("no hook of yours runs in a slot: {what}"), repair)))
}

fn unusable(slot: &Waiting) -> Found {
    let (path, why) = (slot.path.display(), slot.trouble.as_deref().unwrap_or_default());
    Found::warning(format!("{path} cannot be used: {why}"), format!("git -C {path} status"))
}

/// Whether what a hotfix writes has room where slots and state are.
pub fn disk(scene: &Scene) -> Result<Found> {
    let Ok(base) = scene.base() else { return Ok(Found::unknown(NO_BASE)) };
    let place = scene.project.pool(&base.loaded).first_place()?;
    let state = scene.project.repository.state_dir();
    let folders = [place.parent().unwrap_or(&place), state.as_path()];
    if let Some(dir) = folders.iter().find(|dir| dir.is_dir() && access(**dir, Access::WRITE_OK).is_err()) {
        let dir = dir.display();
        return Ok(Found::missing(format!("{dir} cannot be written to"), format!("ls -ld {dir}")));
    }
    let checkouts = checkouts_to_make(scene, base)?;
    let size = if checkouts == 0 { None } else { scene.project.repository.checkout_size(&base.commit)? };
    let slots = judge(Space::at(&place)?, size.unwrap_or_default(), checkouts);
    let state = judge(Space::at(&state)?, CheckoutSize::default(), 0);
    let (found, dir) = if state.state > slots.state { (state, folders[1]) } else { (slots, folders[0]) };
    Ok(Found { repair: found.repair.map(|_| format!("df -h {}", dir.display())), ..found })
}

/// A slot and its twin, as far as they are not there.
fn checkouts_to_make(scene: &Scene, base: &Base) -> Result<u64> {
    let slots = scene.project.pool(&base.loaded).list()?;
    Ok(match slots.first() {
        None => 2,
        Some(slot) if slot.twin.is_none() => 1,
        Some(_) => 0,
    })
}

/// What is free against what is needed: a commit at least, and the checkouts that are still to be made.
fn judge(free: Space, size: CheckoutSize, checkouts: u64) -> Found {
    let (bytes, files) = (size.bytes.saturating_mul(checkouts), size.files.saturating_mul(checkouts));
    let found = format!("{} free", shown(free.bytes));
    let needs = |bytes: u64, files: u64| {
        free.bytes < bytes.saturating_add(MARGIN)
            || free.files.is_some_and(|free| free < files.saturating_add(MARGIN_FILES))
    };
    if needs(0, 0) {
        Found::missing(format!("only {found}: nothing can be committed or tested"), "df -h")
    } else if needs(bytes, files) {
        let needed = shown(bytes.saturating_add(MARGIN));
        Found::missing(format!("only {found}; a slot and its twin need {needed}"), "df -h")
    } else if needs(bytes.saturating_mul(2), files.saturating_mul(2)) {
        Found::warning(format!("only {found}: enough for one hotfix"), "df -h")
    } else {
        Found::fine(format!("{found} where slots are made"))
    }
}

/// `3.2 GB`, in steps of a thousand as `df -H` and shops count.
fn shown(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let in_units = |unit: u64| bytes as f64 / unit as f64;
    match bytes {
        0..1_000_000_000 => format!("{:.0} MB", in_units(1_000_000)),
        _ => format!("{:.1} GB", in_units(1_000_000_000)),
    }
}

/// What crashes left behind.
pub fn repairs(scene: &Scene) -> Result<Found> {
    let loaded = match scene.base() {
        Ok(base) => base.loaded.clone(),
        Err(_) => scene.project.config_at(None)?,
    };
    if let Some(first) = scene.project.pool(&loaded).damaged()?.into_iter().next() {
        return Ok(Found::missing(first, FIX));
    }
    if let Some(first) = drill::abandoned(&scene.project)?.into_iter().next() {
        return Ok(Found::warning(first, FIX));
    }
    if let Err(error) = scene.project.repository.list_worktrees() {
        return Ok(Found::missing(format!("Git cannot list the worktrees: {}", error.why()), FIX));
    }
    for id in scene.project.open_here()? {
        if let Some(step) = status::of(&scene.project, &id)?.interrupted {
            let see = format!("git hotfix status --id {id}");
            return Ok(Found::warning(format!("{step} of {id} was begun and not finished"), see));
        }
    }
    Ok(Found::fine("nothing was left behind by a crash"))
}

/// What is owed by hotfixes that are delivered.
pub fn owed(scene: &Scene) -> Result<Found> {
    let owed = follow_up::all(&scene.project)?;
    let overdue: Vec<&OwedOutput> = owed.iter().filter(|owed| owed.overdue).collect();
    Ok(match (owed.len(), overdue.first()) {
        (0, _) => Found::fine("nothing is owed"),
        (count, None) => Found::fine(format!("{count} owed, none of it overdue")),
        (_, Some(first)) => {
            let (count, id, what) = (overdue.len(), &first.id, &first.what);
            Found::warning(format!("{count} overdue, first of {id}: {what}"), "git hotfix owed")
        }
    })
}

#[cfg(test)]
mod tests {
    use hotfix_model::output::Readiness;

    use super::*;

    #[test]
    fn space_is_judged_by_what_a_checkout_takes() {
        let size = CheckoutSize { files: 1_000, bytes: 1 << 30 };
        let judged = |free: u64, checkouts| judge(Space { bytes: free, files: None }, size, checkouts).state;
        assert_eq!(judged(1 << 20, 0), Readiness::Missing);
        assert_eq!(judged(1 << 30, 0), Readiness::Ok);
        assert_eq!(judged(2 << 30, 2), Readiness::Missing);
        assert_eq!(judged(3 << 30, 2), Readiness::Warning);
        assert_eq!(judged(5 << 30, 2), Readiness::Ok);
        let few_files = judge(Space { bytes: 1 << 40, files: Some(1_500) }, size, 1);
        assert_eq!(few_files.state, Readiness::Missing);
        assert_eq!(
            judge(Space { bytes: 30 << 20, files: None }, size, 0).what,
            "only 31 MB free: nothing can be committed or tested"
        );
    }

    #[test]
    fn sizes_read_like_those_of_other_tools() {
        assert_eq!(shown(31_000_000), "31 MB");
        assert_eq!(shown(3_240_000_000), "3.2 GB");
    }
}
