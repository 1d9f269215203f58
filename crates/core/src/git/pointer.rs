//! The files with which a repository and its worktrees name each other: `.git` in a worktree, and `gitdir` in Git's entry
//! `<common>/worktrees/<name>`. Since Git 2.48 their paths may be relative (`worktree.useRelativePaths`).

use std::path::{Path, PathBuf};

use super::path_of;
use crate::env::without_dots;

/// The Git folder that the `.git` file in `dir` names, relative paths resolved as Git does; `None` if there is no such
/// file.
pub(crate) fn read_git_file(dir: &Path) -> Option<PathBuf> {
    let bytes = std::fs::read(dir.join(".git")).ok()?;
    let target = path_of(one_line(bytes.strip_prefix(b"gitdir: ")?));
    (!target.as_os_str().is_empty()).then(|| without_dots(&dir.join(target)))
}

/// The Git folder of the worktree or repository at `dir`: `.git` itself, what a link of that name leads to, or what a
/// file of that name names.
pub(crate) fn git_folder_of(dir: &Path) -> Option<PathBuf> {
    let pointer = dir.join(".git");
    if pointer.is_dir() {
        return pointer.canonicalize().ok();
    }
    read_git_file(dir)?.canonicalize().ok()
}

/// The root of the worktree that Git's entry `git_dir` is for; `None` if it does not say.
pub(crate) fn read_worktree_root(git_dir: &Path) -> Option<PathBuf> {
    let bytes = std::fs::read(git_dir.join("gitdir")).ok()?;
    let pointer = path_of(one_line(&bytes));
    let file = (!pointer.as_os_str().is_empty()).then(|| without_dots(&git_dir.join(pointer)))?;
    (file.file_name()? == ".git").then(|| file.parent().map(Path::to_owned))?
}

/// Whether two paths are the same, by their names or by what they lead to.
pub(crate) fn is_same_path(one: &Path, other: &Path) -> bool {
    let resolved = |path: &Path| path.canonicalize().ok();
    one == other || resolved(one).is_some_and(|one| Some(one) == resolved(other))
}

fn one_line(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(b"\n").unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_and_relative_pointers_lead_to_the_same_place() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let (entry, slot) = (root.join("shop/.git/worktrees/shop-hotfix"), root.join("shop-hotfix"));
        std::fs::create_dir_all(&entry).unwrap();
        std::fs::create_dir_all(&slot).unwrap();
        let pointers = [
            (format!("gitdir: {}\n", entry.display()), format!("{}/.git\n", slot.display())),
            (
                "gitdir: ../shop/.git/worktrees/shop-hotfix\n".to_owned(),
                "../../../../shop-hotfix/.git\n".to_owned(),
            ),
        ];
        for (of_slot, of_entry) in pointers {
            std::fs::write(slot.join(".git"), of_slot).unwrap();
            std::fs::write(entry.join("gitdir"), of_entry).unwrap();
            assert_eq!(read_git_file(&slot), Some(entry.clone()));
            assert_eq!(git_folder_of(&slot), Some(entry.clone()));
            assert_eq!(read_worktree_root(&entry), Some(slot.clone()));
        }
        std::fs::write(entry.join("gitdir"), "").unwrap();
        assert_eq!(read_worktree_root(&entry), None);
    }
}
