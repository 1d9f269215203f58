//! GitLab, against the fake: what takes effect is read from its ledger.

use hotfix_core::forge::Merge;
use hotfix_model::config::MergeMode;
use hotfix_model::{JobState, Landing, MergeRequestState as State};
use hotfix_testkit::forges::fake::{Checks, FakeForge, Fault};
use hotfix_testkit::{Responder, Sandbox, till};

use super::desk::{BRANCH, Desk};

/// Says the rules to whoever comes next, as `git hotfix ready` does.
fn prepared(desk: &Desk<'_>) {
    let outlook = desk.adapter().prepare("main", &[]).unwrap();
    assert_eq!(outlook.account.as_deref(), Some("responder"));
    desk.forget_calls();
}

fn merged(desk: &Desk<'_>) -> Vec<(String, Checks)> {
    desk.forge.world().merged()
}

fn ours(desk: &Desk<'_>, checks: Checks) -> Vec<(String, Checks)> {
    vec![(desk.commit.to_string(), checks)]
}

fn why(landing: &Landing) -> &str {
    landing.why.as_deref().unwrap_or_default()
}

mod by_the_push_alone {
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
                world.request(1).unwrap().armed.is_none()
                    && world.request(1).unwrap().labels.contains("urgent")
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
}

mod by_request {
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
        desk.forge.fault("POST", "/git-receive-pack", Fault::CutAfter);
        desk.submit().unwrap_err();
        desk.forge.fault("GET", "/info/refs", Fault::CutBefore);
        desk.submit().unwrap_err();
        assert_eq!(desk.submit().unwrap().state, State::Armed);
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
}

mod in_the_way {
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
}

mod afterwards {
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

    /// The answer to the push that armed the merge is lost; by the next try it is merged, and its branch is gone.
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
        let Err(stopped) = responder.try_ship("wrong totals", &[]) else { panic!("the answer was lost") };
        let told = format!("{}: {}", stopped.error, stopped.error.why());
        let mut world = forge.world();
        assert_eq!(world.opened(BRANCH), 1, "{told}");
        world.look(1);
        world.checks_end(1, true);
        assert_eq!((world.merged().len(), world.bare.head(BRANCH)), (1, None));
        drop(world);
        let shipped = responder.ship("wrong totals");
        let ledger = forge.world().ledger.clone();
        assert_eq!(shipped.state, Some(State::Merged), "{told}\n{ledger:#?}");
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
}
