//! One thing broken at a time.

use std::fs;
use std::time::Duration;

use hotfix_core::journey::ready::Request;
use hotfix_model::output::Readiness;
use hotfix_testkit::till::FIXED_SOURCE;
use hotfix_testkit::{Repo, Responder, Sandbox};

use super::{all_ready, beside, line, look, told, troubles};

const NO_USER: &str = "[init]\n\tdefaultBranch = main\n[protocol \"file\"]\n\tallow = always\n";

#[test]
fn a_main_that_moved_on_the_remote() {
    let sandbox = Sandbox::new();
    let repo = all_ready(&sandbox);
    assert_eq!(troubles(&look(&sandbox, &repo)), Vec::<&str>::new());
    let newest = repo.push_commit_to_remote(&[("news.txt", b"news\n")]);
    let output = look(&sandbox, &repo);
    assert_eq!(troubles(&output), ["remote"]);
    let moved = format!("its main is at {}, which is not fetched [git hotfix ready --fix]", &newest[..10]);
    let said = told(&output, "remote");
    assert!(said.starts_with("warning: ") && said.ends_with(&moved), "{said}");
    // What the user has and the remote has not is nothing to fetch.
    repo.git(["fetch", "--quiet", "origin"]);
    repo.bare().git(["update-ref", "refs/heads/main", &format!("{newest}~1")]);
    assert!(!troubles(&look(&sandbox, &repo)).contains(&"remote"));
}

#[test]
fn no_identity() {
    let sandbox = Sandbox::new();
    let repo = all_ready(&sandbox);
    fs::write(sandbox.home().join(".gitconfig"), NO_USER).unwrap();
    let output = look(&sandbox, &repo);
    assert_eq!((troubles(&output), output.ready), (vec!["identity"], false));
    insta::assert_snapshot!(told(&output, "identity"), @r#"missing: Git does not know who you are, and refuses to commit [git config --global user.name "YOUR NAME" && git config --global user.email YOU@EXAMPLE.COM]"#);
}

#[test]
fn no_remote() {
    let sandbox = Sandbox::new();
    let repo = all_ready(&sandbox);
    repo.git(["remote", "remove", "origin"]);
    let output = look(&sandbox, &repo);
    assert_eq!(
        told(&output, "remote"),
        "missing: there is no remote to deliver to [git remote add origin ADDRESS]"
    );
    assert!(!output.ready);
}

#[test]
fn remote_gone() {
    let sandbox = Sandbox::new();
    let repo = all_ready(&sandbox);
    fs::rename(repo.bare().path(), beside(&repo, "away.git")).unwrap();
    let output = look(&sandbox, &repo);
    assert_eq!(troubles(&output), ["remote", "push", "options"]);
    assert!(told(&output, "remote").contains("does not appear to be a git repository"));
    assert!(told(&output, "remote").ends_with("[git ls-remote origin]"));
}

/// A remote that is reached by an ssh of our own.
fn reached_by(sandbox: &Sandbox, repo: &Repo, script: &str) {
    let ssh = sandbox.fake_tool("fake-ssh", script);
    sandbox.env_set("GIT_SSH_COMMAND", ssh);
    sandbox.env_set("GIT_SSH_VARIANT", "ssh");
    repo.git(["remote", "set-url", "origin", "ssh://git@forge.example/till.git"]);
}

#[test]
fn no_right_to_push() {
    let sandbox = Sandbox::new();
    let repo = all_ready(&sandbox);
    Responder::at(&sandbox, repo.path()).trust();
    let script = format!(
        "for last; do :; done\n\
         case \"$last\" in *receive-pack*) echo 'ERROR: Permission to till.git denied to ada.' >&2; exit 1;; esac\n\
         exec git upload-pack '{}'",
        repo.bare().path().display()
    );
    reached_by(&sandbox, &repo, &script);
    Responder::at(&sandbox, repo.path()).trust();
    let output = look(&sandbox, &repo);
    assert_eq!(troubles(&output), ["push", "options"]);
    insta::assert_snapshot!(told(&output, "push"), @"missing: a push is refused: ERROR: Permission to till.git denied to ada. [git push --dry-run origin HEAD:refs/heads/hotfix/ready-dry-run]");
    assert_eq!(line(&output, "remote").state, Readiness::Ok);
}

#[test]
fn a_remote_that_hangs_is_a_warning_and_nothing_of_it_is_left() {
    let sandbox = Sandbox::new();
    let repo = all_ready(&sandbox);
    let pids = sandbox.root().join("pids");
    reached_by(&sandbox, &repo, &format!("trap '' TERM\necho $$ >> '{}'\nsleep 600 & wait", pids.display()));
    Responder::at(&sandbox, repo.path()).trust();
    let output = look(&sandbox, &repo);
    assert_eq!((troubles(&output), output.ready), (vec!["remote", "push", "options"], true));
    assert!(told(&output, "remote").contains("no answer within"), "{}", told(&output, "remote"));
    let alive =
        |pid: &&str| fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
    let pids = fs::read_to_string(pids).unwrap();
    assert_eq!(pids.lines().filter(alive).count(), 0);
}

#[test]
fn no_pytest() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(&[("tests/test_a.py", b"import pytest\n"), ("a.py", b"")]);
    sandbox.only_programs(&["git", "sh", "cat", "chmod"]);
    let output = look(&sandbox, &repo);
    insta::assert_snapshot!(told(&output, "tests"), @"missing: pytest is not installed for this repository: no pytest in .venv or venv here or in the main worktree, in VIRTUAL_ENV, or for python3 on the PATH [install Python 3, then: python3 -m pip install pytest]");
}

