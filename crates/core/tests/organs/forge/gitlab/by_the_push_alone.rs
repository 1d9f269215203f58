//! One push that does everything, and what is done where it may not.

use super::*;

#[test]
fn where_pipelines_are_required_no_request_is_needed() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    desk.forge.set(|settings| settings.checks_required = true);
    prepared(&desk);
    let landing = desk.submit().unwrap();
    assert_eq!(desk.calls(), [] as [&str; 0]);
    assert_eq!((landing.state, landing.number, landing.auto_merge), (State::Armed, Some(1), true));
    assert_eq!(landing.url, Some(format!("{}/shop/till/-/merge_requests/1", desk.forge.url())));
    let mut world = desk.forge.world();
    let request = world.request(1).unwrap();
    assert_eq!(request.armed, Some(desk.commit.to_string()));
    assert_eq!(request.labels.iter().collect::<Vec<_>>(), ["needs-post-review", "urgent"]);
    assert_eq!(request.description, "## Why\n\nTotals were wrong.");
    world.look(1);
    world.checks_end(1, true);
    drop(world);
    assert_eq!(merged(&desk), ours(&desk, Checks::Passed));
    assert_eq!(desk.adapter().look(&desk.at()).unwrap().state, State::Merged);
    desk.judge_contracts();
}

#[test]
fn a_server_that_merges_early_is_never_asked_to_by_the_push() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    desk.forge.set(|settings| (settings.merges_early, settings.merges_unseen) = (true, true));
    prepared(&desk);
    let landing = desk.submit().unwrap();
    assert_eq!((landing.state, merged(&desk)), (State::Armed, vec![]));
    let merge = desk.calls().iter().position(|call| call == "PUT /merge_requests/1/merge").unwrap();
    assert!(merge >= 2, "only once the pipeline is seen: {:?}", desk.calls());
    desk.forge.world().checks_end(1, true);
    assert_eq!(merged(&desk), ours(&desk, Checks::Passed));
    desk.judge_contracts();
}

#[test]
fn without_a_token_it_is_opened_and_labelled_and_the_rest_is_said() {
    for job in [false, true] {
        let sandbox = Sandbox::new();
        let desk = Desk::at_gitlab(&sandbox);
        sandbox.env_remove("HOTFIX_TOKEN_127_0_0_1");
        if job {
            let url = desk.forge.remote_url().replace("//", "//gitlab-ci-token:s3cr3t@");
            desk.repo.git(["remote", "set-url", "origin", &url]);
        }
        let landing = desk.submit().unwrap();
        assert_eq!((landing.state, landing.number), (State::Open, Some(1)));
        assert!(why(&landing).contains("without a token"), "{landing:?}");
        assert_eq!(desk.calls(), [] as [&str; 0]);
        let world = desk.forge.world();
        assert!(
            world.request(1).unwrap().armed.is_none() && world.request(1).unwrap().labels.contains("urgent")
        );
    }
}

#[test]
fn what_gitlab_warns_of_is_said() {
    let sandbox = Sandbox::new();
    let mut desk = Desk::at_gitlab(&sandbox);
    sandbox.env_remove("HOTFIX_TOKEN_127_0_0_1");
    desk.record.target = "release".to_owned();
    let landing = desk.submit().unwrap();
    assert_eq!(
        (landing.state, why(&landing)),
        (State::Pushed, "Target branch shop/till:release does not exist")
    );
    assert!(landing.url.unwrap().contains("/-/merge_requests/new"));
}

#[test]
fn reviewers_are_asked_by_an_order_in_the_text() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    let names = ["grace", "alan.turing", "x\n/merge", "@all"].map(str::to_owned).to_vec();
    desk.submit_with(|draft| (draft.reviewers, draft.merge) = (names, MergeMode::Manual)).unwrap();
    let world = desk.forge.world();
    let request = world.request(1).unwrap();
    assert_eq!(request.reviewers.iter().collect::<Vec<_>>(), ["alan.turing", "grace"]);
    assert_eq!(request.description, "## Why\n\nTotals were wrong.");
}

#[test]
fn a_text_that_options_would_change_arrives_as_it_is() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    let text = "Run:\n\n    printf 'a\\nb'";
    desk.submit_with(|draft| draft.description = text.to_owned()).unwrap();
    assert_eq!(desk.forge.world().request(1).unwrap().description, text);
    desk.judge_contracts();
}

#[test]
fn a_draft_and_a_merge_by_hand_are_not_armed() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    desk.forge.set(|settings| settings.checks_required = true);
    prepared(&desk);
    let landing = desk.submit_with(|draft| draft.is_draft = true).unwrap();
    assert_eq!((landing.state, desk.calls().len()), (State::Open, 0));
    let world = desk.forge.world();
    assert!(world.request(1).unwrap().draft && world.request(1).unwrap().armed.is_none());
}
