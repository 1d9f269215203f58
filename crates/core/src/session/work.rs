//! What has been changed in the slot, as of one moment. Everything that is proved, checked, tested and committed is
//! the same tree: what is edited meanwhile waits for the next run.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{Hotfix, Project, Reader, SessionError};
use crate::error::{FileError, Result};
use crate::git::{Change, ChangeKind, FileDiff, Head, Oid, PushRecursion, Repository, Submodule};
use crate::slot::Held;
use crate::suite::{self, Place, Runner};

/// A moment of the slot.
pub struct Work {
    /// The slot.
    pub held: Held,
    /// The commit the hotfix starts from.
    pub base: Oid,
    /// Everything in the slot that is not ignored, and no by-product of tests.
    pub tree: Oid,
    /// What differs from base.
    pub changes: Vec<Change>,
    /// Files in the slot that are no part of it: by-products of tests, and copies of the user's ignored files.
    pub left_out: Vec<PathBuf>,
    repository: Repository,
    files: Once<Vec<PathBuf>>,
    lines: Once<Vec<FileDiff>>,
    lines_across_renames: Once<Vec<FileDiff>>,
    runner: Once<Arc<dyn Runner>>,
}

impl Work {
    /// Looks at the slot. An unchanged slot is [`SessionError::NothingChanged`].
    pub fn of(project: &Project, hotfix: &Hotfix) -> Result<Self> {
        let work = Self::look(project, hotfix)?;
        if work.changes.is_empty() {
            let worktree = work.held.worktree.path.display().to_string();
            return Err(SessionError::NothingChanged { worktree }.into());
        }
        Ok(work)
    }

    /// Looks at the slot, changed or not. Files that were in it before the hotfix began are an error: nothing may be
    /// said of a fix that holds them.
    pub fn look(project: &Project, hotfix: &Hotfix) -> Result<Self> {
        let work = Self::look_at_all(project, hotfix)?;
        project.pool(&hotfix.loaded).no_strangers(&work.held, &work.since_taken()?)?;
        work.fits_into_a_commit(project, hotfix)?;
        Ok(work)
    }

    /// Looks at the slot, whoever left what is in it.
    pub fn look_at_all(project: &Project, hotfix: &Hotfix) -> Result<Self> {
        let held = hotfix.held(project)?;
        let base = hotfix.base()?;
        let repository = &project.repository;
        let byproducts = ByProducts::of(project, hotfix.id())?;
        let mut tree = repository.snapshot(&held.worktree, &byproducts.read())?;
        let mut changes = repository.changes(&base, &tree)?;
        if leave_out_copies(project, hotfix, (&held, &changes), &byproducts)? {
            tree = repository.snapshot(&held.worktree, &byproducts.read())?;
            changes = repository.changes(&base, &tree)?;
        }
        let written = WrittenByTests::open(project, hotfix.id())?;
        if let Some(cleaned) =
            written.taken_out(project, &held, Snapshot { base: &base, tree: &tree, changes: &changes })?
        {
            changes = repository.changes(&base, &cleaned)?;
            tree = cleaned;
        }
        let mut left_out = byproducts.read();
        left_out.retain(|path| held.worktree.path.join(path).symlink_metadata().is_ok());
        Ok(Self {
            held,
            base,
            tree,
            changes,
            left_out,
            repository: repository.clone(),
            files: Once::default(),
            lines: Once::default(),
            lines_across_renames: Once::default(),
            runner: Once::default(),
        })
    }

    /// Fails with the names of submodules and nested repositories whose files a commit could not hold: tests see them,
    /// and whoever fetches the commit would not.
    fn fits_into_a_commit(&self, project: &Project, hotfix: &Hotfix) -> Result<()> {
        let names = |paths: Vec<PathBuf>| {
            paths.iter().map(|path| path.to_string_lossy().into_owned()).collect::<Vec<String>>()
        };
        let nested = self.nested_repositories()?;
        if !nested.is_empty() {
            return Err(SessionError::NestedRepository { paths: names(nested) }.into());
        }
        let worktree = || self.held.worktree.path.clone();
        let dirty = self.repository.dirty_submodules(&self.held.worktree)?;
        if !dirty.is_empty() {
            return Err(SessionError::InnerChanges { worktree: worktree(), paths: names(dirty) }.into());
        }
        let left = project.pool(&hotfix.loaded).left_behind(&self.held)?;
        if !left.is_empty() {
            let id = hotfix.id().to_owned();
            return Err(SessionError::LeftBehind { id, worktree: worktree(), paths: names(left) }.into());
        }
        Ok(())
    }