#[test]
fn the_environment_of_the_tests_is_shown() {
    let sandbox = Sandbox::new();
    let files: [(&str, &[u8]); 3] =
        [("tests/test_a.py", b"import pytest\n"), ("a.py", b""), (".gitignore", b".venv\n")];
    let repo = sandbox.repo_with_remote(&files);
    fs::create_dir_all(repo.file(".venv/lib/python3.12/site-packages/pytest")).unwrap();
    hotfix_testkit::write_program(repo.file(".venv/bin/python"), "exit 1");
    let shown = format!("ok: pytest: 1 test file, with {}", repo.file(".venv").display());
    assert_eq!(told(&look(&sandbox, &repo), "tests"), shown);
}

#[test]
fn no_tests_at_all() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(&[("README.md", b"x\n")]);
    let output = look(&sandbox, &repo);
    assert_eq!(line(&output, "tests").state, Readiness::Missing);
}

#[test]
fn a_linter_is_not_installed() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(&[(".flake8", b"[flake8]\n"), ("a.py", b"")]);
    sandbox.only_programs(&["git", "sh", "cat", "chmod"]);
    let output = look(&sandbox, &repo);
    assert_eq!(
        told(&output, "linters"),
        "warning: not installed: flake8 [python3 -m pip install --user flake8]"
    );
}

#[test]
fn commands_that_nobody_approved() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let output = look(&sandbox, &repo);
    assert_eq!(told(&output, "trust"), "missing: nobody has approved test.command [git hotfix trust]");
}

#[test]
fn mistakes_in_the_settings() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(&[("hotfix.toml", b"[test]\nbuget = \"3m\"\n"), ("test_a.py", b"")]);
    let settings = told(&look(&sandbox, &repo), "settings");
    assert!(settings.starts_with("warning: ") && settings.contains("budget"), "{settings}");
    repo.push_commit_to_remote(&[("hotfix.toml", b"[test]\nbudget = 3\n")]);
    repo.git(["fetch", "--quiet"]);
    let output = look(&sandbox, &repo);
    assert_eq!(line(&output, "settings").state, Readiness::Missing, "{}", told(&output, "settings"));
    assert!(told(&output, "trust").starts_with("warning: not looked at"));
}

#[test]
fn a_slot_that_is_behind() {
    let sandbox = Sandbox::new();
    let repo = all_ready(&sandbox);
    repo.push_commit_to_remote(&[("news.txt", b"news\n")]);
    repo.git(["fetch", "--quiet"]);
    let output = look(&sandbox, &repo);
    assert_eq!((troubles(&output), output.ready), (vec!["slot"], true));
    let slot = told(&output, "slot");
    assert!(slot.ends_with("repo-hotfix is 1 commit behind main [git hotfix ready --fix]"), "{slot}");
}

#[test]
fn a_slot_that_somebody_edited() {
    let sandbox = Sandbox::new();
    let repo = all_ready(&sandbox);
    let slot = sandbox.repo_at(beside(&repo, "repo-hotfix"));
    slot.write("README.md", "edited\n");
    let told = told(&look(&sandbox, &repo), "slot");
    assert!(told.contains("cannot be used: README.md in it is not as it was left"), "{told}");
    assert_eq!(slot.read("README.md"), "edited\n");
}

