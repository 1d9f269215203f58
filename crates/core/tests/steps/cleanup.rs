//! cleanup: the slot is given back; nothing that is in no commit is lost.

use std::fs;

use hotfix_core::flow::cleanup::CleanupError;
use hotfix_model::output::SlotKind;
use hotfix_model::{ExitCode, Gate, Stage};
use hotfix_testkit::till::{FIXED_SOURCE, NEW_TEST};
use hotfix_testkit::{Repo, Responder, Sandbox, World};

fn started(sandbox: &Sandbox) -> (Responder<'_>, Repo) {
    let repo = sandbox.till();
    let responder = Responder::at(sandbox, repo.path());
    responder.trust();
    responder.start("Wrong totals");
    let slot = responder.slot();
    (responder, slot)
}

fn fixed(sandbox: &Sandbox) -> (Responder<'_>, Repo) {
    let (responder, slot) = started(sandbox);
    slot.write("src/till.sh", FIXED_SOURCE);
    slot.write("tests/test_till.sh", NEW_TEST);
    (responder, slot)
}

fn submitted(sandbox: &Sandbox) -> (Responder<'_>, Repo) {
    let (responder, slot) = fixed(sandbox);
    responder.test();
    responder.commit("totals");
    responder.submit();
    (responder, slot)
}

#[test]
fn a_submitted_fix_leaves_a_parked_slot_at_main() {
    let sandbox = Sandbox::new();
    let (responder, slot) = submitted(&sandbox);
    let repo = sandbox.repo_at(responder.dir());
    let before = World::of(repo.path());
    let output = responder.cleanup();
    before.assert_untouched(&World::of(repo.path()));
    assert_eq!(output.worktree.as_deref(), slot.path().to_str());
    assert_eq!((output.discarded.len(), output.saved.len()), (0, 0));
    assert_eq!(slot.head(), repo.commit_of("main"));
    assert!(slot.try_git(["symbolic-ref", "HEAD"]).is_err(), "the branch is left");
    assert_eq!(slot.git(["status", "--porcelain", "--ignored"]), "");
    assert!(!repo.refs("refs/heads/hotfix/1.2.3").is_empty(), "the branch stays");
    let record = responder.record();
    assert_eq!((record.stage, record.slot_in_use), (Stage::Submitted, false));
}

#[test]
fn ignored_files_stay_for_the_next_time() {
    let sandbox = Sandbox::new();
    let (responder, slot) = submitted(&sandbox);
    slot.write("cache.log", "warm");
    responder.cleanup();
    assert_eq!(slot.read("cache.log"), "warm");
    let next = responder.start("Next");
    assert_eq!((next.slot.kind, next.worktree.as_str()), (SlotKind::Warm, slot.path().to_str().unwrap()));
}

#[test]
fn by_products_of_the_tests_are_saved_before_they_go() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    slot.write("tests/test_till.sh", format!("echo kept > report.xml\n{NEW_TEST}"));
    responder.test();
    responder.commit("totals");
    responder.submit();
    let output = responder.cleanup();
    assert_eq!(output.saved, ["report.xml"]);
    assert!(!slot.file("report.xml").exists());
    let warnings = sandbox.recorder().warnings();
    let (_, said) = warnings.last().unwrap().split_once("saved in ").unwrap();
    let dir = said.strip_suffix(": report.xml").unwrap();
    assert_eq!(fs::read_to_string(format!("{dir}/report.xml")).unwrap(), "kept\n");
}

#[test]
fn a_second_cleanup_is_fine() {
    let sandbox = Sandbox::new();
    let (responder, _) = submitted(&sandbox);
    responder.cleanup();
    let events = |responder: &Responder<'_>| responder.project().store().load("1.2.3").unwrap().lines.len();
    let before = events(&responder);
    let again = responder.cleanup();
    assert_eq!((again.worktree, events(&responder)), (None, before));
}

#[test]
fn edits_in_no_commit_are_a_decision() {
    let sandbox = Sandbox::new();
    let (responder, slot) = submitted(&sandbox);
    slot.write("README.md", "edited");
    slot.write("new.txt", "new");
    let error = responder.try_cleanup(false).unwrap_err();
    let Some(CleanupError::Uncommitted { files }) = error.downcast_ref() else { panic!("{error}") };
    assert_eq!(files, &["README.md", "new.txt"]);
    assert_eq!(error.exit(), ExitCode::DECISION);
    assert_eq!((slot.read("README.md").as_str(), slot.read("new.txt").as_str()), ("edited", "new"));
}

