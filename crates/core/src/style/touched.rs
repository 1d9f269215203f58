//! Which lines are part of the change.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use crate::git::FileDiff;

use super::read::diff::Block;

/// Changed lines by file, counted from 1.
#[derive(Debug)]
pub struct Touched {
    lines: HashMap<PathBuf, BTreeSet<u64>>,
}

impl Touched {
    /// The lines of the new side.
    pub fn new(files: &[FileDiff]) -> Self {
        let mut lines: HashMap<PathBuf, BTreeSet<u64>> = HashMap::new();
        for file in files {
            let known = lines.entry(file.path.clone()).or_default();
            for hunk in &file.hunks {
                known.extend(hunk.new_start..hunk.new_start + hunk.added.len() as u64);
            }
        }
        Self { lines }
    }

    /// The first changed line from `first` to `last`, both included.
    pub fn first(&self, path: &Path, first: u64, last: u64) -> Option<u64> {
        self.lines.get(path)?.range(first..=last.max(first)).next().copied()
    }

    /// The file was rewritten: lines move, and what was written anew is part of the change.
    pub fn rewritten(&mut self, path: &Path, blocks: &[&Block]) {
        let Some(lines) = self.lines.get_mut(path) else { return };
        let kept = lines.iter().filter_map(|line| moved(*line, blocks));
        let written = blocks.iter().flat_map(|block| block.new_start..block.new_start + block.new_lines);
        *lines = kept.chain(written).collect();
    }
}

/// Where a line is now, unless it was replaced.
fn moved(line: u64, blocks: &[&Block]) -> Option<u64> {
    let mut now = line;
    for block in blocks.iter().filter(|block| block.old_start <= line) {
        if line < block.old_start + block.old_lines {
            return None;
        }
        now = now + block.new_lines - block.old_lines;
    }
    Some(now)
}

#[cfg(test)]
mod tests {
    use crate::git::Hunk;

    use super::*;

    fn block(old: (u64, u64), new: (u64, u64)) -> Block {
        let path = PathBuf::from("a");
        Block {
            path,
            old_start: old.0,
            old_lines: old.1,
            new_start: new.0,
            new_lines: new.1,
            text: String::new(),
        }
    }

    #[test]
    fn follows_lines_through_a_rewrite() {
        let hunk = Hunk { old_start: 1, old_lines: 0, new_start: 4, added: vec![Vec::new(); 3] };
        let files = [FileDiff { path: PathBuf::from("a"), hunks: vec![hunk] }];
        let mut touched = Touched::new(&files);
        assert_eq!(touched.first(Path::new("a"), 1, 3), None);
        assert_eq!(touched.first(Path::new("a"), 1, 9), Some(4));
        // Line 2 became three lines, line 5 went away.
        let blocks = [block((2, 1), (2, 3)), block((5, 1), (7, 0))];
        touched.rewritten(Path::new("a"), &blocks.iter().collect::<Vec<_>>());
        let lines: Vec<u64> = touched.lines[Path::new("a")].iter().copied().collect();
        assert_eq!(lines, [2, 3, 4, 6, 7]);
    }
}
