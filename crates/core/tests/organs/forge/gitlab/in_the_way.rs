//! What keeps it from being merged, in words and with who can help.

use super::*;

#[test]
fn another_commit_on_the_branch_is_never_merged() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    desk.submit_with(|draft| draft.merge = MergeMode::Manual).unwrap();
    let bare = desk.repo.bare();
    let theirs = bare.git(["commit-tree", "-m", "theirs", "-p", desk.commit.as_str(), "main^{tree}"]);
    bare.git(["update-ref", &format!("refs/heads/{BRANCH}"), &theirs]);
    desk.forge.world().pushed(&format!("refs/heads/{BRANCH}"), Some(&theirs));
    let landing = desk.adapter().merge(&desk.at(), &Merge::WhenReady).unwrap();
    assert_eq!((landing.state, merged(&desk)), (State::Blocked, vec![]));
    assert!(why(&landing).contains("not ours"), "{landing:?}");
}

#[test]
fn what_people_have_to_do_is_said_and_who_they_are() {
    let cases: [(&str, &str); 4] = [
        ("conflict", "it conflicts with the target"),
        ("discussions_not_resolved", "there are open threads"),
        ("policies_denied", "a security policy denies it"),
        ("something_new", "GitLab gives a reason of its own"),
    ];
    for (status, words) in cases {
        let sandbox = Sandbox::new();
        let desk = Desk::at_gitlab(&sandbox);
        desk.forge.set(|settings| settings.blocked = Some(status.to_owned()));
        let landing = desk.submit().unwrap();
        assert_eq!((landing.state, why(&landing)), (State::Blocked, words));
        assert!(landing.who.is_some() && landing.next.is_some(), "{landing:?}");
    }
}

#[test]
fn a_missing_approval_is_named_while_the_merge_is_armed() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    desk.forge.set(|settings| settings.approvals_needed = 1);
    let landing = desk.submit().unwrap();
    assert_eq!((landing.state, why(&landing)), (State::Blocked, "it needs an approval"));
    assert!(landing.auto_merge, "it waits for both");
    desk.forge.world().checks_end(1, true);
    assert_eq!(merged(&desk), []);
    desk.forge.world().approve(1, "grace");
    assert_eq!(merged(&desk), ours(&desk, Checks::Passed));
}

#[test]
fn an_account_that_may_not_merge_is_told_before_and_after() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    desk.forge.set(|settings| settings.access = 30);
    let outlook = desk.adapter().prepare("main", &[]).unwrap();
    assert_eq!(outlook.remarks, ["only maintainers may merge into main"]);
    let landing = desk.submit().unwrap();
    assert_eq!(
        (landing.state, why(&landing)),
        (State::Blocked, "the token's owner may not merge into the target")
    );
}

#[test]
fn a_red_pipeline_is_blocked_and_says_what_to_type() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    desk.submit().unwrap();
    desk.forge.world().checks_end(1, false);
    let landing = desk.adapter().look(&desk.at()).unwrap();
    assert_eq!((landing.state, landing.next.as_deref()), (State::Blocked, Some("git hotfix resume")));
    assert_eq!(landing.jobs.len(), 1);
    assert_eq!(desk.adapter().merge(&desk.at(), &Merge::WhenReady).unwrap().state, State::Blocked);
    assert_eq!(merged(&desk), []);
}

#[test]
fn a_token_that_expired_is_an_error_that_shows_no_token() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    desk.forge.set(|settings| settings.tokens = vec!["another".to_owned()]);
    let error = desk.submit().unwrap_err();
    let text = format!("{error} {} {}", error.why(), error.next());
    assert!(text.contains("401") && !text.contains(super::super::desk::TOKEN), "{text}");
    assert_eq!(desk.forge.world().opened(BRANCH), 1, "the push needs no token of ours");
}