#[test]
fn a_committed_fix_that_nobody_else_has_is_a_decision() {
    let sandbox = Sandbox::new();
    let (responder, _) = fixed(&sandbox);
    responder.test();
    responder.commit("totals");
    let error = responder.try_cleanup(false).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(CleanupError::NotSubmitted)), "{error}");
}

#[test]
fn discarded_changes_stay_reachable() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    slot.write("new.txt", "new");
    let output = responder.try_cleanup(true).unwrap();
    assert_eq!(output.discarded, ["new.txt", "src/till.sh", "tests/test_till.sh"]);
    let repo = sandbox.repo_at(responder.dir());
    assert_eq!(repo.git(["show", "refs/hotfix/discarded/1.2.3:new.txt"]), "new");
    assert_eq!(repo.git(["show", "refs/hotfix/discarded/1.2.3:src/till.sh"]), FIXED_SOURCE.trim_end());
    assert_eq!(slot.git(["status", "--porcelain"]), "");
    let record = responder.record();
    assert_eq!((record.stage, record.slot_in_use), (Stage::Abandoned, false));
    repo.git(["gc", "--quiet", "--prune=now"]);
    assert_eq!(repo.git(["show", "refs/hotfix/discarded/1.2.3:new.txt"]), "new");
}

#[test]
fn discarding_a_commit_keeps_its_branch() {
    let sandbox = Sandbox::new();
    let (responder, _) = fixed(&sandbox);
    responder.test();
    let commit = responder.commit("totals").commit;
    responder.try_cleanup(true).unwrap();
    let repo = sandbox.repo_at(responder.dir());
    assert_eq!(repo.commit_of("hotfix/1.2.3"), commit);
    assert_eq!(responder.record().stage, Stage::Abandoned);
}

#[test]
fn an_untouched_hotfix_is_given_up() {
    let sandbox = Sandbox::new();
    let (responder, _) = started(&sandbox);
    responder.cleanup();
    assert_eq!(responder.record().stage, Stage::Abandoned);
    assert_eq!(responder.project().open_here().unwrap(), Vec::<String>::new());
}

#[test]
fn a_given_up_hotfix_owes_nothing() {
    let sandbox = Sandbox::new();
    let (responder, _) = fixed(&sandbox);
    responder.try_commit("totals", &[(Gate::Test, "no time")]).unwrap();
    responder.try_cleanup(true).unwrap();
    assert!(responder.owed().is_empty());
}

#[test]
fn the_slot_waits_at_the_newest_main_that_is_known() {
    let sandbox = Sandbox::new();
    let (responder, slot) = submitted(&sandbox);
    let repo = sandbox.repo_at(responder.dir());
    let newer = repo.push_commit_to_remote(&[("other", b"x")]);
    repo.git(["fetch", "--quiet"]);
    responder.cleanup();
    assert_eq!(slot.head(), newer);
}

#[test]
fn a_slot_that_somebody_removed_is_given_back() {
    let sandbox = Sandbox::new();
    let (responder, slot) = submitted(&sandbox);
    fs::remove_dir_all(slot.path()).unwrap();
    assert_eq!(responder.cleanup().worktree, None);
    assert!(!responder.record().slot_in_use);
    let repo = sandbox.repo_at(responder.dir());
    assert_eq!(repo.git(["worktree", "list"]).lines().count(), 1);
    assert_eq!(responder.start("Next").worktree, slot.path().to_str().unwrap());
}

#[test]
fn a_slot_is_parked_at_once_where_no_process_can_do_it_later() {
    let sandbox = Sandbox::new();
    let (responder, slot) = submitted(&sandbox);
    sandbox.env_remove("HOTFIX_FOREGROUND");
    let output = responder.cleanup();
    assert!(!output.in_background);
    assert_eq!(slot.git(["status", "--porcelain", "--branch"]), "## HEAD (no branch)");
    assert_eq!(responder.start("Next").slot.kind, SlotKind::Warm);
}

#[test]
fn a_rebase_in_the_slot_is_a_decision() {
    let sandbox = Sandbox::new();
    let (responder, slot) = submitted(&sandbox);
    let other = slot.git(["commit-tree", "-m", "other", "HEAD^^{tree}"]);
    slot.try_git(["rebase", "--exec", "false", &other]).unwrap_err();
    let error = responder.try_cleanup(false).unwrap_err();
    assert_eq!(error.exit(), ExitCode::DECISION, "{error}");
}
