//! Where a fix is merged: it follows the base.

use super::*;

/// v1.2.2 is on both lines, v1.2.3 on release/1.x alone, and main went on.
fn with_a_release_line(sandbox: &Sandbox) -> Repo {
    let repo = published(sandbox);
    repo.git(["switch", "--quiet", "--create", "release/1.x"]);
    repo.write("a", "1.2.3\n");
    repo.commit("fix: for 1.x alone");
    repo.git(["tag", "v1.2.3"]);
    repo.git(["switch", "--quiet", "main"]);
    repo.write("b", "main\n");
    repo.commit("feat: for main alone");
    repo.git(["push", "--quiet", "--tags", "origin", "main", "release/1.x"]);
    repo
}

/// Somebody pushes to a branch of the remote; gives the new commit.
fn moved_on_remote(repo: &Repo, branch: &str) -> String {
    let bare = repo.bare();
    let tree = format!("{branch}^{{tree}}");
    let new = bare.git(["commit-tree", "-p", branch, "-m", "newer", &tree]);
    bare.git(["update-ref", &format!("refs/heads/{branch}"), &new]);
    new
}

fn target_of(repo: &Repo, sandbox: &Sandbox, request: Request) -> (Option<String>, Vec<String>) {
    let started = Responder::at(sandbox, repo.path()).try_start(request).unwrap();
    let record =
        Responder::at(sandbox, repo.path()).on(&started.id).project().store().load(&started.id).unwrap();
    assert_eq!(record.record.chosen_target().map(str::to_owned), started.target);
    assert_eq!(record.record.target_choices, started.target_choices);
    (started.target, started.warnings)
}

