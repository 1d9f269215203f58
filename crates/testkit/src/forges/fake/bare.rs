//! The bare repository behind a fake forge: the only truth about commits.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

/// A bare repository.
#[derive(Clone, Debug)]
pub struct Bare {
    dir: PathBuf,
    /// Whether two commits merge without a conflict, as far as anybody asked.
    merging: Arc<Mutex<BTreeMap<(String, String), bool>>>,
}

impl Bare {
    /// The bare repository in `dir`.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), merging: Arc::default() }
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// Where a branch is.
    pub fn head(&self, branch: &str) -> Option<String> {
        let name = format!("refs/heads/{branch}");
        match std::fs::read_to_string(self.dir.join(&name)) {
            Ok(text) => Some(text.trim().to_owned()),
            Err(_) => self.git(&["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")]),
        }
    }

    /// Whether `commit` is in the history of `branch`.
    pub fn holds(&self, branch: &str, commit: &str) -> bool {
        self.git(&["merge-base", "--is-ancestor", commit, &format!("refs/heads/{branch}")]).is_some()
    }

    /// The newest commit that all have in their history.
    pub fn merge_base(&self, commits: &[&str]) -> Option<String> {
        self.git(&[&["merge-base"], commits].concat())
    }

    /// Subject and body of a commit.
    pub fn message(&self, commit: &str) -> (String, String) {
        let subject = self.git(&["log", "-1", "--format=%s", commit]).unwrap_or_default();
        (subject, self.git(&["log", "-1", "--format=%b", commit]).unwrap_or_default())
    }

    /// Whether `head` can be merged into `target` without a conflict.
    pub fn merges(&self, target: &str, head: &str) -> bool {
        let Some(at) = self.head(target) else { return false };
        let pair = (at, head.to_owned());
        let known = || self.merging.lock().expect("no test panicked here");
        if let Some(merges) = known().get(&pair) {
            return *merges;
        }
        let merges = self.merged_tree(target, head).is_some();
        known().insert(pair, merges);
        merges
    }

    /// Merges `head` into the branch `target`, squashed or not; gives the new commit. Nothing if they conflict.
    pub fn merge(&self, target: &str, head: &str, squash: bool) -> Option<String> {
        let tree = self.merged_tree(target, head)?;
        let old = self.head(target)?;
        let mut args = vec!["commit-tree", "-m", "Merge branch", "-p", &old];
        if !squash {
            args.extend(["-p", head]);
        }
        args.push(&tree);
        let commit = self.git(&args)?;
        self.git(&["update-ref", &format!("refs/heads/{target}"), &commit, &old])?;
        Some(commit)
    }

    /// Deletes a branch.
    pub fn delete(&self, branch: &str) {
        self.git(&["update-ref", "-d", &format!("refs/heads/{branch}")]);
    }

    /// Puts a ref where it is told.
    pub fn set(&self, name: &str, commit: &str) {
        self.git(&["update-ref", name, commit]).expect("a commit that is there");
    }

    /// Deletes a ref.
    pub fn delete_ref(&self, name: &str) {
        self.git(&["update-ref", "-d", name]);
    }

    /// Makes a commit of nothing new upon another one.
    pub fn commit_upon(&self, parent: &str) -> String {
        let tree = format!("{parent}^{{tree}}");
        self.git(&["commit-tree", "-m", "theirs", "-p", parent, &tree]).expect("a commit")
    }

    /// Sets a configuration key.
    pub fn configure(&self, key: &str, value: &str) {
        self.git(&["config", key, value]).expect("a writable repository");
    }

    /// Runs one side of Git's own service with these bytes as its input.
    pub fn serve(&self, args: &[&str], protocol: Option<&str>, input: &[u8]) -> Vec<u8> {
        let mut command = self.command(args);
        if let Some(protocol) = protocol {
            command.env("GIT_PROTOCOL", protocol);
        }
        let mut child = command
            .arg(&self.dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("git is installed");
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = input.to_vec();
        let writer = std::thread::spawn(move || {
            let _ = stdin.write_all(&input);
        });
        let output = child.wait_with_output().expect("git ends");
        writer.join().expect("a pipe");
        output.stdout
    }

    fn merged_tree(&self, target: &str, head: &str) -> Option<String> {
        let printed = self.git(&["merge-tree", "--write-tree", &format!("refs/heads/{target}"), head])?;
        printed.lines().next().map(str::to_owned)
    }

    fn git(&self, args: &[&str]) -> Option<String> {
        let mut command = self.command(args);
        let output = command.stdin(Stdio::null()).output().expect("git is installed");
        let printed = String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned();
        output.status.success().then_some(printed)
    }

    /// Nothing of the machine's user, and nothing of the client's, is seen on a server.
    fn command(&self, args: &[&str]) -> Command {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut command = Command::new("git");
        command.current_dir(&self.dir).env_clear().env("PATH", path).env("GIT_CONFIG_NOSYSTEM", "1");
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("HOME", &self.dir).env("LC_ALL", "C");
        for role in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{role}_NAME"), "Forge")
                .env(format!("GIT_{role}_EMAIL"), "forge@example.com");
            command.env(format!("GIT_{role}_DATE"), "2026-03-01T03:00:00+0000");
        }
        command.args(args);
        command
    }
}
