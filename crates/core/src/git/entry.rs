//! Worktrees made so that a kill at any moment leaves the repository usable.
//!
//! `git worktree add` writes the files of its entry `<common>/worktrees/<name>` one after the other where they belong.
//! Killed in between, it leaves an entry with which the user's own `git branch`, `fetch` and `gc` die (an empty
//! `commondir`, a HEAD of zeros), and others that read it meanwhile fail. Here the entry is written in our own folder
//! and then moved: it is there as a whole or not at all. The files are checked out afterwards. Removed, it goes the same
//! way back.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder};
use std::io::{ErrorKind, Result as IoResult};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::{CommonLock, Oid, RefName, Repository, Worktree};
use crate::error::{FileError, Result};

/// More than anybody has worktrees of one name.
const MOST_NAMES: u32 = 1_000;

impl Repository {
    /// Makes a worktree at a path where nothing is, detached at `commit`, locked with the reason `hotfix`, without its
    /// files: [`Repository::fill_worktree`] writes them. What was made of it is left to the caller when it fails.
    pub fn add_worktree(&self, common: &CommonLock, path: &Path, commit: &Oid) -> Result<Worktree> {
        let Some(name) = self.entry_name(path) else {
            return self.add_by_git(common, path, commit);
        };
        Ok(self.enter(path, name, commit).map_err(FileError::of("make", path))?)
    }

    /// What the entry for a path is called; `None` where only Git knows all that belongs into it: refs in other files,
    /// settings or a sparse checkout of the worktree that a new one inherits, a name that is no part of a ref.
    fn entry_name<'a>(&self, path: &'a Path) -> Option<&'a OsStr> {
        let name = path.file_name()?;
        let inherited = ["config.worktree", "info/sparse-checkout", "reftable"];
        let plain = inherited.iter().all(|file| !self.common_dir().join(file).exists());
        (plain && RefName::new(format!("refs/worktrees/{}", name.to_str()?)).is_ok()).then_some(name)
    }

    /// Takes Git's entry of a worktree, `<common>/worktrees/<name>`, away as a whole, and deletes it in our own folder.
    /// Where there is none, nothing is done.
    pub fn remove_entry(&self, _: &CommonLock, git_dir: &Path) -> Result<()> {
        let gone = self.move_entry_out(git_dir);
        Ok(gone.map_err(FileError::of("remove", git_dir))?)
    }

    /// Deletes what a killed [`Repository::remove_entry`] had taken away already.
    pub fn delete_removed_entries(&self, _: &CommonLock) -> Result<()> {
        let removing = self.removing();
        Ok(remove_if_there(&removing).map_err(FileError::of("remove", removing))?)
    }

    fn removing(&self) -> PathBuf {
        self.state_dir().join("removing")
    }

    fn move_entry_out(&self, git_dir: &Path) -> IoResult<()> {
        let removing = self.removing();
        remove_if_there(&removing)?;
        DirBuilder::new().recursive(true).mode(0o700).create(&removing)?;
        match fs::rename(git_dir, removing.join(git_dir.file_name().unwrap_or_default())) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // As Git does it: the folder goes with the last entry.
        if let Some(worktrees) = git_dir.parent() {
            fs::remove_dir(worktrees).ok();
        }
        remove_if_there(&removing)
    }

    /// Makes the folder with its pointer, then the entry that it points to.
    fn enter(&self, path: &Path, name: &OsStr, commit: &Oid) -> IoResult<Worktree> {
        let staged = self.stage(path, name, commit)?;
        let worktrees = self.common_dir().join("worktrees");
        fs::create_dir_all(&worktrees)?;
        if let Some(above) = path.parent() {
            fs::create_dir_all(above)?;
        }
        DirBuilder::new().mode(0o700).create(path)?;
        for git_dir in names(name).map(|name| worktrees.join(name)) {
            if git_dir.symlink_metadata().is_ok() {
                continue;
            }
            fs::write(path.join(".git"), line(&["gitdir: ".as_ref(), git_dir.as_os_str()]))?;
            let moved = fs::rename(&staged, &git_dir).or_else(|error| match error.kind() {
                // The user's `git worktree prune` took the empty folder away meanwhile.
                ErrorKind::NotFound => {
                    fs::create_dir_all(&worktrees).and_then(|()| fs::rename(&staged, &git_dir))
                }
                _ => Err(error),
            });
            match moved {
                // Somebody was quicker.
                Err(error) if is_taken(&error) => {}
                moved => return moved.map(|()| Worktree { path: path.to_owned(), git_dir }),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    /// Writes an entry where nobody looks for it. It is always the same place, so that what a killed process left there
    /// goes.
    fn stage(&self, path: &Path, name: &OsStr, commit: &Oid) -> IoResult<PathBuf> {
        let making = self.state_dir().join("making");
        DirBuilder::new().recursive(true).mode(0o700).create(&making)?;
        let staged = making.join(name);
        remove_if_there(&staged)?;
        fs::create_dir(&staged)?;
        fs::write(staged.join("locked"), "hotfix\n")?;
        fs::write(staged.join("HEAD"), line(&[commit.as_str().as_ref()]))?;
        fs::write(staged.join("commondir"), "../..\n")?;
        fs::write(staged.join("gitdir"), line(&[path.join(".git").as_os_str()]))?;
        Ok(staged)
    }
}

/// `name`, `name1`, `name2` …, as Git counts.
fn names(name: &OsStr) -> impl Iterator<Item = OsString> {
    let numbered = |number: u32| {
        let mut numbered = name.to_owned();
        if number > 0 {
            numbered.push(number.to_string());
        }
        numbered
    };
    (0..MOST_NAMES).map(numbered)
}

fn remove_if_there(dir: &Path) -> IoResult<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn is_taken(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty)
}

fn line(parts: &[&OsStr]) -> Vec<u8> {
    let mut line: Vec<u8> = parts.iter().flat_map(|part| part.as_bytes()).copied().collect();
    line.push(b'\n');
    line
}
