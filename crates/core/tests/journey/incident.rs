//! Incidents: one responder claims, the others are told and join.

use std::thread;

use hotfix_core::error::Error;
use hotfix_core::flow::start::Request;
use hotfix_core::journey::join;
use hotfix_core::session::IncidentError;
use hotfix_model::output::StartOutput;
use hotfix_model::{ExitCode, Stage};
use hotfix_testkit::responder::request;
use hotfix_testkit::till::{FIXED_SOURCE, NEW_TEST};
use hotfix_testkit::{Repo, Responder, Sandbox, World};

const INCIDENT: &str = "INC-77";

/// A second clone, of somebody else.
fn clone_of(repo: &Repo, name: &str) -> Repo {
    let clone = repo.clone_of_remote(name);
    clone.git(["config", "user.name", name]);
    clone.git(["config", "user.email", &format!("{name}@example.com")]);
    clone
}

fn start(responder: &Responder<'_>) -> Result<StartOutput, Error> {
    responder.try_start(Request { incident: Some(INCIDENT.to_owned()), ..request("Wrong totals") })
}

fn join(responder: &Responder<'_>) -> Result<StartOutput, Error> {
    join::apply(&responder.project(), INCIDENT)
}

fn claims(repo: &Repo) -> String {
    repo.bare().git(["for-each-ref", "--format=%(refname)", "refs/hotfix/incident/"])
}

fn taken_by(error: &Error) -> String {
    match error.downcast_ref() {
        Some(IncidentError::Taken { claim }) => format!("{} {}", claim.by.name, claim.branch),
        _ => panic!("{error}: {}", error.why()),
    }
}

#[test]
fn whoever_is_second_is_told_who_is_first_and_starts_nothing() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let ada = Responder::at(&sandbox, repo.path());
    let started = start(&ada).unwrap();
    assert_eq!(started.warnings, Vec::<String>::new());
    assert!(claims(&repo).starts_with("refs/hotfix/incident/inc-77-"));
    let clone = clone_of(&repo, "grace");
    let grace = Responder::at(&sandbox, clone.path());
    let before = World::of(clone.path());
    let error = start(&grace).unwrap_err();
    assert_eq!(taken_by(&error), "Responder hotfix/1.2.3");
    assert_eq!((error.exit(), error.next().contains("git hotfix join INC-77")), (ExitCode::DECISION, true));
    before.assert_untouched(&World::of(clone.path()));
    assert_eq!(clone.refs("refs/heads/hotfix/"), "", "nothing was started");
    let again = start(&ada).unwrap_err();
    assert_eq!(taken_by(&again), "Responder hotfix/1.2.3", "also in the same clone");
}

#[test]
fn of_two_that_claim_at_once_exactly_one_wins() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let clones = ["grace", "ada"].map(|name| clone_of(&repo, name));
    let results: Vec<_> = thread::scope(|scope| {
        let runs = clones.each_ref().map(|clone| {
            let sandbox = &sandbox;
            scope.spawn(move || start(&Responder::at(sandbox, clone.path())))
        });
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let lost: Vec<&Error> = results.iter().filter_map(|result| result.as_ref().err()).collect();
    assert_eq!(lost.len(), 1, "one of two");
    taken_by(lost[0]);
    assert_eq!(claims(&repo).lines().count(), 1);
}

#[test]
fn who_joins_works_on_the_same_branch_and_record() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let ada = Responder::at(&sandbox, repo.path());
    ada.trust();
    start(&ada).unwrap();
    let clone = clone_of(&repo, "grace");
    let grace = Responder::at(&sandbox, clone.path());
    grace.trust();
    let joined = join(&grace).unwrap();
    assert_eq!((joined.id.as_str(), joined.branch.as_str()), ("1.2.3", "hotfix/1.2.3"));
    assert_eq!(grace.record().author.name, "Responder", "it stays Ada's");
    let slot = sandbox.repo_at(&joined.worktree);
    slot.write("src/till.sh", FIXED_SOURCE);
    slot.write("tests/test_till.sh", NEW_TEST);
    grace.ship("totals");
    let pushed = repo.bare().commit_of("hotfix/1.2.3");
    // Ada gets what Grace pushed, and goes on from there.
    assert_eq!(join(&ada).unwrap().id, "1.2.3");
    assert_eq!(ada.slot().head(), pushed);
    assert_eq!(ada.record().stage, Stage::Submitted);
    ada.slot().write("README.md", "# Better\n");
    ada.ship("more of it");
    assert_eq!(repo.bare().commit_of("hotfix/1.2.3^"), pushed);
}

