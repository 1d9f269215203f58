//! Build tools that go by time: what is written after a build must be newer than what the build wrote.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::Pool;
use crate::git::Worktree;

/// A file whose time is looked at, in the private folder of a worktree.
const PROBE: &str = "hotfix-clock";
/// Longer than a tick of any kernel's clock of files: Linux has 1 to 10 ms. File systems that count whole seconds are
/// not waited for.
const LONGEST_TICK: Duration = Duration::from_millis(20);

/// A moment of the clock of files.
pub(super) struct Tick {
    probe: PathBuf,
    time: Option<SystemTime>,
}

impl Tick {
    /// The moment that is now. What is done until [`Pool::outlive`] is not waited for.
    pub fn of(worktree: &Worktree) -> Self {
        let probe = worktree.git_dir.join(PROBE);
        let time = touch(&probe);
        Self { probe, time }
    }
}

impl Pool<'_> {
    /// Waits until a file that is written now gets a later time than all that was written before. Git gives files that
    /// it writes the time of writing, older content or not; so a product of before never passes for one of after.
    pub(super) fn outlive_builds(&self, worktree: &Worktree) {
        self.outlive(&Tick::of(worktree));
    }

    /// Waits until that moment has passed.
    pub(super) fn outlive(&self, tick: &Tick) {
        let ctx = self.repository.ctx();
        let began = ctx.clock.elapsed();
        let has_passed = || tick.time.is_none() || touch(&tick.probe) != tick.time;
        while !has_passed() && ctx.elapsed_since(began) < LONGEST_TICK {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Writes a file, and gives the time it got; `None` where that cannot be done.
fn touch(probe: &Path) -> Option<SystemTime> {
    std::fs::write(probe, b"x").ok()?;
    probe.metadata().ok()?.modified().ok()
}
