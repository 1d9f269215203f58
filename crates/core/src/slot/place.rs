//! A folder of ours and the name Git knows it by. Looked at without following links.

use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::git::{Repository, Worktree, is_same_path, read_git_file, read_worktree_root};

/// In Git's entry of a worktree that we made.
const MARK: &str = "hotfix-slot";
/// Why a worktree cannot be used that was moved by hand.
pub(super) const MOVED: &str = "the repository was moved: the .git file in it names a folder that is gone";

/// A path as JSON: a string, or a list of bytes where it is not UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored(pub PathBuf);

/// Where a slot or twin lies. Its private Git folder is `<common>/worktrees/<name>`; only the name is kept, so that
/// the repository may be moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The folder.
    pub path: Stored,
    /// Git's name for it; absent while Git is making it.
    pub name: Option<Stored>,
}

/// What lies at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// A folder.
    Folder,
    /// Nothing, in a folder that exists.
    Nothing,
    /// Something else, or its surroundings are missing too, as when a disk is not mounted.
    Other,
}

impl Place {
    /// A place that is about to be made.
    pub fn planned(path: PathBuf) -> Self {
        Self { path: Stored(path), name: None }
    }

    /// The place of a worktree.
    pub fn of(worktree: &Worktree) -> Self {
        let name = worktree.git_dir.file_name().map(|name| Stored(PathBuf::from(name)));
        Self { path: Stored(worktree.path.clone()), name }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path.0
    }

    /// Its private Git folder.
    pub fn git_dir(&self, repository: &Repository) -> Option<PathBuf> {
        let name = self.name.as_ref()?;
        Some(repository.common_dir().join("worktrees").join(&name.0))
    }

    /// The worktree, if it still is ours: a folder of this user, that nobody else can write to, whose pointer and
    /// whose entry in the repository name each other. Else why not. No process is run.
    pub fn worktree(&self, repository: &Repository) -> Result<Worktree, String> {
        let path = self.path();
        is_private_folder(path)?;
        let worktree = Worktree::at(path, repository.common_dir()).ok_or_else(|| self.why_no_worktree())?;
        if Some(&worktree.git_dir) != self.git_dir(repository).as_ref() {
            return Err("it is another worktree than the one recorded".to_owned());
        }
        if !read_worktree_root(&worktree.git_dir).is_some_and(|root| is_same_path(&root, path)) {
            return Err("the repository's entry for it names another folder".to_owned());
        }
        if std::fs::read(worktree.git_dir.join("commondir")).unwrap_or_default().is_empty() {
            return Err("the repository's entry for it is damaged".to_owned());
        }
        Ok(worktree)
    }

    fn why_no_worktree(&self) -> String {
        match self.was_left_by_move(self.path()) {
            true => MOVED.to_owned(),
            false => "its .git file does not point into this repository".to_owned(),
        }
    }

    /// Whether the folder at `path` is this worktree, whose `.git` file names a place where the repository is no longer.
    pub fn was_left_by_move(&self, path: &Path) -> bool {
        let Some(target) = read_git_file(path) else { return false };
        let names_entry = self.name.as_ref().is_some_and(|name| target.file_name() == name.0.file_name());
        names_entry && !target.exists() && is_private_folder(path).is_ok()
    }

    /// Goes where Git's entry says that the worktree is now: the repository may have been moved with its slots and
    /// repaired (`git worktree repair`), or a slot by `git worktree move`.
    pub fn follow_move(&mut self, common_dir: &Path) {
        let Some(name) = &self.name else { return };
        let git_dir = common_dir.join("worktrees").join(&name.0);
        let Some(root) = read_worktree_root(&git_dir).filter(|root| root != self.path()) else { return };
        let moved = is_marked(&git_dir) && points_to(&root, &git_dir) && !points_to(self.path(), &git_dir);
        if moved {
            self.path = Stored(root);
        }
    }

    /// What lies at the path.
    pub fn presence(&self) -> Presence {
        let path = self.path();
        match path.symlink_metadata() {
            Ok(found) if found.is_dir() => Presence::Folder,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let surroundings = path.parent().is_some_and(Path::is_dir);
                if surroundings { Presence::Nothing } else { Presence::Other }
            }
            _ => Presence::Other,
        }
    }
}

/// Whether one of the repository's entries is of a worktree that we made. A user's own may get the name of one that was
/// removed.
pub(super) fn is_marked(git_dir: &Path) -> bool {
    let is_locked_by_us =
        std::fs::read(git_dir.join("locked")).is_ok_and(|why| why.trim_ascii() == b"hotfix");
    is_locked_by_us || git_dir.join(MARK).exists()
}

/// Marks a worktree as one that we made, whatever becomes of its lock.
pub(super) fn mark(worktree: &Worktree) -> std::io::Result<()> {
    std::fs::write(worktree.git_dir.join(MARK), "")
}

/// Whether the `.git` file of a folder names this private folder, which exists.
pub(super) fn points_to(path: &Path, git_dir: &Path) -> bool {
    read_git_file(path).is_some_and(|target| is_same_path(&target, git_dir)) && git_dir.is_dir()
}

/// Whether one of the repository's entries is for a folder, or does not say any more for which.
pub(super) fn is_entry_for(git_dir: &Path, path: &Path) -> bool {
    read_worktree_root(git_dir).is_none_or(|root| is_same_path(&root, path))
}

/// Makes a slot's folder unreadable for others.
pub(super) fn make_private(path: &Path) -> std::io::Result<()> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))
}

/// Fails if there is not a folder of this user at the path that nobody else can write to: says why.
pub(super) fn is_private_folder(path: &Path) -> Result<(), String> {
    let found = path.symlink_metadata().map_err(|error| error.to_string())?;
    if found.is_symlink() {
        return Err("it is a symbolic link".to_owned());
    }
    if !found.is_dir() {
        return Err("it is not a folder".to_owned());
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err("it belongs to another user".to_owned());
    }
    if found.mode() & 0o022 != 0 {
        return Err("others may write to it".to_owned());
    }
    Ok(())
}

impl Serialize for Stored {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.to_str() {
            Some(text) => serializer.serialize_str(text),
            None => self.0.as_os_str().as_bytes().serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Stored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Text(PathBuf),
            Bytes(Vec<u8>),
        }
        Ok(Self(match Form::deserialize(deserializer)? {
            Form::Text(path) => path,
            Form::Bytes(bytes) => std::ffi::OsString::from_vec(bytes).into(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_any_bytes_survive_json() {
        for bytes in [b"/a b/\n-x".as_slice(), b"/\xff\xfe/x", b"/\"quoted\""] {
            let stored = Stored(PathBuf::from(std::ffi::OsStr::from_bytes(bytes)));
            let json = serde_json::to_string(&stored).unwrap();
            assert_eq!(serde_json::from_str::<Stored>(&json).unwrap(), stored);
        }
    }
}
