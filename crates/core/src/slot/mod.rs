//! Slots and twins: recycled worktrees at fixed paths beside the repository, so that virtual environments, `target`
//! and `node_modules` in them stay valid.
//!
//! A slot is *parked* (detached at a commit, nobody's) or *held* (the durable lease of an open hotfix). Both are
//! recorded in `<state folder>/slots/<number>.json`; a lock beside it says which process works in the slot right now.
//! A slot's *twin* holds base; the red side of the proof runs there.

mod advance;
mod claim;
mod copies;
mod disk;
mod error;
mod find;
mod fresh;
mod include;
mod inspect;
mod lease;
mod limit;
mod look;
mod make;
mod mend;
mod overwrite;
mod park;
mod place;
mod refresh;
mod remove;
mod setup;
mod shift;
mod stamp;
mod space;
mod state;
mod strangers;
mod submodules;
mod take;
mod twin;
mod warm;
mod wish;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use hotfix_model::config::SlotConfig;
use hotfix_model::output::SlotKind;

use crate::env::without_dots;
use crate::error::Result;
use crate::git::{Cone, Oid, RefName, Repository, Worktree};

pub use disk::Cache;
pub use error::SlotError;
pub use find::SlotInfo;
pub use lease::SlotLock;
pub use look::Waiting;
pub use park::{Keep, Leaving, Parked};
pub use refresh::{RefreshOutcome, RefreshRequest, Refreshed};
pub use setup::{Room, SetupOutcome, SetupRequest};
pub use space::Space;
pub use stamp::{Moment, Stamp};
pub use state::{Lease, Move, SlotState};
pub use twin::Twin;
pub use warm::Warmed;

use state::{Entry, Store};

/// How long a lock is waited for: longer than a look at all slots takes, shorter than somebody notices.
const PATIENCE: Duration = Duration::from_millis(300);

/// The slots of one repository.
pub struct Pool<'a> {
    repository: &'a Repository,
    config: &'a SlotConfig,
    store: Store,
    anchor: OnceLock<Anchor>,
    cone: Option<Cone>,
}

/// What `slot.path` is relative to, and what `{repo}` stands for in it.
struct Anchor {
    home: PathBuf,
    name: String,
}

/// The slot of an open hotfix.
#[derive(Debug)]
pub struct Held {
    /// Its number, from 1.
    pub number: u32,
    /// The worktree.
    pub worktree: Worktree,
    /// Whether it was waiting or had to be made.
    pub kind: SlotKind,
    /// The hotfix.
    pub hotfix: String,
    /// Its branch.
    pub branch: RefName,
    /// The commit the slot was taken at.
    pub base: Oid,
    /// Whether HEAD is on the branch; else it still is detached at `base`.
    pub attached: bool,
    /// When it was taken, by the clock that marks its files; not known of slots that an older version took.
    pub began: Option<Moment>,
    lock: Option<SlotLock>,
}

impl<'a> Pool<'a> {
    /// The slots of `repository`.
    pub fn new(repository: &'a Repository, config: &'a SlotConfig) -> Self {
        Self { repository, config, store: Store::new(repository), anchor: OnceLock::new(), cone: None }
    }

    /// Makes new slots with these files only. A slot that waits already has all of them.
    #[must_use]
    pub fn with_cone(mut self, cone: Option<Cone>) -> Self {
        self.cone = cone;
        self
    }

    /// Puts HEAD on the hotfix branch, which exists and is at the commit the slot holds. No file is touched.
    pub fn attach(&self, held: &mut Held) -> Result<()> {
        self.repository.attach_head(&held.worktree, &held.branch, "hotfix: start")?;
        held.attached = true;
        Ok(())
    }

    /// Makes sure that no other process works in the slot while `held` lives. [`SlotError::Busy`] if one does.
    pub fn work_in(&self, held: &mut Held) -> Result<()> {
        if held.lock.is_none() {
            held.lock = Some(self.lock(held.number, &held.worktree.path)?);
        }
        Ok(())
    }

