//! Differences between two trees: which files, how many lines, which lines.

use std::path::PathBuf;

use super::{GitError, Oid, Repository, Tracked, path_of};
use crate::error::Result;
use hotfix_model::Size;

/// How a file differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// New.
    Added,
    /// Gone.
    Deleted,
    /// Other content or other mode.
    Modified,
    /// Other type: file, symbolic link, submodule.
    Retyped,
}

/// A file that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// How.
    pub kind: ChangeKind,
    /// Path from the root; any bytes but NUL.
    pub path: PathBuf,
    /// Mode and blob on the new side; `None` if deleted.
    pub new: Option<(String, Oid)>,
}

impl Change {
    /// Whether it is a submodule now, or another repository.
    pub fn is_submodule(&self) -> bool {
        self.new.as_ref().is_some_and(|(mode, _)| mode == "160000")
    }
}

/// A file that differs, and what it was and is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackedChange {
    /// Path from the root, as Git has it.
    pub path: Vec<u8>,
    /// What it was.
    pub old: Option<Tracked>,
    /// What it is.
    pub new: Option<Tracked>,
}

/// The changed lines of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDiff {
    /// Path from the root.
    pub path: PathBuf,
    /// The places, top to bottom. Empty for binary files and pure mode changes.
    pub hunks: Vec<Hunk>,
}

/// One changed place, without context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// First line on the old side, counted from 1; of a pure addition the line it follows.
    pub old_start: u64,
    /// Number of lines on the old side.
    pub old_lines: u64,
    /// First line on the new side, counted from 1; of a pure removal the line it follows.
    pub new_start: u64,
    /// The lines of the new side, without newlines.
    pub added: Vec<Vec<u8>>,
}

impl FileDiff {
    /// Whether a line of the new side is part of the change.
    pub fn touches(&self, line: u64) -> bool {
        self.hunks.iter().any(|hunk| {
            let count = hunk.added.len() as u64;
            line >= hunk.new_start && line < hunk.new_start + count
        })
    }
}

impl Repository {
    /// The files that differ between two trees or commits; renames count as removal and addition.
    pub fn changes(&self, from: &Oid, to: &Oid) -> Result<Vec<Change>> {
        if let Some(found) = self.reader.tree_diff(from, to) {
            return Ok(found.into_iter().map(Change::of).collect());
        }
        let raw = self.git().args(["diff-tree", "-r", "-z", "--raw", "--no-renames"]);
        let raw = raw.args([from.as_str(), to.as_str()]).run()?;
        parse_raw(&raw).map(|(changes, _)| changes).ok_or_else(unreadable)
    }

    /// The same with what each file was and is, as an index tells it; `None` where it is absent.
    pub fn tracked_changes(&self, from: &Oid, to: &Oid) -> Result<Vec<TrackedChange>> {
        if let Some(found) = self.reader.tree_diff(from, to) {
            return Ok(found);
        }
        let raw = self.git().args(["diff-tree", "-r", "-z", "--raw", "--no-renames"]);
        let raw = raw.args([from.as_str(), to.as_str()]).run()?;
        let mut fields = raw.split(|byte| *byte == 0);
        let mut changes = Vec::new();
        while let Some(head) = fields.next().filter(|head| !head.is_empty()) {
            let path = fields.next().ok_or_else(unreadable)?.to_vec();
            let head = std::str::from_utf8(head).map_err(|_| unreadable())?.trim_start_matches(':');
            let words: Vec<&str> = head.split(' ').collect();
            let [old_mode, new_mode, old_oid, new_oid, _] = words.as_slice() else {
                return Err(unreadable());
            };
            changes.push(TrackedChange {
                path,
                old: tracked(old_mode, old_oid),
                new: tracked(new_mode, new_oid),
            });
        }
        Ok(changes)
    }

    /// The lines that differ between two trees or commits; of a file that was renamed all of them.
    pub fn line_changes(&self, from: &Oid, to: &Oid) -> Result<Vec<FileDiff>> {
        self.patch(from, to, "--no-renames")
    }

    /// The same, but of a file that was renamed those that are different from the file it was.
    pub fn line_changes_across_renames(&self, from: &Oid, to: &Oid) -> Result<Vec<FileDiff>> {
        self.patch(from, to, "--find-renames")
    }

    fn patch(&self, from: &Oid, to: &Oid, renames: &str) -> Result<Vec<FileDiff>> {
        let both = self
            .git()
            .args(["diff-tree", "-r", "-z", "--raw", "--patch", "--unified=0", renames])
            .args(["--no-color", "--no-ext-diff", "--no-textconv"])
            .args([from.as_str(), to.as_str()])
            .run()?;
        let (changes, patch) = parse_raw(&both).ok_or_else(unreadable)?;
        parse_patch(&changes, patch).ok_or_else(unreadable)
    }
}

