//! A worktree's index file (gitformat-index(5)), read and patched: Git would read, sort, hash and check all of it to
//! change a few entries. What is not known for sure here is left to Git.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::direct::checksum;
use super::{Oid, Repository, Worktree, path_of};

/// Signature, version, number of entries.
const HEADER: usize = 12;
/// Ten numbers: change time, modification time (two each), device, inode, mode, user, group, size.
const STAT: usize = 40;
/// Bits of an entry's flags: not to be looked at, more flags follow, which side of a merge.
const ASSUME_VALID: u16 = 0x8000;
const EXTENDED: u16 = 0x4000;
const STAGE: u16 = 0x3000;
/// The mode of a submodule.
const SUBMODULE: u32 = 0o160_000;
/// Longest name whose length fits into the flags.
const LONGEST: usize = 0x0fff;
/// Extensions that only save work or say where others are. A patched index is written without them.
const DROPPED: [&[u8]; 4] = [b"EOIE", b"IEOT", b"UNTR", b"FSMN"];

/// An index file of version 2 in which nothing is hidden, unmerged, sparse or kept elsewhere.
pub struct Index {
    bytes: Vec<u8>,
    oid_length: usize,
    modified: (i64, i64),
    entries: Vec<Entry>,
    /// The extension that remembers which trees are unchanged.
    trees: Option<Range<usize>>,
}

struct Entry {
    whole: Range<usize>,
    name: Range<usize>,
}

/// What an index has to say of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracked {
    /// `100644`, `100755` or `120000`, read as octal.
    pub mode: u32,
    /// The blob.
    pub oid: Oid,
}

/// Entries to put into an index, by path; `None` takes one out. Without the look at the file, Git looks at it anew.
pub type Patch = BTreeMap<Vec<u8>, Option<(Tracked, Option<Metadata>)>>;

impl Repository {
    /// The index of a worktree; `None` if it cannot be read, or is of a kind that only Git knows how to change.
    pub fn plain_index(&self, worktree: &Worktree) -> Option<Index> {
        let file = worktree.git_dir.join("index");
        let found = file.metadata().ok()?;
        let modified = (found.mtime(), found.mtime_nsec());
        Index::parse(std::fs::read(file).ok()?, self.zero().len() / 2, modified)
    }
}

impl Index {
    fn parse(bytes: Vec<u8>, oid_length: usize, modified: (i64, i64)) -> Option<Self> {
        if bytes.get(..8)? != b"DIRC\0\0\0\x02" {
            return None;
        }
        let count = usize::try_from(number(&bytes, 8)?).ok()?;
        let mut entries = Vec::with_capacity(count.min(bytes.len() / (STAT + oid_length)));
        let mut at = HEADER;
        for _ in 0..count {
            let entry = Entry::parse(&bytes, at, oid_length)?;
            at = entry.whole.end;
            entries.push(entry);
        }
        let mut index = Self { bytes, oid_length, modified, entries, trees: None };
        index.read_extensions(at)?;
        Some(index)
    }

    /// Finds the remembered trees; `None` if there is an extension that is not known here.
    fn read_extensions(&mut self, mut at: usize) -> Option<()> {
        let end = self.bytes.len().checked_sub(self.oid_length)?;
        while at < end {
            let name = self.bytes.get(at..at + 4)?;
            let content = at + 8..at + 8 + usize::try_from(number(&self.bytes, at + 4)?).ok()?;
            at = content.end;
            match name {
                b"TREE" => {
                    forget_trees(self.bytes.get(content.clone())?, &BTreeSet::new(), self.oid_length)?;
                    self.trees = Some(content);
                }
                name if DROPPED.contains(&name) => {}
                _ => return None,
            }
        }
        (at == end).then_some(())
    }

    /// What it says of a path.
    pub fn tracked(&self, path: &[u8]) -> Option<Tracked> {
        let at = self.find(path).ok()?;
        let start = self.entries.get(at)?.whole.start;
        let oid = self.bytes.get(start + STAT..start + STAT + self.oid_length)?;
        Some(Tracked { mode: number(&self.bytes, start + 24)?, oid: Oid::of_bytes(oid) })
    }

