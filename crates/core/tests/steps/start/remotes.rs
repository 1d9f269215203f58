//! What the remote says now: its default branch, what stands in the way there, and which remote it is.

use super::*;

/// The remote calls another branch its default; `old` stays behind there, or goes.
fn renamed(repo: &Repo, old_stays: bool) -> String {
    let bare = repo.bare();
    bare.git(["branch", "live", "main"]);
    bare.git(["symbolic-ref", "HEAD", "refs/heads/live"]);
    let new = bare.git(["commit-tree", "-p", "live", "-m", "newer", "live^{tree}"]);
    bare.git(["update-ref", "refs/heads/live", &new]);
    if !old_stays {
        bare.git(["branch", "--delete", "--force", "main"]);
    }
    new
}

#[test]
fn a_default_branch_that_was_renamed_is_followed_and_said() {
    for old_stays in [true, false] {
        let sandbox = Sandbox::new();
        let repo = published(&sandbox);
        let newest = renamed(&repo, old_stays);
        let responder = Responder::at(&sandbox, repo.path());
        let started = responder.start(ALERT);
        assert_eq!((started.base.reference.as_str(), &started.base.commit), ("origin/live", &newest));
        assert_eq!((started.target.as_deref(), started.fresh), (Some("live"), true));
        assert_eq!(started.warnings.len(), 1, "{:?}", started.warnings);
        assert!(started.warnings[0].contains("default branch"), "{:?}", started.warnings);
        assert_eq!(sandbox.repo_at(&started.worktree).head(), newest);
        // From then on it is known, also without the network.
        let again = responder.try_start(Request { fetch: false, ..request("Wrong totals") }).unwrap();
        assert_eq!((again.base.reference.as_str(), again.target.as_deref()), ("origin/live", Some("live")));
        assert_eq!(again.warnings, Vec::<String>::new());
        assert_eq!(repo.git(["symbolic-ref", "refs/remotes/origin/HEAD"]), "refs/remotes/origin/main");
    }
}

#[test]
fn a_default_branch_that_is_gone_with_none_in_its_place_is_left_to_choose() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    repo.git(["push", "--quiet", "origin", "main:refs/heads/other"]);
    repo.bare().git(["update-ref", "-d", "refs/heads/main"]);
    let started = Responder::at(&sandbox, repo.path()).start(ALERT);
    assert_eq!((started.base.commit, started.target, started.fresh), (repo.commit_of("main"), None, false));
}

#[test]
fn without_origin_head_the_remote_is_asked_and_offline_the_guess_is_said() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    let newest = renamed(&repo, true);
    repo.git(["remote", "set-head", "origin", "--delete"]);
    let guessed = Responder::at(&sandbox, repo.path());
    let away = sandbox.code().join("away.git");
    fs::rename(repo.bare().path(), &away).unwrap();
    let started = guessed.start(ALERT);
    assert_eq!(started.base.reference, "origin/main");
    assert!(started.warnings.iter().any(|line| line.contains("main is a guess")), "{:?}", started.warnings);
    fs::rename(&away, repo.bare().path()).unwrap();
    let asked = guessed.start("Wrong totals");
    assert_eq!((asked.base.reference.as_str(), asked.base.commit), ("origin/live", newest));
}

#[test]
fn several_remotes_and_none_chosen_is_an_error_before_anything_is_made() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    repo.git(["remote", "rename", "origin", "upstream"]);
    repo.git(["remote", "add", "fork", repo.bare().path().to_str().unwrap()]);
    let responder = Responder::at(&sandbox, repo.path());
    let error = responder.try_start(request(ALERT)).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(SessionError::SeveralRemotes { .. })), "{error}");
    assert!(error.to_string().contains("fork, upstream"), "{error}");
    assert!(error.next().starts_with("git config checkout.defaultRemote "), "{}", error.next());
    assert_eq!(error.exit(), ExitCode::SETUP);
    assert!(!sandbox.code().join("repo-hotfix").exists());
    repo.git(["config", "checkout.defaultRemote", "upstream"]);
    assert_eq!(responder.start(ALERT).base.reference, "upstream/main");
}

#[test]
fn no_remote_at_all_is_said() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with(&[("a", b"1")]);
    let started = Responder::at(&sandbox, repo.path()).start(ALERT);
    assert!(!started.fresh && started.target.as_deref() == Some("main"));
    assert!(started.warnings[0].starts_with("there is no remote"), "{:?}", started.warnings);
}

