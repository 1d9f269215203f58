//! What the submodules of a worktree hold that is nowhere else. Git's entry of a worktree goes with the repositories of
//! its submodules, and with them all that was committed, stashed or branched off in them: `git worktree remove` refuses
//! for that reason.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::submodule::{inner_call, is_repository, recorded_commit};
use super::{Head, Oid, Repository, Submodule, SubmoduleSource, Worktree};
use crate::error::Result;

/// What Git leaves in a repository while something is going on.
const IN_PROGRESS: &[&str] = &[
    "MERGE_HEAD",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "BISECT_LOG",
    "rebase-merge",
    "rebase-apply",
    "sequencer",
];

/// A submodule that holds something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InnerContent {
    /// Its path in the worktree, or its name if it is not filled.
    pub path: PathBuf,
    /// What it holds, as part of a sentence: `a commit that is on no remote`.
    pub what: String,
}

impl std::fmt::Display for InnerContent {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} ({})", self.path.display(), self.what)
    }
}

/// A repository below a worktree, to be looked at.
struct Inner<'a> {
    /// As it is called in messages.
    path: PathBuf,
    git_dir: &'a Path,
    /// Its files, if they are there.
    worktree: Option<&'a Worktree>,
    /// Commits that are known to be elsewhere.
    known: Vec<Oid>,
}

impl Repository {
    /// What submodules of a worktree hold that is in no remote and in none of `sources`, each named once: files,
    /// commits, branches, stashes, worktrees. Also those are looked at whose files are not there. Nothing, without a
    /// process, where there are no repositories of submodules.
    pub fn inner_content(&self, host: &Worktree, sources: &[SubmoduleSource]) -> Result<Vec<InnerContent>> {
        let mut found = Vec::new();
        self.look_into_submodules(host, sources, Path::new(""), &mut found)?;
        Ok(found)
    }

    /// The same of one submodule, and those in it.
    pub fn content_of_submodule(
        &self,
        submodule: &Submodule,
        sources: &[SubmoduleSource],
    ) -> Result<Vec<InnerContent>> {
        let mut found = Vec::new();
        self.look_into_submodule(submodule, sources, Path::new(""), &mut found)?;
        Ok(found)
    }

    /// What repositories below the Git folder of a worktree hold whose files are gone.
    pub fn content_without_files(
        &self,
        git_dir: &Path,
        sources: &[SubmoduleSource],
    ) -> Result<Vec<InnerContent>> {
        let nowhere = Worktree { path: git_dir.to_owned(), git_dir: git_dir.to_owned() };
        self.inner_content(&nowhere, sources)
    }

    fn look_into_submodules(
        &self,
        host: &Worktree,
        sources: &[SubmoduleSource],
        above: &Path,
        found: &mut Vec<InnerContent>,
    ) -> Result<()> {
        let mut seen = BTreeSet::new();
        for submodule in self.submodules(host)?.iter().filter(|submodule| submodule.has_repository()) {
            seen.insert(submodule.worktree.git_dir.clone());
            self.look_into_submodule(submodule, sources, above, found)?;
        }
        let modules = host.git_dir.join("modules");
        for git_dir in repositories_below(&modules).iter().filter(|git_dir| !seen.contains(*git_dir)) {
            let name = git_dir.strip_prefix(&modules).unwrap_or(git_dir);
            let path = above.join(name);
            let inner: Vec<SubmoduleSource> =
                sources.iter().filter_map(|source| source.inner(name, name)).collect();
            let known = recorded_commit(git_dir).into_iter().collect();
            self.look_into(&Inner { path: path.clone(), git_dir, worktree: None, known }, &inner, found)?;
            let without_files = Worktree { path: git_dir.clone(), git_dir: git_dir.clone() };
            self.look_into_submodules(&without_files, &inner, &path, found)?;
        }
        Ok(())
    }

    fn look_into_submodule(
        &self,
        submodule: &Submodule,
        sources: &[SubmoduleSource],
        above: &Path,
        found: &mut Vec<InnerContent>,
    ) -> Result<()> {
        let inner = submodule.sources(sources);
        let path = above.join(&submodule.path);
        let worktree = submodule.is_filled.then_some(&submodule.worktree);
        let mut known = vec![submodule.commit.clone()];
        known.extend(submodule.recorded_commit());
        let git_dir = submodule.worktree.git_dir.as_path();
        self.look_into(&Inner { path: path.clone(), git_dir, worktree, known }, &inner, found)?;
        self.look_into_submodules(&submodule.worktree, &inner, &path, found)
    }

