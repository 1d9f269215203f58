//! A clock whose readings are the same in every run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hotfix_core::clock::Clock;
use jiff::{Timestamp, ToSpan};

/// How many clocks this process has made.
static CLOCKS: AtomicU64 = AtomicU64::new(0);

/// Starts at 2026-03-01T02:14:00Z, in the night, when such things happen; every `now()` is one second later than the
/// one before. `elapsed()` is real, because deadlines of real children hang on it. Chance counts up from a number that
/// no other clock has, in this process or in another: processes are told apart by it. Clones share the readings.
#[derive(Clone, Debug)]
pub struct FakeClock {
    seconds: Arc<AtomicU64>,
    chances: Arc<AtomicU64>,
    began: Instant,
}

impl FakeClock {
    /// A clock that nobody has read yet.
    pub fn new() -> Self {
        let first = u64::from(std::process::id()) << 40 | CLOCKS.fetch_add(1, Ordering::SeqCst) << 20;
        Self { seconds: Arc::default(), chances: Arc::new(first.into()), began: Instant::now() }
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

    /// Nobody waits in a test.
    fn rest(&self, duration: Duration) {
        self.advance(duration);
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
    fn no_two_ids_are_the_same() {
        let (one, other) = (FakeClock::new(), FakeClock::new());
        let first = one.ulid();
        assert!(first < one.ulid());
        assert_ne!(first, other.ulid());
    }
}