    /// Repositories in the slot that are no submodules: Git would commit the id of their commit, and nobody could fetch it.
    pub fn nested_repositories(&self) -> Result<Vec<PathBuf>> {
        let is_new = |change: &&Change| change.kind != ChangeKind::Modified && change.is_submodule();
        let mut new: Vec<PathBuf> =
            self.changes.iter().filter(is_new).map(|change| change.path.clone()).collect();
        if !new.is_empty() {
            let named = self.repository.submodules_named_in(&self.tree)?;
            new.retain(|path| !named.contains_key(path));
        }
        Ok(new)
    }

    /// Fails if the fix names a commit of a submodule that is on none of its remotes: whoever fetches the fix could not
    /// check it out. As `git push` does, `push.recurseSubmodules` has the last word.
    pub fn has_published_submodules(&self) -> Result<()> {
        has_published_submodules(&self.repository, &self.held, &self.changes)
    }

    /// A commit that a slot holds, to be proven again.
    pub fn of_commit(project: &Project, held: Held, base: &Oid, commit: &Oid) -> Result<Self> {
        let repository = project.repository.clone();
        Ok(Self {
            held,
            base: base.clone(),
            tree: repository.tree_of(commit)?,
            changes: repository.changes(base, commit)?,
            left_out: Vec::new(),
            repository,
            files: Once::default(),
            lines: Once::default(),
            lines_across_renames: Once::default(),
            runner: Once::default(),
        })
    }

    /// What differs from the commit the slot was taken at: of a hotfix taken up again not its base.
    pub fn since_taken(&self) -> Result<Cow<'_, [Change]>> {
        Ok(match self.held.base == self.base {
            true => Cow::Borrowed(&self.changes),
            false => Cow::Owned(self.repository.changes(&self.held.base, &self.tree)?),
        })
    }

    /// All files of the tree.
    pub fn files(&self) -> Result<&[PathBuf]> {
        once(&self.files, || self.repository.list_files(&self.tree)).map(Vec::as_slice)
    }

    /// Reads files as base has them.
    pub fn base_reader(&self) -> Result<Reader<'_>> {
        Ok(Reader::new(&self.repository, &self.base, self.files()?))
    }

    /// The lines that differ from base.
    pub fn lines(&self) -> Result<&[FileDiff]> {
        once(&self.lines, || self.repository.line_changes(&self.base, &self.tree)).map(Vec::as_slice)
    }

    /// The lines that differ from base; of a file that was renamed those that differ from what it was there.
    pub fn lines_across_renames(&self) -> Result<&[FileDiff]> {
        let removes = self.changes.iter().any(|change| change.kind == ChangeKind::Deleted);
        if !removes {
            return self.lines();
        }
        let find = || self.repository.line_changes_across_renames(&self.base, &self.tree);
        once(&self.lines_across_renames, find).map(Vec::as_slice)
    }

    /// The test runner, by the tree's own files. A command that the repository brings must be approved.
    pub fn runner(&self, project: &Project, hotfix: &Hotfix) -> Result<&Arc<dyn Runner>> {
        once(&self.runner, || {
            let loaded = &hotfix.loaded;
            let brought = loaded.commands.iter().find(|command| command.key == "test.command");
            if let Some(command) = brought.filter(|_| !project.is_trusted(loaded).unwrap_or(false)) {
                return Err(SessionError::Untrusted { keys: vec![command.key.clone()] }.into());
            }
            let reader = Reader::new(&self.repository, &self.tree, self.files()?);
            let suite = suite::detect(self.files()?, &|path| reader.read(path), &loaded.config.test)?;
            let scratch = project.run_dir(hotfix.id())?;
            let root = &self.held.worktree.path;
            let place = Place { root, home: self.repository.home(), scratch: &scratch };
            let changed: Vec<PathBuf> = self.changes.iter().map(|change| change.path.clone()).collect();
            Ok(Arc::new(suite.for_change(project.ctx(), &place, &changed)) as Arc<dyn Runner>)
        })
    }

    /// Looks at what tests left in the slot. New files, and tracked files that are no part of the fix, are remembered as
    /// theirs and never committed; both are named. Fails if a file of the fix itself changed meanwhile.
    pub fn settle(&self, project: &Project, hotfix: &Hotfix) -> Result<()> {
        let repository = &project.repository;
        let byproducts = ByProducts::of(project, hotfix.id())?;
        let seen = repository.snapshot(&self.held.worktree, &byproducts.read())?;
        let written = WrittenByTests::open(project, hotfix.id())?;
        let changes = repository.changes(&self.base, &seen)?;
        let snapshot = Snapshot { base: &self.base, tree: &seen, changes: &changes };
        let now = written.taken_out(project, &self.held, snapshot)?.unwrap_or(seen);
        if now == self.tree {
            return Ok(());
        }
        let tracked: BTreeSet<&PathBuf> = self.files()?.iter().collect();
        let of_the_fix: BTreeSet<&PathBuf> = self.changes.iter().map(|change| &change.path).collect();
        let since = repository.changes(&self.tree, &now)?;
        let (known, new): (Vec<&Change>, Vec<&Change>) =
            since.iter().partition(|change| tracked.contains(&change.path));
        let (mine, others): (Vec<&Change>, Vec<&Change>) =
            known.into_iter().partition(|change| of_the_fix.contains(&change.path));
        for change in &new {
            let path = change.path.display();
            project
                .ctx()
                .warn(format!("{path} appeared while tests ran and is left out; `git add` it to keep it"));
        }
        for change in &others {
            let path = change.path.display();
            let line =
                format!("{path} changed while tests ran and is left out of the fix; `git add` it to keep it");
            project.ctx().warn(line);
        }
        byproducts.add(new.iter().map(|change| change.path.as_path()))?;
        written.add(&others)?;
        if mine.is_empty() {
            return Ok(());
        }
        let files = mine.iter().map(|change| change.path.to_string_lossy().into_owned()).collect();
        Err(SessionError::ChangedMeanwhile { files }.into())
    }
}

