//! The tree that an index stands for, as `git write-tree` makes it: folders that the index remembers to be unchanged need
//! not be looked at.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use gix_object::Kind;

use super::hash::name_of;
use super::{Index, Oid, Patch};

/// A folder in the extension that remembers trees (gitformat-index(5)).
pub(super) struct Remembered<'b> {
    /// Path of the folder; the root is the empty one.
    path: Vec<u8>,
    /// Its last part.
    name: &'b [u8],
    /// How many of the following are folders in it.
    subtrees: usize,
    /// Number of files in it, at all depths, and the id; `None` if something in it changed.
    tree: Option<(usize, &'b [u8])>,
}

/// Trees by path, each with the number of files in it.
type Trees = HashMap<Vec<u8>, (usize, Oid)>;

impl Index {
    /// The tree of all entries. `write` is given every tree that had to be put together, the deepest first.
    pub(super) fn tree(&self, write: &mut dyn FnMut(&Oid, Vec<u8>)) -> Option<Oid> {
        let remembered = read(self.remembered_trees().unwrap_or_default(), self.oid_length())?;
        let whole = |folder: Remembered<'_>| {
            let (count, oid) = folder.tree?;
            Some((folder.path, (count, Oid::of_bytes(oid))))
        };
        let known: Trees = remembered.into_iter().filter_map(whole).collect();
        self.folder(0..self.len(), b"", &known, write)
    }

    /// The tree of all entries, which may be in no repository.
    pub fn whole_tree(&self) -> Option<Oid> {
        self.tree(&mut |_, _| {})
    }

    /// The tree of a folder, which ends in a slash unless it is the root; `entries` are all below it.
    fn folder(
        &self,
        entries: Range<usize>,
        path: &[u8],
        known: &Trees,
        write: &mut dyn FnMut(&Oid, Vec<u8>),
    ) -> Option<Oid> {
        let name = path.strip_suffix(b"/").unwrap_or(path);
        if let Some((_, oid)) = known.get(name).filter(|(count, _)| *count == entries.len()) {
            return Some(oid.clone());
        }
        let (mut bytes, mut at) = (Vec::new(), entries.start);
        // The order of an index is that of trees: a folder stands where its name with a slash belongs.
        while at < entries.end {
            let rest = self.path(at)?.get(path.len()..)?;
            if let Some(slash) = rest.iter().position(|byte| *byte == b'/') {
                let inner = [path, rest.get(..=slash)?].concat();
                let end = self.end_of(&inner, at..entries.end)?;
                let oid = self.folder(at..end, &inner, known, write)?;
                bytes.extend([b"40000 ", rest.get(..slash)?, b"\0", &oid.to_bytes()].concat());
                at = end;
            } else {
                let (mode, oid) = self.blob(at)?;
                bytes.extend([format!("{mode:o} ").as_bytes(), rest, b"\0", oid].concat());
                at += 1;
            }
        }
        let oid = name_of(self.oid_length(), Kind::Tree, &bytes);
        write(&oid, bytes);
        Some(oid)
    }

    /// Where the entries below a folder end.
    fn end_of(&self, folder: &[u8], within: Range<usize>) -> Option<usize> {
        let (mut low, mut high) = (within.start, within.end);
        while low < high {
            let middle = low.midpoint(high);
            if self.path(middle)?.starts_with(folder) { low = middle + 1 } else { high = middle }
        }
        Some(low)
    }
}

/// Reads the extension; `None` if it is not well-formed.
pub(super) fn read(bytes: &[u8], oid_length: usize) -> Option<Vec<Remembered<'_>>> {
    let (mut all, mut rest) = (Vec::new(), bytes);
    // For each tree that is being read: its path, and how many of its subtrees are still to come.
    let mut open: Vec<(Vec<u8>, usize)> = Vec::new();
    while !rest.is_empty() {
        let (name, after) = until(rest, 0)?;
        let (line, after) = until(after, b'\n')?;
        let (count, subtrees) = std::str::from_utf8(line).ok()?.split_once(' ')?;
        let (count, subtrees) = (count.parse::<usize>().ok(), subtrees.parse::<usize>().ok()?);
        let (oid, after) = after.split_at_checked(if count.is_some() { oid_length } else { 0 })?;
        let path = match open.last_mut() {
            None => Vec::new(),
            Some((folder, left)) => {
                *left = left.checked_sub(1)?;
                let slash: &[u8] = if folder.is_empty() { b"" } else { b"/" };
                [folder, slash, name].concat()
            }
        };
        all.push(Remembered { path: path.clone(), name, subtrees, tree: count.map(|count| (count, oid)) });
        open.push((path, subtrees));
        while open.last().is_some_and(|(_, left)| *left == 0) {
            open.pop();
        }
        rest = after;
    }
    open.is_empty().then_some(all)
}

/// The extension with the folders that a patch touches marked as not known any more.
pub(super) fn forget(bytes: &[u8], patch: &Patch, oid_length: usize) -> Option<Vec<u8>> {
    let touched = folders_of(patch);
    let mut out = Vec::with_capacity(bytes.len());
    for Remembered { path, name, subtrees, tree } in read(bytes, oid_length)? {
        let tree = tree.filter(|_| !touched.contains(path.as_slice()));
        let count = tree.map_or_else(|| "-1".to_owned(), |(count, _)| count.to_string());
        out.extend([name, format!("\0{count} {subtrees}\n").as_bytes()].concat());
        out.extend(tree.map(|(_, oid)| oid).unwrap_or_default());
    }
    Some(out)
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

fn until(bytes: &[u8], end: u8) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|byte| *byte == end)?;
    Some((bytes.get(..at)?, bytes.get(at + 1..)?))
}
