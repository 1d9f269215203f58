//! Two clones of one remote, two people: one ships, the other sees it owed, runs the proof again and approves.

use hotfix_testkit::{Binary, Repo};
use serde_json::Value;

use crate::case::{ALERT, Case, ID, SUBJECT};

/// The clone of somebody else.
fn colleague(case: &Case) -> Repo {
    let clone = case.repo.clone_of_remote("bob");
    clone.git(["config", "user.name", "Bob"]);
    clone.git(["config", "user.email", "bob@example.com"]);
    clone
}

fn shipped() -> (Case, Repo) {
    let case = Case::new();
    case.hotfix().must(["start", ALERT]);
    case.fix();
    case.hotfix().must(["ship", SUBJECT]);
    let bob = colleague(&case);
    (case, bob)
}

fn owed(program: &Binary) -> Vec<String> {
    let answer = program.must(["--json", "owed"]).json();
    let kind = |owed: &Value| owed["kind"].as_str().expect("a kind").to_owned();
    answer.as_array().expect("a list").iter().map(kind).collect()
}

#[test]
fn from_the_debt_to_the_approval_in_two_clones() {
    let (case, bob) = shipped();
    case.repo.bare().git(["update-ref", "refs/heads/main", &format!("refs/heads/hotfix/{ID}")]);
    let commit = case.repo.commit_of(&format!("refs/heads/hotfix/{ID}"));
    assert_eq!(owed(&case.at(bob.path())), ["review", "postmortem"]);
    let replay = case.at(bob.path()).must(["--json", "proof", "replay", ID]).json();
    assert_eq!((&replay["verdict"], &replay["same"]), (&"proven".into(), &true.into()), "{replay}");

    case.sandbox.env_set("HOTFIX_REVIEW", &commit);
    let own = case.hotfix().run(["review", ID, "--approve"]);
    insta::assert_snapshot!(case.told(&own), @r"
    exit 4
    error: Responder <responder@example.com> worked on 1.2.3 and cannot approve it
      why: somebody else has to look; Responder <responder@example.com> worked on it
      next: ask a colleague to run: git hotfix review 1.2.3
    ");
    case.sandbox.env_remove("HOTFIX_REVIEW");
    let unattended = case.at(bob.path()).run(["review", ID, "--approve"]);
    insta::assert_snapshot!(case.told(&unattended), @r"
    exit 4
    error: nobody is at a terminal to approve 1.2.3
      why: an approval says that a person has looked at it, so a program cannot give it
      next: git hotfix review 1.2.3  # on a terminal; for automation set HOTFIX_REVIEW=[oid]
    ");
    case.sandbox.env_set("HOTFIX_REVIEW", "another commit");
    assert_eq!(case.at(bob.path()).run(["review", ID, "--approve"]).code, 4);
    assert_eq!(owed(&case.hotfix()), ["review", "postmortem"], "nothing of that counts");

    case.sandbox.env_set("HOTFIX_REVIEW", &commit);
    case.at(bob.path()).must(["review", ID, "--approve", "-m", "looks right"]);
    assert_eq!(owed(&case.hotfix()), ["postmortem"]);
    assert_eq!(case.hotfix().must(["--json", "proof", "verify", ID]).json()["good"], true);
    let log = case.hotfix().must(["log", ID]).stdout;
    assert!(
        log.contains("replayed: proven") && log.contains("approved") && log.contains("looks right"),
        "{log}"
    );
    case.assert_untouched();
    case.assert_sound();
}

#[test]
fn what_a_reviewer_sees_without_a_terminal() {
    let (case, bob) = shipped();
    // It would wait for a key.
    case.sandbox.env_set("GIT_PAGER", "exit 7");
    let shown = case.at(bob.path()).must(["review", ID]).stdout;
    for part in
        [ALERT, "proven", "red", "green", "review", "+    test -n \"$1\" && test \"$1\" -gt 0", "--approve"]
    {
        assert!(shown.contains(part), "no {part} in\n{shown}");
    }
}

#[test]
fn a_scheduled_job_is_told_by_the_exit_code() {
    let case = Case::new();
    let soon = ["--set", "follow_up.review_within=0s", "--set", "follow_up.postmortem_within=0s"];
    case.hotfix().must([&soon[..], &["start", ALERT]].concat());
    assert_eq!(case.hotfix().run(["owed", "--check"]).code, 0);
    case.fix();
    case.hotfix().must(["ship", SUBJECT]);
    assert_eq!(case.hotfix().run(["owed", "--check"]).code, 1);
    assert_eq!(case.hotfix().run(["owed", "--check", "--offline"]).code, 1);
    assert_eq!(case.hotfix().run(["owed"]).code, 0);
    let reminded = |args: &[&str]| case.hotfix().must(args).stderr.contains("overdue: git hotfix owed");
    assert!(reminded(&["status"]) && reminded(&["start", "Another alert"]));
    let settle = ["owed", "settle", "postmortem", "--reason", "a drill"];
    assert!(case.hotfix().must(settle).stdout.starts_with("settled postmortem"));
}
