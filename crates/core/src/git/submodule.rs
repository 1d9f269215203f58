//! Submodules of a worktree: which there are, where their repositories lie, and how a worktree of ours gets them.
//!
//! In a linked worktree each submodule has a repository of its own, `<private Git folder>/modules/<name>`: `git worktree
//! add` does not make it, and `git switch` does not move it. It is made here from the one that the main worktree has, by
//! a local clone whose objects are hard links: no network, hardly any space, and nothing depends on the other one
//! afterwards. Files are checked out by `git submodule update`.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use super::pointer::git_folder_of;
use super::{GitCommand, Oid, Repository, Worktree, path_of};
use crate::error::{FileError, Result};

/// The mode of a submodule in a tree or index.
const MODE: &str = "160000";
/// In the private folder of a worktree: where the repository of a submodule is put together.
const ASIDE: &str = "hotfix-submodule";
/// In the repository of a submodule: the commit at which we last saw or left it in its place.
const RECORD: &str = "hotfix-commit";

/// A submodule as the index of a worktree has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submodule {
    /// Its name in `.gitmodules`.
    pub name: String,
    /// Its path in the worktree that holds it.
    pub path: PathBuf,
    /// The commit that the index of that worktree names.
    pub commit: Oid,
    /// Its own worktree, and its repository: where it is, or where it belongs.
    pub worktree: Worktree,
    /// Whether its worktree is there.
    pub is_filled: bool,
}

/// What a push does about commits of submodules that are on no remote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushRecursion {
    /// It refuses.
    Check,
    /// It pushes them first.
    OnDemand,
    /// It does not look.
    No,
}

/// A worktree whose submodules others can be made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmoduleSource {
    /// Its private Git folder, or the repository of a submodule.
    pub git_dir: PathBuf,
    /// Its root, as far as it is known.
    pub root: Option<PathBuf>,
}

impl SubmoduleSource {
    /// The repository that this worktree has for the submodule of a name and path: below `modules`, or as Git before 1.7.8 had it, in the
    /// submodule's own folder.
    pub fn inner(&self, name: &Path, path: &Path) -> Option<Self> {
        let root = self.root.as_ref().map(|root| root.join(path));
        let embedded = root.as_ref().map(|root| root.join(".git"));
        let absorbed = self.git_dir.join("modules").join(name);
        let git_dir = [Some(absorbed), embedded].into_iter().flatten().find(|dir| is_repository(dir))?;
        Some(Self { git_dir, root })
    }
}

impl Submodule {
    /// Whether its repository is there, filled or not.
    pub fn has_repository(&self) -> bool {
        is_repository(&self.worktree.git_dir)
    }

    /// Whether its repository lies apart from its files, in the private Git folder of the worktree that holds it.
    pub fn is_absorbed_in(&self, host: &Worktree) -> bool {
        self.worktree.git_dir.starts_with(host.git_dir.join("modules"))
    }

    /// Whether its repository belongs to the worktree that holds it, and is not one that others use too: people link
    /// submodules of several worktrees to one repository.
    pub fn is_owned_by(&self, host: &Worktree) -> bool {
        let is_embedded = self.worktree.git_dir.ends_with(self.path.join(".git"));
        is_embedded || !self.is_filled || self.is_absorbed_in(host)
    }

    /// The commit that its index named when we last looked and it stood there.
    pub fn recorded_commit(&self) -> Option<Oid> {
        recorded_commit(&self.worktree.git_dir)
    }

    /// What `sources` have for it.
    pub fn sources(&self, sources: &[SubmoduleSource]) -> Vec<SubmoduleSource> {
        sources.iter().filter_map(|source| source.inner(Path::new(&self.name), &self.path)).collect()
    }

    /// Records that it stands at its commit.
    pub fn record_commit(&self) -> Result<()> {
        let file = self.worktree.git_dir.join(RECORD);
        Ok(fs::write(&file, format!("{}\n", self.commit)).map_err(FileError::of("write", file))?)
    }
}