    /// Whether a file is, by all that the system knows of it, the one the index was told of. A file as new as the
    /// index itself may have been changed again without a trace, so it is not.
    pub fn is_as_noted(&self, path: &[u8], found: &Metadata) -> bool {
        let Some(entry) = self.find(path).ok().and_then(|at| self.entries.get(at)) else {
            return false;
        };
        let noted = self.bytes.get(entry.whole.start..entry.whole.start + STAT).unwrap_or_default();
        let mode = number(noted, 24).unwrap_or_default();
        let stat = stat(found, mode);
        // The device (the fifth number) changes from one boot to the next, so Git leaves it out too.
        noted.get(..16) == stat.get(..16)
            && noted.get(20..) == stat.get(20..)
            && mode == mode_of(found)
            && (found.mtime(), found.mtime_nsec()) < self.modified
    }

    /// The path of an entry, by its number; `None` past the last one.
    pub fn path(&self, at: usize) -> Option<&[u8]> {
        self.entries.get(at).map(|entry| self.name(entry))
    }

    /// [`Index::is_as_noted`] for a path in a worktree. A submodule is none of a file's business.
    pub fn is_noted_in(&self, root: &Path, path: &[u8]) -> bool {
        let is_file = self.tracked(path).is_some_and(|tracked| tracked.mode != SUBMODULE);
        let found = root.join(path_of(path)).symlink_metadata();
        !is_file || found.is_ok_and(|found| self.is_as_noted(path, &found))
    }

    /// Paths whose last name is this one.
    pub fn named<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let of_name = move |path: &&[u8]| {
            path.strip_suffix(name).is_some_and(|folder| folder.is_empty() || folder.ends_with(b"/"))
        };
        self.entries.iter().map(|entry| self.name(entry)).filter(of_name)
    }

    /// An index file with these entries and no other.
    pub fn of(repository: &Repository, entries: &Patch) -> Option<Vec<u8>> {
        let (bytes, oid_length) = (b"DIRC\0\0\0\x02\0\0\0\0".to_vec(), repository.zero().len() / 2);
        let empty = Self { bytes, oid_length, modified: (0, 0), entries: Vec::new(), trees: None };
        empty.patched(repository, entries)
    }

    /// The index file with some entries put in, replaced or taken out.
    pub fn patched(&self, repository: &Repository, patch: &Patch) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(self.bytes.len() + patch.len() * 128 + 64);
        out.extend(self.bytes.get(..HEADER)?);
        let (mut copied, mut count) = (HEADER, self.entries.len());
        for (path, new) in patch {
            let (at, found) = match self.find(path) {
                Ok(at) => (at, true),
                Err(at) => (at, false),
            };
            let start = self.entries.get(at).map_or_else(|| self.entries_end(), |entry| entry.whole.start);
            out.extend(self.bytes.get(copied..start)?);
            copied = start;
            if found {
                copied = self.entries.get(at)?.whole.end;
                count -= 1;
            }
            if let Some((tracked, looked)) = new {
                push_entry(&mut out, path, tracked, looked.as_ref());
                count += 1;
            }
        }
        out.extend(self.bytes.get(copied..self.entries_end())?);
        out.get_mut(8..HEADER)?.copy_from_slice(&u32::try_from(count).ok()?.to_be_bytes());
        if let Some(trees) = self.trees.clone() {
            let trees = forget_trees(self.bytes.get(trees)?, &folders_of(patch), self.oid_length)?;
            out.extend(b"TREE");
            out.extend(u32::try_from(trees.len()).ok()?.to_be_bytes());
            out.extend(trees);
        }
        let sum = checksum(repository.zero().len() / 2, &[&out]);
        out.extend(sum);
        Some(out)
    }

    fn name(&self, entry: &Entry) -> &[u8] {
        self.bytes.get(entry.name.clone()).unwrap_or_default()
    }

    fn find(&self, path: &[u8]) -> Result<usize, usize> {
        self.entries.binary_search_by(|entry| self.name(entry).cmp(path))
    }

    fn entries_end(&self) -> usize {
        self.entries.last().map_or(HEADER, |entry| entry.whole.end)
    }
}

impl Entry {
    fn parse(bytes: &[u8], start: usize, oid_length: usize) -> Option<Self> {
        let name = start + STAT + oid_length + 2;
        let flags = u16::from_be_bytes(bytes.get(name - 2..name)?.try_into().ok()?);
        if flags & (ASSUME_VALID | EXTENDED | STAGE) != 0 {
            return None;
        }
        let length = match usize::from(flags) & LONGEST {
            LONGEST => bytes.get(name..)?.iter().position(|byte| *byte == 0)?,
            length => length,
        };
        let whole = start..start + padded(name + length - start);
        bytes.get(whole.clone())?;
        Some(Self { whole, name: name..name + length })
    }
}