/// Fails if one of `changes` names a commit of a submodule that is on none of its remotes, unless Git is to push it with
/// the fix, or the user said not to look.
pub fn has_published_submodules(repository: &Repository, held: &Held, changes: &[Change]) -> Result<()> {
    let unpublished = unpublished_submodules(repository, held, changes)?;
    if unpublished.is_empty() {
        return Ok(());
    }
    let paths: Vec<String> =
        unpublished.iter().map(|submodule| submodule.path.to_string_lossy().into_owned()).collect();
    let is_on_branch =
        |submodule: &Submodule| matches!(repository.head_of(&submodule.worktree), Ok(Head::Branch(_)));
    match repository.push_recursion(&held.worktree)? {
        PushRecursion::OnDemand if unpublished.iter().all(is_on_branch) => Ok(()),
        PushRecursion::No => {
            let names = paths.join(", ");
            repository.ctx().warn(format!(
                "{names} is at a commit that is on no remote of it; push.recurseSubmodules says not to look"
            ));
            Ok(())
        }
        _ => {
            let worktree = held.worktree.path.clone();
            Err(SessionError::UnpublishedSubmodule { worktree, paths }.into())
        }
    }
}

/// Pushes the submodules that the fix needs, where `push.recurseSubmodules` asks for it; fails if that did not help.
pub fn push_submodules(
    repository: &Repository,
    held: &Held,
    changes: &[Change],
    limit: std::time::Duration,
) -> Result<()> {
    let unpublished = unpublished_submodules(repository, held, changes)?;
    if unpublished.is_empty() || repository.push_recursion(&held.worktree)? != PushRecursion::OnDemand {
        return Ok(());
    }
    for submodule in &unpublished {
        repository.push_submodule(submodule, limit)?;
    }
    has_published_submodules(repository, held, changes)
}

/// The submodules whose commit in `changes` is on none of their remotes, as far as their repositories know.
fn unpublished_submodules(
    repository: &Repository,
    held: &Held,
    changes: &[Change],
) -> Result<Vec<Submodule>> {
    let named: Vec<&Change> = changes.iter().filter(|change| change.is_submodule()).collect();
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let mut unpublished = Vec::new();
    for submodule in repository.submodules(&held.worktree)? {
        let change = named.iter().find(|change| change.path == submodule.path);
        if let Some((_, commit)) = change.and_then(|change| change.new.as_ref())
            && submodule.has_repository()
            && !repository.is_published_in(&submodule, commit)?
        {
            unpublished.push(submodule);
        }
    }
    Ok(unpublished)
}

/// A look at a slot.
#[derive(Clone, Copy)]
struct Snapshot<'a> {
    base: &'a Oid,
    tree: &'a Oid,
    changes: &'a [Change],
}

/// Tracked files that changed while tests ran, each with what it held then: `mode blob path`, NUL-terminated. As long as such a
/// file holds just that, and nobody staged it, it counts as base has it.
struct WrittenByTests(PathBuf);

impl WrittenByTests {
    /// A file that tests deleted.
    const DELETED: &str = "deleted";

    fn open(project: &Project, id: &str) -> Result<Self> {
        Ok(Self(project.run_dir(id)?.join("written-by-tests")))
    }

