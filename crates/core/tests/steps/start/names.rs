//! Names that are taken, asked for, or cannot be.

use super::*;

#[test]
fn taken_by_a_local_branch() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    repo.git(["branch", "hotfix/1.2.3"]);
    let started = Responder::at(&sandbox, repo.path()).start(ALERT);
    assert_eq!(started.branch, "hotfix/1.2.3-production-down-auth-failing");
}

#[test]
fn taken_by_a_local_record() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    let responder = Responder::at(&sandbox, repo.path());
    responder.start(ALERT);
    responder.try_cleanup(true).unwrap();
    repo.git(["branch", "--delete", "--force", "hotfix/1.2.3"]);
    assert_eq!(responder.start(ALERT).id, "1.2.3-production-down-auth-failing");
    assert_eq!(responder.start(ALERT).id, "1.2.3-production-down-auth-failing-2");
}

#[test]
fn taken_by_a_branch_of_the_remote_that_this_clone_never_saw() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    repo.bare().git(["branch", "hotfix/1.2.3", "main"]);
    let started = Responder::at(&sandbox, repo.path()).start(ALERT);
    assert_eq!(started.branch, "hotfix/1.2.3-production-down-auth-failing");
}

#[test]
fn taken_by_a_record_of_the_remote() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    repo.bare().git(["update-ref", "refs/hotfix/record/1.2.3", "main^{tree}"]);
    let started = Responder::at(&sandbox, repo.path()).start(ALERT);
    assert_eq!(started.branch, "hotfix/1.2.3-production-down-auth-failing");
}

#[test]
fn an_alert_that_comes_again_and_again_never_runs_out_of_names() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    let commit = repo.git(["rev-parse", "HEAD"]);
    let slug = "1.2.3-production-down-auth-failing";
    let line = |name: &str| format!("{} refs/heads/hotfix/{name}\n", commit.trim());
    let numbered = (2..=700).map(|number| line(&format!("{slug}-{number}")));
    let packed: String = [line("1.2.3"), line(slug)].into_iter().chain(numbered).collect();
    fs::write(repo.path().join(".git/packed-refs"), packed).unwrap();
    assert_eq!(Responder::at(&sandbox, repo.path()).start(ALERT).id, format!("{slug}-701"));
}

#[test]
fn an_asked_for_version_is_used() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    let request = Request { version: Some("7.0.1".to_owned()), ..request(ALERT) };
    assert_eq!(Responder::at(&sandbox, repo.path()).try_start(request).unwrap().branch, "hotfix/7.0.1");
}

#[test]
fn an_asked_for_name_that_is_taken_is_a_decision_and_leaves_nothing() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    repo.git(["branch", "hotfix/auth"]);
    let responder = Responder::at(&sandbox, repo.path());
    let error = responder.try_start(named("auth")).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(StartError::NameTaken { .. })), "{error}");
    assert_eq!(error.exit(), ExitCode::DECISION);
    assert!(responder.project().open_here().unwrap().is_empty());
    assert_eq!(responder.start(ALERT).slot.kind, SlotKind::Warm, "the slot was given back");
}

#[test]
fn a_name_that_no_branch_can_have_is_wrong_usage() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    let responder = Responder::at(&sandbox, repo.path());
    for name in ["a b", "a..b", "x.lock", "", "/x", "a\nb", "@{-1}", "a:b"] {
        let error = responder.try_start(named(name)).expect_err(name);
        assert!(matches!(error.downcast_ref(), Some(GitError::BadName { .. })), "{name:?}: {error}");
        assert_eq!(error.exit(), ExitCode::USAGE);
    }
    assert_eq!(repo.refs("refs/heads/hotfix"), "");
    assert_eq!(repo.refs("refs/hotfix/record"), "");
}

#[test]
fn an_alert_of_any_characters_makes_a_branch() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(&[("a", b"1")]);
    let responder = Responder::at(&sandbox, repo.path());
    for alert in ["日本", "--upload-pack=x", "$(id) `id` \"'", "\u{202e}live", "", "x".repeat(300).as_str()]
    {
        let started = responder.start(alert);
        assert_eq!(repo.git(["rev-parse", &started.branch]), started.base.commit, "{alert:?}");
        responder.try_cleanup(true).unwrap();
    }
}
