//! The same fix in the same set-up, once by `git worktree add`, `git commit` and `git push -u`, once by `git hotfix`: the same
//! hooks run in the same place, the commit has the same author and signature, the same refs are on the same remotes, and what
//! Git refuses is refused.

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use hotfix_testkit::{Repo, Sandbox};

use crate::case::{ALERT, Case};

const BRANCH: &str = "hotfix/totals";
/// Hooks that a commit and a push run.
const HOOKS: &[&str] = &["pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "pre-push"];
/// Writes down which hook ran where, on which branch, and what it was told.
const HOOK: &str = r#"#!/bin/sh
name=$(basename "$0")
test "$(git rev-parse --show-toplevel)" = "$PWD" && where=top || where=below
test -f "$(git rev-parse --git-dir)/commondir" && kind=linked || kind=main
log=$(dirname "$(git rev-parse --path-format=absolute --git-common-dir)")/../hooks.log
echo "$name in the $where of a $kind worktree, on $(git symbolic-ref -q HEAD)" >> "$log"
case $name in
  prepare-commit-msg) echo "  of a $2" >> "$log" ;;
  pre-push) echo "  to $1" >> "$log"; sed 's/[0-9a-f]\{40\}/ID/g; s/^/  /' >> "$log" ;;
esac
"#;

/// A set-up: what is done to the repository before, and to the worktree once it is there.
struct Setup {
    name: &'static str,
    repository: fn(&Scene),
    worktree: fn(&Scene, &Repo),
}

/// One try of the fix.
struct Scene {
    case: Case,
}

/// What the outside sees of it.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    delivered: bool,
    /// What the commit changes, who wrote it, on which commit it stands, and whether it is signed.
    commit: String,
    /// The branch on each remote, and which commit main is there.
    remotes: String,
    /// Where the branch is pushed to and pulled from.
    upstream: String,
    hooks: String,
}

impl Display for Outcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let done = if self.delivered { "delivered" } else { "refused" };
        let Self { commit, remotes, upstream, hooks, .. } = self;
        write!(f, "{done}\n{commit}\n{remotes}\n{upstream}\n{hooks}")
    }
}

impl Outcome {
    /// The same in a line, to be seen at a glance.
    fn in_short(&self) -> String {
        let done = if self.delivered { "delivered" } else { "refused" };
        let signed = if self.commit.contains("\nsigned") { ", signed" } else { "" };
        let hooks = self.hooks.lines().filter(|line| !line.starts_with(' ')).count();
        let holds = |line: &str| line.split_once(": fix").map(|(name, _)| name.to_owned());
        let remotes: Vec<String> = self.remotes.lines().filter_map(holds).collect();
        let author = self.commit.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
        let author = author.map(|(address, _)| format!(", by {address}")).unwrap_or_default();
        format!("{done}{author}{signed}, {hooks} hooks, on [{}]", remotes.join(", "))
    }
}

impl Scene {
    fn new(setup: &Setup) -> Self {
        let scene = Self { case: Case::inside(Sandbox::new(), &[(".husky/README", b"hooks of the team\n")]) };
        write_hooks(&scene.repo().file(".git/hooks"));
        (setup.repository)(&scene);
        scene
    }

    fn repo(&self) -> &Repo {
        &self.case.repo
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.case.sandbox.code().join(name)
    }

    fn at(&self, dir: impl Into<PathBuf>) -> Repo {
        self.case.sandbox.repo_at(dir)
    }

    /// A bare repository that is a copy of the remote's.
    fn copy_of_remote(&self, name: &str) -> Repo {
        let path = self.beside(name);
        self.repo().git(["clone", "--quiet", "--bare", text(self.repo().bare().path()), text(&path)]);
        self.at(path)
    }

