//! A temporary folder with Git repositories in it and nothing of the machine's configuration.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use hotfix_core::clock::SystemClock;
use hotfix_core::ctx::Ctx;
use hotfix_core::env::Environment;
use hotfix_core::event::{Progress, Sink};
use hotfix_core::git::Repository;
use hotfix_model::event::Started;
use hotfix_model::{Actor, Base, Fact, MergeRequest, MergeRequestState, Period};
use hotfix_testkit::write_program;

const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

pub struct Sandbox {
    pub dir: tempfile::TempDir,
}

/// Keeps all that was told.
#[derive(Default)]
pub struct Told(pub Mutex<Vec<Progress>>);

impl Sink for Told {
    fn take(&self, progress: Progress) {
        self.0.lock().unwrap().push(progress);
    }
}

impl Sandbox {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("home")).unwrap();
        Self { dir }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A repository with one commit, made by `git init` with these options.
    pub fn repository(&self, name: &str, options: &[&str]) -> Repository {
        let path = self.path(name);
        let init = [&["init", "--quiet", "--initial-branch=main"], options, &["--", name]].concat();
        self.git(self.dir.path(), &init);
        let tree = self.git(&path, &["hash-object", "-t", "tree", "-w", "/dev/null"]);
        let commit = self.git(&path, &["commit-tree", "-m", "first", &tree]);
        self.git(&path, &["update-ref", "refs/heads/main", &commit]);
        self.open(name)
    }

    pub fn open(&self, name: &str) -> Repository {
        self.open_telling(name, Arc::default())
    }

    pub fn open_telling(&self, name: &str, told: Arc<Told>) -> Repository {
        let env = Environment::new(variables(self.dir.path()), self.path(name));
        Repository::discover(&Ctx::new(env, SystemClock::new(), told)).unwrap()
    }

    /// A repository whose Git writes down, in the file `calls`, each time it is called.
    pub fn open_counted(&self, name: &str) -> Repository {
        let bin = self.path("bin");
        let calls = self.path("calls");
        let script = format!("echo >>'{}'\nPATH={PATH} exec git \"$@\"", calls.display());
        write_program(bin.join("git"), script);
        let mut variables = variables(self.dir.path());
        variables.push(("PATH".into(), bin.into()));
        let env = Environment::new(variables, self.path(name));
        Repository::discover(&Ctx::new(env, SystemClock::new(), Arc::new(Told::default()))).unwrap()
    }

    /// How often the counted Git was called since the last time this was asked.
    pub fn calls(&self) -> usize {
        let lines = std::fs::read(self.path("calls")).unwrap_or_default().len();
        std::fs::write(self.path("calls"), "").unwrap();
        lines
    }

    /// For another process: a repository of a sandbox that is not its own.
    pub fn open_at(dir: &Path, name: &str) -> Repository {
        let env = Environment::new(variables(dir), dir.join(name));
        Repository::discover(&Ctx::new(env, SystemClock::new(), Arc::new(Told::default()))).unwrap()
    }

    /// Runs Git and gives what it printed.
    pub fn git(&self, dir: &Path, args: &[&str]) -> String {
        let (success, out, err) = self.try_git(dir, args);
        assert!(success, "git {args:?}: {err}");
        out
    }

    #[expect(clippy::disallowed_methods, reason = "the tests look at the repository from outside")]
    pub fn try_git(&self, dir: &Path, args: &[&str]) -> (bool, String, String) {
        let output = std::process::Command::new("git")
            .args(args)
            .current_dir(dir)
            .env_clear()
            .envs(variables(self.dir.path()))
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim_end().to_owned();
        (output.status.success(), text(output.stdout), text(output.stderr))
    }
}

fn variables(dir: &Path) -> Vec<(OsString, OsString)> {
    let fixed = [
        ("PATH", PATH),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_AUTHOR_NAME", "Ada"),
        ("GIT_AUTHOR_EMAIL", "ada@example.com"),
        ("GIT_COMMITTER_NAME", "Ada"),
        ("GIT_COMMITTER_EMAIL", "ada@example.com"),
    ];
    let fixed = fixed.into_iter().map(|(name, value)| (name.into(), value.into()));
    fixed.chain([("HOME".into(), dir.join("home").into())]).collect()
}

pub fn actor() -> Actor {
    Actor { name: "Ada".to_owned(), email: "ada@example.com".to_owned() }
}

/// Somebody who did not work on it.
pub fn reviewer() -> Actor {
    Actor { name: "Bob".to_owned(), email: "bob@example.com".to_owned() }
}

pub fn started(alert: &str) -> Fact {
    Fact::Started(Started {
        alert: alert.to_owned(),
        branch: "refs/heads/hotfix/1.2.3".to_owned(),
        base: Base { reference: "origin/main".to_owned(), commit: "b".repeat(40) },
        target: "main".to_owned(),
        target_choices: Vec::new(),
        remote: Some("origin".to_owned()),
        incident: None,
        severity: None,
        review_within: Period::from_seconds(86_400),
        postmortem_within: Period::from_seconds(432_000),
    })
}

pub fn merge_request(state: MergeRequestState) -> MergeRequest {
    MergeRequest {
        state,
        forge: "plain".to_owned(),
        url: None,
        number: None,
        labels: vec!["urgent".to_owned()],
        auto_merge: false,
        why: None,
        who: None,
        title: "fix: auth".to_owned(),
        description: String::new(),
        request_pull: None,
        record_pushed: true,
    }
}
