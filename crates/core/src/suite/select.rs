//! What of the ranked tests runs within a time budget, and what of them did not run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_model::{Run, RunEnd};

use super::{Durations, Nearness, Ranked, Selection, paths};

/// Test files that run, and test files that do not. Both the nearest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// They run.
    pub selected: Vec<Ranked>,
    /// They do not fit.
    pub cut: Vec<Ranked>,
}

/// Chooses what runs within `budget`. Proof, changed and critical files always do. With no times known, all are chosen
/// and the time limit of the run cuts (see [`never_ran`]); a file whose time is not known counts as an average one. A
/// file that does not fit is passed over for shorter ones behind it.
pub fn within_budget(ranked: Vec<Ranked>, durations: &Durations, budget: Duration) -> Chosen {
    let known: Vec<_> = ranked.iter().filter_map(|file| durations.of(&file.path)).collect();
    let Some(average) = average(&known) else {
        return Chosen { selected: ranked, cut: Vec::new() };
    };
    let time = |file: &Ranked| durations.of(&file.path).unwrap_or(average);
    let fixed = ranked.iter().filter(|file| is_always_run(file)).map(time);
    let mut used = fixed.fold(durations.startup(), Duration::saturating_add);
    let (selected, cut) = ranked.into_iter().partition(|file| {
        let after = used.saturating_add(time(file));
        let fits = is_always_run(file) || after <= budget;
        if fits && !is_always_run(file) {
            used = after;
        }
        fits
    });
    Chosen { selected, cut }
}

/// The files of a selection of which a run that was stopped did not run everything, in their order. The file in which it
/// was stopped is among them. Empty for a run that came to its own end.
pub fn never_ran(run: &Run, files: &[PathBuf]) -> Vec<PathBuf> {
    if run.end == RunEnd::Finished {
        return Vec::new();
    }
    let mut done: BTreeSet<&str> = run.cases.iter().filter_map(|case| case.file.as_deref()).collect();
    if let Some(last) = run.cases.last().and_then(|case| case.file.as_deref()) {
        done.remove(last);
    }
    done.extend(run.not_loaded.iter().map(|(file, _)| file.as_str()));
    files.iter().filter(|file| !done.contains(paths::text_of_path(file).as_str())).cloned().collect()
}

/// The files of a selection that exist, each once; `None` for everything.
pub fn existing_files(root: &Path, selection: &Selection) -> Option<Vec<PathBuf>> {
    let files: Vec<PathBuf> = match selection {
        Selection::Everything => return None,
        Selection::Files(files) => files.clone(),
        Selection::Cases(ids) => ids.iter().map(|id| paths::path_of_text(paths::file_of_id(id))).collect(),
    };
    let mut seen = BTreeSet::new();
    Some(files.into_iter().filter(|file| root.join(file).is_file() && seen.insert(file.clone())).collect())
}

fn is_always_run(file: &Ranked) -> bool {
    file.why <= Nearness::Critical
}

fn average(times: &[Duration]) -> Option<Duration> {
    let count = u32::try_from(times.len()).ok()?;
    let sum = times.iter().fold(Duration::ZERO, |sum, time| sum.saturating_add(*time));
    sum.checked_div(count)
}
