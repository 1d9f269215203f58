//! The table: all looks at the same time, none of them waited for too long.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use hotfix_model::output::{Readiness, ReadyLine};

use super::scene::Scene;
use crate::ctx::{Cancelled, Ctx};
use crate::error::{Error, Result};
use crate::exec::{redact, sanitize_line};

/// How long a look may wait for a remote or for a program.
pub const PATIENCE: Duration = Duration::from_millis(2_400);
/// How long the table is waited for: somebody sits in front of it.
const LIMIT: Duration = Duration::from_millis(2_800);
/// How long looks that were stopped get to end their children.
const FAREWELL: Duration = Duration::from_millis(150);
/// How often the user's wish to stop is looked at.
const TICK: Duration = Duration::from_millis(20);

/// One line of the table: its name, and who finds out.
#[derive(Clone, Copy)]
pub struct Look {
    /// What is looked at.
    pub name: &'static str,
    /// Finds out. An error is the same as something missing.
    pub look: fn(&Scene) -> Result<Found>,
}

/// What a look came back with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// How it stands.
    pub state: Readiness,
    /// In a few words.
    pub what: String,
    /// The command that repairs it.
    pub repair: Option<String>,
}

/// A look that came back: its place in the list, what it found, milliseconds.
type News = (usize, Found, u64);

impl Found {
    /// As it should be.
    pub fn fine(what: impl Into<String>) -> Self {
        Self { state: Readiness::Ok, what: what.into(), repair: None }
    }

    /// Worth a look.
    pub fn warning(what: impl Into<String>, repair: impl Into<String>) -> Self {
        Self { state: Readiness::Warning, what: what.into(), repair: Some(repair.into()) }
    }

    /// Would stop a hotfix.
    pub fn missing(what: impl Into<String>, repair: impl Into<String>) -> Self {
        Self { state: Readiness::Missing, what: what.into(), repair: Some(repair.into()) }
    }

    /// Nothing can be said about it, and why.
    pub fn unknown(why: impl Into<String>) -> Self {
        Self { state: Readiness::Warning, what: why.into(), repair: None }
    }

    /// An error as a line: what is missing.
    pub fn of(error: &Error) -> Self {
        if error.downcast_ref::<Cancelled>().is_some() {
            return Self::unanswered();
        }
        Self::missing(format!("{error}: {}", error.why()), error.next())
    }

    fn unanswered() -> Self {
        Self::unknown(format!("no answer within {:.1} s", LIMIT.as_secs_f64()))
    }

    /// The line of the table.
    pub fn line(self, name: &str, elapsed_ms: u64) -> ReadyLine {
        let shown = |text: &str| sanitize_line(&redact(text));
        ReadyLine {
            name: name.to_owned(),
            state: self.state,
            found: shown(&self.what),
            repair: self.repair.as_deref().map(shown),
            elapsed_ms,
        }
    }
}

/// All lines, in the order of `looks`. Fails only when somebody wants it to stop.
pub fn fill(ctx: &Ctx, scene: Scene, looks: &'static [Look]) -> Result<Vec<ReadyLine>> {
    let scene = Arc::new(scene);
    let began = ctx.clock.elapsed();
    let news = begin(&scene, looks);
    let mut found: Vec<Option<(Found, u64)>> = vec![None; looks.len()];
    let heard = listen(ctx, &news, LIMIT, &mut found);
    if found.iter().any(Option::is_none) {
        // Twice: what still runs is not asked politely, so that nothing of it outlives the table.
        scene.cancel.ask(15);
        scene.cancel.ask(15);
        let mut late = vec![None; looks.len()];
        listen(ctx, &news, FAREWELL, &mut late).ok();
    }
    heard?;
    let elapsed = ctx.milliseconds_since(began);
    let lines = looks.iter().zip(found).map(|(look, found)| {
        let (found, elapsed) = found.unwrap_or_else(|| (Found::unanswered(), elapsed));
        found.line(look.name, elapsed)
    });
    Ok(lines.collect())
}

/// Each look in a thread of its own, which nobody has to wait for.
fn begin(scene: &Arc<Scene>, looks: &'static [Look]) -> Receiver<News> {
    let (sender, receiver) = channel();
    for (index, look) in looks.iter().enumerate() {
        let (sender, scene) = (sender.clone(), Arc::clone(scene));
        thread::spawn(move || {
            let began = scene.ctx().clock.elapsed();
            let found = (look.look)(&scene).unwrap_or_else(|error| Found::of(&error));
            // Nobody listens any more once the table is printed.
            sender.send((index, found, scene.ctx().milliseconds_since(began))).ok();
        });
    }
    receiver
}

/// Takes what comes, until all is there or the time is up.
fn listen(
    ctx: &Ctx,
    news: &Receiver<News>,
    limit: Duration,
    found: &mut [Option<(Found, u64)>],
) -> Result<(), Cancelled> {
    let began = ctx.clock.elapsed();
    while found.iter().any(Option::is_none) && ctx.elapsed_since(began) < limit {
        match news.recv_timeout(TICK) {
            Ok((index, what, elapsed)) => {
                if let Some(place) = found.get_mut(index) {
                    *place = Some((what, elapsed));
                }
            }
            Err(RecvTimeoutError::Timeout) => ctx.go_on()?,
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(())
}
