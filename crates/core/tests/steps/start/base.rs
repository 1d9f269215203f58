//! Where a hotfix starts from.

use super::*;

#[test]
fn a_newer_main_on_the_remote_is_where_the_slot_ends() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    let newer = colleague_moved_main(&repo);
    let started = Responder::at(&sandbox, repo.path()).start(ALERT);
    let slot = sandbox.repo_at(&started.worktree);
    assert_eq!((slot.head(), slot.read("a").as_str()), (newer.clone(), "newer\n"));
    assert_eq!(started.base.commit, newer);
    assert!(started.fresh && started.warnings.is_empty());
    assert_eq!(slot.git(["status", "--porcelain"]), "");
}

#[test]
fn local_commits_on_main_are_not_production() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    let published = repo.head();
    repo.write("a", "not pushed");
    repo.commit("feat: not pushed");
    let started = Responder::at(&sandbox, repo.path()).start(ALERT);
    assert_eq!(started.base.commit, published);
}

#[test]
fn without_fetch_nobody_is_asked() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    let known = repo.commit_of("main");
    colleague_moved_main(&repo);
    let request = Request { fetch: false, ..request(ALERT) };
    let started = Responder::at(&sandbox, repo.path()).try_start(request).unwrap();
    assert_eq!(started.base.commit, known);
    assert!(!started.fresh);
    assert_eq!(started.warnings, Vec::<String>::new());
}

#[test]
fn a_tag_in_production_is_base_and_is_not_moved() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    let tagged = repo.commit_of("v1.2.2");
    colleague_moved_main(&repo);
    let started = Responder::at(&sandbox, repo.path()).try_start(from("v1.2.2")).unwrap();
    assert_eq!((started.base.commit, started.base.reference.as_str()), (tagged, "v1.2.2"));
    assert_eq!(Responder::at(&sandbox, repo.path()).record().target, "main");
}

#[test]
fn a_base_that_does_not_exist_is_wrong_usage_and_leaves_nothing() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    for name in ["v9.9.9", "-x", "--all", "a\nb", ""] {
        let error = Responder::at(&sandbox, repo.path()).try_start(from(name)).expect_err(name);
        let unknown = matches!(error.downcast_ref(), Some(SessionError::UnknownBase { .. }));
        assert!(unknown && error.exit() == ExitCode::USAGE, "{name:?}: {error}");
    }
    assert!(!sandbox.code().join("repo-hotfix").exists());
}

#[test]
fn an_unreachable_remote_is_a_warning() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    let known = repo.commit_of("main");
    fs::rename(repo.bare().path(), sandbox.code().join("away.git")).unwrap();
    let started = Responder::at(&sandbox, repo.path()).start(ALERT);
    assert_eq!(started.base.commit, known);
    assert!(!started.fresh);
    assert_eq!(started.warnings.len(), 1);
    assert!(started.warnings[0].starts_with("origin/main may be old: "), "{:?}", started.warnings);
}

#[test]
fn main_rewritten_on_the_remote_is_followed_and_said() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    let bare = repo.bare();
    let tree = repo.git(["rev-parse", "main^{tree}"]);
    let other = repo.git(["commit-tree", "-m", "another history", &tree]);
    repo.git(["push", "--quiet", "--force", "origin", &format!("{other}:refs/heads/main")]);
    repo.git(["update-ref", "refs/remotes/origin/main", "main"]);
    assert_eq!(bare.commit_of("main"), other);
    let started = Responder::at(&sandbox, repo.path()).start(ALERT);
    assert_eq!(started.base.commit, other);
    assert_eq!(started.warnings, ["origin/main was rewritten on the remote since it was last seen here"]);
}

#[test]
fn the_remotes_default_branch_need_not_be_main() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    repo.git(["push", "--quiet", "origin", "main:refs/heads/stable"]);
    let bare = repo.bare();
    bare.git(["symbolic-ref", "HEAD", "refs/heads/stable"]);
    let clone = repo.clone_of_remote("clone");
    let started = Responder::at(&sandbox, clone.path()).start(ALERT);
    assert_eq!(started.base.reference, "origin/stable");
    assert_eq!(Responder::at(&sandbox, clone.path()).record().target, "stable");
}

