//! Worktrees of ours that hold a part of the files only. `git sparse-checkout` would switch an extension on in the
//! user's configuration; here the patterns lie in the worktree's own private folder, and our own calls are told to heed
//! them. Git itself leaves files alone whose entries are marked as skipped.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::{GitCommand, Oid, Repository, Worktree};
use crate::error::{FileError, Result};

/// The file that says that the patterns beside it are ours.
const MARK: &str = "hotfix-sparse";
const PATTERNS: &str = "info/sparse-checkout";

/// Folders whose files, and the files beside and above them, are in a worktree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cone(Vec<PathBuf>);

impl Cone {
    /// The cone of these folders, paths from the root; `None` if one is no such path, or there is none.
    pub fn new(folders: &[String]) -> Option<Self> {
        let plain = |folder: &String| {
            let parts: Vec<Component<'_>> = Path::new(folder).components().collect();
            let named = parts.iter().all(|part| matches!(part, Component::Normal(_)));
            let path: PathBuf = parts.iter().collect();
            (named && !parts.is_empty() && !folder.contains('\n')).then_some(path)
        };
        let folders: Option<Vec<PathBuf>> = folders.iter().map(plain).collect();
        folders.filter(|folders| !folders.is_empty()).map(Self)
    }

    /// The patterns as `git sparse-checkout set --cone` writes them: everything beside the folders' ancestors, and the
    /// folders whole.
    fn patterns(&self) -> String {
        let whole: BTreeSet<&Path> = self.0.iter().map(PathBuf::as_path).collect();
        let is_inside = |path: &Path| path.ancestors().skip(1).any(|above| whole.contains(above));
        let above = whole.iter().flat_map(|folder| folder.ancestors().skip(1));
        let above: BTreeSet<&Path> = above.filter(|path| !path.as_os_str().is_empty()).collect();
        let mut patterns = "/*\n!/*/\n".to_owned();
        for path in above.into_iter().filter(|path| !whole.contains(path) && !is_inside(path)) {
            let name = escaped(path);
            patterns += &[format!("/{name}/\n"), format!("!/{name}/*/\n")].concat();
        }
        for path in whole.iter().filter(|path| !is_inside(path)) {
            patterns += &["/", &escaped(path), "/\n"].concat();
        }
        patterns
    }
}

/// With a backslash before what a pattern would read as a sign.
fn escaped(path: &Path) -> String {
    let signs = ['*', '?', '[', '\\', '!', '#'];
    let escape = |c: char| signs.contains(&c).then_some('\\').into_iter().chain([c]);
    path.to_string_lossy().chars().flat_map(escape).collect()
}

impl Repository {
    /// Tells a worktree that was just made, and has no files yet, which files it is to have. False where the repository
    /// has a sparse checkout of its own, which the worktree has inherited.
    pub fn narrow_worktree(&self, worktree: &Worktree, cone: &Cone) -> Result<bool> {
        write_patterns(worktree, cone.patterns().as_bytes())
    }

    /// Narrows a new worktree as another one of ours is.
    pub fn narrow_like(&self, worktree: &Worktree, other: &Worktree) -> Result<()> {
        if is_narrow(&other.git_dir)
            && let Ok(patterns) = std::fs::read(other.git_dir.join(PATTERNS))
        {
            write_patterns(worktree, &patterns)?;
        }
        Ok(())
    }

    /// Whether a commit has all folders of a cone.
    pub fn has_folders(&self, commit: &Oid, cone: &Cone) -> Result<bool> {
        let name = |folder: &PathBuf| format!("{commit}:{}", folder.display());
        let found = self.read_objects(&cone.0.iter().map(name).collect::<Vec<_>>())?;
        Ok(found.iter().all(|object| object.as_ref().is_some_and(|object| object.kind == "tree")))
    }

    /// Gives a worktree of ours all files again. Edits of tracked files are lost.
    pub fn widen_worktree(&self, worktree: &Worktree) -> Result<()> {
        if !is_narrow(&worktree.git_dir) {
            return Ok(());
        }
        let patterns = worktree.git_dir.join(PATTERNS);
        std::fs::write(&patterns, "/*\n").map_err(FileError::of("write", &patterns))?;
        let call = self.git_in(worktree).setting("core.sparseCheckoutCone=false");
        call.setting("checkout.workers=0").args(["read-tree", "--reset", "-u", "HEAD"]).run()?;
        for file in [patterns, worktree.git_dir.join(MARK)] {
            std::fs::remove_file(&file).map_err(FileError::of("remove", file))?;
        }
        Ok(())
    }
}

fn write_patterns(worktree: &Worktree, patterns: &[u8]) -> Result<bool> {
    let inherits = |name: &str| worktree.git_dir.join(name).exists();
    if inherits("config.worktree") || inherits(PATTERNS) {
        return Ok(false);
    }
    let info = worktree.git_dir.join("info");
    std::fs::create_dir_all(&info).map_err(FileError::of("create", info))?;
    for (name, content) in [(PATTERNS, patterns), (MARK, b"")] {
        let file = worktree.git_dir.join(name);
        std::fs::write(&file, content).map_err(FileError::of("write", &file))?;
    }
    Ok(true)
}

fn is_narrow(git_dir: &Path) -> bool {
    git_dir.join(MARK).exists()
}

/// A call in a worktree that may be narrow.
pub(super) fn heeding<'a>(call: GitCommand<'a>, git_dir: &Path) -> GitCommand<'a> {
    match is_narrow(git_dir) {
        true => call.setting("core.sparseCheckout=true").setting("core.sparseCheckoutCone=true"),
        false => call,
    }
}
