//! A worktree's index file (gitformat-index(5)), read and patched: Git would read, sort, hash and check all of it to
//! change a few entries. What is not known for sure here is left to Git.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::hash::checksum;
use super::{Oid, Repository, Worktree, index_tree, path_of};

/// Signature, version, number of entries.
const HEADER: usize = 12;
/// Change time, modification time (two each), device, inode, mode, user, group, size.
const NUMBERS: usize = 10;
/// Their length in bytes.
const STAT: usize = 4 * NUMBERS;
/// Which of them are the modification time, the device and the mode.
const MODIFIED: usize = 2;
const DEVICE: usize = 4;
const MODE: usize = 6;
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
#[derive(Debug)]
pub struct Index {
    bytes: Vec<u8>,
    oid_length: usize,
    modified: (i64, i64),
    entries: Vec<Entry>,
    /// The extension that remembers which trees are unchanged.
    trees: Option<Range<usize>>,
}

#[derive(Debug)]
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
pub type Patch = BTreeMap<Vec<u8>, Option<(Tracked, Option<Looked>)>>;

/// What the system knows of a file, as an index notes it: ten numbers cut to 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looked([u32; NUMBERS]);

impl Repository {
    /// The index of a worktree; `None` if it cannot be read, or is of a kind that only Git knows how to change.
    pub fn plain_index(&self, worktree: &Worktree) -> Option<Index> {
        self.read_index(&worktree.git_dir.join("index"))
    }

    pub(super) fn read_index(&self, file: &Path) -> Option<Index> {
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
                    index_tree::read(self.bytes.get(content.clone())?, self.oid_length)?;
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
        self.find(path).is_ok_and(|at| self.notes(at, found))
    }

    /// [`Index::is_as_noted`] for an entry by its number.
    pub(super) fn notes(&self, at: usize, found: &Metadata) -> bool {
        let Some(mut noted) = self.looked(at) else { return false };
        let now = Looked::at(found);
        // The device changes from one boot to the next, so Git leaves it out too.
        noted.0[DEVICE] = now.0[DEVICE];
        // Git notes no size of a file that was too new to be sure of; then only the empty blob belongs to an empty file.
        let doubtful = || found.size() == 0 && self.blob(at).is_none_or(|(_, oid)| oid != self.empty_blob());
        let settled = now.0[MODE] != 0 && (found.mtime(), found.mtime_nsec()) < self.modified;
        noted == now && settled && !doubtful()
    }

    fn empty_blob(&self) -> Vec<u8> {
        checksum(self.oid_length, &[b"blob 0\0"])
    }

    /// What an entry says of its file, by its number.
    fn looked(&self, at: usize) -> Option<Looked> {
        let start = self.entries.get(at)?.whole.start;
        let bytes = self.bytes.get(start..start + STAT)?;
        let mut numbers = [0; NUMBERS];
        for (number, bytes) in numbers.iter_mut().zip(bytes.chunks_exact(4)) {
            *number = u32::from_be_bytes(bytes.try_into().ok()?);
        }
        Some(Looked(numbers))
    }

    /// All entries, to be put into another index. Files as new as this index may have been changed again, so what it
    /// noted of them is left out.
    pub(super) fn as_patch(&self) -> Option<Patch> {
        let entry = |at: usize| {
            let path = self.path(at)?.to_vec();
            let looked = self.looked(at)?;
            let modified = (i64::from(looked.0[MODIFIED]), i64::from(looked.0[MODIFIED + 1]));
            let settled = modified < self.modified && looked.0[MODIFIED] != 0;
            Some((path.clone(), Some((self.tracked(&path)?, settled.then_some(looked)))))
        };
        (0..self.entries.len()).map(entry).collect()
    }

    /// Whether it has submodules, which are repositories of their own.
    pub(super) fn has_submodules(&self) -> bool {
        (0..self.len()).any(|at| self.blob(at).is_some_and(|(mode, _)| mode == SUBMODULE))
    }

    /// Length of an object id in bytes.
    pub(super) fn oid_length(&self) -> usize {
        self.oid_length
    }

    /// The index with a patch, as it would be read from a file of that time.
    pub(super) fn with(&self, repository: &Repository, patch: &Patch, modified: (i64, i64)) -> Option<Self> {
        Self::parse(self.patched(repository, patch)?, self.oid_length, modified)
    }

    /// The file.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// When the file was written: seconds and nanoseconds.
    pub(super) fn modified(&self) -> (i64, i64) {
        self.modified
    }

    /// How many entries it has.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Mode and id of an entry, by its number.
    pub(super) fn blob(&self, at: usize) -> Option<(u32, &[u8])> {
        let start = self.entries.get(at)?.whole.start;
        Some((
            number(&self.bytes, start + 24)?,
            self.bytes.get(start + STAT..start + STAT + self.oid_length)?,
        ))
    }

    /// The extension that remembers which trees are unchanged.
    pub(super) fn remembered_trees(&self) -> Option<&[u8]> {
        self.bytes.get(self.trees.clone()?)
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
                push_entry(&mut out, path, tracked, *looked);
                count += 1;
            }
        }
        out.extend(self.bytes.get(copied..self.entries_end())?);
        out.get_mut(8..HEADER)?.copy_from_slice(&u32::try_from(count).ok()?.to_be_bytes());
        if let Some(trees) = self.trees.clone() {
            let trees = index_tree::forget(self.bytes.get(trees)?, patch, self.oid_length)?;
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

fn push_entry(out: &mut Vec<u8>, path: &[u8], tracked: &Tracked, looked: Option<Looked>) {
    let start = out.len();
    let Looked(mut numbers) = looked.unwrap_or(Looked([0; NUMBERS]));
    numbers[MODE] = tracked.mode;
    out.extend(numbers.into_iter().flat_map(u32::to_be_bytes));
    out.extend(tracked.oid.to_bytes());
    out.extend(u16::try_from(path.len().min(LONGEST)).unwrap_or_default().to_be_bytes());
    out.extend(path);
    out.resize(start + padded(out.len() - start), 0);
}

impl Looked {
    /// What the system says of a file now.
    pub fn at(found: &Metadata) -> Self {
        let signed = |number: i64| u32::try_from(number & 0xffff_ffff).unwrap_or_default();
        let unsigned = |number: u64| u32::try_from(number & 0xffff_ffff).unwrap_or_default();
        Self([
            signed(found.ctime()),
            signed(found.ctime_nsec()),
            signed(found.mtime()),
            signed(found.mtime_nsec()),
            unsigned(found.dev()),
            unsigned(found.ino()),
            mode_of(found),
            found.uid(),
            found.gid(),
            unsigned(found.size()),
        ])
    }
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

/// Writes an index file under Git's own lock, which `lock` is, and puts it in place.
pub fn replace_index(worktree: &Worktree, lock: &Path, bytes: &[u8]) -> std::io::Result<()> {
    std::fs::write(lock, bytes)?;
    std::fs::rename(lock, worktree.git_dir.join("index"))
}
