//! Where the user's main worktree is. Slots lie beside it, and relative addresses of remotes are read as seen from it.
//!
//! Git itself does not record that: it finds the Git folder from the worktree, never the other way round. Most often the
//! folder is called `.git` and lies in the worktree. It may also have another name (a link or file `.git` leads to it),
//! lie elsewhere (`--separate-git-dir`), belong to a submodule (`core.worktree` names the worktree), or have no worktree
//! at all.

use std::path::{Path, PathBuf};

use super::command::GitCommand;
use super::place::Place;
use super::pointer::{git_folder_of, is_same_path, read_worktree_root};
use super::{Repository, path_of};
use crate::ctx::Ctx;
use crate::error::{FileError, Result};

/// In our own folder: the main worktree, where only a command that is typed in it can tell which it is.
const REMEMBERED: &str = "home";

/// The main worktree of the repository at `place`, or the repository itself if it is bare.
pub(super) fn find_home(ctx: &Ctx, place: &Place) -> PathBuf {
    let common = &place.common_dir;
    if place.git_dir == *common
        && let Some(top) = &place.top
    {
        return top.clone();
    }
    if let Some(known) = remembered(common) {
        return known;
    }
    match common.parent() {
        Some(parent) if common.ends_with(".git") => parent.to_owned(),
        parent => configured(ctx, common).unwrap_or_else(|| {
            let is_worktree = |dir: &&Path| git_folder_of(dir).is_some_and(|found| found == *common);
            parent.filter(is_worktree).or(place.top.as_deref()).unwrap_or(common).to_owned()
        }),
    }
}

/// The worktree that `core.worktree` names, as in submodules; the folder itself if the repository is bare.
fn configured(ctx: &Ctx, common: &Path) -> Option<PathBuf> {
    let ask = |option: &str| {
        let call = GitCommand::bound(ctx, common, common).args(["rev-parse", option]);
        let printed = call.run().ok()?;
        Some(path_of(printed.strip_suffix(b"\n").unwrap_or(&printed)))
    };
    if ask("--is-bare-repository")?.as_os_str() == "true" {
        return Some(common.to_owned());
    }
    // Without `core.worktree`, Git takes the folder where it was called for the worktree.
    ask("--show-toplevel").filter(|top| !is_same_path(top, common))
}

/// The main worktree as it was remembered, if it still can be.
fn remembered(common: &Path) -> Option<PathBuf> {
    let known = path_of(&std::fs::read(common.join("hotfix").join(REMEMBERED)).ok()?);
    let leads_here = git_folder_of(&known).is_some_and(|found| found == common);
    (known.is_dir() && (leads_here || common.starts_with(&known))).then_some(known)
}

impl Repository {
    /// The folder people mean by "the repository": the main worktree, or the bare repository itself.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The repository's name: its folder's, without `.git`. A bare repository in a hidden folder, as in the layout
    /// `shop/.bare` with the worktrees beside it, is called as the folder around it.
    pub fn name(&self) -> String {
        let name_of = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = name_of(&self.home);
        let around = self.home.parent().map(name_of).filter(|around| !around.is_empty());
        match around {
            Some(around) if self.home == self.common_dir && name.starts_with('.') => around,
            _ => name.strip_suffix(".git").unwrap_or(&name).to_owned(),
        }
    }

    /// Remembers where the main worktree is, if commands in other worktrees could not tell.
    pub fn remember_home(&self) -> Result<()> {
        use std::os::unix::ffi::OsStrExt;
        let is_plain = self.common_dir == self.home.join(".git") || self.common_dir == self.home;
        if is_plain || self.git_dir != self.common_dir || remembered(&self.common_dir).is_some() {
            return Ok(());
        }
        let file = self.make_state_dir()?.join(REMEMBERED);
        Ok(std::fs::write(&file, self.home.as_os_str().as_bytes()).map_err(FileError::of("write", file))?)
    }

    /// The roots of all linked worktrees, as Git's entries name them.
    pub fn worktree_roots(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.common_dir.join("worktrees")).into_iter().flatten();
        entries.filter_map(|entry| read_worktree_root(&entry.ok()?.path())).collect()
    }

    /// The worktree that `dir`, the root of a submodule's worktree, is a submodule of; `None` if it is of none.
    pub fn superproject_of(&self, dir: &Path) -> Result<Option<PathBuf>> {
        let lies_in_another =
            dir.ancestors().skip(1).any(|above| above.join(".git").symlink_metadata().is_ok());
        if !lies_in_another {
            return Ok(None);
        }
        let call = GitCommand::discovering(&self.ctx, dir);
        let finished = call.args(["rev-parse", "--show-superproject-working-tree"]).finish()?;
        let printed = finished.stdout.strip_suffix(b"\n").unwrap_or(&finished.stdout);
        Ok((finished.success() && !printed.is_empty()).then(|| path_of(printed)))
    }
}