    fn by_git(&self, setup: &Setup) -> Outcome {
        let repo = self.repo();
        let path = self.beside("plain");
        repo.git(["fetch", "--quiet", "origin"]);
        repo.git(["remote", "set-head", "origin", "--auto"]);
        repo.git(["worktree", "add", "--quiet", "--no-track", "-b", BRANCH, text(&path), "origin/HEAD"]);
        let worktree = self.at(path);
        (setup.worktree)(self, &worktree);
        self.case.fix_in(worktree.path());
        let push_remote =
            repo.try_git(["config", "remote.pushDefault"]).unwrap_or_else(|_| "origin".to_owned());
        let steps: [&[&str]; 3] = [
            &["add", "--all"],
            &["commit", "--quiet", "--message", "fix: totals"],
            &["push", "--quiet", "--set-upstream", &push_remote, BRANCH],
        ];
        let delivered = steps.iter().all(|step| worktree.try_git(*step).is_ok());
        self.outcome(delivered)
    }

    fn by_hotfix(&self, setup: &Setup) -> Outcome {
        self.case.hotfix().must(["start", ALERT, "--name", "totals"]);
        let worktree = self.at(self.case.slot());
        (setup.worktree)(self, &worktree);
        self.case.fix_in(worktree.path());
        let output = self.case.hotfix().at(worktree.path()).run(["ship", "totals"]);
        assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
        self.outcome(output.code == 0)
    }

    fn outcome(&self, delivered: bool) -> Outcome {
        let repo = self.repo();
        let is_committed = repo.git(["log", "-1", "--format=%s", BRANCH]) == "fix: totals";
        let format = "--format=%an <%ae>, %cn <%ce>, %G?%n%s";
        let commit = match is_committed {
            true => {
                let raw = repo.git(["cat-file", "commit", BRANCH]);
                let signed = if raw.contains("\ngpgsig ") { "signed" } else { "unsigned" };
                let base = repo.git(["rev-parse", &format!("{BRANCH}^")]);
                let onto = repo.git(["log", "-1", "--format=%s", &base]);
                let changed = repo.git(["diff", "--name-status", &base, BRANCH]);
                format!("{}\n{signed}, on: {onto}\n{changed}", repo.git(["log", "-1", format, BRANCH]))
            }
            false => "no commit".to_owned(),
        };
        let mut remotes = Vec::new();
        for name in ["origin.git", "mirror.git", "fork.git"] {
            let path = self.beside(name);
            if path.is_dir() {
                let at = self.at(path);
                let branch = at.try_git(["log", "-1", "--format=%s", BRANCH]);
                let all = at.git(["for-each-ref", "--format=%(refname)", "refs/heads/"]).replace('\n', " ");
                let branch = branch.unwrap_or_else(|_| "nothing".to_owned());
                remotes.push(format!("{name}: {branch}; {all}"));
            }
        }
        let key =
            |name: &str| repo.try_git(["config", &format!("branch.{BRANCH}.{name}")]).unwrap_or_default();
        let hooks = fs::read_to_string(self.beside("hooks.log")).unwrap_or_default();
        Outcome {
            delivered,
            commit,
            remotes: remotes.join("\n"),
            upstream: format!("upstream: {} {}", key("remote"), key("merge")),
            hooks: hooks.trim_end().to_owned(),
        }
    }
}

/// Writes all hooks.
fn write_hooks(folder: &Path) {
    for name in HOOKS {
        script(&folder.join(name), HOOK);
    }
}

/// Writes a program.
fn script(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a writable folder");
    fs::write(path, text).expect("a writable folder");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("our own file");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the sandbox's own paths are text")
}

fn nothing(_: &Scene) {}

fn as_it_is(_: &Scene, _: &Repo) {}

