//! resume: a slot again for an open hotfix, at the head of its branch.

use std::time::Duration;

use hotfix_core::flow::{check, prove, start, test};
use hotfix_core::session::SessionError;
use hotfix_model::{ExitCode, Stage};
use hotfix_testkit::responder::request;
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

/// A hotfix in a slot in which somebody had left something since the one before.
fn started_among_strangers(sandbox: &Sandbox) -> Responder<'_> {
    let repo = sandbox.till();
    let responder = Responder::at(sandbox, repo.path());
    responder.trust();
    responder.start("One before");
    let slot = responder.slot();
    responder.cleanup();
    slot.write("README.md", "half a thought\n");
    slot.write("notes.txt", "not mine\n");
    // Longer than the clock of files takes from one time to the next: what is written in the very moment of the start
    // cannot be told from what is written after it.
    std::thread::sleep(Duration::from_millis(30));
    // While a remote is asked there is time for a look, which would take them out.
    responder.try_start(start::Request { fetch: false, ..request("Wrong totals") }).unwrap();
    let slot = responder.slot();
    slot.write("src/till.sh", FIXED_SOURCE);
    slot.write("tests/test_till.sh", NEW_TEST);
    responder
}

#[test]
fn what_was_in_the_slot_before_stops_every_verdict_until_it_is_taken_out() {
    let sandbox = Sandbox::new();
    let responder = started_among_strangers(&sandbox);
    let (id, slot) = (responder.record().id, responder.slot());
    let head = slot.head();
    for error in [
        responder.try_prove(&prove::Request::default()).unwrap_err(),
        responder.try_check(check::Request::default()).unwrap_err(),
        responder.try_test(&test::Request::default()).unwrap_err(),
        responder.try_commit("totals", &[]).unwrap_err(),
        responder.try_ship("totals", &[]).unwrap_err().error,
    ] {
        assert_eq!(error.exit(), ExitCode::DECISION, "{error}");
        let named = error.to_string().ends_with(": README.md notes.txt");
        assert!(named && error.next().starts_with(&format!("git hotfix resume {id}")), "{error}");
    }
    assert_eq!((slot.head(), responder.record().stage), (head, Stage::Started));

    responder.try_resume(&id).unwrap();
    let warnings = sandbox.recorder().warnings();
    let (dir, _) = warnings.last().unwrap().split_once("saved in ").unwrap().1.split_once(" and").unwrap();
    assert_eq!(std::fs::read_to_string(format!("{dir}/README.md")).unwrap(), "half a thought\n");
    assert_eq!(std::fs::read_to_string(format!("{dir}/notes.txt")).unwrap(), "not mine\n");
    responder.ship("totals");
    let repo = sandbox.repo_at(responder.dir());
    let changed = repo.git(["diff", "--name-only", "main", &format!("hotfix/{id}")]);
    assert_eq!(changed, "src/till.sh\ntests/test_till.sh");
}

#[test]
fn what_was_in_the_slot_before_can_be_made_part_of_the_fix() {
    let sandbox = Sandbox::new();
    let responder = started_among_strangers(&sandbox);
    let (id, slot) = (responder.record().id, responder.slot());
    slot.write("README.md", "a thought\n");
    std::fs::remove_file(slot.file("notes.txt")).unwrap();
    responder.ship("totals");
    let repo = sandbox.repo_at(responder.dir());
    let changed = repo.git(["diff", "--name-only", "main", &format!("hotfix/{id}")]);
    assert_eq!(changed, "README.md\nsrc/till.sh\ntests/test_till.sh");
}