    fn line(change: &Change) -> Vec<u8> {
        use std::os::unix::ffi::OsStrExt;
        let now = change.new.as_ref().map(|(mode, blob)| format!("{mode} {blob}"));
        let now = now.as_deref().unwrap_or(Self::DELETED);
        [now.as_bytes(), b" ", change.path.as_os_str().as_bytes()].concat()
    }

    fn known(&self) -> BTreeSet<Vec<u8>> {
        let bytes = std::fs::read(&self.0).unwrap_or_default();
        bytes.split(|byte| *byte == 0).filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
    }

    fn add(&self, changes: &[&Change]) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let mut known = self.known();
        known.extend(changes.iter().map(|change| Self::line(change)));
        let bytes = known.into_iter().flat_map(|line| [line, vec![0]].concat()).collect::<Vec<u8>>();
        Ok(std::fs::write(&self.0, bytes).map_err(FileError::of("write", &self.0))?)
    }

    /// The tree without what tests wrote into tracked files; `None` if they wrote nothing.
    fn taken_out(&self, project: &Project, held: &Held, now: Snapshot<'_>) -> Result<Option<Oid>> {
        let known = self.known();
        let mut theirs: Vec<&Change> =
            now.changes.iter().filter(|change| known.contains(&Self::line(change))).collect();
        if theirs.is_empty() {
            return Ok(None);
        }
        let repository = &project.repository;
        let paths: Vec<PathBuf> = theirs.iter().map(|change| change.path.clone()).collect();
        let staged = repository.staged_entries(&held.worktree, &paths)?;
        theirs.retain(|change| match &change.new {
            Some(now) => staged.get(&change.path) != Some(now),
            None => staged.contains_key(&change.path),
        });
        let back = repository.changes(now.tree, now.base)?;
        let is_theirs = |change: &&Change| theirs.iter().any(|their| their.path == change.path);
        let back: Vec<Change> = back.iter().filter(is_theirs).cloned().collect();
        if back.is_empty() {
            return Ok(None);
        }
        let scratch = self.0.parent().unwrap_or(Path::new("."));
        repository.overlay_tree(now.tree, &back, scratch).map(Some)
    }
}

/// Copies of the user's ignored files, secrets mostly, are no part of a fix, not even of one that changes what is
/// ignored. True if there were any.
fn leave_out_copies(
    project: &Project,
    hotfix: &Hotfix,
    (held, changes): (&Held, &[Change]),
    byproducts: &ByProducts,
) -> Result<bool> {
    let copies: BTreeSet<PathBuf> = project.pool(&hotfix.loaded).copies_in(held).into_iter().collect();
    let found: Vec<&Path> = changes.iter().map(|change| change.path.as_path()).collect();
    let found: Vec<&Path> = found.into_iter().filter(|path| copies.contains(*path)).collect();
    for path in &found {
        project.ctx().warn(format!("{} is a copy of yours and is left out of the fix", path.display()));
    }
    byproducts.add(found.iter().copied())?;
    Ok(!found.is_empty())
}

/// A value that is made when it is first asked for. Threads that ask meanwhile wait for it.
struct Once<T> {
    value: OnceLock<T>,
    making: Mutex<()>,
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self { value: OnceLock::new(), making: Mutex::default() }
    }
}

/// What `make` gives, made once; after an error, again.
fn once<T>(once: &Once<T>, make: impl FnOnce() -> Result<T>) -> Result<&T> {
    if let Some(known) = once.value.get() {
        return Ok(known);
    }
    let _making = once.making.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = once.value.get() {
        return Ok(known);
    }
    let made = make()?;
    Ok(once.value.get_or_init(|| made))
}

/// Untracked files that appeared while tests ran, one path a line, NUL-terminated.
struct ByProducts(PathBuf);

impl ByProducts {
    fn of(project: &Project, id: &str) -> Result<Self> {
        Ok(Self(project.run_dir(id)?.join("by-products")))
    }

    fn read(&self) -> Vec<PathBuf> {
        let bytes = std::fs::read(&self.0).unwrap_or_default();
        bytes.split(|byte| *byte == 0).filter(|path| !path.is_empty()).map(crate::git::path_of).collect()
    }

    fn add<'a>(&self, paths: impl Iterator<Item = &'a Path>) -> Result<()> {
        use std::os::unix::ffi::OsStrExt;
        let mut all: BTreeSet<PathBuf> = self.read().into_iter().collect();
        let before = all.len();
        all.extend(paths.map(Path::to_owned));
        if all.len() == before {
            return Ok(());
        }
        let mut bytes = Vec::new();
        for path in all {
            bytes.extend(path.as_os_str().as_bytes());
            bytes.push(0);
        }
        Ok(std::fs::write(&self.0, bytes).map_err(FileError::of("write", &self.0))?)
    }
}
