//! What takes requests: no pipelines yet, no push options, a push that was cut.

use super::*;

#[test]
fn each_of_gitlabs_refusals_is_asked_about_again() {
    for refusal in [405, 406, 422] {
        let sandbox = Sandbox::new();
        let desk = Desk::at_gitlab(&sandbox);
        desk.forge.set(|settings| {
            (settings.refusal, settings.looks_to_prepare, settings.looks_to_checks) = (refusal, 3, 5);
        });
        let landing = desk.submit().unwrap();
        assert_eq!(landing.state, State::Armed, "{refusal}");
        assert_eq!(desk.forge.world().request(1).unwrap().armed, Some(desk.commit.to_string()));
        desk.judge_contracts();
    }
}

#[test]
fn a_project_without_pipelines_merges_at_once() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    desk.forge.set(|settings| settings.has_checks = false);
    let landing = desk.submit().unwrap();
    assert_eq!((landing.state, merged(&desk)), (State::Merged, ours(&desk, Checks::None)));
    assert!(landing.merged_commit.is_some_and(|commit| desk.forge.world().bare.holds("main", &commit)));
    desk.judge_contracts();
}

#[test]
fn a_pipeline_that_never_comes_is_waited_for_and_then_named() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    desk.forge.set(|settings| (settings.looks_to_checks, settings.merges_unseen) = (1000, true));
    let landing = desk.submit().unwrap();
    assert_eq!((landing.state, merged(&desk)), (State::Open, vec![]));
    assert!(why(&landing).contains("no pipeline was seen"), "{landing:?}");
    assert!(desk.calls().len() < 25, "bounded: {:?}", desk.calls());
}

#[test]
fn a_server_without_push_options_is_asked_to_make_it() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    desk.forge.offer_push_options(false);
    let landing = desk.submit().unwrap();
    assert_eq!((landing.state, landing.number), (State::Armed, Some(1)));
    assert!(desk.forge.world().request(1).unwrap().labels.contains("urgent"));
    desk.judge_contracts();
}

#[test]
fn a_push_that_was_cut_is_made_good_without_a_second_merge_request() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    // The server has taken it, and says so when it is asked again.
    desk.forge.fault("POST", "/git-receive-pack", Fault::CutAfter);
    assert_eq!(desk.submit().unwrap().state, State::Armed);
    desk.forge.fault("GET", "/info/refs", Fault::CutBefore);
    for _ in 0..2 {
        assert_eq!(desk.submit().unwrap().state, State::Armed);
    }
    assert_eq!(desk.forge.world().opened(BRANCH), 1);
}

#[test]
fn what_was_made_and_not_answered_is_found() {
    for fault in [Fault::CutAfter, Fault::FailsAfter, Fault::Garbled] {
        let sandbox = Sandbox::new();
        let desk = Desk::at_gitlab(&sandbox);
        desk.forge.offer_push_options(false);
        desk.forge.fault("POST", "/merge_requests", fault.clone());
        let first = desk.submit();
        assert!(first.is_err(), "{fault:?}: {first:?}");
        assert_eq!(desk.submit().unwrap().state, State::Armed, "{fault:?}");
        assert_eq!(desk.forge.world().opened(BRANCH), 1, "{fault:?}");
    }
}

#[test]
fn one_of_a_fork_with_the_same_branch_is_none_of_ours() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    desk.forge.offer_push_options(false);
    desk.slot.git(["push", "--quiet", "origin", &format!("main:refs/heads/{BRANCH}")]);
    let mut world = desk.forge.world();
    world.open(BRANCH, "main", ("theirs", ""));
    world.request_mut(1).unwrap().of_fork = true;
    let old = world.bare.head("main").unwrap();
    drop(world);
    let before = hotfix_core::git::Oid::parse(&old).unwrap();
    let (adapter, draft) = (desk.adapter(), desk.draft());
    let said = desk.push_over(adapter.as_ref(), &draft, Some(&before)).unwrap();
    assert_eq!(adapter.propose(&draft, &said).unwrap().number, Some(2));
    assert!(desk.forge.world().request(1).unwrap().labels.is_empty());
}

#[test]
fn one_merged_with_somebodys_commit_upon_ours_is_ours_and_an_old_one_is_not() {
    for upon in [true, false] {
        let sandbox = Sandbox::new();
        let desk = Desk::at_gitlab(&sandbox);
        desk.submit_with(|draft| draft.merge = MergeMode::Manual).unwrap();
        let mut world = desk.forge.world();
        let main = world.bare.head("main").unwrap();
        let theirs = world.bare.commit_upon(if upon { desk.commit.as_str() } else { &main });
        world.bare.set(&format!("refs/heads/{BRANCH}"), &theirs);
        world.pushed(&format!("refs/heads/{BRANCH}"), Some(&theirs));
        world.merge(1);
        drop(world);
        let landing = desk.adapter().look(&desk.at()).unwrap();
        assert_eq!(landing.state, if upon { State::Merged } else { State::Pushed });
        desk.judge_contracts();
    }
}

#[test]
fn one_that_somebody_closed_stays_closed() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    desk.submit().unwrap();
    desk.forge.world().close(1);
    assert_eq!(desk.submit().unwrap().state, State::Closed);
    assert_eq!(desk.forge.world().opened(BRANCH), 1);
}

#[test]
fn a_new_commit_on_our_branch_goes_into_the_merge_request_there_is() {
    let sandbox = Sandbox::new();
    let mut desk = Desk::at_gitlab(&sandbox);
    desk.submit().unwrap();
    let before = desk.commit.clone();
    desk.commit_again();
    let (adapter, draft) = (desk.adapter(), desk.draft());
    let said = desk.push_over(adapter.as_ref(), &draft, Some(&before)).unwrap();
    let landing = adapter.propose(&draft, &said).unwrap();
    assert_eq!((landing.number, landing.head), (Some(1), Some(desk.commit.to_string())));
    assert_eq!(desk.forge.world().request(1).unwrap().armed, Some(desk.commit.to_string()));
}
