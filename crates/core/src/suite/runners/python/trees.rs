//! The worktrees of the repository that a place belongs to, by the plain files in which Git keeps them.

use std::fs;
use std::path::{Path, PathBuf};

/// The main worktree and all linked ones but the place itself.
pub fn others(root: &Path, home: &Path) -> Vec<PathBuf> {
    let common = common_dir(root).or_else(|| common_dir(home));
    let linked = common.iter().flat_map(|common| linked(common));
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let own = real(root);
    let mut found: Vec<PathBuf> = std::iter::once(real(home)).chain(linked.map(|path| real(&path))).collect();
    found.retain(|path| *path != own);
    found.sort();
    found.dedup();
    found
}

/// The folder that all worktrees of a repository share, seen from one of them.
pub fn common_dir(worktree: &Path) -> Option<PathBuf> {
    let git = worktree.join(".git");
    if git.is_dir() {
        return git.canonicalize().ok();
    }
    let text = fs::read_to_string(&git).ok()?;
    let private = worktree.join(text.strip_prefix("gitdir:")?.trim());
    let shared = fs::read_to_string(private.join("commondir")).unwrap_or_default();
    private.join(shared.trim()).canonicalize().ok()
}

fn linked(common: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(common.join("worktrees")).into_iter().flatten().flatten();
    let worktree = |entry: fs::DirEntry| {
        let file = fs::read_to_string(entry.path().join("gitdir")).ok()?;
        entry.path().join(file.trim()).parent().map(Path::to_owned)
    };
    entries.filter_map(worktree).collect()
}
