//! What differs between two trees that are near each other, read from their objects without a process. `None` where an
//! object is not here, or where so much differs that Git is quicker.

use std::cmp::Ordering;

use super::direct::Direct;
use super::{Oid, Tracked, TrackedChange};

/// How many trees are read at most: the price of starting Git, about 3 ms.
const MOST_TREES: usize = 80;
/// The mode of a folder.
pub(super) const FOLDER: u32 = 0o040_000;

/// One entry of a tree.
pub(super) struct Entry<'t> {
    pub mode: u32,
    pub name: &'t [u8],
    pub oid: &'t [u8],
}

/// Trees that are still to be read.
struct Reader<'d> {
    direct: &'d Direct,
    left: usize,
    found: Vec<TrackedChange>,
}

/// The files that differ between two trees or commits, in the order of their paths.
pub(super) fn tree_diff(direct: &Direct, from: &Oid, to: &Oid) -> Option<Vec<TrackedChange>> {
    let (from, to) = (direct.tree_of(from)?, direct.tree_of(to)?);
    let mut reader = Reader { direct, left: MOST_TREES, found: Vec::new() };
    if from.oid != to.oid {
        reader.compare(b"", &from.bytes, &to.bytes)?;
    }
    Some(reader.found)
}

impl Reader<'_> {
    /// Compares two trees of the folder that paths below begin with.
    fn compare(&mut self, folder: &[u8], from: &[u8], to: &[u8]) -> Option<()> {
        let width = self.direct.width();
        let (from, to) = (entries(from, width)?, entries(to, width)?);
        let (mut old, mut new) = (from.iter().peekable(), to.iter().peekable());
        loop {
            let order = match (old.peek(), new.peek()) {
                (None, None) => return Some(()),
                (Some(old), Some(new)) => old.order(new),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
            };
            let was = if order.is_le() { old.next() } else { None };
            let is = if order.is_ge() { new.next() } else { None };
            self.differ(folder, was, is)?;
        }
    }

    fn differ(&mut self, folder: &[u8], was: Option<&Entry<'_>>, is: Option<&Entry<'_>>) -> Option<()> {
        let Some(either) = was.or(is) else { return Some(()) };
        if was.zip(is).is_some_and(|(was, is)| was.mode == is.mode && was.oid == is.oid) {
            return Some(());
        }
        if either.mode == FOLDER {
            let inner = [folder, either.name, b"/"].concat();
            let (from, to) = (self.read(was)?, self.read(is)?);
            return self.compare(&inner, &from, &to);
        }
        let tracked = |entry: &Entry<'_>| Tracked { mode: entry.mode, oid: Oid::of_bytes(entry.oid) };
        let path = [folder, either.name].concat();
        self.found.push(TrackedChange { path, old: was.map(tracked), new: is.map(tracked) });
        Some(())
    }

    fn read(&mut self, entry: Option<&Entry<'_>>) -> Option<Vec<u8>> {
        let Some(entry) = entry else { return Some(Vec::new()) };
        self.left = self.left.checked_sub(1)?;
        let object = self.direct.object(&Oid::of_bytes(entry.oid))?;
        (object.kind == "tree").then_some(object.bytes)
    }
}

/// The entries of a tree whose ids are so many bytes wide; `None` if it is not well-formed.
pub(super) fn entries(mut rest: &[u8], width: usize) -> Option<Vec<Entry<'_>>> {
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let space = rest.iter().position(|byte| *byte == b' ')?;
        let mode = u32::from_str_radix(std::str::from_utf8(rest.get(..space)?).ok()?, 8).ok()?;
        let after = rest.get(space + 1..)?;
        let end = after.iter().position(|byte| *byte == 0)?;
        let (oid, left) = after.get(end + 1..)?.split_at_checked(width)?;
        entries.push(Entry { mode, name: after.get(..end)?, oid });
        rest = left;
    }
    Some(entries)
}

impl Entry<'_> {
    /// Trees are sorted as if the names of folders ended in a slash; a file and a folder of one name are two entries.
    fn order(&self, other: &Self) -> Ordering {
        let slash = |entry: &Self| (entry.mode == FOLDER).then_some(&b'/');
        self.name.iter().chain(slash(self)).cmp(other.name.iter().chain(slash(other)))
    }
}
