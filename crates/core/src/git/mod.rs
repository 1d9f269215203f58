//! The only code that runs Git. Plumbing and porcelain formats, `-z`, full refs, literal pathspecs; the user's index,
//! HEAD, refs, stash, configuration and `FETCH_HEAD` are never written.

mod attach;
mod base64;
mod command;
mod commit;
mod configuration;
mod diff;
mod difference;
mod entry;
mod error;
mod failure;
mod format;
mod hash;
mod history;
mod home;
mod ignored;
mod index;
mod index_tree;
mod listing;
mod lock;
mod name;
mod new_objects;
mod object;
mod place;
mod pointer;
mod probe;
mod reader;
mod refs;
mod remote;
mod semver;
mod settings;
mod signing;
mod snapshot;
mod sparse;
mod stale;
mod stored_commit;
mod submodule;
mod submodule_content;
mod trees;
mod version;
mod walk;
mod worktree;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::ctx::Ctx;
use crate::error::Result;
use place::Place;
use reader::Reader;

pub use base64::{of_base64, to_base64};
pub use command::GitCommand;
pub use commit::{CommitRequest, Identity};
pub use configuration::{ConfigEntry, Configuration};
pub use diff::{Change, ChangeKind, FileDiff, Hunk, TrackedChange, size_of};
pub use difference::Difference;
pub use error::GitError;
pub use index::{Index, Looked, Patch, Tracked, replace_index};
pub use listing::RemoteListing;
pub(crate) use lock::wait_for;
pub use lock::{CommonLock, FetchLock};
pub use name::{Oid, RefName, slug};
pub use new_objects::NewObjects;
pub use object::{Object, TreeEntry};
pub(crate) use pointer::{is_same_path, read_git_file, read_worktree_root};
pub use probe::{CheckoutSize, Signing};
pub use refs::{Expect, RefChange, SeenRef};
pub use remote::{Lease, OPTION_LIMIT, Push, PushCause, PushOutcome, PushReport, PushRequest, Remote};
pub use semver::{Release, ReleaseTag};
pub use settings::Settings;
pub use signing::{NAMESPACE, Signer, Verified};
pub use sparse::Cone;
pub(crate) use stale::git_runs_in;
pub use submodule::{PushRecursion, Submodule, SubmoduleSource};
pub use submodule_content::InnerContent;
pub use version::Version;
pub use worktree::{Head, ListedWorktree, Worktree};

/// Why Git opens no repository here. One of somebody else is named by Git, in quotes.
fn refused_place(dir: &Path, said: String) -> GitError {
    if !said.contains("dubious ownership") {
        return GitError::NotARepository { dir: dir.to_owned(), said };
    }
    let named = said.split('\'').nth(1).map(PathBuf::from);
    GitError::ForeignOwner { dir: named.unwrap_or_else(|| dir.to_owned()), said }
}

/// An opened repository: what all its worktrees share, and where the user stands.
#[derive(Clone)]
pub struct Repository {
    ctx: Ctx,
    common_dir: PathBuf,
    git_dir: PathBuf,
    top: Option<PathBuf>,
    home: PathBuf,
    object_format: String,
    reader: Arc<Reader>,
    /// Shared by all clones: one process looks at a worktree several times.
    look: Arc<Mutex<Option<snapshot::Look>>>,
    /// Git's configuration by the private folder it was asked for, shared by all clones: asked once per command.
    configurations: Arc<Mutex<HashMap<PathBuf, Arc<Configuration>>>>,
}

impl Repository {
    /// Opens the repository that holds the current folder.
    pub fn discover(ctx: &Ctx) -> Result<Self> {
        let place = match Self::find_place(ctx) {
            Some(place) => place,
            None => Self::ask_place(ctx)?,
        };
        let repository = Self {
            ctx: ctx.clone(),
            reader: Arc::new(Reader::new(&place.common_dir, &place.object_format)),
            look: Arc::default(),
            home: home::find_home(ctx, &place),
            configurations: Arc::default(),
            common_dir: place.common_dir,
            git_dir: place.git_dir,
            top: place.top,
            object_format: place.object_format,
        };
        repository.check_version()?;
        Ok(repository)
    }

    /// The plain case: no variable speaks of it, and it is where the current folder is.
    fn find_place(ctx: &Ctx) -> Option<Place> {
        let told = PLACE_VARIABLES.iter().any(|name| ctx.env.get(name).is_some());
        if told { None } else { Place::find(ctx.env.current_dir()) }
    }

    fn ask_place(ctx: &Ctx) -> Result<Place> {
        let dir = ctx.env.current_dir();
        let mut call = GitCommand::discovering(ctx, dir);
        for name in PLACE_VARIABLES {
            if let Some(value) = ctx.env.get(name) {
                call = call.env(name, value);
            }
        }
        let finished = call
            .args(["rev-parse", "--path-format=absolute", "--show-object-format", "--git-common-dir"])
            .args(["--git-dir", "--show-toplevel"])
            .finish()?;
        let lines = paths(&finished.stdout);
        let [object_format, common_dir, git_dir, top @ ..] = lines.as_slice() else {
            let GitError::Failed { said, .. } = failure::failed("rev-parse", &finished) else {
                return Err(GitError::Unreadable { command: "rev-parse".to_owned() }.into());
            };
            return Err(refused_place(dir, said).into());
        };
        Ok(Place {
            common_dir: common_dir.clone(),
            git_dir: git_dir.clone(),
            top: top.first().cloned(),
            object_format: object_format.to_string_lossy().into_owned(),
        })
    }

