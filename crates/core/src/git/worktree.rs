//! Worktrees: made, listed, moved onto another commit. Adding needs the [`CommonLock`].

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::pointer::{is_same_path, read_git_file};
use super::{CommonLock, GitCommand, GitError, Oid, Repository, path_of};
use crate::error::{FileError, Result};

/// From this many files on, starting workers costs less than it gains (measured on two cores).
const WORTH_WORKERS: usize = 2_000;

/// A linked worktree of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worktree {
    /// Its root.
    pub path: PathBuf,
    /// Its private Git folder, `<common>/worktrees/<name>`.
    pub git_dir: PathBuf,
}

/// What a worktree's HEAD says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    /// This commit, on no branch.
    Detached(Oid),
    /// This ref, whether it exists or not: `refs/heads/…`.
    Branch(String),
    /// Nothing that can be read.
    Unreadable,
}

/// A worktree as Git lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedWorktree {
    /// Its root.
    pub path: PathBuf,
    /// The commit it stands on; absent if bare or unborn.
    pub head: Option<String>,
    /// The branch it is on; absent if detached.
    pub branch: Option<String>,
}

impl Worktree {
    /// The worktree at `path`, if a `.git` file there points into `common_dir`.
    pub fn at(path: &Path, common_dir: &Path) -> Option<Self> {
        let target = read_git_file(path)?;
        let entries = common_dir.join("worktrees");
        is_same_path(target.parent()?, &entries).then_some(())?;
        let git_dir = entries.join(target.file_name()?);
        git_dir.join("HEAD").is_file().then(|| Self { path: path.to_owned(), git_dir })
    }
}

impl Repository {
    /// Has Git itself make a worktree: see [`Repository::add_worktree`].
    pub(super) fn add_by_git(&self, _: &CommonLock, path: &Path, commit: &Oid) -> Result<Worktree> {
        self.git()
            // Since 2.48 the pointers may be relative; ours are compared as absolute paths.
            .setting("worktree.useRelativePaths=false")
            .args(["worktree", "add", "--quiet", "--detach", "--no-checkout", "--lock", "--reason", "hotfix"])
            .arg(path)
            .arg(commit.as_str())
            .run()?;
        let made = Worktree::at(path, &self.common_dir);
        Ok(made.ok_or_else(|| GitError::Unreadable { command: "worktree add".to_owned() })?)
    }

    /// Writes the files of a worktree that was just made, as `git worktree add` does it, with as many workers as the
    /// machine has cores. Needs no lock: the worktree's entry is complete and stays as it is.
    pub fn fill_worktree(&self, worktree: &Worktree) -> Result<()> {
        let call = self.git_in(worktree).setting("checkout.workers=0").keeping_output(self.logs_dir());
        call.args(["read-tree", "--reset", "-u", "HEAD"]).run()?;
        Ok(())
    }

    /// All worktrees of the repository, the main one first.
    pub fn list_worktrees(&self) -> Result<Vec<ListedWorktree>> {
        let listed = self.git().args(["worktree", "list", "--porcelain", "-z"]).run()?;
        let mut worktrees: Vec<ListedWorktree> = Vec::new();
        for line in listed.split(|byte| *byte == 0) {
            if let Some(path) = line.strip_prefix(b"worktree ") {
                worktrees.push(ListedWorktree { path: path_of(path), head: None, branch: None });
            } else if let Some(worktree) = worktrees.last_mut() {
                let text = String::from_utf8_lossy(line);
                if let Some(head) = text.strip_prefix("HEAD ") {
                    worktree.head = Some(head.to_owned());
                } else if let Some(branch) = text.strip_prefix("branch ") {
                    worktree.branch = Some(branch.to_owned());
                }
            }
        }
        Ok(worktrees)
    }

    /// Takes a worktree's HEAD off its branch and leaves it at the branch's commit. No file is touched. The
    /// reflog of its HEAD is set aside, as by [`Repository::reset_detached`].
    pub fn detach_here(&self, worktree: &Worktree, why: &str) -> Result<()> {
        self.leave_for(worktree, &self.head(worktree)?, why)
    }

    /// The same, for a commit whose files the worktree holds.
    pub fn leave_for(&self, worktree: &Worktree, commit: &Oid, why: &str) -> Result<()> {
        set_log_aside(worktree);
        self.detach_head(worktree, commit, why)
    }