impl Repository {
    /// The submodules of a worktree, in the order of their paths; those that a sparse checkout leaves out are not among
    /// them. None, without a process, where the worktree has no `.gitmodules`.
    pub fn submodules(&self, host: &Worktree) -> Result<Vec<Submodule>> {
        let file = host.path.join(".gitmodules");
        if !file.symlink_metadata().is_ok_and(|found| found.is_file()) {
            return Ok(Vec::new());
        }
        let names = Self::submodule_names(self.git_in(host).args(["config", "-z", "--file"]).arg(file))?;
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let call = self.git_in(host).args(["ls-files", "-z", "-t", "--stage", "--"]);
        let listed = call.args(names.keys()).run()?;
        let entry = |line: &[u8]| {
            // `tag mode oid stage<TAB>path`; the tag of what is to be in the worktree is H.
            let tab = line.iter().position(|byte| *byte == b'\t')?;
            let words = std::str::from_utf8(line.get(..tab)?).ok()?;
            let ["H", MODE, oid, "0"] = words.split(' ').collect::<Vec<_>>()[..] else { return None };
            let path = path_of(line.get(tab + 1..)?);
            let name = names.get(&path)?.clone();
            let root = host.path.join(&path);
            let is_filled = root.join(".git").symlink_metadata().is_ok();
            let git_dir = match git_folder_of(&root) {
                Some(found) if is_filled => found,
                _ => host.git_dir.join("modules").join(&name),
            };
            Some(Submodule {
                name,
                path,
                commit: Oid::parse(oid)?,
                worktree: Worktree { path: root, git_dir },
                is_filled,
            })
        };
        Ok(listed.split(|byte| *byte == 0).filter_map(entry).collect())
    }

    /// Path and name of the submodules that `.gitmodules` of a tree or commit names.
    pub fn submodules_named_in(&self, tree: &Oid) -> Result<BTreeMap<PathBuf, String>> {
        let blob = format!("{tree}:.gitmodules");
        Self::submodule_names(self.git().args(["config", "-z", "--blob", &blob]))
    }

    /// Path and name of the submodules that a file names, as `git config` with these options reads it. Names that Git
    /// refuses, because they lead out of its folder, are left out.
    fn submodule_names(config: GitCommand<'_>) -> Result<BTreeMap<PathBuf, String>> {
        let values = Self::read_values(config.args(["--get-regexp", r"^submodule\..*\.path$"]))?;
        let named = values.into_iter().filter_map(|(key, path)| {
            let name = key.strip_prefix("submodule.")?.strip_suffix(".path")?.to_owned();
            let is_inside = |part: Component<'_>| matches!(part, Component::Normal(_));
            let path: PathBuf = Path::new(&path).components().collect();
            let is_plain = !name.is_empty() && Path::new(&name).components().all(is_inside);
            (is_plain && path.components().all(is_inside)).then_some((path, name))
        });
        Ok(named.collect())
    }

    /// The names of the submodules that the user has initialised in a repository: they have an address in its
    /// configuration, and were not made inactive.
    pub fn initialised_submodules(&self, source: &SubmoduleSource) -> Result<Vec<String>> {
        let call = inner_call(self, &source.git_dir).args(["config", "-z", "--get-regexp"]);
        let values = Self::read_values(call.arg(r"^submodule\..*\.(url|active)$"))?;
        let of_key = |suffix: &str| {
            let names = values.iter().filter_map(move |(key, value)| {
                Some((key.strip_prefix("submodule.")?.strip_suffix(suffix)?.to_owned(), value.to_owned()))
            });
            names.collect::<BTreeMap<String, String>>()
        };
        let is_off =
            |value: &String| ["false", "no", "off", "0"].contains(&value.to_ascii_lowercase().as_str());
        let active = of_key(".active");
        let has_address = of_key(".url").into_keys();
        Ok(has_address.filter(|name| !active.get(name).is_some_and(is_off)).collect())
    }

    /// Keys and values that a call of `git config -z` prints; none if it finds none.
    fn read_values(call: GitCommand<'_>) -> Result<Vec<(String, String)>> {
        let finished = call.finish()?;
        let text = String::from_utf8_lossy(&finished.stdout).into_owned();
        let pairs = text.split('\0').filter(|pair| !pair.is_empty());
        Ok(pairs.map(|pair| pair.split_once('\n').unwrap_or((pair, "true"))).map(owned).collect())
    }

