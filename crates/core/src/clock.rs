//! The only reader of the time and of chance.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use jiff::Timestamp;

/// Tells the time and makes ids.
pub trait Clock: Send + Sync {
    /// The time on the calendar.
    fn now(&self) -> Timestamp;

    /// Time since some fixed moment; never goes back.
    fn elapsed(&self) -> Duration;

    /// Lets time pass. A clock for tests only says that it has.
    fn rest(&self, duration: Duration) {
        std::thread::sleep(duration);
    }

    /// 80 bits that nobody else has.
    fn chance(&self) -> u128;

    /// An id that sorts by time and is unique across clones (ULID, 26 characters).
    fn ulid(&self) -> String {
        let milliseconds = u64::try_from(self.now().as_millisecond()).unwrap_or_default();
        ulid::Ulid::from_parts(milliseconds, self.chance()).to_string()
    }
}

/// The clock of the machine.
#[derive(Debug)]
pub struct SystemClock {
    began: std::time::Instant,
}

impl SystemClock {
    /// A clock whose `elapsed` counts from now.
    #[expect(clippy::disallowed_methods, reason = "this is the door to the time")]
    pub fn new() -> Self {
        Self { began: std::time::Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the door to the time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    fn chance(&self) -> u128 {
        // The standard library seeds every `RandomState` from the operating system.
        let word = || u128::from(RandomState::new().hash_one(std::process::id()));
        (word() << 64 | word()) >> 48
    }
}
