//! follow-up: review and post-mortem stay owed until done, from this clone and from the team.

use std::time::Duration;

use hotfix_core::flow::follow_up::{self, SettleRequest};
use hotfix_model::{ExitCode, Fact, Gate, OwedKind};
use hotfix_testkit::till::{FIXED_SOURCE, NEW_TEST};
use hotfix_testkit::{Responder, Sandbox, World};

const HOUR: Duration = Duration::from_hours(1);

/// A till whose fix is on the remote.
fn shipped<'a>(sandbox: &'a Sandbox, skips: &[(Gate, &str)]) -> Responder<'a> {
    let repo = sandbox.till();
    let responder = Responder::at(sandbox, repo.path());
    responder.trust();
    responder.start("Wrong totals");
    responder.slot().write("src/till.sh", FIXED_SOURCE);
    responder.slot().write("tests/test_till.sh", NEW_TEST);
    responder.try_ship("totals", skips).map_err(|stopped| stopped.error).unwrap();
    responder
}

fn kinds(responder: &Responder<'_>) -> Vec<(OwedKind, bool)> {
    responder.owed().into_iter().map(|owed| (owed.kind, owed.overdue)).collect()
}

#[test]
fn nothing_is_owed_before_the_fix_is_out() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = Responder::at(&sandbox, repo.path());
    responder.start("Wrong totals");
    assert_eq!(kinds(&responder), []);
}

#[test]
fn the_review_within_a_day_and_the_postmortem_within_five() {
    let sandbox = Sandbox::new();
    let responder = shipped(&sandbox, &[]);
    let submitted = responder.record().owed[0].due;
    let owed = responder.owed();
    let days = |at: usize| owed[at].due.duration_since(submitted).as_hours() / 24;
    assert_eq!((owed[0].kind, owed[1].kind, days(1)), (OwedKind::Review, OwedKind::Postmortem, 4));
    assert_eq!(kinds(&responder), [(OwedKind::Review, false), (OwedKind::Postmortem, false)]);
    sandbox.clock().advance(23 * HOUR);
    assert_eq!(kinds(&responder), [(OwedKind::Review, false), (OwedKind::Postmortem, false)]);
    sandbox.clock().advance(2 * HOUR);
    assert_eq!(kinds(&responder), [(OwedKind::Review, true), (OwedKind::Postmortem, false)]);
    sandbox.clock().advance(96 * HOUR);
    assert_eq!(kinds(&responder), [(OwedKind::Review, true), (OwedKind::Postmortem, true)]);
}

#[test]
fn the_periods_are_those_of_the_configuration() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let settings = Responder::at(&sandbox, repo.path()).with("follow_up.review_within", "2h");
    let responder = settings.with("follow_up.postmortem_within", "1h");
    responder.trust();
    responder.start("Wrong totals");
    responder.slot().write("src/till.sh", FIXED_SOURCE);
    responder.ship("totals");
    assert_eq!(
        kinds(&responder),
        [(OwedKind::Postmortem, false), (OwedKind::Review, false)],
        "the first due first"
    );
    sandbox.clock().advance(HOUR);
    assert_eq!(kinds(&responder), [(OwedKind::Postmortem, true), (OwedKind::Review, false)]);
}

#[test]
fn a_skipped_gate_is_owed_with_its_reason() {
    let sandbox = Sandbox::new();
    let responder = shipped(&sandbox, &[(Gate::Test, "the runner is down")]);
    let owed = responder.owed();
    let skipped = owed.iter().find(|owed| owed.kind == OwedKind::SkippedGate).unwrap();
    assert_eq!(skipped.what, "test was skipped: the runner is down");
}

#[test]
fn what_was_settled_is_owed_no_more() {
    let sandbox = Sandbox::new();
    let responder = shipped(&sandbox, &[]);
    let settled = Fact::Settled { owed: "postmortem".to_owned(), reason: None };
    let id = responder.record().id;
    let settle = |responder: Responder<'_>| {
        responder.work(|project, hotfix| hotfix.append(project, vec![(settled, None)], &Vec::new()))
    };
    settle(Responder::at(&sandbox, responder.dir()).on(&id)).unwrap();
    assert_eq!(kinds(&responder), [(OwedKind::Review, false)]);
}

#[test]
fn a_colleague_sees_what_the_team_owes() {
    let sandbox = Sandbox::new();
    let responder = shipped(&sandbox, &[]);
    let repo = sandbox.repo_at(responder.dir());
    let clone = repo.clone_of_remote("second");
    let colleague = Responder::at(&sandbox, clone.path());
    colleague.start("Something else");
    let owed: Vec<_> = colleague.owed().into_iter().map(|owed| (owed.id, owed.kind)).collect();
    let expected = [OwedKind::Review, OwedKind::Postmortem].map(|kind| ("1.2.3".to_owned(), kind));
    assert_eq!(owed, expected);
}

