//! A stage of a long chore: one line when it begins, one when it ends.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// Counts the time of all stages together.
pub struct Stages {
    began: Instant,
}

impl Stages {
    /// Stages whose time counts from now.
    pub fn begin() -> Self {
        Self { began: Instant::now() }
    }

    /// Runs one stage.
    pub fn run<T>(&self, name: &str, deed: impl FnOnce() -> Result<T>) -> Result<T> {
        println!("[{}] {name}", clock(self.began.elapsed()));
        let began = Instant::now();
        let result = deed();
        let mark = if result.is_ok() { "done" } else { "FAILED" };
        println!(
            "[{}] {name}: {mark} after {:.1} s",
            clock(self.began.elapsed()),
            began.elapsed().as_secs_f64()
        );
        result.with_context(|| format!("stage `{name}`"))
    }
}

/// Minutes and seconds, as in `2:05`.
fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