#[test]
fn a_fix_of_a_release_branch_goes_back_to_it_by_whatever_name() {
    let sandbox = Sandbox::new();
    let repo = with_a_release_line(&sandbox);
    let names =
        ["release/1.x", "origin/release/1.x", "refs/heads/release/1.x", "refs/remotes/origin/release/1.x"];
    for name in names {
        let newest = moved_on_remote(&repo, "release/1.x");
        let started = Responder::at(&sandbox, repo.path()).try_start(from(name)).unwrap();
        assert_eq!(
            (started.base.reference.as_str(), &started.base.commit),
            ("origin/release/1.x", &newest),
            "{name}"
        );
        assert_eq!(started.target.as_deref(), Some("release/1.x"), "{name}");
        assert!(started.fresh, "{name}");
        assert_eq!(sandbox.repo_at(&started.worktree).head(), newest, "{name}");
        assert_eq!(started.warnings, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn a_branch_that_is_known_here_only_as_the_remotes() {
    let sandbox = Sandbox::new();
    let repo = with_a_release_line(&sandbox);
    repo.git(["branch", "--delete", "--force", "release/1.x"]);
    assert_eq!(target_of(&repo, &sandbox, from("release/1.x")).0.as_deref(), Some("release/1.x"));
}

#[test]
fn a_branch_and_a_tag_that_only_the_remote_knows() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    let bare = repo.bare();
    bare.git(["branch", "release/9.x", "main"]);
    let newest = moved_on_remote(&repo, "release/9.x");
    bare.git(["tag", "-m", "nine", "v9.0.0", &newest]);
    let responder = Responder::at(&sandbox, repo.path());
    let of_branch = responder.try_start(from("release/9.x")).unwrap();
    assert_eq!((of_branch.base.reference.as_str(), &of_branch.base.commit), ("origin/release/9.x", &newest));
    assert_eq!(of_branch.target.as_deref(), Some("release/9.x"));
    let of_tag = responder.try_start(from("v9.0.0")).unwrap();
    assert_eq!((of_tag.base.reference.as_str(), &of_tag.base.commit), ("v9.0.0", &newest));
    assert_eq!((of_tag.target.as_deref(), of_tag.fresh), (Some("release/9.x"), true));
    assert_eq!(repo.refs("refs/tags/v9"), "", "the user's tags are the user's");
}

#[test]
fn a_local_branch_of_another_name_stands_for_the_one_it_follows() {
    let sandbox = Sandbox::new();
    let repo = with_a_release_line(&sandbox);
    repo.git(["branch", "--track", "--quiet", "old", "origin/release/1.x"]);
    let newest = moved_on_remote(&repo, "release/1.x");
    let started = Responder::at(&sandbox, repo.path()).try_start(from("old")).unwrap();
    assert_eq!((started.base.reference.as_str(), started.base.commit), ("origin/release/1.x", newest));
    assert_eq!(started.target.as_deref(), Some("release/1.x"));
}

#[test]
fn a_local_branch_that_the_remote_lacks_is_a_commit_like_any_other() {
    let sandbox = Sandbox::new();
    let repo = with_a_release_line(&sandbox);
    repo.git(["branch", "mine", "v1.2.3"]);
    let started = Responder::at(&sandbox, repo.path()).try_start(from("mine")).unwrap();
    assert_eq!((started.base.commit, started.fresh), (repo.commit_of("v1.2.3"), false));
    assert_eq!(started.target.as_deref(), Some("release/1.x"));
}

#[test]
fn the_fix_of_a_tag_goes_to_the_one_release_branch_that_holds_it() {
    let sandbox = Sandbox::new();
    let repo = with_a_release_line(&sandbox);
    let (target, warnings) = target_of(&repo, &sandbox, from("v1.2.3"));
    assert_eq!((target.as_deref(), warnings), (Some("release/1.x"), Vec::new()));
}

#[test]
fn of_several_release_branches_the_nearest_counts_also_if_nobody_fetched_it() {
    let sandbox = Sandbox::new();
    let repo = with_a_release_line(&sandbox);
    let bare = repo.bare();
    for (branch, commits) in [("stable/2", 3), ("stable/1", 1), ("stable/3", 2)] {
        bare.git(["branch", branch, "release/1.x"]);
        (0..commits).for_each(|_| drop(moved_on_remote(&repo, branch)));
    }
    moved_on_remote(&repo, "release/1.x");
    moved_on_remote(&repo, "release/1.x");
    let commit = repo.commit_of("v1.2.3");
    assert_eq!(target_of(&repo, &sandbox, from(&commit)).0.as_deref(), Some("stable/1"));
}

#[test]
fn two_release_branches_that_are_equally_near_are_a_choice() {
    let sandbox = Sandbox::new();
    let repo = with_a_release_line(&sandbox);
    repo.bare().git(["branch", "v1.2", "release/1.x"]);
    let started = Responder::at(&sandbox, repo.path()).try_start(from("v1.2.3")).unwrap();
    assert_eq!(started.target, None);
    assert_eq!(started.target_choices, ["release/1.x", "v1.2", "main"]);
}

#[test]
fn release_branches_are_called_as_the_setting_says() {
    let sandbox = Sandbox::new();
    let repo = with_a_release_line(&sandbox);
    repo.git(["push", "--quiet", "origin", "release/1.x:refs/heads/production-1"]);
    let responder = Responder::at(&sandbox, repo.path()).with("base.release", "production-*");
    assert_eq!(responder.try_start(from("v1.2.3")).unwrap().target.as_deref(), Some("production-1"));
}

#[test]
fn a_release_branch_that_is_gone_from_the_remote_is_none() {
    let sandbox = Sandbox::new();
    let repo = with_a_release_line(&sandbox);
    repo.bare().git(["branch", "--delete", "--force", "release/1.x"]);
    let started = Responder::at(&sandbox, repo.path()).try_start(from("v1.2.3")).unwrap();
    assert_eq!((started.target, started.target_choices), (None, vec!["main".to_owned()]));
    let of_branch = Responder::at(&sandbox, repo.path()).try_start(from("origin/release/1.x")).unwrap();
    assert_eq!((of_branch.target, of_branch.fresh), (None, false));
    assert!(
        of_branch.warnings[0].contains("`release/1.x` does not exist on origin"),
        "{:?}",
        of_branch.warnings
    );
}

#[test]
fn what_main_has_beyond_a_tag_rides_along_and_is_counted_and_named() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    for number in 1..=7 {
        repo.write("a", number.to_string());
        repo.commit(&format!("feat: number {number}"));
    }
    repo.git(["push", "--quiet", "origin", "main"]);
    let (target, warnings) = target_of(&repo, &sandbox, from("v1.2.2"));
    assert_eq!(target.as_deref(), Some("main"));
    assert!(warnings[0].starts_with("7 unreleased commits of main would ride along"), "{warnings:?}");
    assert!(warnings[0].contains("feat: number 7") && warnings[0].ends_with("and 2 more"), "{warnings:?}");
}

#[test]
fn the_newest_main_by_its_id_has_no_riders() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    let (target, warnings) = target_of(&repo, &sandbox, from(&repo.head()));
    assert_eq!((target.as_deref(), warnings), (Some("main"), Vec::new()));
}

#[test]
fn a_commit_on_no_branch_is_started_from_and_left_to_choose() {
    let sandbox = Sandbox::new();
    let repo = with_a_release_line(&sandbox);
    let lonely = repo.git(["commit-tree", "-m", "of a customer", "main^{tree}"]);
    let responder = Responder::at(&sandbox, repo.path());
    let started = responder.try_start(from(&lonely)).unwrap();
    assert_eq!((started.base.commit, started.target), (lonely, None));
    assert_eq!(started.target_choices, ["release/1.x", "main"]);
    assert_eq!(started.next[1], "git hotfix ship --target release/1.x \"WHAT WAS FIXED\"");
    assert_eq!(started.next[2], "git hotfix ship --target main \"WHAT WAS FIXED\"");
    let status = responder.status();
    assert_eq!(
        (status.target, status.target_choices, status.next),
        (None, started.target_choices, started.next)
    );
}

