//! A repository in a folder of its own, and what the slots do with it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use hotfix_core::clock::SystemClock;
use hotfix_core::ctx::Ctx;
use hotfix_core::env::Environment;
use hotfix_core::event::{Progress, Sink};
use hotfix_core::git::{Oid, RefChange, RefName, Repository};
use hotfix_core::slot::{Held, Pool};
use hotfix_model::config::SlotConfig;

/// Keeps all lines of warning.
#[derive(Default)]
pub struct Lines(Mutex<Vec<String>>);

impl Sink for Lines {
    fn take(&self, progress: Progress) {
        if let Progress::Said { what, .. } = progress {
            self.0.lock().unwrap().push(what);
        }
    }
}

impl Lines {
    pub fn all(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }
}

pub const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

pub struct Sandbox {
    dir: tempfile::TempDir,
    pub home: PathBuf,
    pub lines: Arc<Lines>,
    pub path: String,
}

impl Sandbox {
    /// A repository `app` with two files and a `.gitignore`, in a folder of its own.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().canonicalize().unwrap().join("app");
        std::fs::create_dir(&home).unwrap();
        let sandbox = Self { dir, home, lines: Arc::default(), path: PATH.to_owned() };
        sandbox.git(&["init", "-q", "-b", "main", "."]);
        sandbox.write(".gitignore", "*.cache\n.env*\nnode_modules/\n");
        sandbox.write("src/auth.py", "one\n");
        sandbox.write("README", "read me\n");
        sandbox.commit("first");
        sandbox
    }

    pub fn parent(&self) -> &Path {
        self.home.parent().unwrap()
    }

    pub fn slot(&self, suffix: &str) -> PathBuf {
        self.parent().join(format!("app-hotfix{suffix}"))
    }

    fn variables(&self) -> Vec<(OsString, OsString)> {
        let mut all: Vec<(OsString, OsString)> = [
            ("PATH", self.path.as_str()),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_AUTHOR_NAME", "A"),
            ("GIT_AUTHOR_EMAIL", "a@example.com"),
            ("GIT_COMMITTER_NAME", "A"),
            ("GIT_COMMITTER_EMAIL", "a@example.com"),
        ]
        .map(|(name, value)| (name.into(), value.into()))
        .into();
        all.push(("HOME".into(), self.dir.path().into()));
        all
    }

    pub fn repository(&self) -> Repository {
        self.repository_at(&self.home)
    }

    pub fn repository_at(&self, dir: &Path) -> Repository {
        let ctx = Ctx::new(Environment::new(self.variables(), dir), SystemClock::new(), self.lines.clone());
        Repository::discover(&ctx).unwrap()
    }

    /// Runs git as the user would; fails the test if git fails.
    pub fn git(&self, args: &[&str]) -> String {
        self.git_in(&self.home, args)
    }

    pub fn git_in(&self, dir: &Path, args: &[&str]) -> String {
        let output = self.try_git(dir, args);
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    #[expect(clippy::disallowed_methods, reason = "the oracle is Git itself, not our door to it")]
    pub fn try_git(&self, dir: &Path, args: &[&str]) -> std::process::Output {
        let mut command = std::process::Command::new("git");
        command.args(args).current_dir(dir).env_clear().envs(self.variables()).output().unwrap()
    }

    /// Feeds a file to `git fast-import`.
    #[expect(clippy::disallowed_methods, reason = "the oracle is Git itself, not our door to it")]
    pub fn import(&self, stream: &Path) {
        let mut command = std::process::Command::new("git");
        command.args(["fast-import", "--quiet"]).current_dir(&self.home).env_clear().envs(self.variables());
        assert!(command.stdin(std::fs::File::open(stream).unwrap()).status().unwrap().success());
    }

    pub fn write(&self, path: &str, text: &str) {
        write(&self.home.join(path), text);
    }

    pub fn commit(&self, message: &str) -> Oid {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
        self.rev("HEAD")
    }

    pub fn rev(&self, name: &str) -> Oid {
        Oid::parse(&self.git(&["rev-parse", name])).unwrap()
    }

    /// Everything the user has: files with modes and times, index, HEAD, configuration, stash, reflogs, and refs, but
    /// for those of branches that hotfixes made.
    pub fn users_own(&self) -> BTreeMap<PathBuf, String> {
        let mut all = BTreeMap::new();
        look(&self.home, &self.home, &mut all);
        all
    }

    /// What a user types when in doubt; each dies when an entry of a worktree is damaged.
    pub fn assert_healthy(&self) {
        for args in [&["branch"][..], &["worktree", "list"], &["fsck", "--strict"], &["gc", "--quiet"]] {
            self.git(args);
        }
    }
}

fn look(root: &Path, dir: &Path, all: &mut BTreeMap<PathBuf, String>) {
    use std::os::unix::fs::MetadataExt;
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().to_owned();
        let ours = [".git/hotfix", ".git/worktrees", ".git/objects", ".git/refs/heads/hotfix"];
        if ours.iter().any(|ours| name.starts_with(ours)) || name.starts_with(".git/logs/refs/heads/hotfix") {
            continue;
        }
        let found = path.symlink_metadata().unwrap();
        if found.is_dir() {
            look(root, &path, all);
        } else {
            let content = std::fs::read(&path).unwrap_or_default();
            let times = (found.mtime(), found.mtime_nsec(), found.ino());
            all.insert(name, format!("{:o} {times:?} {content:?}", found.mode()));
        }
    }
}

pub fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

pub fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).unwrap()
}

pub fn config() -> SlotConfig {
    SlotConfig {
        path: "../{repo}-hotfix".to_owned(),
        setup: Vec::new(),
        setup_inputs: Vec::new(),
        warm: String::new(),
        warm_timeout: hotfix_model::Period::from_seconds(60),
        copy: Vec::new(),
        max: 0,
    }
}

/// Takes a slot and puts it on a new branch, as `start` does.
pub fn start(repository: &Repository, pool: &Pool<'_>, hotfix: &str, commit: &Oid) -> Held {
    let branch = RefName::branch(&format!("hotfix/{hotfix}")).unwrap();
    let mut held = pool.take(hotfix, &branch, commit).unwrap();
    if repository.read_ref(&branch).unwrap().is_none() {
        repository.change_refs("start", &[RefChange::create(branch, commit.clone())]).unwrap();
    }
    pool.attach(&mut held).unwrap();
    held
}