const SETUPS: &[Setup] = &[
    Setup { name: "hooks in .git/hooks", repository: nothing, worktree: as_it_is },
    Setup {
        name: "two push addresses",
        repository: |scene| {
            let mirror = scene.copy_of_remote("mirror.git");
            push_to_both(scene, &mirror);
        },
        worktree: as_it_is,
    },
    Setup {
        name: "two push addresses, of which one is closed",
        repository: |scene| {
            let mirror = scene.copy_of_remote("mirror.git");
            script(&mirror.file("hooks/pre-receive"), "#!/bin/sh\nexit 1\n");
            push_to_both(scene, &mirror);
        },
        worktree: as_it_is,
    },
    Setup {
        name: "an identity by includeIf",
        repository: |scene| {
            let home = scene.case.sandbox.home();
            fs::write(home.join("client"), "[user]\n\temail = una@client.example\n").expect("a home");
            let condition = format!("includeIf.gitdir:{}/.path", text(scene.repo().path()));
            scene.repo().git(["config", "--global", &condition, text(&home.join("client"))]);
        },
        worktree: as_it_is,
    },
    Setup {
        name: "hooks in the worktree's own configuration",
        repository: |scene| {
            scene.repo().git(["config", "extensions.worktreeConfig", "true"]);
            write_hooks(&scene.beside("own-hooks"));
            script(&scene.beside("own-hooks/pre-commit"), &HOOK.replace("basename", "echo own; basename"));
        },
        worktree: |scene, worktree| {
            let hooks = scene.beside("own-hooks");
            worktree.git(["config", "--worktree", "core.hooksPath", text(&hooks)]);
        },
    },
    Setup {
        name: "husky, whose folder was never made",
        repository: |scene| drop(scene.repo().git(["config", "core.hooksPath", ".husky/_"])),
        worktree: as_it_is,
    },
    Setup {
        name: "husky, whose folder is there",
        repository: |scene| drop(scene.repo().git(["config", "core.hooksPath", ".husky/_"])),
        worktree: |_, worktree| {
            write_hooks(&worktree.file(".husky/_"));
            script(&worktree.file(".husky/_/.gitignore"), "*\n");
        },
    },
    Setup {
        name: "a filter that fails",
        repository: |scene| {
            scene.repo().git(["config", "filter.big.clean", "false"]);
            scene.repo().git(["config", "filter.big.required", "true"]);
        },
        worktree: |_, worktree| {
            worktree.write(".gitattributes", "*.bin filter=big\n");
            worktree.write("a.bin", "1\n");
        },
    },
    Setup {
        name: "signing that is on without a value, and fails",
        repository: |scene| {
            let config = scene.repo().read(".git/config");
            scene
                .repo()
                .write(".git/config", format!("{config}[commit]\n\tgpgsign\n[gpg]\n\tprogram = false\n"));
        },
        worktree: as_it_is,
    },
    Setup {
        name: "signing that is on without a value",
        repository: |scene| {
            let signer = scene.beside("signer");
            script(
                &signer,
                "#!/bin/sh\ncat > /dev/null\nprintf -- '-----BEGIN PGP SIGNATURE-----\\n\\nx\\n-----END PGP SIGNATURE-----\\n'\necho '[GNUPG:] SIG_CREATED ' >&2\n",
            );
            let config = scene.repo().read(".git/config");
            let more = format!("[commit]\n\tgpgsign\n[gpg]\n\tprogram = {}\n", text(&signer));
            scene.repo().write(".git/config", format!("{config}{more}"));
        },
        worktree: as_it_is,
    },
    Setup {
        name: "an address that insteadOf makes",
        repository: |scene| {
            let repo = scene.repo();
            let begin =
                format!("url.{}/.insteadOf", text(&scene.beside("").join(".")).trim_end_matches("/."));
            repo.git(["config", &begin, "hub:"]);
            repo.git(["remote", "set-url", "origin", "hub:origin.git"]);
        },
        worktree: as_it_is,
    },
    Setup {
        name: "a fork that is pushed to",
        repository: |scene| {
            let fork = scene.copy_of_remote("fork.git");
            scene.repo().git(["remote", "add", "fork", text(fork.path())]);
            scene.repo().git(["config", "remote.pushDefault", "fork"]);
        },
        worktree: as_it_is,
    },
    Setup {
        name: "a sparse worktree",
        repository: |scene| {
            let repo = scene.repo();
            repo.git(["stash", "--include-untracked", "--quiet"]);
            repo.git(["sparse-checkout", "set", "tests"]);
        },
        worktree: as_it_is,
    },
    Setup {
        name: "a submodule that the fix moves",
        repository: |scene| {
            let library = scene.at(scene.beside("library"));
            fs::create_dir_all(library.path()).expect("a writable sandbox");
            library.git(["init", "--quiet"]);
            library.write("floor", "0\n");
            library.commit("feat: floor");
            let repo = scene.repo();
            repo.git(["config", "--global", "protocol.file.allow", "always"]);
            let colleague = repo.clone_of_remote("colleague");
            colleague.git(["submodule", "--quiet", "add", text(library.path()), "vendor/library"]);
            colleague.commit("feat: use the library");
            colleague.git(["push", "--quiet", "origin", "main"]);
            library.write("floor", "1\n");
            library.commit("fix: floor");
        },
        worktree: |_, worktree| {
            worktree.git(["submodule", "--quiet", "update", "--init"]);
            worktree.git(["-C", "vendor/library", "fetch", "--quiet", "origin"]);
            worktree.git(["-C", "vendor/library", "checkout", "--quiet", "origin/HEAD"]);
        },
    },
    Setup {
        name: "a default branch that was renamed",
        repository: |scene| {
            let bare = scene.repo().bare();
            bare.git(["branch", "trunk", "main"]);
            bare.git(["symbolic-ref", "HEAD", "refs/heads/trunk"]);
            let colleague = scene.repo().clone_of_remote("colleague");
            colleague.write("notes", "on trunk\n");
            colleague.commit("docs: on trunk");
            colleague.git(["push", "--quiet", "origin", "trunk"]);
        },
        worktree: as_it_is,
    },
    Setup {
        name: "a hook that refuses the message",
        repository: |scene| script(&scene.repo().file(".git/hooks/commit-msg"), "#!/bin/sh\nexit 1\n"),
        worktree: as_it_is,
    },
    Setup {
        name: "a hook that refuses the push",
        repository: |scene| {
            let refusing = format!("{HOOK}exit 1\n");
            script(&scene.repo().file(".git/hooks/pre-push"), &refusing);
        },
        worktree: as_it_is,
    },
];

