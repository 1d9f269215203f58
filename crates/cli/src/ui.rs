//! The terminal: the only place that writes to it. The answer goes to standard output; progress, warnings and errors
//! go to standard error. On a terminal each running step has a live line; elsewhere plain lines come as things happen.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hotfix_core::clock::{Clock, SystemClock};
use hotfix_core::env::Environment;
use hotfix_core::event::{Progress, Sink, Tone};
use hotfix_core::exec::sanitize_line;
use hotfix_model::output::ErrorDetail;
use hotfix_model::{ExitCode, Step};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::arguments::{Color, Global};
use crate::render::Paint;

/// How often a live line moves.
const TICK: Duration = Duration::from_millis(100);

/// The terminal of one command.
pub struct Terminal {
    paint: Paint,
    answer_paint: Paint,
    quiet: bool,
    clock: SystemClock,
    lanes: Mutex<Lanes>,
}

/// The running steps.
struct Lanes {
    live: Option<MultiProgress>,
    running: BTreeMap<Step, Lane>,
}

struct Lane {
    began: Duration,
    bar: Option<ProgressBar>,
}

impl Terminal {
    /// The terminal as the environment and the options have it.
    pub fn new(environment: &Environment, global: &Global) -> Self {
        let colored = |is_terminal: bool| match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => is_terminal && environment.get("NO_COLOR").is_none() && !is_dumb(environment),
        };
        let is_terminal = std::io::stderr().is_terminal();
        let live = is_terminal && !global.quiet && !is_dumb(environment);
        Self {
            paint: Paint::new(colored(is_terminal)),
            answer_paint: Paint::new(colored(std::io::stdout().is_terminal())),
            quiet: global.quiet,
            clock: SystemClock::new(),
            lanes: Mutex::new(Lanes { live: live.then(live_lines), running: BTreeMap::new() }),
        }
    }

    /// A terminal of which nothing is known yet.
    pub fn plain() -> Self {
        Self {
            paint: Paint::new(false),
            answer_paint: Paint::new(false),
            quiet: false,
            clock: SystemClock::new(),
            lanes: Mutex::new(Lanes { live: None, running: BTreeMap::new() }),
        }
    }

    /// Colours for the answer.
    pub fn answer_paint(&self) -> Paint {
        self.answer_paint
    }

    /// Whether somebody watches the progress on a terminal.
    pub fn is_watched(&self) -> bool {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).live.is_some()
    }

    /// Prints an error: what, why, and what to type next.
    pub fn error(&self, detail: &ErrorDetail) {
        let [what, why, next] = [&detail.what, &detail.why, &detail.next].map(|text| sanitize_line(text));
        line(&format!("{} {what}", self.paint.bad("error:")));
        line(&format!("  {} {why}", self.paint.dim("why:")));
        line(&format!("  {} {}", self.paint.dim("next:"), self.paint.bold(&next)));
    }

    /// Prints an error that ends everything at once.
    pub fn fatal(&self, what: &str) -> ExitCode {
        line(&format!("{} {what}", self.paint.bad("error:")));
        ExitCode::SETUP
    }

    /// Takes live lines off the screen.
    pub fn close(&self) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, lane) in std::mem::take(&mut lanes.running) {
            lane.finish();
        }
    }

    fn said(&self, lanes: &Lanes, tone: Tone, text: &str) {
        if self.quiet && tone != Tone::Warning && tone != Tone::Bad {
            return;
        }
        let text = format!("{} {text}", self.paint.mark(tone));
        match &lanes.live {
            Some(live) => {
                live.println(text).ok();
            }
            None => line(&text),
        }
    }

    /// The demo has no live lines of its own: those of the commands it plays come between its lines.
    fn played(&self, text: &str) {
        if !self.quiet {
            line(text);
        }
    }

    fn began(&self, lanes: &mut Lanes, step: Step, what: &str) {
        if let Some(lane) = lanes.running.get(&step) {
            lane.now(what);
            return;
        }
        let bar = lanes.live.as_ref().map(|live| live_line(live, self.paint, step, what));
        if bar.is_none() && !self.quiet {
            line(&format!("  {} {what}", self.paint.step(step)));
        }
        lanes.running.insert(step, Lane { began: self.clock.elapsed(), bar });
    }

    fn ended(&self, lanes: &mut Lanes, step: Step, tone: Tone, what: &str) {
        let lane = lanes.running.remove(&step);
        let elapsed = lane.as_ref().map(|lane| self.clock.elapsed().saturating_sub(lane.began));
        if let Some(lane) = lane {
            lane.finish();
        }
        let elapsed =
            elapsed.map(|elapsed| self.paint.dim(&format!(" ({})", seconds(elapsed)))).unwrap_or_default();
        self.said(lanes, tone, &format!("{} {what}{elapsed}", self.paint.step(step)));
    }
}

/// Prints the answer. A reader that has gone away wants no more of it.
pub fn answer(text: &str) {
    let text = text.trim_end();
    if !text.is_empty() {
        writeln!(std::io::stdout(), "{text}").ok();
    }
}

/// Asks a question that is answered with `y` or `n`; `None` if nobody is there to answer.
pub fn ask(question: &str) -> Option<bool> {
    let answer = ask_line(&format!("{question} [y/N]"))?;
    Some(matches!(answer.as_str(), "y" | "Y" | "yes"))
}

/// Asks for a line; `None` if nobody is there to answer.
pub fn ask_line(question: &str) -> Option<String> {
    if !somebody_is_there() {
        return None;
    }
    write!(std::io::stderr(), "{question} ").ok();
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).ok()?;
    Some(line.trim().to_owned())
}

/// Whether a person can be asked.
pub fn somebody_is_there() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

impl Sink for Terminal {
    fn take(&self, progress: Progress) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        match progress {
            Progress::Began { step, what } | Progress::Now { step, what } => {
                self.began(&mut lanes, step, &sanitize_line(&what));
            }
            Progress::Ended { step, tone, what } => {
                self.ended(&mut lanes, step, tone, &sanitize_line(&what));
            }
            Progress::Said { tone, what } => self.said(&lanes, tone, &sanitize_line(&what)),
            Progress::Remarked { what } => {
                self.played(&format!("\n{}", self.paint.dim(&format!("# {what}"))));
            }
            Progress::Quoted { line } => self.played(format!("  {line}").trim_end()),
            Progress::Typed { command } => {
                self.played(&format!("{} {}", self.paint.good("$"), self.paint.bold(&command)));
            }
        }
    }
}

impl Lane {
    fn now(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(what.to_owned());
        }
    }

    fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

fn line(text: &str) {
    writeln!(std::io::stderr(), "{text}").ok();
}

fn live_lines() -> MultiProgress {
    MultiProgress::with_draw_target(ProgressDrawTarget::stderr())
}

fn live_line(live: &MultiProgress, paint: Paint, step: Step, what: &str) -> ProgressBar {
    let bar = live.add(ProgressBar::new_spinner());
    // A template that did not parse would leave the default look.
    if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {wide_msg} {elapsed}") {
        bar.set_style(style.tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ "));
    }
    bar.set_prefix(paint.step(step));
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(TICK);
    bar
}

fn is_dumb(environment: &Environment) -> bool {
    environment.get("TERM").is_some_and(|terminal| terminal == "dumb")
}

/// A duration as people read it: `0.4 s`, `2 min 5 s`.
pub fn seconds(duration: Duration) -> String {
    match duration.as_secs() {
        0..60 => format!("{:.1} s", duration.as_secs_f64()),
        total => format!("{} min {} s", total / 60, total % 60),
    }
}
