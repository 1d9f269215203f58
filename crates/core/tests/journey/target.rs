//! Where a fix lands, from the start to the tag: on the line that it was made for, and on no other.

use hotfix_core::error::Error;
use hotfix_core::flow::{start, submit};
use hotfix_core::journey::ship;
use hotfix_core::session::SessionError;
use hotfix_model::{ExitCode, MergeRequestState};
use hotfix_testkit::responder::request;
use hotfix_testkit::till::{FIXED_SOURCE, NEW_TEST};
use hotfix_testkit::{Repo, Responder, Sandbox};

/// A line of releases beside main: v1.2.3 is on release/1.x alone, and main went on.
fn with_a_release_line(sandbox: &Sandbox) -> Repo {
    let repo = sandbox.till();
    for (branch, file) in [("release/1.x", "release"), ("main", "news")] {
        repo.git(["switch", "--quiet", "--force-create", branch, "main"]);
        repo.write(file, file);
        repo.commit(&format!("feat: {file}"));
        repo.git(["push", "--quiet", "origin", branch]);
    }
    repo.git(["tag", "v1.2.3", "release/1.x"]);
    repo.git(["push", "--quiet", "--tags"]);
    repo
}

fn from(base: &str) -> start::Request {
    start::Request { base: Some(base.to_owned()), ..request("Wrong totals") }
}

fn started<'a>(sandbox: &'a Sandbox, repo: &Repo, base: &str, settings: &[(&str, &str)]) -> Responder<'a> {
    let responder = settings
        .iter()
        .fold(Responder::at(sandbox, repo.path()), |responder, (key, value)| responder.with(key, value));
    responder.trust();
    responder.try_start(from(base)).unwrap();
    responder.slot().write("src/till.sh", FIXED_SOURCE);
    responder.slot().write("tests/test_till.sh", NEW_TEST);
    responder
}

fn ship_into(responder: &Responder<'_>, target: &str) -> Result<(), Error> {
    let request = ship::Request { target: Some(target.to_owned()), ..ship::Request::default() };
    responder.work(|project, hotfix| {
        ship::apply(project, hotfix, &request).map(drop).map_err(|stopped| stopped.error)
    })
}

fn refusal(responder: &Responder<'_>) -> Error {
    responder.try_ship("totals", &[]).map(drop).map_err(|stopped| stopped.error).unwrap_err()
}

fn lonely(repo: &Repo) -> String {
    repo.git(["commit-tree", "-m", "of a customer", "main^{tree}"])
}

const DIRECT: &[(&str, &str)] = &[("submit.merge", "direct"), ("submit.tag", "true")];

#[test]
fn the_fix_of_a_release_goes_to_its_branch_and_main_stays_as_it_is() {
    let sandbox = Sandbox::new();
    let repo = with_a_release_line(&sandbox);
    let bare = repo.bare();
    let (main, release) = (bare.commit_of("main"), bare.commit_of("release/1.x"));
    let responder = started(&sandbox, &repo, "v1.2.3", DIRECT);
    let output = responder.ship("totals");
    assert_eq!(
        (output.state, output.target.as_deref()),
        (Some(MergeRequestState::Merged), Some("release/1.x"))
    );
    let commit = output.commit.unwrap();
    assert_eq!((bare.commit_of("release/1.x"), bare.commit_of("main")), (commit.clone(), main));
    assert_eq!(bare.commit_of(&format!("{commit}~")), release);
    assert_eq!(bare.commit_of("refs/tags/v1.2.4"), commit);
    assert!(output.merge_request.unwrap().description.contains("release/1.x"));
}