/// An entry ends in one to eight NULs, so that its length is a multiple of eight.
const fn padded(length: usize) -> usize {
    (length + 8) & !7
}

fn push_entry(out: &mut Vec<u8>, path: &[u8], tracked: &Tracked, looked: Option<&Metadata>) {
    let start = out.len();
    match looked {
        Some(found) => out.extend(stat(found, tracked.mode)),
        None => {
            out.extend([0; 24]);
            out.extend(tracked.mode.to_be_bytes());
            out.extend([0; 12]);
        }
    }
    out.extend(tracked.oid.to_bytes());
    out.extend(u16::try_from(path.len().min(LONGEST)).unwrap_or_default().to_be_bytes());
    out.extend(path);
    out.resize(start + padded(out.len() - start), 0);
}

/// What the system knows of a file, as an index notes it: numbers cut to 32 bits.
fn stat(found: &Metadata, mode: u32) -> Vec<u8> {
    let signed = |number: i64| u32::try_from(number & 0xffff_ffff).unwrap_or_default();
    let unsigned = |number: u64| u32::try_from(number & 0xffff_ffff).unwrap_or_default();
    let numbers = [
        signed(found.ctime()),
        signed(found.ctime_nsec()),
        signed(found.mtime()),
        signed(found.mtime_nsec()),
        unsigned(found.dev()),
        unsigned(found.ino()),
        mode,
        found.uid(),
        found.gid(),
        unsigned(found.size()),
    ];
    numbers.into_iter().flat_map(u32::to_be_bytes).collect()
}

/// The mode that a file has in an index; 0 for what is no file and no link.
fn mode_of(found: &Metadata) -> u32 {
    match () {
        () if found.is_symlink() => 0o120_000,
        () if found.is_file() && found.mode() & 0o100 != 0 => 0o100_755,
        () if found.is_file() => 0o100_644,
        () => 0,
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// All folders that hold one of the paths, at any depth; the root is the empty one.
fn folders_of(patch: &Patch) -> BTreeSet<&[u8]> {
    let mut folders = BTreeSet::from([b"".as_slice()]);
    for path in patch.keys() {
        let mut rest = path.as_slice();
        while let Some(at) = rest.iter().rposition(|byte| *byte == b'/') {
            rest = rest.get(..at).unwrap_or_default();
            if !folders.insert(rest) {
                break;
            }
        }
    }
    folders
}

/// The remembered trees, those of `folders` marked as not known any more.
fn forget_trees(bytes: &[u8], folders: &BTreeSet<&[u8]>, oid_length: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    // For each tree that is being read: its path, and how many of its subtrees are still to come.
    let mut open: Vec<(Vec<u8>, usize)> = Vec::new();
    while !rest.is_empty() {
        let (name, after) = until(rest, 0)?;
        let (line, after) = until(after, b'\n')?;
        let (count, subtrees) = std::str::from_utf8(line).ok()?.split_once(' ')?;
        let (known, subtrees) = (!count.starts_with('-'), subtrees.parse::<usize>().ok()?);
        let (oid, after) = after.split_at_checked(if known { oid_length } else { 0 })?;
        let path = match open.last_mut() {
            None => Vec::new(),
            Some((folder, left)) => {
                *left = left.checked_sub(1)?;
                let slash: &[u8] = if folder.is_empty() { b"" } else { b"/" };
                [folder, slash, name].concat()
            }
        };
        let forgotten = folders.contains(path.as_slice());
        let count = if forgotten { "-1" } else { count };
        out.extend([name, b"\0", count.as_bytes(), b" ", subtrees.to_string().as_bytes(), b"\n"].concat());
        out.extend(if forgotten { b"" } else { oid });
        open.push((path, subtrees));
        while open.last().is_some_and(|(_, left)| *left == 0) {
            open.pop();
        }
        rest = after;
    }
    open.is_empty().then_some(out)
}

fn until(bytes: &[u8], end: u8) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|byte| *byte == end)?;
    Some((bytes.get(..at)?, bytes.get(at + 1..)?))
}

/// Writes an index file under Git's own lock, which `lock` is, and puts it in place.
pub fn replace_index(worktree: &Worktree, lock: &Path, bytes: &[u8]) -> std::io::Result<()> {
    std::fs::write(lock, bytes)?;
    std::fs::rename(lock, worktree.git_dir.join("index"))
}
