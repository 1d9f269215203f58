//! What comes after the push: queues, looks, a merge around the rules, tags and releases.

use super::*;

#[test]
fn a_train_is_a_queue() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    desk.forge.set(|settings| (settings.queue, settings.looks_to_end) = (true, Some(2)));
    let landing = desk.submit().unwrap();
    assert_eq!(landing.state, State::Queued, "{landing:?}");
    desk.judge_contracts();
}

#[test]
fn a_merge_that_is_armed_can_be_taken_back_and_the_request_closed() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    desk.submit().unwrap();
    let adapter = desk.adapter();
    for _ in 0..2 {
        adapter.cancel(&desk.at()).unwrap();
        assert_eq!(desk.forge.world().request(1).unwrap().armed, None);
    }
    for _ in 0..2 {
        adapter.close(&desk.at()).unwrap();
        assert_eq!(adapter.look(&desk.at()).unwrap().state, State::Closed);
    }
    desk.judge_contracts();
}

#[test]
fn labels_change_also_after_the_merge() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    desk.submit().unwrap();
    desk.forge.world().checks_end(1, true);
    let (new, old) = (["post-reviewed".to_owned()], ["needs-post-review".to_owned()]);
    desk.adapter().relabel(1, &new, &old).unwrap();
    let labels = desk.forge.world().request(1).unwrap().labels.clone();
    assert_eq!(labels.iter().collect::<Vec<_>>(), ["post-reviewed", "urgent"]);
    desk.judge_contracts();
}

#[test]
fn marks_are_approvals_and_comments_of_everybody_but_the_author() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    desk.submit().unwrap();
    let mut world = desk.forge.world();
    world.approve(1, "alan");
    world.comment(1, "responder", "/hotfix-reviewed my own work");
    world.comment(1, "grace", "looks fine");
    world.comment(1, "grace", "/hotfix-reviewed concern: no test");
    drop(world);
    let marks = desk.adapter().marks(1).unwrap();
    let seen: Vec<_> =
        marks.iter().map(|mark| (mark.account.as_str(), mark.approves, mark.words.as_str())).collect();
    assert_eq!(seen, [("alan", true, ""), ("grace", false, "concern: no test")]);
    desk.judge_contracts();
}

/// The answer to the push that armed the merge is lost, so that the server is asked; by the next try it is merged, and its
/// branch is gone.
#[test]
fn what_was_merged_while_we_did_not_know_is_not_pushed_again() {
    let sandbox = Sandbox::new();
    sandbox.env_set("HOTFIX_TOKEN_127_0_0_1", super::super::desk::TOKEN);
    let repo = sandbox.till();
    let forge = FakeForge::gitlab(&repo);
    let responder = Responder::at(&sandbox, repo.path()).with("submit.forge", "gitlab");
    responder.trust();
    responder.start("Wrong totals");
    let slot = responder.slot();
    slot.write("src/till.sh", till::FIXED_SOURCE);
    slot.write("tests/test_till.sh", till::NEW_TEST);
    forge.set(|settings| settings.checks_required = true);
    forge.fault("POST", "/git-receive-pack", Fault::CutAfter);
    responder.test();
    responder.commit("wrong totals");
    assert_eq!(responder.submit().state, State::Armed);
    let mut world = forge.world();
    assert_eq!(world.opened(BRANCH), 1);
    world.look(1);
    world.checks_end(1, true);
    assert_eq!((world.merged().len(), world.bare.head(BRANCH)), (1, None));
    drop(world);
    let state = responder.submit().state;
    let ledger = forge.world().ledger.clone();
    assert_eq!(state, State::Merged, "{ledger:#?}");
    assert_eq!(forge.world().opened(BRANCH), 1);
}

#[test]
fn a_release_is_made_once() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    let page = Some(format!("{}/shop/till/-/releases/v1.2.3", desk.forge.url()));
    for _ in 0..2 {
        assert_eq!(desk.adapter().release("v1.2.3", "1.2.3", "why").unwrap(), page);
    }
    desk.judge_contracts();
}

#[test]
fn what_it_waits_for_is_shown_job_by_job() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    desk.submit().unwrap();
    let landing = desk.adapter().look(&desk.at()).unwrap();
    assert_eq!(
        landing.jobs_in(JobState::Running).map(|job| job.name.as_str()).collect::<Vec<_>>(),
        ["rspec"]
    );
}

#[test]
fn break_glass_merges_at_once_and_leaves_the_reason() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    desk.submit_with(|draft| draft.merge = MergeMode::Manual).unwrap();
    let how = Merge::Bypass("checkout is down".to_owned());
    assert_eq!(desk.adapter().merge(&desk.at(), &how).unwrap().state, State::Merged);
    let comments = desk.forge.world().request(1).unwrap().comments.clone();
    assert!(comments.iter().any(|(_, text)| text.contains("checkout is down")), "{comments:?}");
    desk.judge_contracts();
}

#[test]
fn installed_in_a_subfolder_it_works_the_same() {
    let sandbox = Sandbox::new();
    sandbox.env_set("HOTFIX_TOKEN_127_0_0_1", super::super::desk::TOKEN);
    let desk = Desk::new(&sandbox, "gitlab", |repo| FakeForge::gitlab_below(repo, "/code"));
    let api = format!("{}/api/v4", desk.forge.url());
    let desk = desk.with_api(&api);
    let landing = desk.submit().unwrap();
    assert_eq!((landing.state, landing.number), (State::Armed, Some(1)));
    desk.judge_contracts();
}
