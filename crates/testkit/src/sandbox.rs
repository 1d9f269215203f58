//! A temporary folder in which nothing of the machine's user is seen: own home, own configuration, own `PATH`.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use hotfix_core::ctx::Ctx;
use hotfix_core::env::Environment;
use tempfile::TempDir;

use crate::{Binary, FakeClock, Recorder, Repo, filters, project, till, tools, write_program};

/// The date of every commit that git-hotfix makes in a sandbox.
const NOW: &str = "2026-03-01T02:14:00+0000";

/// A temporary folder with everything a test needs; deleted when dropped.
pub struct Sandbox {
    folder: TempDir,
    root: PathBuf,
    shared: Arc<Shared>,
    clock: FakeClock,
    recorder: Arc<Recorder>,
}

/// What a sandbox and its repositories share.
pub(crate) struct Shared {
    variables: Mutex<BTreeMap<OsString, OsString>>,
    commits: AtomicU64,
}

impl Sandbox {
    /// An empty sandbox. The Python tools are on its `PATH` if they are installed.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("hotfix-").tempdir().expect("a temporary folder");
        // On macOS the temporary folder is reached by a symbolic link, which Git resolves in what it prints.
        let root = folder.path().canonicalize().expect("a temporary folder");
        for name in ["bin", "code", "home"] {
            fs::create_dir(root.join(name)).expect("a writable sandbox");
        }
        fs::write(root.join("home/.gitconfig"), GIT_CONFIG).expect("a writable sandbox");
        let variables = Mutex::new(variables(&root));
        let shared = Arc::new(Shared { variables, commits: AtomicU64::new(0) });
        Self { folder, root, shared, clock: FakeClock::new(), recorder: Arc::default() }
    }

    /// An empty sandbox for a test that needs pytest, flake8, ruff or black. Such a test carries
    /// the mark of [`tools::PYTHON`] in its path.
    pub fn with_python() -> Self {
        tools::python_bin();
        Self::new()
    }

    /// An empty sandbox for a test that needs Node, jest, vitest or mocha; their packages are `code/node_modules`, where
    /// every repository and slot finds them. Such a test carries the mark of [`tools::NODE`] in its path.
    pub fn with_node() -> Self {
        let sandbox = Self::new();
        symlink(tools::node_modules(), sandbox.code().join("node_modules")).expect("a writable sandbox");
        sandbox.add_to_path(&["node"]);
        sandbox
    }

    /// An empty sandbox with the newer Git that `HOTFIX_NEW_GIT` names. Such a test carries the mark of
    /// [`tools::NEW_GIT`] in its path.
    pub fn with_new_git() -> Self {
        let sandbox = Self::new();
        let path = sandbox.variables().remove(OsStr::new("PATH")).unwrap_or_default();
        let folders = [sandbox.root.join("bin"), tools::new_git()].into_iter().chain(env::split_paths(&path));
        sandbox.env_set("PATH", env::join_paths(folders).expect("folders without colons"));
        sandbox
    }

    /// An empty sandbox for a test that needs Go, with a build cache that all tests share. Such a test carries the mark of
    /// [`tools::GO`] in its path.
    pub fn with_go() -> Self {
        let sandbox = Self::new();
        for (name, value) in tools::go_variables(&tools::GO.folder()) {
            sandbox.env_set(name, value);
        }
        sandbox.add_to_path(&["go"]);
        sandbox
    }

    /// Adds the folders of the machine's own programs at the end of the `PATH`.
    fn add_to_path(&self, programs: &[&str]) {
        let path = self.variables().remove(OsStr::new("PATH")).unwrap_or_default();
        let found = programs.iter().map(|program| {
            tools::folder_of(program).unwrap_or_else(|| panic!("{program} is not on the PATH"))
        });
        let folders: Vec<PathBuf> = env::split_paths(&path).chain(found).collect();
        self.env_set("PATH", env::join_paths(folders).expect("folders without colons"));
    }

    /// The sandbox's own folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The home of the sandbox's user.
    pub fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// The folder that holds the repositories, and beside them their slots.
    pub fn code(&self) -> PathBuf {
        self.root.join("code")
    }

    /// Sets a variable for everything that runs from now on.
    pub fn env_set(&self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) {
        self.shared.lock().insert(name.as_ref().to_owned(), value.as_ref().to_owned());
    }

    /// Removes a variable for everything that runs from now on.
    pub fn env_remove(&self, name: impl AsRef<OsStr>) {
        self.shared.lock().remove(name.as_ref());
    }

    /// The variables as they are now.
    pub fn variables(&self) -> BTreeMap<OsString, OsString> {
        self.shared.variables()
    }

    /// An environment with exactly these variables, in `dir`.
    pub fn environment(&self, dir: impl AsRef<Path>) -> Environment {
        Environment::new(self.variables(), dir.as_ref())
    }

    /// What deeds of hotfix-core are given, in `dir`. All share the sandbox's clock and recorder.
    pub fn ctx(&self, dir: impl AsRef<Path>) -> Ctx {
        Ctx::new(self.environment(dir), self.clock.clone(), Arc::clone(&self.recorder) as _)
    }

    /// The clock of every [`ctx`](Self::ctx).
    pub fn clock(&self) -> &FakeClock {
        &self.clock
    }

    /// What was told to the sinks of every [`ctx`](Self::ctx).
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Puts a POSIX shell script in front of the `PATH`. Gives its path.
    pub fn fake_tool(&self, name: &str, script: &str) -> PathBuf {
        let path = self.root.join("bin").join(name);
        write_program(&path, script);
        path
    }

    /// Leaves nothing on the `PATH` but fake tools and these programs: for tests of what the machine lacks.
    pub fn only_programs(&self, programs: &[&str]) {
        let folder = self.root.join("only");
        fs::create_dir_all(&folder).expect("a writable sandbox");
        let environment = self.environment(&self.root);
        for program in programs {
            let target = environment.find_program(program);
            let target = target.unwrap_or_else(|| panic!("{program} is not on the sandbox's PATH"));
            symlink(target, folder.join(program)).expect("a writable sandbox");
        }
        let path = env::join_paths([self.root.join("bin"), folder]).expect("folders without colons");
        self.env_set("PATH", path);
    }

    /// A repository `code/empty` on branch main, without a commit.
    pub fn empty_repo(&self) -> Repo {
        Repo::init(self.code().join("empty"), &self.shared)
    }

    /// A repository `code/repo` on branch main, with one commit of these files.
    pub fn repo_with(&self, files: &[(&str, &[u8])]) -> Repo {
        let repo = Repo::init(self.code().join("repo"), &self.shared);
        for (path, bytes) in files {
            repo.write(path, bytes);
        }
        repo.commit("chore: begin");
        repo
    }

    /// The same, with a bare remote `code/origin.git` that has main, and `origin/HEAD` known.
    pub fn repo_with_remote(&self, files: &[(&str, &[u8])]) -> Repo {
        let repo = self.repo_with(files);
        repo.publish();
        repo
    }

    /// The auth service: see [`crate::auth`]. The main worktree `code/project` has uncommitted, staged, untracked and
    /// stashed work on a feature branch.
    pub fn project(&self) -> Repo {
        project::make(Repo::init(self.code().join("project"), &self.shared))
    }

    /// The till: see [`crate::till`]. In `code/repo`, on branch main, with tag v1.2.2 and a bare remote.
    pub fn till(&self) -> Repo {
        let repo = self.repo_with(till::FILES);
        repo.git(["tag", "v1.2.2"]);
        repo.publish();
        repo
    }

    /// A repository that is there already.
    pub fn repo_at(&self, dir: impl Into<PathBuf>) -> Repo {
        Repo::at(dir.into(), &self.shared)
    }

    /// The program under test, to be run in `dir`: `sandbox.binary(env!("CARGO_BIN_EXE_git-hotfix"), project.path())`.
    pub fn binary(&self, program: impl Into<PathBuf>, dir: impl Into<PathBuf>) -> Binary {
        let program = program.into();
        let link = self.root.join("bin/git-hotfix");
        if !link.exists() {
            symlink(&program, link).expect("a writable sandbox");
        }
        Binary::new(program, dir.into(), &self.shared)
    }

    /// Replaces what differs between runs in a text: temporary paths, object ids, ULIDs, times and durations.
    pub fn steady(&self, text: &str) -> String {
        filters::steady(text, &self.root)
    }

    /// Keeps the folder on disk, for looking into it. Gives its path.
    pub fn keep(mut self) -> PathBuf {
        self.folder.disable_cleanup(true);
        self.root.clone()
    }
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Shared {
    pub fn variables(&self) -> BTreeMap<OsString, OsString> {
        self.lock().clone()
    }

    /// A child with exactly these variables.
    pub fn command(&self, program: impl AsRef<OsStr>, dir: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(dir).env_clear().envs(self.variables()).stdin(Stdio::null());
        command
    }

    /// The date for the next commit of a repository: one minute after the one before.
    pub fn next_date(&self) -> String {
        let minutes = self.commits.fetch_add(1, Ordering::SeqCst);
        format!("2026-02-20T{:02}:{:02}:00+0000", 9 + minutes / 60, minutes % 60)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<OsString, OsString>> {
        self.variables.lock().expect("no test panicked while it held the variables")
    }
}

const GIT_CONFIG: &str = "\
[user]
\tname = Responder
\temail = responder@example.com
[init]
\tdefaultBranch = main
[protocol \"file\"]
\tallow = always
";

fn variables(root: &Path) -> BTreeMap<OsString, OsString> {
    let home = root.join("home");
    let mut variables = BTreeMap::new();
    let mut set = |name: &str, value: &OsStr| variables.insert(name.into(), value.into());
    set("GIT_AUTHOR_DATE", NOW.as_ref());
    set("GIT_COMMITTER_DATE", NOW.as_ref());
    set("GIT_CONFIG_GLOBAL", home.join(".gitconfig").as_os_str());
    set("GIT_CONFIG_NOSYSTEM", "1".as_ref());
    set("HOME", home.as_os_str());
    // No process outlives a test.
    set("HOTFIX_FOREGROUND", "1".as_ref());
    set("LC_ALL", "C".as_ref());
    set("PATH", &path_variable(root));
    set("TZ", "UTC".as_ref());
    set("XDG_CACHE_HOME", home.join(".cache").as_os_str());
    set("XDG_CONFIG_HOME", home.join(".config").as_os_str());
    set("XDG_DATA_HOME", home.join(".local/share").as_os_str());
    set("XDG_STATE_HOME", home.join(".local/state").as_os_str());
    variables
}

/// Fake tools, the Python tools, the folder of the real Git, the system's own folders.
fn path_variable(root: &Path) -> OsString {
    let inherited = env::var_os("PATH").unwrap_or_default();
    let git = env::split_paths(&inherited).find(|dir| dir.join("git").is_file());
    let system = ["/usr/bin", "/bin"].map(PathBuf::from);
    let folders = [root.join("bin")].into_iter().chain(tools::find_python_bin()).chain(git).chain(system);
    env::join_paths(folders).expect("folders without colons")
}