#[test]
fn while_nobody_has_chosen_nothing_is_shipped() {
    let sandbox = Sandbox::new();
    let repo = with_a_release_line(&sandbox);
    let responder = started(&sandbox, &repo, &lonely(&repo), &[]);
    let error = refusal(&responder);
    assert!(matches!(error.downcast_ref(), Some(SessionError::NoTarget { .. })), "{error}");
    assert_eq!(error.exit(), ExitCode::DECISION);
    assert!(error.next().contains("--target release/1.x  # or main"), "{}", error.next());
    assert_eq!(responder.record().commit, None);
    let unknown = ship_into(&responder, "release/7").unwrap_err();
    assert_eq!(unknown.exit(), ExitCode::USAGE, "{unknown}");
    ship_into(&responder, "origin/release/1.x").unwrap();
    let record = responder.record();
    assert_eq!((record.target.as_str(), record.target_choices), ("release/1.x", Vec::new()));
    assert!(record.merge_request.unwrap().description.contains("release/1.x"));
    let id = responder.record().id;
    let responder = responder.on(&id);
    let late = ship_into(&responder, "main").unwrap_err();
    assert!(matches!(late.downcast_ref(), Some(SessionError::Past { .. })), "{late}");
}

#[test]
fn submit_takes_the_choice_as_well() {
    let sandbox = Sandbox::new();
    let repo = with_a_release_line(&sandbox);
    let responder = started(&sandbox, &repo, &lonely(&repo), &[]);
    responder.prove(&[]);
    responder.test();
    responder.commit("totals");
    let error = responder.try_submit().unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(SessionError::NoTarget { .. })), "{error}");
    let wanted = || submit::Request { target: Some("main".to_owned()), ..submit::Request::default() };
    let output = responder
        .work(|project, hotfix| submit::apply(project, hotfix, &submit::plan(project, hotfix, wanted())?))
        .unwrap();
    assert_eq!((output.target.as_deref(), responder.record().target.as_str()), (Some("main"), "main"));
}

#[test]
fn a_fix_is_never_moved_from_one_line_to_another() {
    let sandbox = Sandbox::new();
    let repo = with_a_release_line(&sandbox);
    let main = repo.bare().commit_of("main");
    let responder = started(&sandbox, &repo, "v1.2.3", DIRECT);
    let error = ship_into(&responder, "main").unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(SessionError::OtherLine { .. })), "{error}");
    assert_eq!(error.exit(), ExitCode::DECISION);
    assert_eq!(repo.bare().commit_of("main"), main);
    let record = responder.record();
    assert_eq!(record.base.commit, repo.commit_of("v1.2.3"), "it stands where it stood");
    ship_into(&responder, "release/1.x").unwrap();
    assert_eq!(repo.bare().commit_of("release/1.x"), record.commit.unwrap());
}

#[test]
fn what_rode_along_is_not_tagged() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    repo.write("news", "not released yet");
    repo.commit("feat: not released yet");
    repo.git(["push", "--quiet", "origin", "main"]);
    let responder = started(&sandbox, &repo, "v1.2.2", DIRECT);
    let output = responder.ship("totals");
    assert_eq!(repo.bare().commit_of("main"), output.commit.unwrap());
    assert_eq!(repo.bare().refs("refs/tags/v1.2.3"), "");
    assert!(sandbox.recorder().warnings().iter().any(|line| line.contains("v1.2.3 is not tagged")));
}

#[test]
fn the_fix_of_main_is_tagged_where_it_is_merged_and_after_the_others() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = started(&sandbox, &repo, "main", DIRECT);
    let moved = repo.push_commit_to_remote(&[("news", b"merged meanwhile")]);
    let commit = responder.ship("totals").commit.unwrap();
    assert_eq!(repo.bare().commit_of(&format!("{commit}~")), moved);
    assert_eq!(repo.bare().commit_of("refs/tags/v1.2.3"), commit);
}

#[test]
fn several_remotes_and_none_chosen_stop_a_ship_by_name() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = started(&sandbox, &repo, "main", &[]);
    repo.git(["remote", "rename", "origin", "upstream"]);
    repo.git(["remote", "add", "fork", repo.bare().path().to_str().unwrap()]);
    let error = refusal(&responder);
    assert!(matches!(error.downcast_ref(), Some(SessionError::SeveralRemotes { .. })), "{error}");
}
