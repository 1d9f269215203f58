//! All files of a worktree compared with its index, without a process, on all cores: what `git status` does at three
//! times the price, because it also reads, checks and hashes what it does not need. Where the disk holds anything that is
//! not plain, there is no answer, and Git is asked.

use std::collections::HashMap;
use std::fs::DirEntry;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::{Index, path_of};
use crate::ctx::joined;

/// From this many files on, a second thread costs less than it gains (measured on two cores).
const WORTH_THREADS: usize = 2_000;
/// More threads do not help: the kernel's locks on folders are shared.
const MOST_THREADS: usize = 4;

/// Where a worktree is not what its index says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Odd {
    /// Tracked files that are not, by all that the system knows of them, those the index was told of.
    pub changed: Vec<Vec<u8>>,
    /// Tracked files that are not there.
    pub gone: Vec<Vec<u8>>,
    /// What the index does not know. A folder stands for all that is in it.
    pub strange: Vec<Vec<u8>>,
}

/// A folder that holds tracked files, at some depth.
#[derive(Default)]
struct Folder {
    /// Entries of the index that lie in the folder itself, in the order of their names.
    files: Vec<usize>,
}

type Folders<'i> = HashMap<&'i [u8], Folder>;

/// Compares all files of a worktree with its index. `None` where only Git can tell: submodules and other repositories
/// inside, links in the place of folders, disks that change names.
pub(super) fn walk(root: &Path, index: &Index) -> Option<Odd> {
    if index.has_submodules() {
        return None;
    }
    let folders = folders(index);
    let paths: Vec<&[u8]> = folders.keys().copied().collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut odd = Odd::default();
        while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            look_into(root, path, index, &folders, &mut odd)?;
        }
        Some(odd)
    };
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get).min(MOST_THREADS);
    let threads = if index.len() < WORTH_THREADS { 1 } else { cores };
    let mut odd = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let parts: Vec<Option<Odd>> =
            [work()].into_iter().chain(others.into_iter().map(|other| joined(other.join()))).collect();
        parts.into_iter().try_fold(Odd::default(), |all, part| Some(all.with(part?)))
    })?;
    for paths in [&mut odd.changed, &mut odd.gone, &mut odd.strange] {
        paths.sort_unstable();
    }
    Some(odd)
}

impl Odd {
    fn with(mut self, other: Self) -> Self {
        self.changed.extend(other.changed);
        self.gone.extend(other.gone);
        self.strange.extend(other.strange);
        self
    }
}

fn folders(index: &Index) -> Folders<'_> {
    let mut folders = Folders::from([(b"".as_slice(), Folder::default())]);
    for at in 0..index.len() {
        let mut folder = above(index.path(at).unwrap_or_default());
        let known = folders.contains_key(folder);
        folders.entry(folder).or_default().files.push(at);
        while !known && !folder.is_empty() {
            folder = above(folder);
            folders.entry(folder).or_default();
        }
    }
    folders
}

/// The folder that a path lies in; the root is the empty one.
fn above(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|byte| *byte == b'/').unwrap_or_default();
    path.get(..end).unwrap_or_default()
}

fn below(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}

/// Looks at one folder, not at those in it.
fn look_into(root: &Path, path: &[u8], index: &Index, folders: &Folders<'_>, odd: &mut Odd) -> Option<()> {
    let files = &folders.get(path)?.files;
    let mut seen = vec![false; files.len()];
    let listed = match std::fs::read_dir(root.join(path_of(path))) {
        // All that is in it is gone too.
        Err(error) if error.kind() == ErrorKind::NotFound && !path.is_empty() => None,
        listed => Some(listed.ok()?),
    };
    let skipped = if path.is_empty() { 0 } else { path.len() + 1 };
    for entry in listed.into_iter().flatten() {
        let entry = entry.ok()?;
        let name = entry.file_name();
        let name = name.as_bytes();
        let place = files.binary_search_by(|at| {
            index.path(*at).and_then(|path| path.get(skipped..)).unwrap_or_default().cmp(name)
        });
        match place {
            Ok(place) => {
                *seen.get_mut(place)? = true;
                look_at(&entry, *files.get(place)?, index, odd)?;
            }
            Err(_) if name == b".git" && path.is_empty() => {}
            Err(_) => meet(&entry, below(path, name), folders, odd)?,
        }
    }
    for (at, _) in files.iter().zip(seen).filter(|(_, seen)| !seen) {
        let missing = index.path(*at)?;
        // A file that is there all the same has another name on this disk.
        let found = root.join(path_of(missing)).symlink_metadata();
        found.is_err_and(|error| error.kind() == ErrorKind::NotFound).then_some(())?;
        odd.gone.push(missing.to_vec());
    }
    Some(())
}

fn look_at(entry: &DirEntry, at: usize, index: &Index, odd: &mut Odd) -> Option<()> {
    let found = entry.metadata().ok()?;
    if !index.notes(at, &found) {
        (found.is_file() || found.is_symlink()).then_some(())?;
        odd.changed.push(index.path(at)?.to_vec());
    }
    Some(())
}

/// Something that is no tracked file: a folder of such, or a stranger.
fn meet(entry: &DirEntry, path: Vec<u8>, folders: &Folders<'_>, odd: &mut Odd) -> Option<()> {
    let kind = entry.file_type().ok()?;
    match folders.contains_key(path.as_slice()) {
        true => kind.is_dir().then_some(()),
        false if entry.file_name() == ".git" => None,
        false => {
            (kind.is_dir() || kind.is_file() || kind.is_symlink()).then_some(())?;
            odd.strange.push(path);
            Some(())
        }
    }
}