    fn look_into(
        &self,
        inner: &Inner<'_>,
        sources: &[SubmoduleSource],
        found: &mut Vec<InnerContent>,
    ) -> Result<()> {
        // What cannot be read may hold anything.
        let what = self
            .find_content(inner, sources)
            .unwrap_or_else(|error| Some(format!("a repository that cannot be read ({})", error.why())));
        self.ctx().go_on()?;
        found.extend(what.map(|what| InnerContent { path: inner.path.clone(), what }));
        Ok(())
    }

    fn find_content(&self, inner: &Inner<'_>, sources: &[SubmoduleSource]) -> Result<Option<String>> {
        if let Some(worktree) = inner.worktree
            && let Some((_, first)) = Self::ask_status(self.git_in(worktree))?.into_iter().next()
            && !self.submodules(worktree)?.iter().any(|submodule| submodule.path == first)
        {
            return Ok(Some(format!("{}, which is in no commit", first.display())));
        }
        if IN_PROGRESS.iter().any(|name| inner.git_dir.join(name).symlink_metadata().is_ok()) {
            return Ok(Some("something that was begun and not ended".to_owned()));
        }
        let has_worktrees =
            inner.git_dir.join("worktrees").read_dir().is_ok_and(|mut list| list.next().is_some());
        if has_worktrees {
            return Ok(Some("the repository of other worktrees".to_owned()));
        }
        let refs = self.inner_refs(inner.git_dir)?;
        if refs.iter().any(|known| known.name == "refs/stash") {
            return Ok(Some("a stash".to_owned()));
        }
        // A remote has a branch if it has one of that name; whether it has its commits is asked below.
        let is_on_remote = |branch: &str| refs.iter().any(|known| known.branch_on_remote() == Some(branch));
        if let Some(branch) = refs.iter().filter_map(InnerRef::branch).find(|branch| !is_on_remote(branch)) {
            return Ok(Some(format!("the branch {branch}, which is on no remote")));
        }
        let own = refs.iter().filter(|known| !known.name.starts_with("refs/remotes/"));
        let mut tips: Vec<String> = own.map(|known| known.oid.clone()).collect();
        let head = Worktree { path: inner.git_dir.to_owned(), git_dir: inner.git_dir.to_owned() };
        if let Head::Detached(at) = self.head_of(&head)? {
            tips.push(at.to_string());
        }
        Ok(self.is_beyond(inner, &tips, sources)?.then(|| "a commit that is on no remote".to_owned()))
    }

    /// Whether one of `tips` has a commit that no remote has, nor one of `sources`.
    fn is_beyond(&self, inner: &Inner<'_>, tips: &[String], sources: &[SubmoduleSource]) -> Result<bool> {
        let mut lines: Vec<String> = tips.to_vec();
        lines.extend(inner.known.iter().map(|known| format!("^{known}")));
        for source in sources {
            lines.extend(self.inner_refs(&source.git_dir)?.iter().map(|known| format!("^{}", known.oid)));
        }
        let call = inner_call(self, inner.git_dir).args(["rev-list", "--max-count=1", "--ignore-missing"]);
        let call = call.args(["--stdin", "--not", "--remotes"]).input(lines.join("\n") + "\n");
        Ok(!call.run()?.is_empty())
    }

    /// All refs of a repository.
    fn inner_refs(&self, git_dir: &Path) -> Result<Vec<InnerRef>> {
        let listed =
            inner_call(self, git_dir).args(["for-each-ref", "--format=%(objectname) %(refname)"]).text()?;
        let parse = |line: &str| {
            let (oid, name) = line.split_once(' ')?;
            Some(InnerRef { oid: oid.to_owned(), name: name.to_owned() })
        };
        Ok(listed.lines().filter_map(parse).collect())
    }
}

/// A ref of a submodule.
struct InnerRef {
    oid: String,
    name: String,
}

impl InnerRef {
    /// Its branch here.
    fn branch(&self) -> Option<&str> {
        self.name.strip_prefix("refs/heads/")
    }

    /// The branch that it remembers of a remote.
    fn branch_on_remote(&self) -> Option<&str> {
        self.name.strip_prefix("refs/remotes/")?.split_once('/').map(|(_, branch)| branch)
    }
}

/// The repositories in a folder `modules`: their names may have slashes.
fn repositories_below(modules: &Path) -> Vec<PathBuf> {
    let entries = modules.read_dir().into_iter().flatten();
    let folders = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let folders = folders.filter(|path| path.symlink_metadata().is_ok_and(|found| found.is_dir()));
    folders
        .flat_map(|folder| match is_repository(&folder) {
            true => vec![folder],
            false => repositories_below(&folder),
        })
        .collect()
}
