//! Which files Git ignores.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::{Repository, Worktree, path_of};
use crate::error::Result;

impl Repository {
    /// The user's main worktree: the only one whose ignored files are anybody's to copy. `None` in a bare repository.
    pub fn main_worktree(&self) -> Option<Worktree> {
        let has_worktree = self.home() != self.common_dir();
        has_worktree.then(|| Worktree { path: self.home().to_owned(), git_dir: self.common_dir().to_owned() })
    }

    /// Untracked files that match a file of patterns in the syntax of `.gitignore`.
    pub fn untracked_matching(&self, worktree: &Worktree, patterns: &Path) -> Result<Vec<PathBuf>> {
        let mut from = std::ffi::OsString::from("--exclude-from=");
        from.push(patterns);
        let listed =
            self.git_in(worktree).args(["ls-files", "--others", "--ignored", "-z"]).arg(from).run()?;
        Ok(listed.split(|byte| *byte == 0).filter(|name| !name.is_empty()).map(path_of).collect())
    }

    /// Those of `paths` that Git ignores in this worktree, by the rules it holds now.
    pub fn ignored(&self, worktree: &Worktree, paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
        let paths = paths.iter().map(|path| path.as_os_str().as_bytes());
        Ok(self.check_ignore(worktree, &[], paths)?.iter().map(|path| path_of(path)).collect())
    }

    /// The same of paths that are not tracked, so that Git need not read the index.
    pub(super) fn ignored_untracked(&self, worktree: &Worktree, paths: &[Vec<u8>]) -> Result<Vec<Vec<u8>>> {
        self.check_ignore(worktree, &["--no-index"], paths.iter().map(Vec::as_slice))
    }

    fn check_ignore<'p>(
        &self,
        worktree: &Worktree,
        options: &[&str],
        paths: impl Iterator<Item = &'p [u8]>,
    ) -> Result<Vec<Vec<u8>>> {
        let mut question = Vec::new();
        for path in paths {
            // This command reads pathspecs and knows no literal ones: a dot keeps a leading colon from being magic.
            question.extend(b"./");
            question.extend(path);
            question.push(0);
        }
        let call = self.git_in(worktree).env("GIT_LITERAL_PATHSPECS", "0");
        let call = call.args(["check-ignore", "-z", "--stdin"]).args(options);
        let finished = call.input(question).finish()?;
        // 1 means that none is.
        if !matches!(finished.ending.code(), Some(0 | 1)) {
            return Err(super::failure::failed("check-ignore", &finished).into());
        }
        let names = finished.stdout.split(|byte| *byte == 0);
        Ok(names.filter_map(|name| name.strip_prefix(b"./")).map(<[u8]>::to_vec).collect())
    }

    /// What Git ignores in a worktree; a folder that is ignored as a whole is told once, with a slash at its end.
    pub fn all_ignored(&self, worktree: &Worktree) -> Result<Vec<PathBuf>> {
        let call = self.git_in(worktree).args(["ls-files", "--others", "--ignored", "--exclude-standard"]);
        let listed = call.args(["--directory", "-z"]).run()?;
        Ok(listed.split(|byte| *byte == 0).filter(|name| !name.is_empty()).map(path_of).collect())
    }
}
