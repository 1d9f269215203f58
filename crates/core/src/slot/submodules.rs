//! Submodules of slots and twins. A slot has those that the main worktree has, at the commits that its own commit names,
//! wherever it moves; Git itself moves none of them. What somebody has in a submodule is content of the slot: it is
//! never deleted and never left behind without a word.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Held, Moment, Pool, SlotError};
use crate::error::{Error, FileError, Result};
use crate::git::{Head, InnerContent, Oid, Submodule, SubmoduleSource, Worktree};

/// How long the remote of a submodule is waited for: a commit that it does not bring is told, and the fix goes on.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whose the submodules are that are moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// Ours alone, as in a twin: whatever is in them is given up, but for commits.
    Ours,
    /// Nobody's at the moment: all are moved but those that hold something.
    Nobodys,
    /// Those of an open hotfix: only those are moved that stand where we left them.
    Held,
}

/// How the submodules of one worktree are brought to their commits.
struct Errand {
    whose: Whose,
    /// Worktrees that submodules can be made from.
    sources: Vec<SubmoduleSource>,
    /// The path of the worktree in the slot: empty, but for submodules of submodules.
    above: PathBuf,
}

impl Pool<'_> {
    /// Gives a slot in use the submodules that the main worktree has, and moves those that were left at another commit
    /// to the one the slot names. What could not be done is said.
    pub fn bring_held_submodules(&self, held: &Held) -> Result<()> {
        let _guard = self.guard(held)?;
        self.bring_submodules_or_say(&held.worktree, Whose::Held)
    }

    /// The same for any worktree of ours. Gives what could not be done, a line for each.
    pub(super) fn bring_submodules(&self, worktree: &Worktree, whose: Whose) -> Result<Vec<String>> {
        let mut problems = Vec::new();
        let errand = Errand { whose, sources: self.sources(), above: PathBuf::new() };
        self.bring_inner(worktree, &errand, &mut problems)?;
        Ok(problems)
    }

    /// Gives a twin the submodules that the slot or the main worktree has, at the commits of the tree it holds; fails if
    /// one cannot be had, for then both sides of a proof would lack it.
    pub(super) fn bring_twin_submodules(&self, twin: &Worktree, slot: Option<&Worktree>) -> Result<()> {
        let of_slot =
            slot.map(|slot| SubmoduleSource { git_dir: slot.git_dir.clone(), root: Some(slot.path.clone()) });
        let sources = of_slot.into_iter().chain(self.sources()).collect();
        let mut problems = Vec::new();
        let errand = Errand { whose: Whose::Ours, sources, above: PathBuf::new() };
        self.bring_inner(twin, &errand, &mut problems)?;
        match problems.into_iter().next() {
            Some(why) => Err(SlotError::LacksSubmodule { path: twin.path.clone(), why }.into()),
            None => Ok(()),
        }
    }

    /// Gives up what runs left in the submodules of a twin.
    pub(super) fn scrub_submodules(&self, twin: &Worktree) -> Result<()> {
        for submodule in self.repository.submodules(twin)?.iter().filter(|submodule| submodule.is_filled) {
            self.repository.scrub_submodule(submodule)?;
            self.scrub_submodules(&submodule.worktree)?;
        }
        Ok(())
    }

    /// Submodules of a slot in use that stand at another commit than its index names, though nobody moved them: at the one
    /// that they had before the slot moved. Committed, they would be taken back to it. Staged by somebody, they are meant.
    pub fn left_behind(&self, held: &Held) -> Result<Vec<PathBuf>> {
        let mut left = Vec::new();
        for submodule in self.repository.submodules(&held.worktree)?.into_iter().filter(|one| one.is_filled) {
            let Head::Detached(at) = self.repository.head_of(&submodule.worktree)? else { continue };
            if !submodule.is_owned_by(&held.worktree) {
                continue;
            }
            if note_if_in_place(&submodule, &at)? {
                continue;
            }
            let is_untouched = match submodule.recorded_commit() {
                Some(recorded) => recorded == at,
                None => Moment::of_change(&submodule.worktree.git_dir.join("HEAD"))
                    .zip(held.began)
                    .is_some_and(|(moved, began)| moved < began),
            };
            if is_untouched {
                left.push(submodule.path);
            }
        }
        Ok(left)
    }

    /// Like [`Pool::bring_submodules`], and what could not be done is said.
    pub(super) fn bring_submodules_or_say(&self, worktree: &Worktree, whose: Whose) -> Result<()> {
        for problem in self.bring_submodules(worktree, whose)? {
            self.repository.ctx().warn(problem);
        }
        Ok(())
    }

    /// Takes away the files of submodules that a commit does not have, or has under another name: Git would leave them
    /// behind. Their repositories stay. Gives those that hold something, or whose repository lies in their own folder:
    /// they were not touched.
    pub(super) fn leave_submodules(
        &self,
        worktree: &Worktree,
        commit: &Oid,
        whose: Whose,
    ) -> Result<Vec<PathBuf>> {
        let mut filled = self.repository.submodules(worktree)?;
        filled.retain(|submodule| submodule.is_filled);
        if filled.is_empty() {
            return Ok(Vec::new());
        }
        let paths: Vec<&Path> = filled.iter().map(|submodule| submodule.path.as_path()).collect();
        let stay = self.repository.submodules_in_tree(commit, &paths)?;
        let names = self.repository.submodules_named_in(commit)?;
        let sources = self.sources();
        let mut blocked = Vec::new();
        for submodule in filled {
            let same_name = names.get(&submodule.path).is_none_or(|name| *name == submodule.name);
            if same_name && stay.contains(&submodule.path) {
                continue;
            }
            let holds = whose != Whose::Ours
                && !self.repository.content_of_submodule(&submodule, &sources)?.is_empty();
            if holds || !submodule.is_absorbed_in(worktree) {
                blocked.push(submodule.path);
                continue;
            }
            let root = &submodule.worktree.path;
            std::fs::remove_dir_all(root).map_err(FileError::of("remove", root))?;
        }
        Ok(blocked)
    }

    /// What submodules of a worktree of ours hold that is nowhere else.
    pub fn inner_content(&self, worktree: &Worktree) -> Result<Vec<InnerContent>> {
        self.repository.inner_content(worktree, &self.sources())
    }

    /// Moves the repositories of submodules out of Git's entry of a worktree whose folder is gone, if they hold
    /// something: they would go with the entry.
    pub(super) fn save_submodules(&self, git_dir: &Path, name: &str) -> Result<()> {
        let modules = git_dir.join("modules");
        if !modules.is_dir() {
            return Ok(());
        }
        let found = self.repository.content_without_files(git_dir, &self.sources())?;
        let Some(first) = found.first() else { return Ok(()) };
        let saved = self.place_to_save(&format!("submodules-{name}"))?;
        if let Some(above) = saved.parent() {
            std::fs::create_dir_all(above).map_err(FileError::of("create", above))?;
        }
        std::fs::rename(&modules, &saved).map_err(FileError::of("save", &modules))?;
        self.repository.ctx().warn(format!(
            "the worktree {name} is gone, but its submodule {} holds {}: its repository is kept in {}",
            first.path.display(),
            first.what,
            saved.display()
        ));
        Ok(())
    }

    /// The main worktree; where there is none, the user's own linked ones.
    fn sources(&self) -> Vec<SubmoduleSource> {
        let repository = self.repository;
        if let Some(main) = repository.main_worktree() {
            return vec![SubmoduleSource { git_dir: main.git_dir, root: Some(main.path) }];
        }
        let roots = repository.worktree_roots().into_iter();
        let worktrees = roots.filter_map(|root| Worktree::at(&root, repository.common_dir()));
        let of_user = worktrees.filter(|worktree| !super::place::is_marked(&worktree.git_dir));
        of_user.map(|found| SubmoduleSource { git_dir: found.git_dir, root: Some(found.path) }).collect()
    }

    fn bring_inner(&self, host: &Worktree, errand: &Errand, problems: &mut Vec<String>) -> Result<()> {
        let submodules = self.repository.submodules(host)?;
        if submodules.is_empty() {
            return Ok(());
        }
        let mut initialised = Vec::new();
        for source in &errand.sources {
            initialised.extend(self.repository.initialised_submodules(source)?);
        }
        let mut to_move = Vec::new();
        for submodule in &submodules {
            let is_wanted = match submodule.is_filled {
                true => submodule.is_owned_by(host) && self.is_to_move(submodule, errand)?,
                false => is_to_fill(submodule, errand) && initialised.contains(&submodule.name),
            };
            if !is_wanted {
                continue;
            }
            match self.provide(host, submodule, &errand.sources) {
                Ok(()) => to_move.push(submodule),
                Err(error) => {
                    self.repository.ctx().go_on()?;
                    problems.push(errand.problem(submodule, &error));
                }
            }
        }
        self.check_out(host, &to_move, errand, problems)?;
        for submodule in self.repository.submodules(host)?.iter().filter(|submodule| submodule.is_filled) {
            self.bring_inner(&submodule.worktree, &errand.below(submodule), problems)?;
        }
        Ok(())
    }

    /// Whether a submodule whose files are there is to be moved from where it stands.
    fn is_to_move(&self, submodule: &Submodule, errand: &Errand) -> Result<bool> {
        let at = match self.repository.head_of(&submodule.worktree)? {
            Head::Detached(at) => Some(at),
            Head::Branch(_) | Head::Unreadable => None,
        };
        if let Some(at) = &at
            && note_if_in_place(submodule, at)?
        {
            return Ok(false);
        }
        Ok(match errand.whose {
            Whose::Ours => true,
            Whose::Nobodys => self.repository.content_of_submodule(submodule, &errand.sources)?.is_empty(),
            Whose::Held => at.is_some() && at == submodule.recorded_commit(),
        })
    }

    /// Makes sure that a submodule has a repository, and that this has the commit.
    fn provide(&self, host: &Worktree, submodule: &Submodule, sources: &[SubmoduleSource]) -> Result<()> {
        let repository = self.repository;
        let own = submodule.sources(sources);
        if let Some(source) = own.first().filter(|_| !submodule.has_repository()) {
            repository.clone_submodule(host, submodule, source)?;
        }
        for source in &own {
            if repository.has_submodule_commit(submodule)? {
                return Ok(());
            }
            // The commit is not there either; the next one may have it.
            let _ = repository.fetch_submodule_from(submodule, source);
        }
        match repository.has_submodule_commit(submodule)? {
            true => Ok(()),
            false => repository.fetch_submodule(submodule, PATIENCE),
        }
    }

    fn check_out(
        &self,
        host: &Worktree,
        submodules: &[&Submodule],
        errand: &Errand,
        problems: &mut Vec<String>,
    ) -> Result<()> {
        if submodules.is_empty() {
            return Ok(());
        }
        let force = errand.whose == Whose::Ours;
        let paths: Vec<&Path> = submodules.iter().map(|submodule| submodule.path.as_path()).collect();
        if self.repository.check_out_submodules(host, &paths, force).is_ok() {
            return submodules.iter().try_for_each(|submodule| submodule.record_commit());
        }
        // One that cannot be checked out keeps Git from the others.
        for submodule in submodules {
            self.repository.ctx().go_on()?;
            match self.repository.check_out_submodules(host, &[&submodule.path], force) {
                Ok(()) => submodule.record_commit()?,
                Err(error) => problems.push(errand.problem(submodule, &error)),
            }
        }
        Ok(())
    }
}