    /// A lock for the length of one deed, unless `held` has it already.
    fn guard(&self, held: &Held) -> Result<Option<SlotLock>> {
        match held.lock {
            Some(_) => Ok(None),
            None => self.lock(held.number, &held.worktree.path).map(Some),
        }
    }

    fn lock(&self, number: u32, path: &Path) -> Result<SlotLock> {
        self.store.make()?;
        let file = self.store.lock_path(number);
        let busy = || SlotError::Busy { path: path.to_owned(), process: SlotLock::owner(&file) };
        let ctx = self.repository.ctx();
        let began = ctx.clock.elapsed();
        loop {
            if let Some(lock) = SlotLock::try_take(&file)? {
                return Ok(lock);
            }
            if ctx.elapsed_since(began) > PATIENCE {
                return Err(busy().into());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn try_lock(&self, number: u32) -> Result<Option<SlotLock>> {
        self.store.make()?;
        SlotLock::try_take(&self.store.lock_path(number))
    }

    /// The entry of a slot that is held; it can only be missing if somebody removed our state by hand.
    fn entry_of(&self, held: &Held) -> Result<Entry> {
        let gone = || SlotError::Gone { hotfix: held.hotfix.clone(), path: held.worktree.path.clone() };
        Ok(self.store.load(held.number).ok_or_else(gone)?)
    }

    /// Where slot `number` belongs: the template beside the repository, `-2`, `-3` … appended.
    fn path_for(&self, number: u32) -> Result<PathBuf> {
        let anchor = self.anchor()?;
        let relative = self.config.path.replace("{repo}", &anchor.name);
        let mut path = without_dots(&anchor.home.join(relative)).into_os_string();
        if number > 1 {
            path.push(format!("-{number}"));
        }
        let path = without_links(Path::new(&path));
        if let Some(why) = self.why_not_at(&path, anchor) {
            return Err(SlotError::BadPlace { path, why }.into());
        }
        Ok(path)
    }

    /// The main worktree. For a submodule the outermost repository that holds it: beside the submodule itself, a slot
    /// would lie in that repository's worktree.
    fn anchor(&self) -> Result<&Anchor> {
        if let Some(known) = self.anchor.get() {
            return Ok(known);
        }
        let mut home = self.repository.home().to_owned();
        let mut name = self.repository.name();
        while let Some(outer) = self.repository.superproject_of(&home)? {
            name = format!("{}-{name}", outer.file_name().unwrap_or_default().to_string_lossy());
            home = outer;
        }
        Ok(self.anchor.get_or_init(|| Anchor { home, name }))
    }

    /// Why no slot may lie at a path: it would show up in a worktree, or lie among the files of a repository.
    fn why_not_at(&self, path: &Path, anchor: &Anchor) -> Option<String> {
        let repository = self.repository;
        let entries = self.store.load_all().unwrap_or_default();
        let is_own = |root: &PathBuf| {
            entries.iter().any(|entry| entry.twin.iter().chain([&entry.place]).any(|own| own.path() == root))
        };
        // A worktree at the very path is only in the way, as any other folder would be.
        let mut worktrees = repository.worktree_roots();
        worktrees.retain(|root| !is_own(root) && root != path);
        worktrees.extend([repository.home(), &anchor.home].map(Path::to_owned));
        if worktrees.iter().any(|root| path.starts_with(root) || root.starts_with(path)) {
            return Some(
                "slot.path is inside the repository: it would show up in your own status".to_owned(),
            );
        }
        let is_git_folder = |dir: &&Path| {
            dir.join("HEAD").is_file() && ["objects", "refs"].iter().all(|name| dir.join(name).is_dir())
        };
        let around = path.ancestors().skip(1).find(is_git_folder);
        around.map(|dir| format!("slot.path is inside {}, which is Git's own folder", dir.display()))
    }
}

/// The path as Git will write it: links in the part that exists resolved, but not the last name.
fn without_links(path: &Path) -> PathBuf {
    let mut resolved = path.ancestors().skip(1).filter_map(|dir| Some((dir, dir.canonicalize().ok()?)));
    match resolved.next() {
        Some((dir, resolved)) => resolved.join(path.strip_prefix(dir).unwrap_or(path)),
        None => path.to_owned(),
    }
}