    /// Makes the repository of a submodule from one that is on this machine: all its objects, what it knows of the
    /// remotes, and no branch of its own.
    pub fn clone_submodule(
        &self,
        host: &Worktree,
        submodule: &Submodule,
        source: &SubmoduleSource,
    ) -> Result<()> {
        let aside = host.git_dir.join(ASIDE);
        remove_folder(&aside)?;
        DirBuilder::new().mode(0o700).create(&aside).map_err(FileError::of("create", &aside))?;
        let made = aside.join("repository");
        GitCommand::discovering(self.ctx(), &aside)
            .args(["clone", "--quiet", "--no-checkout", "--no-reject-shallow", "--origin", "origin"])
            .arg("--separate-git-dir")
            .arg(&made)
            .arg("--")
            .arg(&source.git_dir)
            .arg(aside.join("tree"))
            .run()?;
        // A clone takes the other's own branches for those of the remote.
        inner_call(self, &made)
            .args([
                "fetch",
                "--quiet",
                "--prune",
                "--no-tags",
                "--no-write-fetch-head",
                "--no-recurse-submodules",
            ])
            .arg(&source.git_dir)
            .args(["+refs/remotes/*:refs/remotes/*", "^refs/remotes/origin/HEAD", "+refs/tags/*:refs/tags/*"])
            .run()?;
        self.copy_remotes(source, &made)?;
        self.drop_branches(&made)?;
        let belongs = &submodule.worktree.git_dir;
        if let Some(above) = belongs.parent() {
            fs::create_dir_all(above).map_err(FileError::of("create", above))?;
        }
        fs::rename(&made, belongs).map_err(FileError::of("make", belongs))?;
        remove_folder(&aside)
    }

    /// Gives a repository the remotes that another one has, and no others.
    fn copy_remotes(&self, source: &SubmoduleSource, made: &Path) -> Result<()> {
        let call =
            inner_call(self, &source.git_dir).args(["config", "-z", "--local", "--get-regexp", r"^remote\."]);
        let values = Self::read_values(call)?;
        inner_call(self, made).args(["config", "--remove-section", "remote.origin"]).finish()?;
        for (key, value) in values {
            inner_call(self, made).args(["config", "--add", &key, &value]).run()?;
        }
        Ok(())
    }

    /// Takes a repository that was just cloned off its branch, and deletes all branches.
    fn drop_branches(&self, made: &Path) -> Result<()> {
        let listed = inner_call(self, made)
            .args(["for-each-ref", "--format=%(objectname) %(refname)", "refs/heads"])
            .text()?;
        let mut lines = listed.lines().filter_map(|line| line.split_once(' ')).peekable();
        let Some((oid, _)) = lines.peek() else { return Ok(()) };
        inner_call(self, made).args(["update-ref", "--no-deref", "HEAD", oid]).run()?;
        let changes: Vec<String> = lines.map(|(_, name)| format!("delete {name}\n")).collect();
        inner_call(self, made).args(["update-ref", "--stdin"]).input(changes.concat()).run()?;
        Ok(())
    }

    /// Whether the repository of a submodule has its commit.
    pub fn has_submodule_commit(&self, submodule: &Submodule) -> Result<bool> {
        let name = format!("{}^{{commit}}", submodule.commit);
        let call = inner_call(self, &submodule.worktree.git_dir).args(["cat-file", "-e", &name]);
        Ok(call.finish()?.success())
    }