    /// Moves a detached worktree onto `commit`, writing only files that differ. Refuses, and touches nothing, if that
    /// would overwrite something.
    pub fn switch_detached(&self, worktree: &Worktree, commit: &Oid) -> Result<()> {
        let call = self.unlogged(worktree).setting("checkout.workers=0").keeping_output(self.logs_dir());
        call.args(["switch", "--quiet", "--detach", "--no-guess", commit.as_str()]).run()?;
        Ok(())
    }

    /// Moves a worktree onto `commit`, on no branch, and gives up every edit of a tracked file. Refuses where an
    /// untracked file has the name of a new one; others stay. The reflog of its HEAD is set aside as `hotfix-log`, for
    /// the reason told at `unlogged`; the branch keeps its own.
    pub fn reset_detached(&self, worktree: &Worktree, commit: &Oid) -> Result<()> {
        set_log_aside(worktree);
        let call = self.unlogged(worktree).setting("checkout.workers=0").keeping_output(self.logs_dir());
        call.args(["switch", "--quiet", "--detach", "--force", "--no-guess", commit.as_str()]).run()?;
        Ok(())
    }

    /// A call that moves HEAD without beginning a reflog for it: `git gc` locks the HEAD of every worktree that has one,
    /// so that it dies of the lock that a killed process left.
    pub(super) fn unlogged(&self, worktree: &Worktree) -> GitCommand<'_> {
        self.git_in(worktree).setting("core.logAllRefUpdates=false")
    }

    /// Makes a worktree's tracked files exactly those of `tree`. HEAD stays where it is. Edits, and untracked files in
    /// the way, are overwritten.
    ///
    /// What was written is looked into at the next look, whether or not the clock has moved on: a filter may not give
    /// back what it was given, and Git takes on trust what is older than its index.
    pub fn lay_tree(&self, worktree: &Worktree, tree: &Oid) -> Result<()> {
        let index = worktree.git_dir.join("index");
        let modified = |path: &Path| path.metadata().and_then(|found| found.modified()).ok();
        let before = modified(&index).unwrap_or(SystemTime::UNIX_EPOCH);
        self.git_in(worktree).args(["read-tree", "--reset", "-u", tree.as_str()]).run()?;
        let older = File::options().append(true).open(&index).and_then(|file| file.set_modified(before));
        Ok(older.map_err(FileError::of("date", &index))?)
    }

    /// Removes untracked files and folders. Ignored ones stay; repositories inside go only `with_repositories`.
    pub fn clean(&self, worktree: &Worktree, with_repositories: bool) -> Result<()> {
        let call = self.git_in(worktree).args(["clean", "--quiet", "-d", "--force"]);
        if with_repositories {
            call.arg("--force").run()?
        } else {
            call.run()?
        };
        Ok(())
    }

    /// Lets Git look again at files that somebody told it not to look at (`assume-unchanged`, and `skip-worktree` but
    /// for a sparse checkout): an edit of such a file is in no status and no diff.
    pub fn unhide(&self, worktree: &Worktree) -> Result<()> {
        if self.plain_index(worktree).is_some() {
            return Ok(());
        }
        let listed = self.git_in(worktree).args(["ls-files", "-v", "-z"]).run()?;
        let sparse = worktree.git_dir.join("info/sparse-checkout").is_file();
        let hidden = |bits: &[u8]| -> Vec<u8> {
            let lines = listed.split(|byte| *byte == 0);
            let of_bits = lines.filter(|line| line.first().is_some_and(|bit| bits.contains(bit)));
            of_bits.flat_map(|line| [line.get(2..).unwrap_or_default(), b"\0"].concat()).collect()
        };
        let skipped = if sparse { Vec::new() } else { hidden(b"sS") };
        let bits = [("--no-assume-unchanged", hidden(b"hsmrck")), ("--no-skip-worktree", skipped)];
        for (option, names) in bits {
            if !names.is_empty() {
                let call = self.git_in(worktree).args(["update-index", option, "-z", "--stdin"]);
                call.input(names).run()?;
            }
        }
        Ok(())
    }

    /// As [`Repository::lay_tree`], but every file is written anew, as if the worktree was just added: what stands in a
    /// file depends on `.gitattributes` too, and Git does not look at files again when those change.
    pub fn lay_tree_anew(&self, worktree: &Worktree, tree: &Oid) -> Result<()> {
        let index = worktree.git_dir.join("index");
        match std::fs::remove_file(&index) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(FileError::of("remove", index)(error).into())
            }
            _ => self.lay_tree(worktree, tree),
        }
    }

    /// Makes these files, in index and worktree, what they are in HEAD, where they all are.
    pub fn restore(&self, worktree: &Worktree, paths: &[&Path]) -> Result<()> {
        if paths.is_empty() {
            return Ok(());
        }
        let call = self.git_in(worktree).args(["restore", "--source=HEAD", "--staged", "--worktree", "--"]);
        call.args(paths).run()?;
        Ok(())
    }

    /// The `.gitattributes` files of a worktree and their blobs, in a form that can be compared.
    pub fn list_attributes(&self, worktree: &Worktree) -> Result<Vec<u8>> {
        let call = self.git_in(worktree).env("GIT_LITERAL_PATHSPECS", "0");
        call.args(["ls-files", "--stage", "-z", "--", ":(glob)**/.gitattributes"]).run()
    }

    /// Writes these files into a worktree as an index has them, over what is there.
    pub fn write_files(&self, worktree: &Worktree, index: &Path, paths: &[&[u8]]) -> Result<()> {
        let workers = if paths.len() < WORTH_WORKERS { "checkout.workers=1" } else { "checkout.workers=0" };
        let call = self.git_in(worktree).setting(workers).index(index);
        call.args(["checkout-index", "--force", "--quiet", "-z", "--stdin"]).input(paths.join(&0)).run()?;
        Ok(())
    }

    /// What a worktree's HEAD says: a look at the file; Git is asked only where refs live elsewhere.
    pub fn head_of(&self, worktree: &Worktree) -> Result<Head> {
        let written = std::fs::read_to_string(worktree.git_dir.join("HEAD")).unwrap_or_default();
        match written.trim_end().strip_prefix("ref: ") {
            Some("refs/heads/.invalid") => self.asked_head(worktree),
            Some(name) => Ok(Head::Branch(name.to_owned())),
            None => Ok(Oid::parse(written.trim_end()).map_or(Head::Unreadable, Head::Detached)),
        }
    }

    /// For the reftable format, whose HEAD file is a stand-in.
    fn asked_head(&self, worktree: &Worktree) -> Result<Head> {
        let finished = self.git_in(worktree).args(["symbolic-ref", "--quiet", "HEAD"]).finish()?;
        if finished.success() {
            let name = String::from_utf8_lossy(&finished.stdout);
            return Ok(Head::Branch(name.trim_end().to_owned()));
        }
        Ok(self.head(worktree).map_or(Head::Unreadable, Head::Detached))
    }

    /// Tracked files of a worktree that are not as `tree` has them.
    pub fn differing(&self, worktree: &Worktree, tree: &Oid) -> Result<Vec<String>> {
        if let Some(found) = self.plain_differing(worktree, tree)? {
            return Ok(found);
        }
        let call =
            self.git_in(worktree).args(["diff", "--no-ext-diff", "--name-only", "-z", tree.as_str(), "--"]);
        let names = call.run()?;
        let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        Ok(names.map(|name| String::from_utf8_lossy(name).into_owned()).collect())
    }

    /// What in a worktree differs from its HEAD or is untracked, as `git status --porcelain -z` words it; ignored
    /// files do not count.
    pub fn status(&self, worktree: &Worktree) -> Result<Vec<(String, PathBuf)>> {
        match self.plain_status(worktree, false)? {
            Some(found) => Ok(found),
            None => Self::ask_status(self.git_in(worktree)),
        }
    }

    /// The same in a worktree that only we use at the moment: Git may note in its index which files it has looked at.
    /// Else it would read all files of a fresh checkout again each time, as their times are those of the index.
    pub fn status_noting(&self, worktree: &Worktree) -> Result<Vec<(String, PathBuf)>> {
        match self.plain_status(worktree, true)? {
            Some(found) => Ok(found),
            None => Self::ask_status(self.noting_call(worktree)),
        }
    }

    /// What in such a worktree differs from its index or is untracked, whatever its HEAD is.
    pub fn unstaged_noting(&self, worktree: &Worktree) -> Result<Vec<PathBuf>> {
        let plain = match self.plain_index(worktree) {
            Some(index) => self.plain_unstaged(worktree, &index, true)?,
            None => None,
        };
        let found = match plain {
            Some(found) => found,
            None => Self::ask_status(self.noting_call(worktree))?,
        };
        Ok(found.into_iter().filter(|(code, _)| !code.ends_with(' ')).map(|(_, path)| path).collect())
    }

    /// A call that may note in the index what it has looked at. With submodules it may not: Git looks at them in processes
    /// of their own, which would write their indexes, and one of them may be linked to the user's repository.
    fn noting_call(&self, worktree: &Worktree) -> GitCommand<'_> {
        let call = self.git_in(worktree);
        match worktree.path.join(".gitmodules").symlink_metadata() {
            Ok(_) => call,
            Err(_) => call.env("GIT_OPTIONAL_LOCKS", "1"),
        }
    }

    /// What `git status` prints in a worktree: the code, and the path.
    pub(super) fn ask_status(call: GitCommand<'_>) -> Result<Vec<(String, PathBuf)>> {
        let call = call.args(["status", "--porcelain=v1", "-z", "--untracked-files=all"]);
        let printed = call.args(["--no-renames", "--ignore-submodules=none"]).run()?;
        let entry = |line: &[u8]| {
            let (code, path) = (line.get(..2)?, line.get(3..)?);
            Some((String::from_utf8_lossy(code).into_owned(), path_of(path)))
        };
        Ok(printed.split(|byte| *byte == 0).filter_map(entry).collect())
    }
}