/// The size of a difference; a binary file counts as no line.
pub fn size_of(files: &[FileDiff]) -> Size {
    let mut size = Size::default();
    let mut last = None;
    for file in files {
        // A change of type is a removal and an addition, one after the other.
        size.files += u64::from(last.replace(&file.path) != Some(&file.path));
        size.added += file.hunks.iter().map(|hunk| hunk.added.len() as u64).sum::<u64>();
        size.removed += file.hunks.iter().map(|hunk| hunk.old_lines).sum::<u64>();
    }
    size
}

impl Change {
    fn of(found: TrackedChange) -> Self {
        let TrackedChange { path, old, new } = found;
        let kind = match (&old, &new) {
            (None, _) => ChangeKind::Added,
            (_, None) => ChangeKind::Deleted,
            // The upper bits tell files, links and submodules apart.
            (Some(old), Some(new)) if old.mode >> 12 != new.mode >> 12 => ChangeKind::Retyped,
            _ => ChangeKind::Modified,
        };
        let new = new.map(|new| (format!("{:06o}", new.mode), new.oid));
        Self { kind, path: path_of(&path), new }
    }
}

fn tracked(mode: &str, oid: &str) -> Option<Tracked> {
    let mode = u32::from_str_radix(mode, 8).ok().filter(|mode| *mode != 0)?;
    Some(Tracked { mode, oid: Oid::parse(oid)? })
}

fn unreadable() -> crate::error::Error {
    GitError::Unreadable { command: "diff-tree".to_owned() }.into()
}

/// Reads `:oldmode newmode oldoid newoid status NUL path NUL …` and gives what follows: the patch, if one was asked for.
/// What was renamed has two paths, and is a change of the second.
fn parse_raw(bytes: &[u8]) -> Option<(Vec<Change>, &[u8])> {
    let mut changes = Vec::new();
    let mut rest = bytes;
    while rest.first() == Some(&b':') {
        let (head, after) = until_nul(rest)?;
        let (mut path, mut after) = until_nul(after)?;
        let head = std::str::from_utf8(head).ok()?;
        let mut words = head.split(' ');
        let (new_mode, new_oid) = (words.nth(1)?, words.nth(1)?);
        let status = words.next()?.chars().next()?;
        if status == 'R' {
            (path, after) = until_nul(after)?;
        }
        let kind = match status {
            'A' => ChangeKind::Added,
            'D' => ChangeKind::Deleted,
            'T' => ChangeKind::Retyped,
            _ => ChangeKind::Modified,
        };
        let new = match kind {
            ChangeKind::Deleted => None,
            _ => Some((new_mode.to_owned(), Oid::parse(new_oid)?)),
        };
        changes.push(Change { kind, path: path_of(path), new });
        rest = after;
    }
    Some((changes, rest.strip_prefix(b"\0").unwrap_or(rest)))
}

fn until_nul(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    Some((bytes.get(..end)?, bytes.get(end + 1..)?))
}

/// Sections of a patch come in the order of the raw entries, so names need not be read from their quoted headers.
/// A change of type has two sections: the removal and the addition.
fn parse_patch(changes: &[Change], patch: &[u8]) -> Option<Vec<FileDiff>> {
    let mut files: Vec<FileDiff> = Vec::new();
    let expected = changes.iter().flat_map(|change| {
        let sections = if change.kind == ChangeKind::Retyped { 2 } else { 1 };
        std::iter::repeat_n(&change.path, sections)
    });
    let mut expected = expected.peekable();
    for line in patch.split(|byte| *byte == b'\n') {
        if line.starts_with(b"diff --git ") {
            files.push(FileDiff { path: expected.next()?.clone(), hunks: Vec::new() });
        } else if line.starts_with(b"@@ ") {
            files.last_mut()?.hunks.push(parse_hunk(line)?);
        } else if let Some(text) = line.strip_prefix(b"+") {
            // The header's `+++ b/…` comes before the first hunk.
            if let Some(hunk) = files.last_mut().and_then(|file| file.hunks.last_mut()) {
                hunk.added.push(text.to_vec());
            }
        }
    }
    expected.peek().is_none().then_some(files)
}

/// Reads `@@ -old[,count] +new[,count] @@`.
fn parse_hunk(line: &[u8]) -> Option<Hunk> {
    let line = String::from_utf8_lossy(line);
    let mut words = line.split(' ').skip(1);
    let range = |word: &str| -> Option<(u64, u64)> {
        let (start, count) = word.split_once(',').unwrap_or((word, "1"));
        Some((start.parse().ok()?, count.parse().ok()?))
    };
    let (old_start, old_lines) = range(words.next()?.strip_prefix('-')?)?;
    let (new_start, _) = range(words.next()?.strip_prefix('+')?)?;
    Some(Hunk { old_start, old_lines, new_start, added: Vec::new() })
}