    /// Fetches the commit of a submodule from a repository on this machine.
    pub fn fetch_submodule_from(&self, submodule: &Submodule, source: &SubmoduleSource) -> Result<()> {
        let call = inner_call(self, &submodule.worktree.git_dir).setting("protocol.version=2");
        let call =
            call.args(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"]);
        call.arg(&source.git_dir).arg(submodule.commit.as_str()).run()?;
        Ok(())
    }

    /// Fetches what is new of a submodule from its remote; its commit by its id if no branch of the remote has it.
    pub fn fetch_submodule(&self, submodule: &Submodule, limit: Duration) -> Result<()> {
        let fetch = || {
            let call = inner_call(self, &submodule.worktree.git_dir).limit(limit);
            // As `git submodule update` does: an address that a repository brings is not one that the user typed.
            let call = super::probe::without_prompts(call.env("GIT_PROTOCOL_FROM_USER", "0"));
            call.args(["fetch", "--quiet", "--no-write-fetch-head", "--no-recurse-submodules", "origin"])
        };
        fetch().run()?;
        if !self.has_submodule_commit(submodule)? {
            fetch().arg(submodule.commit.as_str()).run()?;
        }
        Ok(())
    }

    /// Checks the commits of submodules out whose repositories have them, as `git submodule update` does. By force, what
    /// was edited in them is given up; else the call fails where it is in the way.
    pub fn check_out_submodules(&self, host: &Worktree, paths: &[&Path], force: bool) -> Result<()> {
        let mut call = self.git_in(host).args(["submodule", "--quiet", "update", "--checkout", "--no-fetch"]);
        if host.git_dir.parent() != Some(&self.common_dir().join("worktrees")) {
            // The configuration of a submodule of ours is its own; the one of the repository is the user's.
            call = call.arg("--init");
        }
        if force {
            call = call.arg("--force");
        }
        call.arg("--").args(paths).run()?;
        Ok(())
    }

    /// Gives up what was edited in a submodule of ours and what is new there; ignored files stay.
    pub fn scrub_submodule(&self, submodule: &Submodule) -> Result<()> {
        let call = || self.git_in(&submodule.worktree);
        call().args(["reset", "--quiet", "--hard", submodule.commit.as_str()]).run()?;
        call().args(["clean", "--quiet", "-d", "--force", "--force"]).run()?;
        Ok(())
    }

    /// Those of `paths` that are submodules in a tree or commit.
    pub fn submodules_in_tree(&self, tree: &Oid, paths: &[&Path]) -> Result<Vec<PathBuf>> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let listed =
            self.git().args(["ls-tree", "-z", "--full-tree", tree.as_str(), "--"]).args(paths).run()?;
        let lines = listed.split(|byte| *byte == 0).filter(|line| line.starts_with(MODE.as_bytes()));
        Ok(lines.filter_map(|line| line.splitn(2, |byte| *byte == b'\t').nth(1)).map(path_of).collect())
    }

    /// What a push from a worktree does about submodules: `push.recurseSubmodules`, else `submodule.recurse`.
    pub fn push_recursion(&self, worktree: &Worktree) -> Result<PushRecursion> {
        let configuration = self.configuration_in(worktree)?;
        let asked = configuration.text("push.recurseSubmodules").unwrap_or_default();
        Ok(match asked.to_ascii_lowercase().as_str() {
            "on-demand" | "only" => PushRecursion::OnDemand,
            "no" | "false" | "off" | "0" => PushRecursion::No,
            "" if configuration.is_on("submodule.recurse") == Some(true) => PushRecursion::OnDemand,
            _ => PushRecursion::Check,
        })
    }

    /// Pushes the branch of a submodule as `git push` in it does, with the user's hooks.
    pub fn push_submodule(&self, submodule: &Submodule, limit: Duration) -> Result<()> {
        let call = super::probe::without_prompts(self.git_in(&submodule.worktree).with_hooks().limit(limit));
        call.args(["push", "--quiet", "--recurse-submodules=on-demand"]).run()?;
        Ok(())
    }

    /// Whether a commit of a submodule is on one of its remotes, as far as its repository knows.
    pub fn is_published_in(&self, submodule: &Submodule, commit: &Oid) -> Result<bool> {
        let call = inner_call(self, &submodule.worktree.git_dir);
        let call = call.args(["rev-list", "--max-count=1", commit.as_str(), "--not", "--remotes"]);
        Ok(call.run()?.is_empty())
    }
}

/// A call on the repository of a submodule that needs none of its files: they need not be there, though its
/// configuration names their folder.
pub(super) fn inner_call<'a>(repository: &'a Repository, git_dir: &Path) -> GitCommand<'a> {
    GitCommand::bound(repository.ctx(), git_dir, git_dir).env("GIT_WORK_TREE", git_dir)
}

/// The commit at which the submodule was last in its place, given its repository.
pub(super) fn recorded_commit(git_dir: &Path) -> Option<Oid> {
    Oid::parse(fs::read_to_string(git_dir.join(RECORD)).ok()?.trim_end())
}

/// Whether a folder looks like a repository.
pub(super) fn is_repository(dir: &Path) -> bool {
    dir.join("HEAD").symlink_metadata().is_ok() && dir.join("objects").is_dir()
}

fn owned((key, value): (&str, &str)) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

fn remove_folder(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(FileError::of("remove", dir)(error).into())
        }
        _ => Ok(()),
    }
}