#[test]
fn a_target_that_is_asked_for_wins_and_says_where_to_start() {
    let sandbox = Sandbox::new();
    let repo = with_a_release_line(&sandbox);
    let newest = moved_on_remote(&repo, "release/1.x");
    let into = |target: &str| Request { target: Some(target.to_owned()), ..request(ALERT) };
    let started = Responder::at(&sandbox, repo.path()).try_start(into("origin/release/1.x")).unwrap();
    assert_eq!((started.base.commit, started.target.as_deref()), (newest, Some("release/1.x")));
    let across = Request { base: Some("v1.2.3".to_owned()), ..into("main") };
    let (target, warnings) = target_of(&repo, &sandbox, across);
    assert_eq!(target.as_deref(), Some("main"));
    assert!(
        warnings[0].starts_with("1 commit of v1.2.3 would get into main together with the fix"),
        "{warnings:?}"
    );
}

#[test]
fn a_target_that_does_not_exist_is_wrong_usage_and_leaves_nothing() {
    let sandbox = Sandbox::new();
    let repo = with_a_release_line(&sandbox);
    let responder = Responder::at(&sandbox, repo.path());
    for base in [None, Some("v1.2.3".to_owned()), Some("main".to_owned())] {
        let request = Request { target: Some("release/7".to_owned()), base: base.clone(), ..request(ALERT) };
        let error = responder.try_start(request).unwrap_err();
        assert_eq!(error.exit(), ExitCode::USAGE, "{base:?}: {error}");
        assert!(error.to_string().contains("release/7"), "{error}");
    }
    assert_eq!(repo.refs("refs/heads/hotfix/"), "");
}

#[test]
fn offline_it_is_decided_by_what_was_seen_and_said() {
    let sandbox = Sandbox::new();
    let repo = with_a_release_line(&sandbox);
    fs::rename(repo.bare().path(), sandbox.code().join("away.git")).unwrap();
    let (target, warnings) = target_of(&repo, &sandbox, from("v1.2.3"));
    assert_eq!(target.as_deref(), Some("release/1.x"));
    assert!(warnings.iter().any(|line| line.starts_with("origin could not be asked")), "{warnings:?}");
    let (target, warnings) = target_of(&repo, &sandbox, from("release/1.x"));
    assert_eq!(target.as_deref(), Some("release/1.x"));
    assert!(warnings[0].starts_with("origin/release/1.x may be old"), "{warnings:?}");
}

#[test]
fn the_configured_target_takes_the_place_of_the_default_branch() {
    let sandbox = Sandbox::new();
    let repo = with_a_release_line(&sandbox);
    repo.git(["push", "--quiet", "origin", "main:refs/heads/live"]);
    let responder = || Responder::at(&sandbox, repo.path()).with("submit.target", "live");
    assert_eq!(responder().start(ALERT).target.as_deref(), Some("live"));
    assert_eq!(responder().try_start(from("release/1.x")).unwrap().target.as_deref(), Some("release/1.x"));
    assert_eq!(responder().try_start(from("v1.2.3")).unwrap().target.as_deref(), Some("release/1.x"));
    let wrong = Responder::at(&sandbox, repo.path()).with("submit.target", "gone").start(ALERT);
    assert_eq!(wrong.target, None);
    assert!(wrong.warnings[0].contains("submit.target is `gone`"), "{:?}", wrong.warnings);
}

#[test]
fn a_tag_that_is_another_commit_on_the_remote_is_said() {
    let sandbox = Sandbox::new();
    let repo = with_a_release_line(&sandbox);
    repo.bare().git(["tag", "--force", "v1.2.3", "main"]);
    let started = Responder::at(&sandbox, repo.path()).try_start(from("v1.2.3")).unwrap();
    assert_eq!(started.base.commit, repo.commit_of("v1.2.3"));
    assert!(started.warnings[0].starts_with("v1.2.3 is "), "{:?}", started.warnings);
}

#[test]
fn without_a_remote_the_local_branches_decide() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with(&[("a", b"1")]);
    repo.git(["switch", "--quiet", "--create", "release/1.x"]);
    repo.commit("fix: for 1.x");
    repo.git(["tag", "v1.2.3"]);
    repo.git(["switch", "--quiet", "main"]);
    assert_eq!(target_of(&repo, &sandbox, from("release/1.x")).0.as_deref(), Some("release/1.x"));
    assert_eq!(target_of(&repo, &sandbox, from("v1.2.3")).0.as_deref(), Some("release/1.x"));
    assert_eq!(target_of(&repo, &sandbox, from("main")).0.as_deref(), Some("main"));
}
