//! Files, branches and hotfixes with names that shells and tools stumble over.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use insta::assert_snapshot;

use crate::case::{ALERT, Case, SUBJECT};

const NAMES: &[&[u8]] = &[
    b"with spaces.txt",
    b"with\nnewline.txt",
    b"with'quotes\".txt",
    b"-leading-dash.txt",
    b"--help",
    b":(top)magic.txt",
    b"back\\slash.txt",
    b"tab\there.txt",
    b"escape\x1b[31m.txt",
    b"not-utf8-\xff\xfe.txt",
    "\u{202e}bidi.txt".as_bytes(),
    b"$(touch owned).txt",
    b"folder with spaces/and\nnewline/x.py",
];

#[test]
fn files_of_any_name_are_tested_committed_and_pushed() {
    let case = Case::fixed();
    for name in NAMES {
        case.edit(OsStr::from_bytes(name), name);
    }
    let output = case.ship();
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(!output.stderr.contains('\u{1b}') && !output.stdout.contains('\u{1b}'), "{output:?}");
    case.assert_untouched();
    case.assert_sound();
    let listed = case.repo.bare().git(["ls-tree", "-r", "-z", "--name-only", "hotfix/1.2.3"]);
    for name in NAMES {
        let name = String::from_utf8_lossy(name);
        assert!(listed.split('\0').any(|listed| listed == name), "{name:?} is not in {listed:?}");
    }
    assert!(!case.slot().join("owned").exists() && !case.repo.path().join("owned").exists());
}

#[test]
fn files_of_any_name_can_be_given_up_and_are_kept() {
    let case = Case::started();
    for name in NAMES {
        case.edit(OsStr::from_bytes(name), name);
    }
    case.hotfix().must(["cleanup", "--discard"]);
    let kept = case.repo.git(["ls-tree", "-r", "-z", "--name-only", "refs/hotfix/discarded/1.2.3"]);
    assert_eq!(kept.split('\0').filter(|name| !name.is_empty()).count(), NAMES.len() + 2);
    assert_eq!(case.sandbox.repo_at(case.slot()).git(["status", "--porcelain"]), "");
    case.assert_untouched();
}

#[test]
fn branches_of_any_name_in_the_main_worktree() {
    for name in
        [&b"with'quotes\""[..], b"-dash", b"$(touch${IFS}owned)", b"not-utf8-\xff", b"\xf0\x9f\x94\xa5"]
    {
        let mut case = Case::new();
        let full = [b"refs/heads/", name].concat();
        let args = [OsStr::new("update-ref"), OsStr::from_bytes(&full), OsStr::new("HEAD")];
        case.repo.git(args);
        case.repo.git([OsStr::new("symbolic-ref"), OsStr::new("HEAD"), OsStr::from_bytes(&full)]);
        case.settle();
        case.start();
        case.fix();
        let output = case.ship();
        assert_eq!(output.code, 0, "{name:?}: {}", output.stderr);
        case.assert_untouched();
    }
}

#[test]
fn hotfixes_of_impossible_names_are_refused() {
    let case = Case::new();
    for name in ["with space", "new\nline", "-x", "a..b", "x.lock", "/", "", "@{-1}", "esc\u{1b}", "a/../b"] {
        let output = case.hotfix().run(["start", ALERT, &format!("--name={name}")]);
        let told = case.told(&output);
        assert!(told.starts_with("exit 2\nerror: "), "{name:?}: {told}");
        assert!(!told.contains('\u{1b}'), "{name:?}: {told}");
    }
    assert_snapshot!(case.run(&["start", ALERT, "--name", "with space"]), @"
    exit 2
    error: `refs/heads/hotfix/with space` cannot be the name of a branch or ref
      why: see `git check-ref-format --help` for what a name may hold
      next: choose another name
    ");
    assert_eq!(case.repo.refs("refs/heads/hotfix"), "");
    assert_eq!(case.repo.refs("refs/hotfix/record"), "");
    let worktrees = case.repo.git(["worktree", "list", "--porcelain"]);
    assert!(!worktrees.contains("branch refs/heads/hotfix"), "{worktrees}");
}

#[test]
fn alerts_and_subjects_of_any_text() {
    let case = Case::new();
    let alert = "line one\nline two \u{1b}[31m `$(touch owned)` \u{202e} @everyone | <b>";
    case.hotfix().must(["start", alert]);
    case.fix();
    let output = case.hotfix().must(["ship", "--", "- a subject\nwith \u{1b}]0;x\u{7} more"]);
    assert!(!format!("{output:?}").contains("\\u{1b}"), "{output:?}");
    let message = case.repo.bare().git(["log", "-1", "--format=%B", "hotfix/1.2.3"]);
    assert!(message.starts_with("fix: "), "{message}");
    assert!(!message.contains('\u{1b}'), "{message:?}");
    for args in [&["status"][..], &["list", "--all"], &["log", "1.2.3"], &["owed"]] {
        let output = case.hotfix().must(args);
        assert!(!output.stdout.contains(['\u{1b}', '\u{202e}']), "{args:?}: {:?}", output.stdout);
    }
    case.assert_untouched();
}

#[test]
fn an_id_that_could_be_a_path() {
    let case = Case::started();
    let told = case.told(&case.hotfix().run(["ship", SUBJECT, "--id", "../../x"]));
    assert_snapshot!(told, @"
    exit 2
    error: `../../x` cannot be the name of a branch or ref
      why: see `git check-ref-format --help` for what a name may hold
      next: choose another name
    ");
}
