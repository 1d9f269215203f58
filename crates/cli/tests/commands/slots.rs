//! `slot list`, `slot refresh`, `slot remove`, as people see them.

use crate::case::{ALERT, Case};

/// What is printed, without what differs between runs.
#[track_caller]
fn said(case: &Case, args: &[&str]) -> String {
    let output = case.hotfix().run(args);
    assert_eq!(output.code, 0, "{}", output.stderr);
    case.assert_untouched();
    let text = case.sandbox.steady(&format!("{}{}", output.stderr, output.stdout));
    text.lines().map(without_numbers).collect::<Vec<_>>().join("\n")
}

/// Sizes and ages differ between machines.
fn without_numbers(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let varies = |at: usize| {
        words.get(at + 1).is_some_and(|unit| unit.starts_with("KiB") || unit.starts_with("second"))
    };
    let word = |(at, word): (usize, &&str)| match varies(at) {
        true => word.replace(|digit: char| digit.is_ascii_digit(), "N").replace("NN", "N").replace("NN", "N"),
        false => word.replace("seconds", "second"),
    };
    words.iter().enumerate().map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn from_the_first_to_the_last() {
    let case = Case::new();
    insta::assert_snapshot!(said(&case, &["slot", "list"]), @"no slot has been made yet");
    case.start();
    insta::assert_snapshot!(said(&case, &["slot", "list"]), @r"
    1  [root]/code/repo-hotfix
      state     hotfix 1.2.3 for N second
      commit    [oid], the newest known
      disk      N KiB
    ");
    case.hotfix().must(["cleanup"]);
    case.repo.push_commit_to_remote(&[("news.txt", b"news\n"), (".gitignore", b"*.cache\n")]);
    insta::assert_snapshot!(said(&case, &["slot", "refresh"]), @r"
    main is at [oid]
      slot 1    [root]/code/repo-hotfix: ready
    ");
    case.edit("made.cache", "x");
    insta::assert_snapshot!(said(&case, &["slot", "remove", "--all", "--dry-run"]), @r"
    remove [root]/code/repo-hotfix (N KiB)
    with what Git ignores there: [root]/code/repo-hotfix/made.cache (N KiB)
    ");
    insta::assert_snapshot!(said(&case, &["slot", "remove", "1"]), @r"
    remove [root]/code/repo-hotfix (N KiB)
    with what Git ignores there: [root]/code/repo-hotfix/made.cache (N KiB)
    removed   [root]/code/repo-hotfix (N KiB freed)
    ");
    assert!(!case.slot().exists());
    assert_eq!(case.repo.git(["worktree", "list"]).lines().count(), 1);
    case.assert_sound();
}

#[test]
fn what_is_in_use_or_edited_is_not_removed() {
    let case = Case::new();
    case.start();
    insta::assert_snapshot!(case.run(&["slot", "remove", "1"]), @r"
    exit 4
    error: slot 1 is not removed
      why: hotfix 1.2.3 is open in it
      next: git hotfix cleanup --id 1.2.3
    ");
    case.hotfix().must(["cleanup"]);
    case.edit("note.txt", "mine");
    insta::assert_snapshot!(case.run(&["slot", "remove", "1"]), @r"
    exit 4
    error: slot 1 is not removed
      why: note.txt in it is in no commit
      next: git -C [root]/code/repo-hotfix status  # or: git hotfix slot remove 1 --discard
    ");
    assert!(case.slot().join("note.txt").exists());
    insta::assert_snapshot!(case.run(&["slot", "remove", "../repo-hotfix", "--discard"]), @"exit 0");
    assert!(!case.slot().exists());
    insta::assert_snapshot!(case.run(&["slot", "remove", "1"]), @r"
    exit 2
    error: 1 is no slot of this repository
      why: slots are named by their number or their folder
      next: git hotfix slot list
    ");
    case.hotfix().must(["start", ALERT, "--name", "next"]);
}
