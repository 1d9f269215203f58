//! resume: a slot again for an open hotfix, at the head of its branch.

use hotfix_core::session::SessionError;
use hotfix_model::{ExitCode, Stage};
use hotfix_testkit::till::{FIXED_SOURCE, NEW_TEST};
use hotfix_testkit::{Repo, Responder, Sandbox, World};

fn shipped(sandbox: &Sandbox) -> (Responder<'_>, Repo) {
    let repo = sandbox.till();
    let responder = Responder::at(sandbox, repo.path());
    responder.trust();
    responder.start("Wrong totals");
    responder.slot().write("src/till.sh", FIXED_SOURCE);
    responder.slot().write("tests/test_till.sh", NEW_TEST);
    responder.ship("totals");
    (responder, repo)
}

#[test]
fn a_fix_that_came_back_gets_a_slot_and_more_commits() {
    let sandbox = Sandbox::new();
    let (responder, repo) = shipped(&sandbox);
    let first = repo.commit_of("hotfix/1.2.3");
    let before = World::of(repo.path());
    responder.try_resume("1.2.3").unwrap();
    before.assert_untouched(&World::of(repo.path()));
    let slot = responder.slot();
    assert_eq!(
        (slot.head(), slot.git(["symbolic-ref", "--short", "HEAD"]).as_str()),
        (first.clone(), "hotfix/1.2.3")
    );
    assert_eq!(slot.read("src/till.sh"), FIXED_SOURCE);
    slot.write("README.md", "# Better\n");
    responder.ship("what the review asked for");
    let bare = repo.bare();
    assert_eq!(bare.commit_of("hotfix/1.2.3^"), first);
    assert_eq!(bare.git(["log", "-1", "--format=%s", "hotfix/1.2.3"]), "fix: what the review asked for");
    assert_eq!(responder.record().stage, Stage::Submitted);
}

#[test]
fn a_slot_in_use_is_named_and_not_touched() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = Responder::at(&sandbox, repo.path());
    let started = responder.start("Wrong totals");
    responder.slot().write("src/till.sh", "half of it");
    let before = World::of(&started.worktree);
    assert_eq!(responder.try_resume("1.2.3").unwrap().worktree, started.worktree);
    before.assert_untouched(&World::of(&started.worktree));
}

#[test]
fn a_slot_that_somebody_removed_is_made_again_at_the_branch() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = Responder::at(&sandbox, repo.path());
    responder.start("Wrong totals");
    let by_hand = {
        responder.slot().write("src/till.sh", FIXED_SOURCE);
        responder.slot().commit("fix: by hand")
    };
    std::fs::remove_dir_all(responder.slot().path()).unwrap();
    let resumed = responder.try_resume("1.2.3").unwrap();
    assert_eq!(sandbox.repo_at(resumed.worktree).head(), by_hand);
}

#[test]
fn what_is_given_up_or_merged_is_past() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = Responder::at(&sandbox, repo.path());
    responder.start("Wrong totals");
    responder.cleanup();
    let error = responder.try_resume("1.2.3").unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(SessionError::Past { .. })), "{error}");
    assert_eq!(error.exit(), ExitCode::DECISION);
}

#[test]
fn a_branch_that_is_gone_is_said() {
    let sandbox = Sandbox::new();
    let (responder, repo) = shipped(&sandbox);
    repo.git(["branch", "--quiet", "--delete", "--force", "hotfix/1.2.3"]);
    let error = responder.try_resume("1.2.3").unwrap_err();
    assert!(error.to_string().contains("hotfix/1.2.3"), "{error}");
    assert!(!responder.record().slot_in_use);
}
