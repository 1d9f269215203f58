//! Where the repository is, as `git rev-parse` finds it: the plain case alone, a worktree or a slot of the user's own.
//! Whatever is unusual (variables, bare repositories, links, foreign owners, which Git refuses) is left to Git.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::format::Format;
use super::{Oid, path_of};

/// A repository that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// What all worktrees share.
    pub common_dir: PathBuf,
    /// The private folder of this worktree.
    pub git_dir: PathBuf,
    /// The root of this worktree; absent in a bare repository.
    pub top: Option<PathBuf>,
    /// `sha1` or `sha256`.
    pub object_format: String,
}

impl Place {
    /// Looks in `dir` and the folders above it, up to the first that holds `.git`.
    pub(super) fn find(dir: &Path) -> Option<Self> {
        let dir = dir.canonicalize().ok()?;
        let device = dir.metadata().ok()?.dev();
        let mut level = dir.as_path();
        loop {
            // What lies in a repository's own folder, or beyond the edge of a file system, only Git tells right.
            if level.join("HEAD").symlink_metadata().is_ok() || level.metadata().ok()?.dev() != device {
                return None;
            }
            if let Ok(found) = level.join(".git").symlink_metadata() {
                return Self::at(level, found.is_dir());
            }
            level = level.parent()?;
        }
    }

    fn at(top: &Path, main: bool) -> Option<Self> {
        let pointer = top.join(".git");
        let (git_dir, common_dir) = if main { (pointer.clone(), pointer.clone()) } else { linked(&pointer)? };
        let owned = [top, &pointer, &git_dir].into_iter().all(is_own);
        let whole =
            has_head(&git_dir) && common_dir.join("objects").is_dir() && common_dir.join("refs").is_dir();
        let format = Format::read(&common_dir)?;
        let plain = format.is_plain() && format.keeps_worktree(&git_dir)?;
        let object_format = format.object_format();
        let known = ["sha1", "sha256"].contains(&object_format.as_str());
        (owned && whole && plain && known).then(|| Self {
            common_dir,
            git_dir,
            top: Some(top.to_owned()),
            object_format,
        })
    }
}

fn has_head(git_dir: &Path) -> bool {
    let head = git_dir.join("HEAD");
    let is_file = head.symlink_metadata().is_ok_and(|found| found.is_file());
    let text = std::fs::read_to_string(&head).unwrap_or_default();
    is_file && (text.starts_with("ref: refs/") || Oid::parse(text.trim_ascii_end()).is_some())
}

/// The folders of a linked worktree, by its file `.git`: its private one and the common one. Only where they are as
/// `git worktree add` makes them; a submodule's is not.
fn linked(pointer: &Path) -> Option<(PathBuf, PathBuf)> {
    let git_dir = line_of(&std::fs::read(pointer).ok()?, b"gitdir: ")?;
    let common = line_of(&std::fs::read(git_dir.join("commondir")).ok()?, b"")?;
    let git_dir = git_dir.canonicalize().ok().filter(|found| *found == git_dir)?;
    let common_dir = git_dir.join(common).canonicalize().ok()?;
    (git_dir.parent()? == common_dir.join("worktrees")).then_some((git_dir, common_dir))
}

/// The path in a file of one line.
fn line_of(bytes: &[u8], prefix: &[u8]) -> Option<PathBuf> {
    let line = bytes.strip_prefix(prefix)?;
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    (!line.is_empty() && !line.contains(&b'\n')).then(|| path_of(line))
}

/// Git works only in repositories whose folders are the user's (CVE-2022-24765); who becomes root by `sudo` is asked by
/// Git who they were.
fn is_own(path: &Path) -> bool {
    let user = rustix::process::geteuid().as_raw();
    path.symlink_metadata().is_ok_and(|found| found.uid() == user && !found.is_symlink())
}
