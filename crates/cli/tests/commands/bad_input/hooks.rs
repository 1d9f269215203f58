//! The user's own hooks, when they say no or nothing at all.

use std::fs;

use hotfix_testkit::write_program;
use insta::assert_snapshot;

use crate::case::{Case, SUBJECT};

pub fn write(repo: &hotfix_testkit::Repo, git_dir: &str, name: &str, script: &str) {
    write_program(repo.path().join(git_dir).join("hooks").join(name), script);
}

/// A started fix in a repository with this hook.
fn fixed_with(name: &str, script: &str) -> Case {
    let mut case = Case::fixed();
    write(&case.repo, ".git", name, script);
    case.settle();
    case
}

/// Without the hook it goes on where it stopped.
fn assert_goes_on(mut case: Case, name: &str) {
    fs::remove_file(case.repo.path().join(".git/hooks").join(name)).expect("a hook");
    case.settle();
    let output = case.ship();
    assert_eq!(output.code, 0, "{}", output.stderr);
    case.assert_untouched();
    assert_eq!(case.remote_refs("refs/heads/hotfix"), "refs/heads/hotfix/1.2.3");
}

#[test]
fn a_commit_hook_that_fails() {
    let case = fixed_with("pre-commit", "echo 'no tabs allowed' >&2; exit 1");
    assert_snapshot!(case.run(&["ship", SUBJECT]), @"
    exit 3
    error: git commit failed
      why: no tabs allowed
      next: correct what it objects to, then run the same command again
    ");
    assert_goes_on(case, "pre-commit");
}

#[test]
fn a_commit_hook_that_hangs() {
    let case = fixed_with("commit-msg", "sleep 300");
    assert_snapshot!(case.run(&["ship", SUBJECT, "--set", "commit.timeout=1s"]), @"
    exit 3
    error: git commit did not finish within [duration]
      why: a hook or the program that signs may be waiting
      next: run the same command again
    ");
    assert_goes_on(case, "commit-msg");
}

#[test]
fn a_push_hook_that_fails() {
    let case = fixed_with("pre-push", "echo 'not on a Friday' >&2; exit 1");
    assert_snapshot!(case.run(&["ship", SUBJECT]), @"
    exit 3
    error: the push to origin was stopped on this machine
      why: not on a Friday
      next: git hotfix ship  # once your pre-push hook is content
    ");
    assert_goes_on(case, "pre-push");
}

#[test]
fn a_push_hook_that_hangs() {
    let case = fixed_with("pre-push", "sleep 300");
    assert_snapshot!(case.run(&["ship", SUBJECT, "--set", "submit.timeout=1s"]), @"
    exit 5
    error: the remote origin cannot be reached
      why: git push did not finish within [duration]
      next: git hotfix ship
    ");
    assert_goes_on(case, "pre-push");
}

#[test]
fn a_hook_of_checkouts_that_fails_does_not_stop_a_start() {
    let mut case = Case::new();
    write(&case.repo, ".git", "post-checkout", "exit 1");
    case.settle();
    assert_snapshot!(case.run(&["start", crate::case::ALERT]), @"exit 0");
}
