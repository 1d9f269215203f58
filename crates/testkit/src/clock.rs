//! A clock whose readings are the same in every run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hotfix_core::clock::Clock;
use jiff::{Timestamp, ToSpan};

/// Starts at 2026-03-01T02:14:00Z, in the night, when such things happen; every `now()` is one second later than the
/// one before, and chance counts 1, 2, 3. `elapsed()` is real, because deadlines of real children hang on it.
/// Clones share the readings.
#[derive(Clone, Debug)]
pub struct FakeClock {
    seconds: Arc<AtomicU64>,
    chances: Arc<AtomicU64>,
    began: Instant,
}

impl FakeClock {
    /// A clock that nobody has read yet.
    pub fn new() -> Self {
        Self { seconds: Arc::default(), chances: Arc::default(), began: Instant::now() }
    }

    /// Lets time pass.
    pub fn advance(&self, duration: Duration) {
        self.seconds.fetch_add(duration.as_secs(), Ordering::SeqCst);
    }
}

impl Default for FakeClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        let seconds = self.seconds.fetch_add(1, Ordering::SeqCst);
        let start: Timestamp = "2026-03-01T02:14:00Z".parse().expect("a timestamp");
        start + i64::try_from(seconds).expect("a test shorter than the universe is old").seconds()
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    fn chance(&self) -> u128 {
        u128::from(self.chances.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reading_is_a_second_later_and_clones_share_them() {
        let clock = FakeClock::new();
        assert_eq!(clock.now().to_string(), "2026-03-01T02:14:00Z");
        assert_eq!(clock.clone().now().to_string(), "2026-03-01T02:14:01Z");
        clock.advance(Duration::from_mins(1));
        assert_eq!(clock.now().to_string(), "2026-03-01T02:15:02Z");
    }

    #[test]
    fn ids_differ_and_are_the_same_in_every_run() {
        let (one, other) = (FakeClock::new(), FakeClock::new());
        let first = one.ulid();
        assert_eq!(first, other.ulid());
        assert!(first < one.ulid());
    }
}
