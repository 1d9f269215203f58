//! Files that often changed together with a changed file, as the history tells.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// A commit of more files than this says nothing about which of them belong together.
const WIDEST: usize = 30;
/// The strength of the file that changed together most often.
pub const STRONGEST: u32 = 30;
/// What one commit of two files counts; one of many files counts less, shared among them.
const COMMIT: u32 = 60;

/// How strongly each file hangs together with the changed ones, up to [`STRONGEST`]. `commits` are the files of single
/// commits.
pub fn strengths<'a>(commits: &'a [Vec<PathBuf>], changed: &[&Path]) -> HashMap<&'a Path, u32> {
    let mut counts: HashMap<&Path, u32> = HashMap::new();
    for files in commits.iter().filter(|files| (2..=WIDEST).contains(&files.len())) {
        if !files.iter().any(|file| changed.contains(&file.as_path())) {
            continue;
        }
        let share = COMMIT / u32::try_from(files.len()).unwrap_or(COMMIT);
        for file in files.iter().filter(|file| !changed.contains(&file.as_path())) {
            *counts.entry(file).or_default() += share;
        }
    }
    // A single commit is a coincidence: it takes the worth of two commits of two files for full strength.
    let most = counts.values().copied().max().unwrap_or_default().max(COMMIT);
    counts.into_iter().map(|(file, count)| (file, (count * STRONGEST / most).max(1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_commits_and_habits_count_most() {
        let commit = |files: &[&str]| files.iter().map(PathBuf::from).collect::<Vec<_>>();
        let wide: Vec<String> = (0..40).map(|number| format!("f{number}")).chain(["a".to_owned()]).collect();
        let commits = [
            commit(&["a", "often"]),
            commit(&["a", "often"]),
            commit(&["a", "once", "x", "y", "z", "w"]),
            commit(&["b", "other"]),
            wide.iter().map(PathBuf::from).collect(),
        ];
        let found = strengths(&commits, &[Path::new("a")]);
        let of = |path: &str| found.get(Path::new(path)).copied();
        assert_eq!(
            (of("often"), of("once"), of("other"), of("f3"), of("a")),
            (Some(30), Some(5), None, None, None)
        );
    }
}
