//! On a real Gerrit.

use hotfix_model::MergeRequestState;
use hotfix_testkit::forges::{Change, Gerrit, GerritProject};

use crate::scene::{ID, SUBJECT, Scene};

fn published() -> (Scene, GerritProject<'static>) {
    let scene = Scene::new();
    let project = Gerrit::shared().publish(&scene.repo);
    // Gerrit does not say what it is before it has been asked, which is too late for the commit's message.
    scene.settings("[submit]\nforge = \"gerrit\"\n");
    (scene, project)
}

fn assert_one(scene: &Scene, project: &GerritProject<'_>) -> Change {
    let change = project.change();
    assert_eq!(change.hashtags, ["needs-post-review", "urgent"]);
    assert_eq!(change.topic, "hotfix-1.2.3");
    assert_eq!(change.branch, "main");
    assert_eq!(change.commit, scene.commit());
    change
}

#[test]
fn the_push_alone_makes_the_change() {
    let (scene, project) = published();
    scene.fixed();
    let shipped = scene.ship();
    let change = assert_one(&scene, &project);
    assert_eq!(shipped["state"], "open");
    assert_eq!(shipped["merge_request"]["number"], change.number);
    let message = scene.repo.git(["log", "-1", "--format=%(trailers:key=Change-Id)", &scene.commit()]);
    assert!(message.starts_with("Change-Id: I"), "{message}");
}

#[test]
fn it_is_submitted_once_the_votes_are_there() {
    let (scene, project) = published();
    scene.token(&Gerrit::shared().token());
    scene.fixed();
    let shipped = scene.ship();
    assert_eq!(shipped["state"], "blocked");
    let change = assert_one(&scene, &project);
    assert_eq!(change.status, "NEW");
    let blocked = scene.look();
    assert_eq!(blocked.why.as_deref(), Some("needs Code-Review+2"));
    assert_eq!(blocked.who.as_deref(), Some("somebody who may vote Code-Review+2"));

    project.vote(change.number, "Code-Review", -2);
    assert_eq!(scene.look().why.as_deref(), Some("reviewer voted Code-Review-2"));
    project.vote(change.number, "Code-Review", 2);
    assert_eq!(scene.look().state, MergeRequestState::Open);
    let again = scene.hotfix().run(["submit", "--json", "--id", ID]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(again.json()["state"], "merged");
    let merged = assert_one(&scene, &project);
    assert_eq!((merged.status.as_str(), merged.patch_sets), ("MERGED", 1));
    assert_eq!(project.main(), scene.commit());
    assert_eq!(scene.look().state, MergeRequestState::Merged);
}

#[test]
fn after_the_merge_votes_are_read_and_hashtags_change() {
    let (scene, project) = published();
    scene.token(&Gerrit::shared().token());
    scene.fixed();
    scene.hotfix().must(["prove"]);
    scene.hotfix().must(["test"]);
    scene.hotfix().must(["commit", "-m", SUBJECT]);
    scene.hotfix().must(["submit"]);
    let change = project.change();
    project.vote(change.number, "Code-Review", 2);
    scene.hotfix().must(["submit"]);
    assert_eq!(project.change().status, "MERGED");
    let number = u64::try_from(change.number).expect("a number");
    let forge = scene.forge();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    forge.relabel(number, &names(&["post-reviewed"]), &names(&["needs-post-review"])).expect("hashtags");
    assert_eq!(project.change().hashtags, ["post-reviewed", "urgent"]);
    let marks = forge.marks(number).expect("marks");
    let vote = marks.iter().find(|mark| mark.words == "Code-Review+2").expect("a vote");
    assert_eq!((vote.account.as_str(), vote.approves), ("reviewer", true));
    assert_eq!(vote.email.as_deref(), Some("reviewer@example.com"));
}

#[test]
fn a_record_that_is_refused_stays_here_and_one_that_is_allowed_is_there() {
    let (scene, project) = published();
    project.allow_records();
    scene.fixed();
    scene.ship();
    let refs = scene.repo.git(["ls-remote", "origin", "refs/hotfix/*"]);
    assert!(refs.ends_with(&format!("refs/hotfix/record/{ID}")), "{refs}");
}
