//! Where the parts of a repository lie.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::entry::{self, Entry};

/// What is captured in another way, or is not the user's.
const NOT_PRIVATE: &[&str] = &["config", "hotfix", "logs", "objects", "packed-refs", "refs", "worktrees"];

pub struct Place {
    /// Absent in a bare repository.
    pub worktree: Option<PathBuf>,
    /// The worktree's own Git folder.
    pub own: PathBuf,
    /// The Git folder that all worktrees share.
    pub common: PathBuf,
}

impl Place {
    pub fn find(path: &Path) -> Self {
        let dot_git = path.join(".git");
        if dot_git.is_dir() {
            return Self { worktree: Some(path.to_owned()), own: dot_git.clone(), common: dot_git };
        }
        if !dot_git.exists() {
            assert!(path.join("HEAD").is_file(), "{} is no repository", path.display());
            return Self { worktree: None, own: path.to_owned(), common: path.to_owned() };
        }
        let own = pointed(path, &dot_git, b"gitdir: ");
        // A submodule's Git folder is its own.
        let shares = own.join("commondir");
        let common = if shares.exists() { pointed(&own, &shares, b"") } else { own.clone() };
        Self { worktree: Some(path.to_owned()), own, common }
    }

    /// The files of both Git folders that are no refs, reflogs or objects.
    pub fn private(&self) -> BTreeMap<PathBuf, Entry> {
        let mut found = entry::below(&self.common, NOT_PRIVATE);
        if self.own != self.common {
            let own = entry::below(&self.own, NOT_PRIVATE).into_iter();
            found.extend(own.map(|(path, entry)| (Path::new("(own)").join(path), entry)));
        }
        found
    }
}

/// The path that a file of Git's holds, relative to `base`.
fn pointed(base: &Path, file: &Path, prefix: &[u8]) -> PathBuf {
    let bytes = fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let target = bytes.strip_prefix(prefix).expect("a pointer of Git's").trim_ascii_end();
    let joined = base.join(OsStr::from_bytes(target));
    joined.canonicalize().unwrap_or_else(|error| panic!("{}: {error}", joined.display()))
}