fn push_to_both(scene: &Scene, mirror: &Repo) {
    let repo = scene.repo();
    for address in [repo.bare().path(), mirror.path()] {
        repo.git(["remote", "set-url", "--add", "--push", "origin", text(address)]);
    }
}

#[test]
fn a_fix_is_committed_and_pushed_as_by_git_itself() {
    let mut differences = Vec::new();
    let mut table = String::new();
    for setup in SETUPS {
        let plain = Scene::new(setup).by_git(setup);
        let hotfix = Scene::new(setup).by_hotfix(setup);
        table.extend([setup.name, ": ", &plain.in_short(), "\n"]);
        if plain != hotfix {
            differences.push(format!("{}\n-- by git\n{plain}\n-- by git hotfix\n{hotfix}\n", setup.name));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    insta::assert_snapshot!(table, @"
    hooks in .git/hooks: delivered, by responder@example.com, 5 hooks, on [origin.git]
    two push addresses: delivered, by responder@example.com, 6 hooks, on [origin.git, mirror.git]
    two push addresses, of which one is closed: refused, by responder@example.com, 6 hooks, on [origin.git]
    an identity by includeIf: delivered, by una@client.example, 5 hooks, on [origin.git]
    hooks in the worktree's own configuration: delivered, by responder@example.com, 6 hooks, on [origin.git]
    husky, whose folder was never made: delivered, by responder@example.com, 0 hooks, on [origin.git]
    husky, whose folder is there: delivered, by responder@example.com, 5 hooks, on [origin.git]
    a filter that fails: refused, 0 hooks, on []
    signing that is on without a value, and fails: refused, 3 hooks, on []
    signing that is on without a value: delivered, by responder@example.com, signed, 5 hooks, on [origin.git]
    an address that insteadOf makes: delivered, by responder@example.com, 5 hooks, on [origin.git]
    a fork that is pushed to: delivered, by responder@example.com, 5 hooks, on [fork.git]
    a sparse worktree: delivered, by responder@example.com, 5 hooks, on [origin.git]
    a submodule that the fix moves: delivered, by responder@example.com, 5 hooks, on [origin.git]
    a default branch that was renamed: delivered, by responder@example.com, 5 hooks, on [origin.git]
    a hook that refuses the message: refused, 2 hooks, on []
    a hook that refuses the push: refused, by responder@example.com, 5 hooks, on []
    ");
}
