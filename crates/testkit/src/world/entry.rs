//! One file, folder or link, as the system shows it without following links.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub mode: u32,
    pub inode: u64,
    pub size: u64,
    /// Time of the last change of content, in nanoseconds.
    pub modified: i128,
    /// Digest of a file's bytes or of a link's target; empty for everything else.
    pub content: Vec<u8>,
}

impl Entry {
    pub fn of(path: &Path) -> Self {
        let found = fs::symlink_metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self {
            mode: found.mode(),
            inode: found.ino(),
            size: if found.is_dir() { 0 } else { found.len() },
            modified: i128::from(found.mtime()) * 1_000_000_000 + i128::from(found.mtime_nsec()),
            content: content(path, &found),
        }
    }

    /// What two states of the same path do not share, in words.
    pub fn compare(&self, after: &Self) -> Vec<&'static str> {
        let parts = [
            ("content", self.content != after.content),
            ("size", self.size != after.size),
            ("mode", self.mode != after.mode),
            ("inode", self.inode != after.inode),
            ("time", self.modified != after.modified),
        ];
        parts.into_iter().filter(|(_, differs)| *differs).map(|(part, _)| part).collect()
    }
}

/// Everything below a folder except what has one of these names at its top.
pub fn below(top: &Path, except: &[&str]) -> BTreeMap<PathBuf, Entry> {
    let mut found = BTreeMap::new();
    let excepted = |path: &Path| except.iter().any(|name| path == Path::new(name));
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for child in list(&top.join(&folder)) {
            let path = folder.join(child);
            if excepted(&path) {
                continue;
            }
            let entry = Entry::of(&top.join(&path));
            if entry.mode & 0o170_000 == 0o040_000 {
                folders.push(path.clone());
            }
            found.insert(path, entry);
        }
    }
    found
}

/// The files below a folder, as paths relative to it; nothing if there is no such folder.
pub fn files_below(top: &Path) -> Vec<PathBuf> {
    if !top.is_dir() {
        return Vec::new();
    }
    let is_file = |entry: &Entry| entry.mode & 0o170_000 == 0o100_000;
    below(top, &[]).into_iter().filter(|(_, entry)| is_file(entry)).map(|(path, _)| path).collect()
}

fn list(folder: &Path) -> Vec<std::ffi::OsString> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("a readable folder").file_name()).collect()
}

fn content(path: &Path, found: &Metadata) -> Vec<u8> {
    let bytes = if found.is_file() {
        fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    } else if found.is_symlink() {
        fs::read_link(path).expect("a readable link").as_os_str().as_bytes().to_owned()
    } else {
        return Vec::new();
    };
    Sha256::digest(bytes).to_vec()
}
