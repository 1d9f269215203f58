//! Remotes that say no, go away, or answer too late.

use std::fs;

use insta::assert_snapshot;

use super::hooks;
use crate::case::{ALERT, Case, SUBJECT};

fn hook_of_remote(case: &Case, name: &str, script: &str) {
    hooks::write(&case.repo.bare(), ".", name, script);
}

#[track_caller]
fn assert_goes_on_without(case: &Case, hook: &str) {
    fs::remove_file(case.repo.bare().path().join("hooks").join(hook)).expect("a hook");
    assert_goes_on(case);
}

#[track_caller]
fn assert_goes_on(case: &Case) {
    let output = case.ship();
    assert_eq!(output.code, 0, "{}", output.stderr);
    case.assert_untouched();
    case.assert_sound();
    assert_eq!(case.remote_refs("refs/heads/hotfix"), "refs/heads/hotfix/1.2.3");
    assert_eq!(case.remote_refs("refs/hotfix"), "refs/hotfix/record/1.2.3");
}

#[test]
fn a_push_that_is_rejected() {
    let case = Case::fixed();
    hook_of_remote(&case, "pre-receive", "echo 'protected: ask the platform team' >&2; exit 1");
    assert_snapshot!(case.run(&["ship", SUBJECT]), @"
    exit 5
    error: the remote refused hotfix/1.2.3
      why: [remote rejected] (pre-receive hook declined): protected: ask the platform team
      next: git hotfix ship
    ");
    assert_eq!(case.remote_refs("refs/heads/hotfix"), "");
    assert_goes_on_without(&case, "pre-receive");
}

#[test]
fn a_record_that_is_rejected_does_not_stop_the_fix() {
    let case = Case::fixed();
    hook_of_remote(&case, "update", "case $1 in refs/heads/*) exit 0;; esac; exit 1");
    assert_snapshot!(case.run(&["ship", SUBJECT]), @"
    exit 0
    ! origin does not take the record ([remote rejected] (hook declined): error: hook declined to update refs/hotfix/record/1.2.3); it stays in this clone
    ");
    assert_eq!(case.remote_refs("refs/heads/hotfix"), "refs/heads/hotfix/1.2.3");
    assert_eq!(case.remote_refs("refs/hotfix"), "");
}

#[test]
fn a_remote_that_dies_before_it_took_the_push() {
    let case = Case::fixed();
    hook_of_remote(&case, "pre-receive", "kill -9 $PPID");
    assert_snapshot!(case.run(&["ship", SUBJECT]), @"
    exit 5
    error: the remote origin cannot be reached
      why: the remote end hung up unexpectedly
      next: git hotfix ship
    ");
    assert_eq!(case.remote_refs("refs/heads/hotfix"), "");
    assert_goes_on_without(&case, "pre-receive");
}

/// It is asked once more, ref by ref, and has the fix then.
#[test]
fn a_remote_that_dies_after_it_took_the_push() {
    let case = Case::fixed();
    hook_of_remote(&case, "reference-transaction", "test \"$1\" = prepared || kill -9 $PPID");
    assert_snapshot!(case.run(&["ship", SUBJECT]), @"
    exit 0
    ! origin does not take the record (the remote end hung up unexpectedly); it stays in this clone
    ");
    assert_eq!(case.remote_refs("refs/heads/hotfix"), "refs/heads/hotfix/1.2.3");
    case.assert_untouched();
    case.assert_sound();
}

#[test]
fn a_remote_that_is_gone_starts_offline_and_ships_when_it_is_back() {
    let case = Case::new();
    let (there, away) = (case.repo.bare().path().to_owned(), case.sandbox.code().join("away.git"));
    fs::rename(&there, &away).expect("a remote");
    assert_snapshot!(case.run(&["start", ALERT]), @"
    exit 0
      note      origin/main may be old: git fetch failed: '[root]/code/origin.git' does not appear to be a git repository
    ");
    case.fix();
    assert_snapshot!(case.run(&["ship", SUBJECT]), @"
    exit 5
    error: the remote origin cannot be reached
      why: '[root]/code/origin.git' does not appear to be a git repository
      next: git hotfix ship
    ");
    fs::rename(&away, &there).expect("a remote");
    assert_goes_on(&case);
}

#[test]
fn a_branch_of_that_name_that_is_not_ours() {
    let case = Case::fixed();
    case.repo.git(["push", "--quiet", "origin", "main:refs/heads/hotfix/1.2.3"]);
    let theirs = case.repo.bare().commit_of("hotfix/1.2.3");
    let mut case = case;
    case.settle();
    assert_snapshot!(case.run(&["ship", SUBJECT]), @r#"
    exit 4
    error: hotfix/1.2.3 is on the remote with a commit that is not ours
      why: it holds [oid]; nothing was overwritten
      next: git hotfix start --name OTHER "ALERT"  # or talk to whoever pushed it
    "#);
    assert_eq!(case.repo.bare().commit_of("hotfix/1.2.3"), theirs, "somebody's branch was overwritten");
}