impl Repository {
    /// Submodules of a worktree whose own files differ from their commit: changed, or new and not ignored. No commit of
    /// this repository can hold that. Empty, without a process, where the worktree has no `.gitmodules`.
    pub fn dirty_submodules(&self, worktree: &Worktree) -> Result<Vec<PathBuf>> {
        if worktree.path.join(".gitmodules").symlink_metadata().is_err() {
            return Ok(Vec::new());
        }
        let call = self.git_in(worktree).args(["status", "--porcelain=v2", "-z", "--untracked-files=no"]);
        let printed = call.args(["--no-renames", "--ignore-submodules=none"]).run()?;
        let dirty = |line: &[u8]| {
            // `1 XY SCMU mH mI mW hH hI path`, where SCMU tells of a submodule: commit, changed files, new files.
            let mut fields = line.splitn(9, |byte| *byte == b' ');
            let state = fields.nth(2).filter(|_| line.starts_with(b"1 "))?;
            let path = fields.nth(5)?;
            let is_dirty =
                state.first() == Some(&b'S') && (state.get(2) == Some(&b'M') || state.get(3) == Some(&b'U'));
            is_dirty.then(|| path_of(path))
        };
        Ok(printed.split(|byte| *byte == 0).filter_map(dirty).collect())
    }

    /// What the index holds for these paths: mode and blob, as in [`Change::new`](super::Change::new).
    pub fn staged_entries(
        &self,
        worktree: &Worktree,
        paths: &[PathBuf],
    ) -> Result<BTreeMap<PathBuf, (String, Oid)>> {
        let printed = self.git_in(worktree).args(["ls-files", "-z", "--stage", "--"]).args(paths).run()?;
        let entry = |line: &[u8]| {
            // `mode oid stage<TAB>path`
            let tab = line.iter().position(|byte| *byte == b'\t')?;
            let (head, path) = (line.get(..tab)?, line.get(tab + 1..)?);
            let mut words = std::str::from_utf8(head).ok()?.split(' ');
            let (mode, oid) = (words.next()?, words.next().and_then(Oid::parse)?);
            Some((path_of(path), (mode.to_owned(), oid)))
        };
        Ok(printed.split(|byte| *byte == 0).filter_map(entry).collect())
    }
}

/// Where there is no log of a HEAD, or it cannot be moved, nothing is lost.
fn set_log_aside(worktree: &Worktree) {
    std::fs::rename(worktree.git_dir.join("logs/HEAD"), worktree.git_dir.join("hotfix-log")).ok();
}
