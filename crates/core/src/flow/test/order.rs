//! The order of the test files of one change: everything the repository, its history and its tools tell about nearness.

use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::git::{FileDiff, Oid};
use crate::session::{Hotfix, Project, Work};
use crate::suite::{self, Edit, ImpactMap, Learnt, Place, RankInput, Ranked, Runner};

/// What goes before all other tests.
#[derive(Clone, Copy)]
pub struct First<'a> {
    /// Test files of the proof.
    pub proof: &'a [PathBuf],
    /// `test.critical`.
    pub critical: &'a [String],
}

/// All test files, the nearest first. `asks` says whether the ecosystem's own tool is worth its time. What cannot be
/// learnt is a hint less, never an error.
pub fn order(
    (project, hotfix, work): (&Project, &Hotfix, &Work),
    runner: &dyn Runner,
    first: First<'_>,
    asks: bool,
) -> Vec<Ranked> {
    let root = work.held.worktree.path.as_path();
    let changed: Vec<PathBuf> = work.changes.iter().map(|change| change.path.clone()).collect();
    let related = asks.then(|| related((project, hotfix), (runner, root), &changed)).flatten();
    suite::rank(&RankInput {
        files: work.files().unwrap_or_default(),
        changed: &changed,
        edits: &edits(work).unwrap_or_default(),
        proof: first.proof,
        critical: first.critical,
        read: &|path| std::fs::read(root.join(path)).ok(),
        commits: &commits(project, &work.base),
        related: related.as_deref(),
        learnt: learnt(project, &work.base).as_ref(),
        runner,
    })
}

/// What the runner's own tool says about the changed sources.
fn related(
    (project, hotfix): (&Project, &Hotfix),
    (runner, root): (&dyn Runner, &Path),
    changed: &[PathBuf],
) -> Option<Vec<PathBuf>> {
    let is_source = |path: &&PathBuf| !runner.is_test_file(path) || runner.holds_both(path);
    let there = |path: &&PathBuf| root.join(path).is_file();
    let sources: Vec<PathBuf> = changed.iter().filter(is_source).filter(there).cloned().collect();
    let scratch = project.run_dir(hotfix.id()).ok()?;
    let place = Place { root, home: project.repository.home(), scratch: &scratch };
    if sources.is_empty() { None } else { runner.related(project.ctx(), &place, &sources) }
}

/// The changed files with their texts and changed lines.
fn edits(work: &Work) -> Result<Vec<Edit>> {
    let base = work.base_reader()?;
    let text = |bytes: Option<Vec<u8>>| String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
    let edit = |file: &FileDiff| {
        let before = file.path.to_str().and_then(|path| base.read(path));
        let after = std::fs::read(work.held.worktree.path.join(&file.path)).ok();
        let (old, new) = file.hunks.iter().map(lines).unzip();
        Edit { path: file.path.clone(), before: text(before), after: text(after), old, new }
    };
    Ok(work.lines()?.iter().map(edit).collect())
}

/// The lines of a changed place on both sides. Where nothing was before, it is the lines around.
fn lines(hunk: &crate::git::Hunk) -> (Range<u64>, Range<u64>) {
    let around = |start: u64, count: u64| if count == 0 { start..start + 2 } else { start..start + count };
    let added = hunk.added.len() as u64;
    (around(hunk.old_start, hunk.old_lines), around(hunk.new_start, added))
}

/// The files of the newest commits up to base, from what was kept of an earlier look if it was at the same commit.
fn commits(project: &Project, base: &Oid) -> Vec<Vec<PathBuf>> {
    let kept = project.repository.state_dir().join("changed-together");
    if let Some(known) = suite::recall_habits(&kept, base.as_str()) {
        return known;
    }
    let found = project.repository.files_of_commits(base).unwrap_or_default();
    suite::keep_habits(&kept, base.as_str(), &found);
    found
}

/// Where the impact map is kept.
pub fn impact_path(project: &Project) -> PathBuf {
    project.repository.state_dir().join("impact.json")
}

/// The impact map, and what has changed since it was made. None if its commit is not known any more.
fn learnt(project: &Project, base: &Oid) -> Option<Learnt> {
    let map = ImpactMap::load(&impact_path(project))?;
    let commit = Oid::parse(&map.commit)?;
    let since = match commit == *base {
        true => Vec::new(),
        false => project.repository.changes(&commit, base).ok()?,
    };
    let changed_since: HashSet<PathBuf> = since.into_iter().map(|change| change.path).collect();
    Some(Learnt { map, changed_since })
}
