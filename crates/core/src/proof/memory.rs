//! Runs of one side, remembered by what went into them: a side whose files and command have not changed is not run
//! again. Only runs that came out as wanted are worth remembering: anything else may be the machine's fault, and be
//! mended before the next run.

use std::path::{Path, PathBuf};

use hotfix_model::Run;
use hotfix_model::proof::SideOutcome;
use sha2::{Digest, Sha256};

use super::side::{Colour, read_side};

/// What a side is wanted to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Base with the tests.
    Red,
    /// The fix.
    Green,
}

/// Where the runs of one side with certain inputs are kept.
#[derive(Clone, Debug)]
pub struct Memory {
    wanted: Wanted,
    path: PathBuf,
}

impl Memory {
    /// The memory in `folder` of a side with these inputs.
    pub fn new(folder: &Path, wanted: Wanted, inputs: &str) -> Self {
        let side = match wanted {
            Wanted::Red => "red",
            Wanted::Green => "green",
        };
        let digest = Sha256::digest(inputs.as_bytes());
        let digits: Vec<String> = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self { wanted, path: folder.join(format!("{side}-{}.json", digits.concat())) }
    }

    /// The runs, if such were kept.
    pub fn recall(&self) -> Option<Vec<Run>> {
        serde_json::from_slice(&std::fs::read(&self.path).ok()?).ok()
    }

    /// Keeps the runs if they are as wanted. A memory that cannot be written costs only a run.
    pub fn keep(&self, runs: &[Run]) {
        if !self.is_worth_it(runs) {
            return;
        }
        if let Ok(json) = serde_json::to_vec(runs) {
            std::fs::write(&self.path, json).ok();
        }
    }

    fn is_worth_it(&self, runs: &[Run]) -> bool {
        let reading = read_side(runs);
        match self.wanted {
            Wanted::Red => reading.colour == Colour::Red && reading.outcome != SideOutcome::NotLoaded,
            Wanted::Green => reading.colour == Colour::Green,
        }
    }
}
