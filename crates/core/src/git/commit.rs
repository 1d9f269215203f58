//! The user's identity, and commits made as the user would make them: with hooks and signing, under a deadline.

use std::time::Duration;

use super::reader::Target;
use super::{GitError, Object, Oid, Repository, Worktree};
use crate::error::Result;
use hotfix_model::Actor;

/// Who commits, as Git has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity(pub Actor);

/// A commit to be made.
#[derive(Clone, Debug)]
pub struct CommitRequest<'a> {
    /// The tree.
    pub tree: &'a Oid,
    /// The whole message.
    pub message: &'a str,
    /// How long hooks and signing may take together.
    pub limit: Duration,
}

impl Repository {
    /// The user's name and address, or [`GitError::NoIdentity`].
    pub fn identity(&self) -> Result<Identity> {
        let printed =
            self.git().setting("user.useConfigOnly=true").args(["var", "GIT_AUTHOR_IDENT"]).finish()?;
        let line = String::from_utf8_lossy(&printed.stdout).into_owned();
        let parsed = line.rsplit_once('>').and_then(|(head, _)| head.rsplit_once(" <"));
        match parsed {
            Some((name, email)) if printed.success() => {
                Ok(Identity(Actor { name: name.to_owned(), email: email.to_owned() }))
            }
            _ => Err(GitError::NoIdentity.into()),
        }
    }

    /// Runs `git commit` on exactly `tree`, durably, as the user would run it in the worktree: with their hooks, their
    /// signature and their identity. Files of the worktree that differ from the tree stay as they are, uncommitted.
    ///
    /// A hook may put other files into the commit. Its tree is then another one than was asked for, which is the
    /// caller's to look at: the commit is the user's, and is not made again.
    pub fn commit_tree(&self, worktree: &Worktree, request: &CommitRequest<'_>) -> Result<Oid> {
        if !self.install_index(worktree, request.tree) {
            self.git_in(worktree).args(["read-tree", "-m", "-i", request.tree.as_str()]).run()?;
        }
        self.git_in(worktree)
            .with_hooks()
            .keeping_output(self.logs_dir())
            .setting("core.fsync=committed,reference")
            .setting("commit.status=false")
            .args(["commit", "--quiet", "--cleanup=verbatim", "--file=-"])
            .input(request.message)
            .limit(request.limit)
            .run()?;
        self.head(worktree)
    }

    /// Moves the commits since `from` onto `onto`. On a conflict everything is as before and the files are named.
    pub fn rebase(&self, worktree: &Worktree, from: &Oid, onto: &Oid) -> Result<Oid> {
        let call = self.git_in(worktree).args(["rebase", "--quiet", "--onto", onto.as_str(), from.as_str()]);
        let finished = call.finish()?;
        if finished.success() {
            return self.head(worktree);
        }
        let unmerged = self.git_in(worktree).args(["diff", "--name-only", "--diff-filter=U", "-z"]).run()?;
        let unmerged = String::from_utf8_lossy(&unmerged).into_owned();
        self.git_in(worktree).args(["rebase", "--abort"]).run()?;
        let files: Vec<String> =
            unmerged.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
        Err(GitError::Conflict { onto: onto.short().to_owned(), files }.into())
    }

    /// The commit a worktree stands on.
    pub fn head(&self, worktree: &Worktree) -> Result<Oid> {
        if let Some(commit) = self.direct_head(worktree) {
            return Ok(commit);
        }
        self.git_in(worktree).args(["rev-parse", "--verify", "HEAD^{commit}"]).oid()
    }

    fn direct_head(&self, worktree: &Worktree) -> Option<Oid> {
        let oid = match self.reader.head(&worktree.git_dir)? {
            Target::Object(oid) => oid,
            Target::Ref(name) => self.reader.read_ref(&name)??,
        };
        (self.reader.object(&oid)?.kind == "commit").then_some(oid)
    }

    /// The tree and the subject line of a commit.
    pub fn tree_and_subject(&self, commit: &Oid) -> Result<(Oid, String)> {
        let stored = self.reader.object(commit);
        if let Some(found) = stored.as_ref().and_then(Object::commit) {
            return Ok((found.tree.clone(), found.subject()));
        }
        let text = self.git().args(["show", "--no-patch", "--format=%T%n%s"]).arg(commit.as_str()).text()?;
        let unreadable = || GitError::Unreadable { command: "show".to_owned() };
        let (tree, subject) = text.split_once('\n').unwrap_or((&text, ""));
        Ok((Oid::parse(tree).ok_or_else(unreadable)?, subject.to_owned()))
    }

