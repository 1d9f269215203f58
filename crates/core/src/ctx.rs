//! What every deed is given: the environment, the clock, where to report, and whether to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use hotfix_model::{ExitCode, Step};
use jiff::Timestamp;

use crate::clock::Clock;
use crate::env::Environment;
use crate::error::{Explain, Result};
use crate::event::{Progress, Sink, Tone};

/// The surroundings of a deed. Cheap to clone; no globals anywhere.
#[derive(Clone)]
pub struct Ctx {
    /// The environment.
    pub env: Arc<Environment>,
    /// Time and chance.
    pub clock: Arc<dyn Clock>,
    /// Where progress goes.
    pub sink: Arc<dyn Sink>,
    /// Whether somebody wants it to stop.
    pub cancel: Cancel,
}

/// Tells running deeds to stop. The first signal asks, the second insists.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<CancelState>);

#[derive(Debug, Default)]
struct CancelState {
    count: AtomicU8,
    signal: AtomicU8,
}

/// A signal ended the deed.
#[derive(Debug, thiserror::Error)]
#[error("stopped by signal {signal}")]
pub struct Cancelled {
    signal: u8,
}

/// What a thread of ours came back with; its panic goes on in the thread that waited for it.
pub fn joined<T>(result: std::thread::Result<T>) -> T {
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

impl Ctx {
    /// Surroundings from their parts.
    pub fn new(env: Environment, clock: impl Clock + 'static, sink: Arc<dyn Sink>) -> Self {
        Self { env: Arc::new(env), clock: Arc::new(clock), sink, cancel: Cancel::default() }
    }

    /// The time on the calendar.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Time since `since`, which was read from [`Clock::elapsed`].
    pub fn elapsed_since(&self, since: Duration) -> Duration {
        self.clock.elapsed().saturating_sub(since)
    }

    /// Milliseconds since `since`, which was read from [`Clock::elapsed`].
    pub fn milliseconds_since(&self, since: Duration) -> u64 {
        u64::try_from(self.elapsed_since(since).as_millis()).unwrap_or(u64::MAX)
    }

    /// Reports that a step began.
    pub fn began(&self, step: Step, what: impl Into<String>) {
        self.sink.take(Progress::Began { step, what: what.into() });
    }

    /// Reports what a running step does now.
    pub fn now_doing(&self, step: Step, what: impl Into<String>) {
        self.sink.take(Progress::Now { step, what: what.into() });
    }

    /// Reports how a step ended.
    pub fn ended(&self, step: Step, tone: Tone, what: impl Into<String>) {
        self.sink.take(Progress::Ended { step, tone, what: what.into() });
    }

    /// Says a line.
    pub fn say(&self, tone: Tone, what: impl Into<String>) {
        self.sink.take(Progress::Said { tone, what: what.into() });
    }

    /// Makes a remark between commands that are played.
    pub fn remark(&self, what: impl Into<String>) {
        self.sink.take(Progress::Remarked { what: what.into() });
    }

    /// Shows a line of a text as it is.
    pub fn quote(&self, line: impl Into<String>) {
        self.sink.take(Progress::Quoted { line: line.into() });
    }

    /// Reports that a command is played, as if it were typed.
    pub fn typed(&self, command: impl Into<String>) {
        self.sink.take(Progress::Typed { command: command.into() });
    }

    /// Says a line of warning.
    pub fn warn(&self, what: impl Into<String>) {
        self.say(Tone::Warning, what);
    }

    /// Fails if somebody wants it to stop. Called between effects, so that none is cut in half.
    pub fn go_on(&self) -> Result<(), Cancelled> {
        match self.cancel.signal() {
            Some(signal) => Err(Cancelled { signal }),
            None => Ok(()),
        }
    }
}

impl Cancel {
    /// Asks to stop because of signal `number`; asked again, it insists.
    pub fn ask(&self, number: u8) {
        self.0.signal.store(number, Ordering::SeqCst);
        self.0.count.fetch_add(1, Ordering::SeqCst);
    }

    /// The signal, once somebody asked.
    pub fn signal(&self) -> Option<u8> {
        (self.0.count.load(Ordering::SeqCst) > 0).then(|| self.0.signal.load(Ordering::SeqCst))
    }

    /// Whether somebody asked twice.
    pub fn insists(&self) -> bool {
        self.0.count.load(Ordering::SeqCst) > 1
    }
}

impl Explain for Cancelled {
    fn why(&self) -> String {
        "you, or the system, asked it to stop; what was done is recorded".to_owned()
    }

    fn next(&self) -> String {
        "run the same command again to go on where it stopped".to_owned()
    }

    fn exit(&self) -> ExitCode {
        ExitCode::signal(self.signal)
    }
}