#[test]
fn edits_are_never_moved_under_somebodys_hands() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let ada = Responder::at(&sandbox, repo.path());
    ada.trust();
    start(&ada).unwrap();
    let clone = clone_of(&repo, "grace");
    let grace = Responder::at(&sandbox, clone.path());
    grace.trust();
    let joined = join(&grace).unwrap();
    sandbox.repo_at(&joined.worktree).write("src/till.sh", FIXED_SOURCE);
    grace.ship("totals");
    ada.slot().write("src/till.sh", "half of it\n");
    let before = World::of(ada.slot().path());
    let error = join(&ada).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(IncidentError::Edited { .. })), "{error}");
    before.assert_untouched(&World::of(ada.slot().path()));
}

#[test]
fn a_claim_ends_with_its_hotfix() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let ada = Responder::at(&sandbox, repo.path()).with("submit.merge", "direct");
    ada.trust();
    start(&ada).unwrap();
    ada.try_cleanup(true).unwrap();
    assert_eq!(claims(&repo), "", "given up");
    start(&ada).unwrap();
    ada.slot().write("src/till.sh", FIXED_SOURCE);
    ada.ship("totals");
    assert_eq!(claims(&repo), "", "merged");
    let error = join(&ada).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(IncidentError::NotClaimed { .. })), "{error}");
}

#[test]
fn a_claim_that_outlived_its_hotfix_is_taken_over() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let ada = Responder::at(&sandbox, repo.path()).with("submit.merge", "direct");
    ada.trust();
    start(&ada).unwrap();
    let name = claims(&repo);
    let left = repo.bare().git(["rev-parse", &name]);
    ada.slot().write("src/till.sh", FIXED_SOURCE);
    ada.ship("totals");
    // As if the process that removes it had been killed.
    repo.bare().git(["update-ref", &name, &left]);
    let clone = clone_of(&repo, "grace");
    let grace = Responder::at(&sandbox, clone.path());
    let started = start(&grace).unwrap();
    assert_ne!(started.id, "1.2.3");
    let claim = repo.bare().git(["cat-file", "blob", &format!("{name}:claim.json")]);
    assert!(claim.contains("\"grace\"") && claim.contains(&started.id), "{claim}");
}

#[test]
fn a_claim_of_a_start_that_never_began_is_ones_own() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let ada = Responder::at(&sandbox, repo.path());
    start(&ada).unwrap();
    // As if the start had been killed right after the claim.
    repo.git(["update-ref", "-d", "refs/hotfix/record/1.2.3"]);
    repo.git(["update-ref", "-d", "refs/hotfix/remote/record/1.2.3"]);
    repo.bare().git(["update-ref", "-d", "refs/hotfix/record/1.2.3"]);
    let started = start(&ada).unwrap();
    assert_eq!((started.warnings.len(), claims(&repo).lines().count()), (0, 1));
}

#[test]
fn offline_the_claim_waits_for_the_submit() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let ada = Responder::at(&sandbox, repo.path());
    ada.trust();
    let remote = repo.bare();
    let away = sandbox.code().join("away.git");
    std::fs::rename(remote.path(), &away).unwrap();
    let started = start(&ada).unwrap();
    assert!(
        started.warnings.iter().any(|warning| warning.contains("not claimed yet")),
        "{:?}",
        started.warnings
    );
    std::fs::rename(&away, remote.path()).unwrap();
    ada.slot().write("src/till.sh", FIXED_SOURCE);
    ada.ship("totals");
    assert_eq!(claims(&repo).lines().count(), 1);
}

#[test]
fn a_remote_that_takes_no_claims_does_not_stop_anybody() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let hook = repo.bare().file("hooks/update");
    sandbox.fake_tool("refuse", "case \"$1\" in refs/hotfix/*) echo 'not here'; exit 1;; esac");
    std::fs::copy(sandbox.root().join("bin/refuse"), &hook).unwrap();
    let ada = Responder::at(&sandbox, repo.path());
    ada.trust();
    let started = start(&ada).unwrap();
    assert!(started.warnings[0].contains("not here"), "{:?}", started.warnings);
    ada.slot().write("src/till.sh", FIXED_SOURCE);
    ada.ship("totals");
}

#[test]
fn hostile_names_stay_in_their_ref() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let ada = Responder::at(&sandbox, repo.path());
    for incident in ["../../heads/main", "-x", "a\nb", "\u{1b}[31m", "日本", ".lock"] {
        let request = Request { incident: Some(incident.to_owned()), ..request(incident) };
        let started = ada.try_start(request).unwrap();
        assert_eq!(started.warnings, Vec::<String>::new(), "{incident:?}");
    }
    assert_eq!(claims(&repo).lines().count(), 6);
    assert_eq!(repo.bare().git(["for-each-ref", "refs/heads/"]).lines().count(), 1);
}