    /// Whether `ancestor` can be reached from `descendant`.
    pub fn is_ancestor(&self, ancestor: &Oid, descendant: &Oid) -> Result<bool> {
        let call = self.git().args(["merge-base", "--is-ancestor"]);
        let finished = call.args([ancestor.as_str(), descendant.as_str()]).finish()?;
        match finished.ending.code() {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => Err(super::failure::failed("merge-base", &finished).into()),
        }
    }

    /// When a commit was made, in seconds since 1970.
    pub fn commit_time(&self, commit: &Oid) -> Result<i64> {
        let stored = self.reader.object(commit);
        if let Some(found) = stored.as_ref().and_then(Object::commit) {
            return Ok(found.time);
        }
        let printed = self.git().args(["show", "--no-patch", "--format=%ct"]).arg(commit.as_str()).text()?;
        Ok(printed.parse().map_err(|_| GitError::Unreadable { command: "show".to_owned() })?)
    }

    /// Subject and date of each commit: `fix: x (2026-03-01 02:14:00 +0000)`.
    pub fn describe_commits(&self, commits: &[&str]) -> Result<Vec<String>> {
        let described: Option<Vec<String>> = commits.iter().map(|commit| self.described(commit)).collect();
        if let Some(described) = described {
            return Ok(described);
        }
        let call = self.git().args(["show", "--no-patch", "--format=%s (%ci)"]).args(commits);
        Ok(call.text()?.lines().map(str::to_owned).collect())
    }

    fn described(&self, commit: &str) -> Option<String> {
        let stored = self.reader.object(&Oid::parse(commit)?)?;
        let found = stored.commit()?;
        Some(format!("{} ({})", found.subject(), found.local_time()?))
    }

    /// Authors and subjects of the commits between two, as `git shortlog` prints them.
    pub fn authors(&self, from: &str, to: &str) -> Result<String> {
        let range = format!("^{from}");
        let authors = self.git().args(["shortlog", to, range.as_str()]).run()?;
        Ok(String::from_utf8_lossy(&authors).into_owned())
    }

    /// Addresses of everybody who wrote, committed or is named as having helped with a commit after `from` up to `to`.
    pub fn commit_authors(&self, from: &Oid, to: &Oid) -> Result<Vec<String>> {
        let format = "--format=%ae%n%ce%n%(trailers:key=Co-authored-by,valueonly)";
        let range = format!("{from}..{to}");
        let printed = self.git().args(["log", format, &range]).run()?;
        let printed = String::from_utf8_lossy(&printed).into_owned();
        let address = |line: &str| {
            let line = line.trim().trim_end_matches('>');
            line.rsplit_once('<').map_or(line, |(_, address)| address).to_owned()
        };
        let mut addresses: Vec<String> = printed.lines().map(address).collect();
        addresses.retain(|address| !address.is_empty());
        addresses.sort();
        addresses.dedup();
        Ok(addresses)
    }

    /// The change between two commits as people read it, with renames found and without colours.
    pub fn diff_text(&self, from: &Oid, to: &Oid) -> Result<Vec<u8>> {
        let options = ["--no-color", "--no-ext-diff", "--no-textconv", "-M", "--stat", "--patch"];
        self.git().arg("diff").args(options).args([from.as_str(), to.as_str()]).run()
    }

    /// The program that people read long texts with, as Git chooses it; `cat` or nothing for none.
    pub fn pager(&self) -> Result<String> {
        let chosen = self.ctx().env.get("GIT_PAGER").map(std::ffi::OsStr::to_owned).unwrap_or_default();
        // An empty value would be a choice as well: that of no pager.
        let call = self.git();
        let call = if chosen.is_empty() { call.unset("GIT_PAGER") } else { call.env("GIT_PAGER", chosen) };
        call.args(["var", "GIT_PAGER"]).text()
    }

    /// The files that differ between two commits, with counts of lines.
    pub fn summarise(&self, from: &str, to: &str) -> Result<String> {
        let diff = self
            .git()
            .args(["diff", "--no-color", "--no-ext-diff", "-M", "--stat", "--summary", from, to])
            .run()?;
        Ok(String::from_utf8_lossy(&diff).into_owned())
    }
}
