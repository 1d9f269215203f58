//! status, list and log: where it stands, without a worktree and without asking anybody.

use hotfix_core::journey::{log, status};
use hotfix_core::record::RecordError;
use hotfix_model::{ProofVerdict, Stage, SuiteVerdict};
use hotfix_testkit::till::{COMMAND, FIXED_SOURCE, NEW_TEST};
use hotfix_testkit::{Responder, Sandbox, World};

#[test]
fn every_stage_names_the_next_command() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = Responder::at(&sandbox, repo.path());
    responder.trust();
    responder.start("Wrong totals");
    let slot = responder.slot();
    let started = responder.status();
    assert_eq!((started.stage, started.worktree.as_deref()), (Stage::Started, slot.path().to_str()));
    assert_eq!(started.next[1], "git hotfix ship \"WHAT WAS FIXED\"");
    slot.write("src/till.sh", FIXED_SOURCE);
    slot.write("tests/test_till.sh", NEW_TEST);
    responder.prove(COMMAND);
    responder.test();
    let tested = responder.status();
    assert_eq!((tested.proof, tested.test), (Some(ProofVerdict::Proven), Some(SuiteVerdict::Passed)));
    let commit = responder.commit("totals").commit;
    let committed = responder.status();
    assert_eq!((committed.stage, committed.commit), (Stage::Committed, Some(commit)));
    assert_eq!(committed.next, ["git hotfix ship --id 1.2.3"]);
    responder.submit();
    assert_eq!(responder.status().next, ["git hotfix cleanup --id 1.2.3"]);
    responder.cleanup();
    let done = responder.status();
    assert_eq!((done.stage, done.worktree, done.owed.len()), (Stage::Submitted, None, 2));
    assert_eq!(done.next, ["git hotfix owed"]);
}

#[test]
fn a_closed_hotfix_is_not_looked_at_again_until_it_is_opened() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = Responder::at(&sandbox, repo.path());
    let open = || responder.project().open_here().unwrap();
    responder.start("Wrong totals");
    assert_eq!(open(), ["1.2.3"]);
    responder.try_cleanup(true).unwrap();
    assert_eq!(open(), [""; 0]);
    responder.start("Wrong again");
    assert_eq!(open(), ["1.2.3-wrong-again"]);
    // Only what is not in the memory is read: a record that was lost meanwhile, but is known to be closed, does no harm.
    let memory = repo.path().join(".git/hotfix/closed-records");
    let closed = repo.git(["rev-parse", "refs/hotfix/record/1.2.3"]);
    assert!(std::fs::read_to_string(&memory).unwrap().ends_with(&format!("\n{closed}\n")));
    let here = repo.git(["rev-parse", "refs/hotfix/record/1.2.3-wrong-again"]);
    std::fs::write(&memory, format!("of another version\n{here}\n")).unwrap();
    assert_eq!(open(), ["1.2.3-wrong-again"], "what another version noted does not count");
}

#[test]
fn looking_changes_nothing() {
    let sandbox = Sandbox::new();
    let project = sandbox.project();
    let responder = Responder::at(&sandbox, project.path());
    responder.start("Auth failing");
    let (slot, refs) = (responder.slot(), project.refs(""));
    let (before, of_slot) = (World::of(project.path()), World::of(slot.path()));
    responder.status();
    status::list(&responder.project(), true).unwrap();
    log::of(&responder.project(), &responder.record().id).unwrap();
    before.assert_untouched_but(&World::of(project.path()), &[]);
    of_slot.assert_untouched(&World::of(slot.path()));
    assert_eq!(project.refs(""), refs);
}

#[test]
fn a_slot_that_somebody_removed_does_not_hide_the_status() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = Responder::at(&sandbox, repo.path());
    responder.start("Wrong totals");
    std::fs::remove_dir_all(responder.slot().path()).unwrap();
    assert_eq!(responder.status().stage, Stage::Started);
    assert_eq!(status::list(&responder.project(), false).unwrap().len(), 1);
}

#[test]
fn the_list_holds_what_needs_work_the_newest_first() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = Responder::at(&sandbox, repo.path());
    for alert in ["first", "second", "third"] {
        responder.start(alert);
    }
    Responder::at(&sandbox, repo.path()).on("1.2.3-second").cleanup();
    let ids = |all| -> Vec<String> {
        status::list(&responder.project(), all).unwrap().into_iter().map(|line| line.id).collect()
    };
    assert_eq!(ids(false), ["1.2.3-third", "1.2.3"]);
    assert_eq!(ids(true), ["1.2.3-third", "1.2.3-second", "1.2.3"]);
}

#[test]
fn a_damaged_record_is_said_and_the_others_are_shown() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = Responder::at(&sandbox, repo.path());
    responder.start("Wrong totals");
    repo.git(["update-ref", "refs/hotfix/record/broken", "main^{tree}"]);
    assert_eq!(status::list(&responder.project(), true).unwrap().len(), 1);
    assert_eq!(sandbox.recorder().warnings(), ["the record of broken cannot be read"]);
}

#[test]
fn the_log_is_the_timeline() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = Responder::at(&sandbox, repo.path());
    responder.start("Wrong totals");
    responder.waive("no time");
    let log = log::of(&responder.project(), "1.2.3").unwrap();
    assert!(log.intact);
    let kinds: Vec<String> = log
        .events
        .iter()
        .map(|event| serde_json::to_value(event).unwrap()["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["started", "proved", "skipped"]);
}

#[test]
fn an_unknown_id_names_the_nearest() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = Responder::at(&sandbox, repo.path());
    responder.start("Wrong totals");
    let error = status::of(&responder.project(), "1.2.4").unwrap_err();
    let Some(RecordError::Unknown { nearest, .. }) = error.downcast_ref() else { panic!("{error}") };
    assert!(format!("{nearest:?}").contains("1.2.3"), "{nearest:?}");
}