#[test]
fn looking_changes_nothing() {
    let sandbox = Sandbox::new();
    let responder = shipped(&sandbox, &[]);
    let repo = sandbox.repo_at(responder.dir());
    let (before, refs) = (World::of(repo.path()), repo.refs(""));
    responder.owed();
    follow_up::of(&responder.project(), None).unwrap();
    before.assert_untouched(&World::of(repo.path()));
    assert_eq!(repo.refs(""), refs);
}

fn settle(responder: &Responder<'_>, key: &str) -> hotfix_core::error::Result<Vec<String>> {
    let request = SettleRequest { id: None, key: key.to_owned(), reason: "ran green at night".to_owned() };
    let output = follow_up::settle(&responder.project(), &request)?;
    Ok(output.owed.into_iter().map(|owed| owed.key).collect())
}

#[test]
fn a_skipped_gate_is_settled_with_a_reason() {
    let sandbox = Sandbox::new();
    let responder = shipped(&sandbox, &[(Gate::Test, "the runner is down")]);
    assert_eq!(settle(&responder, "skipped_gate:test").unwrap(), ["review", "postmortem"]);
    let record = responder.record();
    let paid = record.owed.iter().find(|owed| owed.key == "skipped_gate:test").unwrap();
    assert_eq!(paid.reason.as_deref(), Some("ran green at night"));
    assert_eq!(paid.settled_by.as_ref().map(|actor| actor.email.as_str()), Some("responder@example.com"));
    let repo = sandbox.repo_at(responder.dir());
    let on_remote = repo.bare().git(["show", "refs/hotfix/record/1.2.3:events.jsonl"]);
    assert!(on_remote.contains("ran green at night"), "the team sees it");
    let again = settle(&responder, "skipped_gate:test").unwrap_err();
    assert_eq!((again.exit(), again.next()), (ExitCode::DECISION, "git hotfix owed".to_owned()));
}

#[test]
fn a_review_is_settled_by_nothing_but_a_review() {
    let sandbox = Sandbox::new();
    let responder = shipped(&sandbox, &[]);
    let error = settle(&responder, "review").unwrap_err();
    assert_eq!((error.exit(), error.next()), (ExitCode::DECISION, "git hotfix review 1.2.3".to_owned()));
    let id = Some("1.2.3".to_owned());
    let request = SettleRequest { id, key: "reviews".to_owned(), reason: "x".to_owned() };
    let error = follow_up::settle(&responder.project(), &request).unwrap_err();
    assert_eq!((error.exit(), error.why()), (ExitCode::USAGE, "it owes review, postmortem".to_owned()));
    let request = SettleRequest { id: Some("1.2.4".to_owned()), ..request };
    let error = follow_up::settle(&responder.project(), &request).unwrap_err();
    assert_eq!((error.exit(), error.why()), (ExitCode::USAGE, "did you mean 1.2.3?".to_owned()));
}

#[test]
fn the_reminder_names_what_is_overdue_as_soon_as_it_is() {
    let sandbox = Sandbox::new();
    let responder = shipped(&sandbox, &[(Gate::Test, "the runner is down")]);
    let reminder = |responder: &Responder<'_>| responder.project().reminder();
    assert_eq!(reminder(&responder), None);
    sandbox.clock().advance(25 * HOUR);
    let line = "1 review and 1 skipped gate of 1.2.3 are overdue: git hotfix owed";
    assert_eq!(reminder(&responder).as_deref(), Some(line));
    settle(&responder, "skipped_gate:test").unwrap();
    assert_eq!(reminder(&responder).as_deref(), Some("1 review of 1.2.3 is overdue: git hotfix owed"));
    let clone = sandbox.repo_at(responder.dir()).clone_of_remote("second");
    let colleague = Responder::at(&sandbox, clone.path());
    assert_eq!(reminder(&colleague), None, "nobody looked yet");
    follow_up::all_of_team(&colleague.project()).unwrap();
    assert_eq!(reminder(&colleague).as_deref(), Some("1 review of 1.2.3 is overdue: git hotfix owed"));
    std::fs::write(clone.file(".git/hotfix/owed.json"), "[{\"due\":").unwrap();
    assert_eq!(reminder(&colleague), None, "a memory that was cut short is none");
}

#[test]
fn offline_shows_what_is_known() {
    let sandbox = Sandbox::new();
    let responder = shipped(&sandbox, &[]);
    let bare = sandbox.repo_at(responder.dir()).bare();
    std::fs::rename(bare.path(), sandbox.code().join("away.git")).unwrap();
    assert_eq!(follow_up::all_of_team(&responder.project()).unwrap().len(), 2);
    let warnings = sandbox.recorder().warnings();
    assert!(warnings.iter().any(|line| line.starts_with("the remote did not answer")), "{warnings:?}");
}