#[test]
fn an_entry_that_a_crash_emptied() {
    let sandbox = Sandbox::new();
    let repo = all_ready(&sandbox);
    fs::write(repo.file(".git/worktrees/repo-hotfix/commondir"), "").unwrap();
    let ctx = sandbox.ctx(repo.path());
    let output = hotfix_core::journey::ready::apply(&ctx, &Request::default()).unwrap();
    assert_eq!(line(&output, "repairs").state, Readiness::Missing, "{}", told(&output, "repairs"));
    assert!(told(&output, "repairs").ends_with("[git hotfix ready --fix]"));
}

#[test]
fn a_review_that_is_overdue() {
    let sandbox = Sandbox::new();
    let repo = all_ready(&sandbox);
    let responder = Responder::at(&sandbox, repo.path());
    responder.start("Wrong totals");
    responder.slot().write("src/till.sh", FIXED_SOURCE);
    responder.ship("totals");
    assert_eq!(told(&look(&sandbox, &repo), "owed"), "ok: 2 owed, none of it overdue");
    sandbox.clock().advance(Duration::from_hours(48));
    let output = look(&sandbox, &repo);
    assert_eq!((troubles(&output), output.ready), (vec!["owed"], true));
    let owed = told(&output, "owed");
    assert!(
        owed.starts_with("warning: 1 overdue, first of 1.2.3: ") && owed.ends_with("[git hotfix owed]"),
        "{owed}"
    );
}

#[test]
fn a_branch_called_hotfix_here_or_there() {
    let sandbox = Sandbox::new();
    let repo = all_ready(&sandbox);
    repo.git(["branch", "hotfix"]);
    let output = look(&sandbox, &repo);
    assert!(told(&output, "push").starts_with("missing: the branch `hotfix` is in the way"), "{output:?}");
    assert!(told(&output, "push").ends_with("[git branch -m hotfix old-hotfix]") && !output.ready);
    repo.git(["branch", "--delete", "--force", "hotfix"]);
    assert!(look(&sandbox, &repo).ready);
    repo.bare().git(["branch", "hotfix", "main"]);
    let output = look(&sandbox, &repo);
    let said = told(&output, "push");
    assert!(said.starts_with("missing: origin has a branch called `hotfix`") && !output.ready, "{said}");
    assert!(said.contains("git branch -m hotfix old-hotfix"), "{said}");
}

#[test]
fn a_renamed_default_branch_is_spoken_of_in_every_line_alike() {
    let sandbox = Sandbox::new();
    let repo = all_ready(&sandbox);
    let bare = repo.bare();
    bare.git(["branch", "live", "main"]);
    bare.git(["symbolic-ref", "HEAD", "refs/heads/live"]);
    let unfetched = look(&sandbox, &repo);
    assert_eq!(line(&unfetched, "target").state, Readiness::Warning);
    assert!(told(&unfetched, "target").contains("origin calls live its default branch"), "{unfetched:?}");
    repo.git(["fetch", "--quiet", "origin"]);
    let output = look(&sandbox, &repo);
    assert!(told(&output, "remote").contains("its default branch is live"), "{output:?}");
    assert!(told(&output, "target").starts_with("ok: live at "), "{}", told(&output, "target"));
}

#[test]
fn a_branch_to_start_from_or_to_merge_into_that_the_remote_lacks() {
    let sandbox = Sandbox::new();
    let repo = all_ready(&sandbox);
    repo.bare().git(["update-ref", "-d", "refs/heads/main"]);
    assert!(
        told(&look(&sandbox, &repo), "target")
            .starts_with("missing: the branch `main` does not exist on origin")
    );
}

#[test]
fn several_remotes_and_none_chosen() {
    let sandbox = Sandbox::new();
    let repo = all_ready(&sandbox);
    repo.git(["remote", "rename", "origin", "upstream"]);
    repo.git(["remote", "add", "fork", repo.bare().path().to_str().unwrap()]);
    let said = told(&look(&sandbox, &repo), "remote");
    assert!(
        said.contains("there are 2 remotes") && said.contains("git config checkout.defaultRemote"),
        "{said}"
    );
}
