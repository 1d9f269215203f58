//! A real repository, with the deeds of the people around it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::sandbox::Shared;

/// A repository, or a worktree of one, in a sandbox.
#[derive(Clone)]
pub struct Repo {
    dir: PathBuf,
    shared: Arc<Shared>,
}

impl Repo {
    pub(crate) fn at(dir: PathBuf, shared: &Arc<Shared>) -> Self {
        Self { dir, shared: Arc::clone(shared) }
    }

    pub(crate) fn init(dir: PathBuf, shared: &Arc<Shared>) -> Self {
        fs::create_dir_all(&dir).expect("a writable sandbox");
        let repo = Self::at(dir, shared);
        repo.git(["init", "--quiet"]);
        repo
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// A file in it.
    pub fn file(&self, path: impl AsRef<Path>) -> PathBuf {
        self.dir.join(path)
    }

    /// Runs Git as the user would; gives what it printed, without the newline at the end. Panics if Git fails.
    pub fn git(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> String {
        let result = self.try_git(args);
        result.unwrap_or_else(|said| panic!("git failed in {}: {said}", self.dir.display()))
    }

    /// Runs Git as the user would; gives what it printed, or what it said when it failed.
    pub fn try_git(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<String, String> {
        let mut command = self.shared.command("git", &self.dir);
        let date = self.shared.next_date();
        command.args(args).env("GIT_AUTHOR_DATE", &date).env("GIT_COMMITTER_DATE", &date);
        let output = command.output().expect("git is installed");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end_matches('\n').to_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    /// Writes a file, with the folders above it. The path is bytes: `OsStr::from_bytes(b"\xff")` is welcome.
    pub fn write(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        let path = self.file(path);
        fs::create_dir_all(path.parent().expect("a file in a folder")).expect("a writable repository");
        fs::write(&path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Reads a file as text.
    pub fn read(&self, path: impl AsRef<Path>) -> String {
        let path = self.file(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Commits everything that is not ignored; gives the commit's id.
    pub fn commit(&self, message: &str) -> String {
        self.git(["add", "--all"]);
        self.git(["commit", "--quiet", "--allow-empty", "--message", message]);
        self.head()
    }

    /// The commit it stands on.
    pub fn head(&self) -> String {
        self.commit_of("HEAD")
    }

    /// The commit a name stands for.
    pub fn commit_of(&self, name: &str) -> String {
        self.git(["rev-parse", "--verify", &format!("{name}^{{commit}}")])
    }

    /// The ids of all refs below a prefix, one `<id> <name>` a line.
    pub fn refs(&self, prefix: &str) -> String {
        self.git(["for-each-ref", "--format=%(objectname) %(refname)", prefix])
    }

    /// Makes the bare remote `origin.git` beside it, pushes main and all tags, and remembers `origin/HEAD`.
    pub fn publish(&self) {
        let remote = self.beside("origin.git");
        self.git(["init", "--quiet", "--bare", &utf8(&remote)]);
        self.git(["remote", "add", "origin", &utf8(&remote)]);
        self.git(["push", "--quiet", "--tags", "--set-upstream", "origin", "main"]);
        self.git(["remote", "set-head", "origin", "main"]);
    }

    /// The bare remote that [`publish`](Self::publish) made.
    #[must_use]
    pub fn bare(&self) -> Self {
        Self::at(self.beside("origin.git"), &self.shared)
    }

    /// Makes a clone beside it, as a second person has it.
    #[must_use]
    pub fn clone_of_remote(&self, name: &str) -> Self {
        let clone = Self::at(self.beside(name), &self.shared);
        self.git(["clone", "--quiet", &utf8(self.bare().path()), &utf8(clone.path())]);
        clone
    }

    /// A colleague changes files on main and pushes; this repository does not know it yet. Gives the commit's id.
    pub fn push_commit_to_remote(&self, files: &[(&str, &[u8])]) -> String {
        let clone = Self::at(self.beside("colleague"), &self.shared);
        if !clone.dir.exists() {
            self.git(["clone", "--quiet", &utf8(self.bare().path()), &utf8(clone.path())]);
        }
        clone.git(["pull", "--quiet", "--ff-only", "origin", "main"]);
        for (path, bytes) in files {
            clone.write(path, bytes);
        }
        let commit = clone.commit("feat: what a colleague did meanwhile");
        clone.git(["push", "--quiet", "origin", "main"]);
        commit
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.dir.parent().expect("a repository in a folder").join(name)
    }
}

fn utf8(path: &Path) -> String {
    path.to_str().expect("the sandbox's own paths are text").to_owned()
}