impl Errand {
    /// The same for the submodules of a submodule.
    fn below(&self, submodule: &Submodule) -> Self {
        let above = self.above.join(&submodule.path);
        Self { whose: self.whose, sources: submodule.sources(&self.sources), above }
    }

    /// What is said of a submodule that could not be brought to its commit.
    fn problem(&self, submodule: &Submodule, error: &Error) -> String {
        let (path, commit) = (self.above.join(&submodule.path), submodule.commit.short());
        let why = error.why();
        format!("the submodule {} is not at its commit {commit}: {error}: {why}", path.display())
    }
}

/// Whether a submodule whose files are not there can be filled: its folder is empty, and its repository can be had here.
fn is_to_fill(submodule: &Submodule, errand: &Errand) -> bool {
    let is_empty = submodule.worktree.path.read_dir().map_or(true, |mut list| list.next().is_none());
    let can_be_had = || submodule.has_repository() || !submodule.sources(&errand.sources).is_empty();
    is_empty && can_be_had()
}

/// Whether a submodule stands at the commit that the index names. That is recorded: if it stands there still when the index
/// names another one, nobody has moved it.
fn note_if_in_place(submodule: &Submodule, at: &Oid) -> Result<bool> {
    let in_place = *at == submodule.commit;
    if in_place && submodule.recorded_commit().as_ref() != Some(at) {
        submodule.record_commit()?;
    }
    Ok(in_place)
}