#[test]
fn a_branch_called_hotfix_here_is_named_before_anything_is_made() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    repo.git(["branch", "hotfix"]);
    let responder = Responder::at(&sandbox, repo.path());
    let error = responder.try_start(request(ALERT)).unwrap_err();
    assert!(
        error.to_string().contains("`hotfix`") && error.next().starts_with("git branch -m hotfix "),
        "{error}"
    );
    assert_eq!(error.exit(), ExitCode::DECISION);
    assert!(!sandbox.code().join("repo-hotfix").exists());
    repo.git(["branch", "-m", "hotfix", "old-hotfix"]);
    responder.start(ALERT);
}

#[test]
fn a_branch_called_hotfix_on_the_remote_is_named() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    repo.bare().git(["branch", "hotfix", "main"]);
    let started = Responder::at(&sandbox, repo.path()).start(ALERT);
    assert!(started.warnings[0].contains("git branch -m hotfix"), "{:?}", started.warnings);
}

#[test]
fn a_name_beside_a_branch_in_a_folder_of_that_name_is_another_one() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    repo.git(["branch", "hotfix/1.2.3/follow-up"]);
    let responder = Responder::at(&sandbox, repo.path());
    assert_eq!(responder.start(ALERT).id, "1.2.3-production-down-auth-failing");
    repo.bare().git(["branch", "hotfix/team", "main"]);
    let error = responder.try_start(named("team/one")).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(StartError::NameTaken { .. })), "{error}");
}

/// Whether a start still gets what is newest on the remote.
#[track_caller]
fn assert_gets_the_newest(sandbox: &Sandbox, repo: &Repo, alert: &str) -> Vec<String> {
    let newest = repo.push_commit_to_remote(&[("a", alert.as_bytes())]);
    let started = Responder::at(sandbox, repo.path()).start(alert);
    assert_eq!((started.base.commit, started.fresh), (newest, true), "{:?}", started.warnings);
    started.warnings
}

#[test]
fn branches_and_records_that_become_folders_on_the_remote_do_not_stop_a_fetch() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    let bare = repo.bare();
    let names = ["refs/heads/hotfix/9.9.9", "refs/hotfix/record/9.9.9"];
    for (old, new) in [("", "/follow-up"), ("/follow-up", ""), ("", "/a/b")] {
        for name in names {
            bare.git(["update-ref", &format!("{name}{old}"), "main"]);
        }
        assert_eq!(assert_gets_the_newest(&sandbox, &repo, &format!("before {new}")), Vec::<String>::new());
        for name in names {
            bare.git(["update-ref", "-d", &format!("{name}{old}")]);
            bare.git(["update-ref", &format!("{name}{new}"), "main"]);
        }
        assert_eq!(assert_gets_the_newest(&sandbox, &repo, &format!("after {new}")), Vec::<String>::new());
        for name in names {
            bare.git(["update-ref", "-d", &format!("{name}{new}")]);
        }
    }
}

#[test]
fn a_release_branch_in_the_place_of_a_branch_called_release() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    let bare = repo.bare();
    bare.git(["branch", "release", "main"]);
    Responder::at(&sandbox, repo.path()).try_start(from("release")).unwrap();
    bare.git(["branch", "--delete", "--force", "release"]);
    bare.git(["branch", "release/1", "main"]);
    let started = Responder::at(&sandbox, repo.path()).try_start(from("release/1")).unwrap();
    assert_eq!((started.target.as_deref(), started.fresh), (Some("release/1"), true));
}

#[test]
fn a_ref_of_the_team_that_cannot_be_written_does_not_stop_the_rest() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    repo.bare().git(["branch", "hotfix/9.9.9", "main"]);
    let blocked = repo.path().join(".git/refs/hotfix/remote/branch/9.9.9");
    fs::create_dir_all(&blocked).unwrap();
    // Git takes this for no ref, and removes no folder that holds something.
    fs::write(blocked.join(".keep"), "").unwrap();
    let warnings = assert_gets_the_newest(&sandbox, &repo, "One");
    assert!(warnings.iter().any(|line| line.contains("team")), "{warnings:?}");
}

#[test]
fn refs_of_ours_that_a_crash_left_broken_are_fetched_again() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    repo.bare().git(["branch", "hotfix/9.9.9", "main"]);
    assert_gets_the_newest(&sandbox, &repo, "One");
    for name in ["remote/branch/9.9.9", "base/main"] {
        fs::write(repo.path().join(".git/refs/hotfix").join(name), "").unwrap();
        assert_eq!(assert_gets_the_newest(&sandbox, &repo, name), Vec::<String>::new(), "{name}");
    }
}
