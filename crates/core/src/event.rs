//! What a deed tells while it runs. The terminal and the tests are two readers of one stream.

use hotfix_model::Step;

/// How a line is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Went as hoped.
    Good,
    /// Worth a look; does not stop.
    Warning,
    /// Stops.
    Bad,
    /// Neither.
    Plain,
}

/// One thing a deed tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A step began and may take a while.
    Began {
        /// Which.
        step: Step,
        /// What it does, as in `running 3 test files`.
        what: String,
    },
    /// A running step does something else now.
    Now {
        /// Which.
        step: Step,
        /// What it does.
        what: String,
    },
    /// A step ended.
    Ended {
        /// Which.
        step: Step,
        /// How it went.
        tone: Tone,
        /// The outcome in one line.
        what: String,
    },
    /// A line of narration.
    Said {
        /// How it is meant.
        tone: Tone,
        /// The line.
        what: String,
    },
    /// A remark between commands that are played.
    Remarked {
        /// The remark.
        what: String,
    },
    /// A line of a text that is shown as it is.
    Quoted {
        /// The line.
        line: String,
    },
    /// A command is played, as if it were typed.
    Typed {
        /// The line.
        command: String,
    },
}

/// Where progress goes. Called from several threads at once.
pub trait Sink: Send + Sync {
    /// Takes one report.
    fn take(&self, progress: Progress);
}

/// A sink that drops everything.
#[derive(Debug, Default)]
pub struct Silent;

impl Sink for Silent {
    fn take(&self, _: Progress) {}
}
