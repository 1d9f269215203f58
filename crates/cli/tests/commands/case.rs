//! A repository in the middle of somebody's work, and the fix of a bug in it. Tests are POSIX sh, so that each run
//! costs milliseconds; what needs pytest or flake8 says so in its name.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use hotfix_testkit::{Binary, Output, Repo, Sandbox, World};

pub const ALERT: &str = "Production down! Auth failing";
pub const SUBJECT: &str = "auth token validation";
/// The version after the tag `v1.2.2`.
pub const ID: &str = "1.2.3";

const SOURCE: &str = "valid() {\n    test -n \"$1\"\n}\n";
pub const FIXED: &str = "valid() {\n    test -n \"$1\" && test \"$1\" -gt 0\n}\n";
const TESTS: &str = ". ./auth.sh\nvalid 60 || exit 1\n";
pub const TESTS_WITH_NEW: &str = ". ./auth.sh\nvalid 60 || exit 1\nif valid 0; then exit 1; fi\n";
const SETTINGS: &str = "[test]\ncommand = \"sh tests/test_auth.sh\"\n";

pub struct Case {
    pub sandbox: Sandbox,
    pub repo: Repo,
    world: World,
}

impl Case {
    /// With unfinished work of every kind on a feature branch. The test command is in the user's own settings, which
    /// need no approval, unless there is a `hotfix.toml`.
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// The same, with more files on main.
    pub fn with(more: &[(&str, &[u8])]) -> Self {
        Self::inside(Sandbox::new(), more)
    }

    /// The same, in a sandbox that something was prepared in.
    pub fn inside(sandbox: Sandbox, more: &[(&str, &[u8])]) -> Self {
        let mut files: Vec<(&str, &[u8])> =
            vec![("auth.sh", SOURCE.as_bytes()), ("tests/test_auth.sh", TESTS.as_bytes())];
        files.extend(more);
        let repo = sandbox.repo_with(&files);
        repo.git(["tag", "--annotate", "--message", "1.2.2", "v1.2.2"]);
        repo.publish();
        unfinished_work(&repo);
        let settings = sandbox.home().join(".config/git-hotfix");
        fs::create_dir_all(&settings).expect("a writable home");
        if more.iter().all(|(path, _)| *path != "hotfix.toml") {
            fs::write(settings.join("config.toml"), SETTINGS).expect("a writable home");
        }
        let world = World::of(repo.path());
        Self { sandbox, repo, world }
    }

    /// A started hotfix.
    pub fn started() -> Self {
        let case = Self::new();
        case.start();
        case
    }

    /// A started hotfix whose slot holds the fix.
    pub fn fixed() -> Self {
        let case = Self::started();
        case.fix();
        case
    }

    /// The program in the main worktree.
    pub fn hotfix(&self) -> Binary {
        self.at(self.repo.path())
    }

    /// Another program in the main worktree; `git-hotfix` is on its `PATH`.
    pub fn program(&self, path: impl Into<PathBuf>) -> Binary {
        self.hotfix();
        self.sandbox.binary(path, self.repo.path())
    }

    /// The program in some folder.
    pub fn at(&self, dir: impl AsRef<Path>) -> Binary {
        self.sandbox.binary(env!("CARGO_BIN_EXE_git-hotfix"), dir.as_ref())
    }

    pub fn start(&self) {
        self.hotfix().must(["start", ALERT]);
    }

    /// How it ended, as a snapshot has it.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> String {
        self.told(&self.hotfix().run(args))
    }

    pub fn ship(&self) -> Output {
        self.hotfix().run(["ship", SUBJECT])
    }

    /// The first slot.
    pub fn slot(&self) -> PathBuf {
        self.sandbox.code().join("repo-hotfix")
    }

    /// Writes a file in the slot.
    pub fn edit(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        self.sandbox.repo_at(self.slot()).write(path, bytes);
    }

    /// Writes the fix and its test.
    pub fn fix(&self) {
        self.fix_in(self.slot());
    }

    /// The same, in another slot.
    pub fn fix_in(&self, slot: impl Into<PathBuf>) {
        let slot = self.sandbox.repo_at(slot);
        slot.write("auth.sh", FIXED);
        slot.write("tests/test_auth.sh", TESTS_WITH_NEW);
    }

    /// Takes what the main worktree is now as what must stay.
    pub fn settle(&mut self) {
        self.world = World::of(self.repo.path());
    }

    #[track_caller]
    pub fn assert_untouched(&self) {
        self.world.assert_untouched(&World::of(self.repo.path()));
    }

    /// How it ended, with its error, why and next lines and its warnings, without what differs between runs.
    #[track_caller]
    pub fn told(&self, output: &Output) -> String {
        self.assert_untouched();
        assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
        let marks = ["error: ", "  why: ", "  next: ", "! ", "✗ ", "  note "];
        let lines = output.stderr.lines().chain(output.stdout.lines());
        let lines = lines.filter(|line| marks.iter().any(|mark| line.starts_with(mark)));
        let lines: Vec<&str> = lines.collect();
        self.sandbox.steady(&format!("exit {}\n{}", output.code, lines.join("\n")))
    }

    /// Refs of the bare remote below a prefix, one name a line.
    pub fn remote_refs(&self, prefix: &str) -> String {
        self.repo.bare().git(["for-each-ref", "--format=%(refname)", prefix])
    }

    /// Fails if Git finds anything wrong in the repository or on the remote.
    #[track_caller]
    pub fn assert_sound(&self) {
        for repo in [&self.repo, &self.repo.bare()] {
            // It says what is wrong on standard output, and ends with a code of its own.
            let look = "alias.look=!git fsck --strict --no-dangling 2>&1 || true";
            let said = repo.git(["-c", look, "look"]);
            assert_eq!(said, "", "git fsck of {}", repo.path().display());
        }
    }
}

fn unfinished_work(repo: &Repo) {
    repo.write("auth.sh", SOURCE.replace("valid", "is_valid"));
    repo.git(["stash", "push", "--quiet", "--message", "another name"]);
    repo.git(["switch", "--quiet", "--create", "feature/avatars"]);
    repo.write("avatar.sh", "size=64\n");
    repo.commit("feat: begin avatars");
    repo.write("avatar.sh", "size=128\n");
    repo.git(["add", "avatar.sh"]);
    repo.write("avatar.sh", "size=256\n");
    repo.write("notes with spaces.txt", "ask Grace about sizes\n");
}

/// All files below a folder.
pub fn files_below(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| if path.is_dir() && !path.is_symlink() { files_below(&path) } else { vec![path] })
        .collect()
}

/// Says that something was not tested, and why.
pub fn not_run(what: &str) {
    report(&format!("not run: {what}"));
}

/// Says something that is to be seen also when the test passes; the printing macros would be captured.
pub fn report(line: &str) {
    writeln!(std::io::stderr(), "{line}").ok();
}
