//! A folder of ours and the name Git knows it by. Looked at without following links.

use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::git::{Repository, Worktree};

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
        let worktree = Worktree::at(path, repository.common_dir())
            .ok_or("its .git file does not point into this repository")?;
        if Some(&worktree.git_dir) != self.git_dir(repository).as_ref() {
            return Err("it is another worktree than the one recorded".to_owned());
        }
        if read_path(&worktree.git_dir.join("gitdir")) != path.join(".git") {
            return Err("the repository's entry for it names another folder".to_owned());
        }
        if std::fs::read(worktree.git_dir.join("commondir")).unwrap_or_default().is_empty() {
            return Err("the repository's entry for it is damaged".to_owned());
        }
        Ok(worktree)
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

/// A path that Git wrote into a file, with a newline at its end.
pub(super) fn read_path(file: &Path) -> PathBuf {
    let bytes = std::fs::read(file).unwrap_or_default();
    PathBuf::from(OsStr::from_bytes(bytes.strip_suffix(b"\n").unwrap_or(&bytes)))
}

/// The private folder that the `.git` file of a folder names; empty if it names none.
pub(super) fn pointer_target(path: &Path) -> PathBuf {
    let pointer = read_path(&path.join(".git"));
    let target = pointer.as_os_str().as_bytes().strip_prefix(b"gitdir: ").unwrap_or_default();
    PathBuf::from(OsStr::from_bytes(target))
}

/// Whether the `.git` file of a folder names this private folder, which exists.
pub(super) fn points_to(path: &Path, git_dir: &Path) -> bool {
    pointer_target(path) == git_dir && git_dir.is_dir()
}

/// Whether one of the repository's entries is for a folder, or does not say any more for which.
pub(super) fn is_entry_for(git_dir: &Path, path: &Path) -> bool {
    let pointer = read_path(&git_dir.join("gitdir"));
    pointer.as_os_str().is_empty() || pointer == path.join(".git")
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
            let stored = Stored(PathBuf::from(OsStr::from_bytes(bytes)));
            let json = serde_json::to_string(&stored).unwrap();
            assert_eq!(serde_json::from_str::<Stored>(&json).unwrap(), stored);
        }
    }
}
