//! A sink that remembers what it was told.

use std::sync::Mutex;

use hotfix_core::event::{Progress, Sink, Tone};

/// Remembers all progress in the order it came.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Vec<Progress>>);

impl Recorder {
    /// All that was told so far.
    pub fn told(&self) -> Vec<Progress> {
        self.0.lock().expect("no test panicked while it held the recorder").clone()
    }

    /// The lines that were said in a tone.
    pub fn said(&self, wanted: Tone) -> Vec<String> {
        let line = |progress| match progress {
            Progress::Said { tone, what } if tone == wanted => Some(what),
            _ => None,
        };
        self.told().into_iter().filter_map(line).collect()
    }

    /// The lines of warning.
    pub fn warnings(&self) -> Vec<String> {
        self.said(Tone::Warning)
    }
}

impl Sink for Recorder {
    fn take(&self, progress: Progress) {
        self.0.lock().expect("no test panicked while it held the recorder").push(progress);
    }
}