    /// What all deeds are given.
    pub fn ctx(&self) -> &Ctx {
        &self.ctx
    }

    /// The folder that all worktrees share: `.git` of the main worktree, or the bare repository.
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// Our own folder in it; made on first use, readable by the user alone.
    pub fn state_dir(&self) -> PathBuf {
        self.common_dir.join("hotfix")
    }

    /// The root of the worktree the user stands in; absent in a bare repository.
    pub fn top(&self) -> Option<&Path> {
        self.top.as_deref()
    }

    /// The private Git folder of the worktree the user stands in.
    pub fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// The id that stands for "no object" here.
    pub fn zero(&self) -> &'static str {
        if self.object_format == "sha256" { ZERO_SHA256 } else { ZERO_SHA256.get(..40).unwrap_or_default() }
    }

    /// A call on what all worktrees share: refs, objects, remotes.
    pub fn git(&self) -> GitCommand<'_> {
        self.bound(&self.common_dir, &self.common_dir)
    }

    fn bound(&self, git_dir: &Path, dir: &Path) -> GitCommand<'_> {
        // Where the configuration cannot be read, the call itself fails and says so.
        let hooks = self.configuration().ok();
        let hooks = hooks.iter().flat_map(|known| known.configured_hooks()).map(str::to_owned).collect();
        GitCommand::bound(&self.ctx, git_dir, dir).with_configured_hooks(hooks)
    }

    /// A call that speaks to a remote. Git reads a relative address as seen from the main worktree.
    pub(super) fn git_at_home(&self) -> GitCommand<'_> {
        self.bound(&self.common_dir, self.home())
    }

    /// A call in one worktree. Fails, rather than reaching another repository, if the worktree is damaged.
    pub fn git_in(&self, worktree: &Worktree) -> GitCommand<'_> {
        sparse::heeding(self.bound(&worktree.git_dir, &worktree.path), &worktree.git_dir)
    }

    /// Where the whole output of failed calls is kept.
    pub(super) fn logs_dir(&self) -> PathBuf {
        self.state_dir().join("logs")
    }

    /// The error for a failed call, with all it wrote kept in a file that the error names.
    pub(super) fn failure(&self, name: &str, finished: &crate::exec::Finished) -> GitError {
        failure::failed_and_kept(&self.ctx, &self.logs_dir(), name, finished)
    }

    /// Makes our own folder.
    pub fn make_state_dir(&self) -> Result<PathBuf> {
        use std::os::unix::fs::DirBuilderExt;
        let dir = self.state_dir();
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir);
        made.map_err(crate::error::FileError::of("create", &dir))?;
        Ok(dir)
    }

    /// Asks Git for its version once per installed Git, and remembers the answer by the program's size and time.
    fn check_version(&self) -> Result<()> {
        let stamp = self.program_stamp();
        let memory = self.state_dir().join("git-version");
        if stamp.is_some() && std::fs::read_to_string(&memory).ok() == stamp {
            return Ok(());
        }
        let printed = self.git().arg("--version").text()?;
        match Version::parse(&printed) {
            Some(version) if version >= version::FLOOR => {
                if let Some(stamp) = stamp.filter(|_| self.state_dir().is_dir()) {
                    // Only a memory: without it the next command asks again.
                    std::fs::write(&memory, stamp).ok();
                }
                Ok(())
            }
            _ => Err(GitError::TooOld { found: printed.replace("git version ", "") }.into()),
        }
    }

    fn program_stamp(&self) -> Option<String> {
        use std::os::unix::fs::MetadataExt;
        let program = self.ctx.env.find_program("git")?;
        let found = program.metadata().ok()?;
        Some(format!("{}\n{} {}.{}\n", program.display(), found.len(), found.mtime(), found.mtime_nsec()))
    }
}

/// The variables that tell Git where a repository is, or where to look for it.
const PLACE_VARIABLES: &[&str] =
    &["GIT_DIR", "GIT_WORK_TREE", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM"];

const ZERO_SHA256: &str = "0000000000000000000000000000000000000000000000000000000000000000";

fn paths(bytes: &[u8]) -> Vec<PathBuf> {
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(path_of).collect()
}

/// A path as Git prints it with `-z`.
pub(crate) fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(test)]
mod refusals {
    use super::*;
    use crate::error::Explain;

    #[test]
    fn a_folder_of_somebody_else_is_no_missing_repository() {
        let said = |said: &str| refused_place(Path::new("/srv/shop/src"), said.to_owned());
        let foreign = said("detected dubious ownership in repository at '/srv/my shop'");
        assert_eq!(foreign.to_string(), "Git does not trust /srv/my shop");
        assert_eq!(foreign.next(), "git config --global --add safe.directory '/srv/my shop'");
        let none = said("not a git repository (or any of the parent directories): .git");
        assert!(matches!(none, GitError::NotARepository { .. }));
    }
}