#[test]
fn a_clone_that_does_not_remember_the_default_branch_asks() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    repo.git(["push", "--quiet", "origin", "main:refs/heads/stable"]);
    repo.bare().git(["symbolic-ref", "HEAD", "refs/heads/stable"]);
    repo.git(["fetch", "--quiet"]);
    repo.git(["remote", "set-head", "origin", "--delete"]);
    assert_eq!(Responder::at(&sandbox, repo.path()).start(ALERT).base.reference, "origin/stable");
}

#[test]
fn a_target_that_is_gone_from_the_remote_is_said() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    repo.git(["push", "--quiet", "origin", "main:refs/heads/other"]);
    repo.bare().git(["symbolic-ref", "HEAD", "refs/heads/other"]);
    repo.bare().git(["branch", "--delete", "--force", "main"]);
    let started = Responder::at(&sandbox, repo.path()).start(ALERT);
    assert_eq!(started.base.commit, repo.commit_of("main"));
    assert!(started.warnings[0].contains("`main` does not exist on origin"), "{:?}", started.warnings);
}

#[test]
fn a_configured_base_branch_wins() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    repo.git(["branch", "release"]);
    repo.git(["push", "--quiet", "origin", "release"]);
    let responder = Responder::at(&sandbox, repo.path()).with("base.branch", "release");
    assert_eq!(responder.start(ALERT).base.reference, "origin/release");
    assert_eq!(responder.record().target, "release");
}

#[test]
fn what_is_deployed_is_base_once_the_command_is_approved() {
    let sandbox = Sandbox::new();
    let text: &[u8] = b"[base]\ndeployed = \"echo v1.2.2\"\n";
    let repo = sandbox.repo_with(&[("a", b"1\n"), ("hotfix.toml", text)]);
    repo.git(["tag", "v1.2.2"]);
    repo.write("a", "2\n");
    repo.commit("feat: not deployed yet");
    repo.publish();
    let responder = Responder::at(&sandbox, repo.path());
    let unasked = responder.start(ALERT);
    assert_eq!(unasked.base.commit, repo.commit_of("main"));
    assert!(sandbox.recorder().warnings().iter().any(|line| line.contains("base.deployed")));
    responder.trust();
    let asked = responder.start("Wrong totals");
    assert_eq!((asked.base.reference.as_str(), asked.base.commit), ("v1.2.2", repo.commit_of("v1.2.2")));
}

#[test]
fn a_command_that_cannot_say_what_is_deployed_stops() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    for (command, why) in [("echo down >&2; exit 7", "down"), ("true", "it printed nothing")] {
        let responder = Responder::at(&sandbox, repo.path()).with("base.deployed", command);
        let error = responder.try_start(request(ALERT)).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(SessionError::NotDeployed { .. })), "{error}");
        assert_eq!((error.exit(), error.why().as_str()), (ExitCode::SETUP, why));
    }
    assert_eq!(repo.refs("refs/heads/hotfix/"), "");
}

#[test]
fn without_a_remote_it_starts_from_main_wherever_you_stand() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with(&[("a", b"1")]);
    let main = repo.head();
    repo.git(["switch", "--quiet", "--create", "feature"]);
    repo.commit("feat: half of it");
    let responder = Responder::at(&sandbox, repo.path());
    let first = responder.start(ALERT);
    assert_eq!((first.base.commit, first.base.reference.as_str()), (main.clone(), "main"));
    let from_inside = Responder::at(&sandbox, &first.worktree).start("Another alert");
    assert_eq!(from_inside.base.commit, main);
    assert_eq!(from_inside.warnings.len(), 1, "{:?}", from_inside.warnings);
}

#[test]
fn without_a_remote_and_without_a_usual_name_it_starts_from_the_branch_you_are_on() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with(&[("a", b"1")]);
    repo.git(["branch", "--move", "develop"]);
    repo.git(["branch", "another"]);
    let started = Responder::at(&sandbox, repo.path()).start(ALERT);
    assert_eq!(started.base.reference, "develop");
}

#[test]
fn without_a_commit_there_is_nothing_to_start_from() {
    let sandbox = Sandbox::new();
    let repo = sandbox.empty_repo();
    let error = Responder::at(&sandbox, repo.path()).try_start(request(ALERT)).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(SessionError::NoCommit { .. })), "{error}");
    assert_eq!(error.exit(), ExitCode::SETUP);
}
