//! undo: takes back the last step, and only what is ours.

use hotfix_core::journey::undo::UndoError;
use hotfix_model::{ExitCode, Stage, Step};
use hotfix_testkit::till::{FIXED_SOURCE, NEW_TEST};
use hotfix_testkit::{Repo, Responder, Sandbox, World};

fn fixed<'a>(sandbox: &'a Sandbox, settings: &[(&str, &str)]) -> (Responder<'a>, Repo) {
    let repo = sandbox.till();
    let responder = settings
        .iter()
        .fold(Responder::at(sandbox, repo.path()), |responder, (key, value)| responder.with(key, value));
    responder.trust();
    responder.start("Wrong totals");
    responder.slot().write("src/till.sh", FIXED_SOURCE);
    responder.slot().write("tests/test_till.sh", NEW_TEST);
    (responder, repo)
}

fn committed(sandbox: &Sandbox) -> (Responder<'_>, Repo) {
    let (responder, repo) = fixed(sandbox, &[]);
    responder.test();
    responder.commit("totals");
    (responder, repo)
}

/// Ships, undoes everything step by step, and compares with the world before the start.
#[test]
fn undone_to_the_beginning_the_world_is_as_before() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let (world, remote) = (World::of(repo.path()), repo.bare().refs("refs/heads"));
    let (branches, tags) = (repo.refs("refs/heads"), repo.refs("refs/tags"));
    let responder = Responder::at(&sandbox, repo.path());
    responder.trust();
    responder.start("Wrong totals");
    responder.slot().write("src/till.sh", FIXED_SOURCE);
    responder.slot().write("tests/test_till.sh", NEW_TEST);
    responder.ship("totals");
    let mut undone = Vec::new();
    while responder.record().stage != Stage::Abandoned {
        undone.push(responder.undo().undone);
    }
    assert_eq!(undone, [Step::Cleanup, Step::Submit, Step::Commit, Step::Start]);
    world.assert_untouched(&World::of(repo.path()));
    assert_eq!((repo.refs("refs/heads"), repo.refs("refs/tags")), (branches, tags));
    assert_eq!(repo.bare().refs("refs/heads"), remote);
    assert_eq!(repo.refs("refs/remotes/origin/hotfix"), "", "Git's own note of the push is gone too");
    assert_eq!(repo.git(["show", "refs/hotfix/discarded/1.2.3:src/till.sh"]), FIXED_SOURCE.trim_end());
    let error = responder.try_undo().unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(UndoError::Nothing { .. })), "{error}");
    assert_eq!(responder.start("Next").slot.kind, hotfix_model::output::SlotKind::Warm);
}

#[test]
fn a_commit_taken_back_leaves_its_changes_in_the_slot() {
    let sandbox = Sandbox::new();
    let (responder, repo) = committed(&sandbox);
    let slot = responder.slot();
    assert_eq!(responder.undo().undone, Step::Commit);
    assert_eq!(slot.head(), repo.commit_of("main"));
    assert_eq!(slot.read("src/till.sh"), FIXED_SOURCE);
    assert_eq!(responder.record().stage, Stage::Started);
    let output = responder.ship("totals");
    assert_eq!(repo.bare().commit_of("hotfix/1.2.3"), output.commit.unwrap());
}

#[test]
fn a_push_taken_back_can_be_pushed_again() {
    let sandbox = Sandbox::new();
    let (responder, repo) = committed(&sandbox);
    responder.submit();
    assert_eq!(responder.undo().undone, Step::Submit);
    assert_eq!(repo.bare().refs("refs/heads/hotfix"), "");
    assert_eq!(responder.record().stage, Stage::Committed);
    let output = responder.ship("totals");
    assert_eq!(repo.bare().commit_of("hotfix/1.2.3"), output.commit.unwrap());
}

#[test]
fn the_team_learns_that_a_push_was_taken_back() {
    let sandbox = Sandbox::new();
    let (responder, repo) = committed(&sandbox);
    responder.submit();
    responder.undo();
    let record = |repo: &Repo| repo.git(["rev-parse", "refs/hotfix/record/1.2.3"]);
    assert_eq!(record(&repo.bare()), record(&repo));
}

#[test]
fn a_remote_branch_that_somebody_moved_is_not_deleted() {
    let sandbox = Sandbox::new();
    let (responder, repo) = committed(&sandbox);
    responder.submit();
    let bare = repo.bare();
    let theirs = bare.git(["commit-tree", "-m", "theirs", "-p", "hotfix/1.2.3", "hotfix/1.2.3^{tree}"]);
    bare.git(["update-ref", "refs/heads/hotfix/1.2.3", &theirs]);
    let error = responder.try_undo().unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(UndoError::RemoteMoved { .. })), "{error}");
    assert_eq!((error.exit(), bare.commit_of("hotfix/1.2.3")), (ExitCode::DECISION, theirs));
    assert_eq!(responder.record().stage, Stage::Submitted);
}

#[test]
fn what_is_merged_stays_merged() {
    let sandbox = Sandbox::new();
    let (responder, repo) = fixed(&sandbox, &[("submit.merge", "direct")]);
    let commit = responder.ship("totals").commit.unwrap();
    let error = responder.try_undo().unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(UndoError::Merged { .. })), "{error}");
    assert_eq!((error.next(), repo.bare().commit_of("main")), (format!("git revert {commit}"), commit));
}

#[test]
fn commits_made_by_hand_are_not_lost_with_the_start() {
    let sandbox = Sandbox::new();
    let (responder, repo) = fixed(&sandbox, &[]);
    let by_hand = responder.slot().commit("fix: by hand");
    let error = responder.try_undo().unwrap_err();
    assert_eq!(error.exit(), ExitCode::DECISION, "{error}");
    assert_eq!(repo.commit_of("hotfix/1.2.3"), by_hand);
    assert_eq!(responder.record().stage, Stage::Started, "nothing was done by half");
}

#[test]
fn a_commit_on_top_of_ours_is_not_lost_with_ours() {
    let sandbox = Sandbox::new();
    let (responder, repo) = committed(&sandbox);
    let slot = responder.slot();
    slot.write("README.md", "more");
    let by_hand = slot.commit("docs: by hand");
    let error = responder.try_undo().unwrap_err();
    assert_eq!(error.exit(), ExitCode::DECISION, "{error}");
    assert_eq!((repo.commit_of("hotfix/1.2.3"), slot.head()), (by_hand.clone(), by_hand));
}
