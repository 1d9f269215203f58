//! How long each test file took, kept per repository outside its tree.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_model::{CaseOutcome, Run, RunEnd};
use serde::{Deserialize, Serialize};

use super::paths;
use crate::error::{FileError, Result};

/// Known seconds of test files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Durations {
    /// Seconds a run takes besides its tests: start, collection, end.
    #[serde(default)]
    startup: f64,
    /// Seconds by path.
    #[serde(default)]
    files: BTreeMap<String, f64>,
}

impl Durations {
    /// Reads the file; one that is missing or damaged is as good as none, since every run fills it anew.
    pub fn load(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap_or_default();
        let mut read: Self = serde_json::from_slice(&bytes).unwrap_or_default();
        read.files.retain(|_, seconds| is_time(*seconds));
        if !is_time(read.startup) {
            read.startup = 0.0;
        }
        read
    }

    /// Takes in a run of whole files. A file in which a test was cut short says nothing about its time, nor does the last
    /// one of a run that the time limit ended. A value moves half way to the new one, so that one slow run does not cut
    /// tests.
    pub fn learn(&mut self, run: &Run) {
        if !matches!(run.end, RunEnd::Finished | RunEnd::TimedOut) {
            return;
        }
        let mut seconds: BTreeMap<&str, f64> = BTreeMap::new();
        let mut cut_short = Vec::new();
        for case in &run.cases {
            let Some(file) = case.file.as_deref() else { continue };
            *seconds.entry(file).or_default() += case.seconds.unwrap_or_default();
            if matches!(case.outcome, CaseOutcome::TimedOut | CaseOutcome::Crashed) {
                cut_short.push(file);
            }
        }
        if run.end == RunEnd::TimedOut {
            cut_short.extend(run.cases.last().and_then(|case| case.file.as_deref()));
        } else {
            let tests: f64 = seconds.values().sum();
            let elapsed = Duration::from_millis(run.elapsed_ms).as_secs_f64();
            self.startup =
                between(Some(self.startup).filter(|known| *known > 0.0), (elapsed - tests).max(0.0));
        }
        for (file, new) in seconds.into_iter().filter(|(file, _)| !cut_short.contains(file)) {
            let known = self.files.get(file).copied();
            self.files.insert(file.to_owned(), between(known, new));
        }
    }

    /// Replaces the file in one step. Errors: its folder cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let written = fs::create_dir_all(folder).and_then(|()| self.replace(path, folder));
        written.map_err(FileError::of("write", path))?;
        Ok(())
    }

    /// Whether no time of any file is known.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// How long a file took.
    pub fn of(&self, file: &Path) -> Option<Duration> {
        let seconds = self.files.get(&paths::text_of_path(file))?;
        Duration::try_from_secs_f64(*seconds).ok()
    }

    /// How long a run of these files takes; `None` as soon as one is not known.
    pub fn estimate<'a>(&self, files: impl IntoIterator<Item = &'a PathBuf>) -> Option<Duration> {
        let times: Option<Vec<_>> = files.into_iter().map(|file| self.of(file)).collect();
        Some(times?.iter().fold(self.startup(), |sum, time| sum.saturating_add(*time)))
    }

    /// Time a run takes besides its tests.
    pub fn startup(&self) -> Duration {
        Duration::try_from_secs_f64(self.startup).unwrap_or_default()
    }

    fn replace(&self, path: &Path, folder: &Path) -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer(&mut file, self)?;
        file.flush()?;
        file.persist(path)?;
        Ok(())
    }
}

fn between(known: Option<f64>, new: f64) -> f64 {
    known.map_or(new, |known| f64::midpoint(known, new))
}

fn is_time(seconds: f64) -> bool {
    seconds.is_finite() && seconds >= 0.0
}
