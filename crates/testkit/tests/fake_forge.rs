//! The fake forges, judged by what is known of the real ones.
#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test fails by panicking; helpers outside #[test] need it said"
)]

use hotfix_testkit::forges::fake::{Checks, Effect, FakeForge, Fault};
use hotfix_testkit::{Repo, Sandbox};
use serde_json::{Value, json};

const CREATE: &[&str] = &[
    "merge_request.create",
    "merge_request.target=main",
    "merge_request.title=fix: a",
    "mr.label=urgent",
    "mr.label=needs-post-review",
    "merge_request.description=one\\n\\ntwo\\n/assign_reviewer @grace",
];

/// A clone with one commit on hotfix/1.
fn desk(sandbox: &Sandbox) -> Repo {
    let repo = sandbox.repo_with_remote(&[("a", b"1\n")]);
    repo.git(["switch", "--quiet", "--create", "hotfix/1"]);
    repo.write("a", "2\n");
    repo.commit("fix: a");
    repo
}

/// Pushes hotfix/1; gives what Git printed for people.
fn push(repo: &Repo, options: &[&str]) -> String {
    let options = options.iter().map(|option| format!("--push-option={option}"));
    let place = repo.path().to_str().unwrap().to_owned();
    let args = ["-C".to_owned(), place, "push".to_owned()].into_iter().chain(options);
    let mut words = vec!["2>&1".to_owned(), "git".to_owned()];
    words.extend(args.map(|word| format!("'{word}'")));
    words.push("origin HEAD:refs/heads/hotfix/1".to_owned());
    let alias = format!("!{}", words.join(" "));
    repo.git(["-c", &format!("alias.say={alias}"), "say"])
}

fn number(number: i64, rest: &str) -> String {
    format!("/api/v4/projects/shop%2Ftill/merge_requests/{number}{rest}")
}

fn status(forge: &FakeForge) -> String {
    forge.ask("GET", &number(1, ""), &Value::Null).1["detailed_merge_status"].as_str().unwrap().to_owned()
}

fn merge(forge: &FakeForge, body: &Value) -> u16 {
    forge.ask("PUT", &number(1, "/merge"), body).0
}

mod gitlab {
    use super::*;

    #[test]
    fn one_push_makes_the_merge_request_and_says_where() {
        let sandbox = Sandbox::new();
        let repo = desk(&sandbox);
        let forge = FakeForge::gitlab(&repo);
        let said = push(&repo, CREATE);
        let url = format!("remote:   {}/shop/till/-/merge_requests/1", forge.url());
        assert!(said.contains("remote: View merge request for hotfix/1:") && said.contains(&url), "{said}");
        let world = forge.world();
        let request = world.request(1).unwrap();
        assert_eq!((request.title.as_str(), request.description.as_str()), ("fix: a", "one\n\ntwo"));
        let labels: Vec<&str> = request.labels.iter().map(String::as_str).collect();
        assert_eq!(labels, ["needs-post-review", "urgent"]);
        assert!(request.reviewers.contains("grace"));
        assert_eq!(request.head, repo.head());
    }

    #[test]
    fn the_same_push_again_changes_the_merge_request_there_is() {
        let sandbox = Sandbox::new();
        let repo = desk(&sandbox);
        let forge = FakeForge::gitlab(&repo);
        push(&repo, CREATE);
        repo.git(["commit", "--quiet", "--amend", "--message", "fix: b"]);
        repo.git(["push", "--quiet", "--force", "--push-option=mr.title=fix: b", "origin", "HEAD"]);
        let world = forge.world();
        assert_eq!((world.opened("hotfix/1"), world.request(1).unwrap().title.as_str()), (1, "fix: b"));
        assert_eq!(world.request(1).unwrap().head, repo.head());
    }

    #[test]
    fn mistakes_are_warnings_of_a_push_that_succeeds() {
        let sandbox = Sandbox::new();
        let repo = desk(&sandbox);
        let forge = FakeForge::gitlab(&repo);
        let said = push(&repo, &["merge_request.label=urgent"]);
        let words = said.replace("remote:", "").split_whitespace().collect::<Vec<_>>().join(" ");
        let expected = "WARNINGS: Error encountered with push options 'merge_request.label=urgent': A \
                        merge_request.create push option is required to create a merge request for branch hotfix/1";
        assert!(words.contains(expected), "{said}");
        assert!(words.contains("To create a merge request for hotfix/1, visit:"), "{said}");
        assert_eq!(forge.world().bare.head("hotfix/1"), Some(repo.head()));
        assert_eq!(forge.world().opened("hotfix/1"), 0);
    }

    #[test]
    fn an_option_that_the_version_does_not_know_is_dropped_without_a_word() {
        let sandbox = Sandbox::new();
        let repo = desk(&sandbox);
        let forge = FakeForge::gitlab(&repo);
        forge.set(|settings| settings.version = "17.10.2".to_owned());
        push(&repo, &["mr.create", "mr.auto_merge", "mr.nonsense"]);
        assert_eq!(forge.world().request(1).unwrap().armed, None);
        push(&repo, &["mr.merge_when_pipeline_succeeds"]);
        repo.git(["push", "--quiet", "origin", "HEAD~:refs/heads/hotfix/2", "--push-option=mr.create"]);
        let world = forge.world();
        assert!(world.request(1).unwrap().armed.is_none(), "nothing was pushed, so nothing was read");
        assert_eq!(world.opened("hotfix/2"), 1);
    }

    #[test]
    fn eleven_branches_are_too_many() {
        let sandbox = Sandbox::new();
        let repo = desk(&sandbox);
        let forge = FakeForge::gitlab(&repo);
        let targets = (0..11).map(|index| format!("HEAD:refs/heads/x{index}"));
        let words = ["push", "--quiet", "--push-option=mr.create", "origin"].map(str::to_owned);
        repo.git(words.into_iter().chain(targets));
        assert!(forge.world().requests.is_empty() && forge.world().bare.head("x10").is_some());
    }

    #[test]
    fn without_push_options_on_offer_a_push_with_options_does_nothing() {
        let sandbox = Sandbox::new();
        let repo = desk(&sandbox);
        let forge = FakeForge::gitlab(&repo);
        forge.offer_push_options(false);
        let said = repo.try_git(["push", "--push-option=mr.create", "origin", "HEAD"]).unwrap_err();
        assert!(said.contains("the receiving end does not support push options"), "{said}");
        assert_eq!(forge.world().bare.head("hotfix/1"), None);
    }

    #[test]
    fn auto_merge_by_push_waits_for_the_pipeline_or_on_some_servers_does_not() {
        for early in [false, true] {
            let sandbox = Sandbox::new();
            let repo = desk(&sandbox);
            let forge = FakeForge::gitlab(&repo);
            forge.set(|settings| settings.merges_early = early);
            push(&repo, &["mr.create", "mr.auto_merge"]);
            assert_eq!(
                forge.world().merged(),
                if early { vec![(repo.head(), Checks::Unseen)] } else { vec![] }
            );
            assert_eq!(forge.world().bare.holds("main", &repo.head()), early);
        }
    }

    #[test]
    fn to_merge_before_it_is_prepared_is_refused() {
        let sandbox = Sandbox::new();
        let repo = desk(&sandbox);
        let forge = FakeForge::gitlab(&repo);
        forge.set(|settings| settings.looks_to_prepare = 2);
        push(&repo, &["mr.create"]);
        let wanted = json!({ "sha": repo.head(), "auto_merge": true });
        assert_eq!(merge(&forge, &wanted), 405);
        assert_eq!([status(&forge), status(&forge), status(&forge)], ["checking", "mergeable", "mergeable"]);
        assert_eq!(merge(&forge, &wanted), 200);
        assert_eq!(forge.world().request(1).unwrap().armed, Some(repo.head()));
        forge.world().checks_end(1, true);
        assert_eq!(forge.world().merged(), [(repo.head(), Checks::Passed)]);
    }

    #[test]
    fn another_commit_is_not_merged() {
        let sandbox = Sandbox::new();
        let repo = desk(&sandbox);
        let forge = FakeForge::gitlab(&repo);
        push(&repo, &["mr.create"]);
        assert_eq!(merge(&forge, &json!({ "sha": "0".repeat(40), "auto_merge": true })), 409);
    }

    #[test]
    fn before_the_pipeline_is_seen_auto_merge_is_refused_or_on_some_servers_merges() {
        for (unseen, expected) in [(false, 405), (true, 200)] {
            let sandbox = Sandbox::new();
            let repo = desk(&sandbox);
            let forge = FakeForge::gitlab(&repo);
            forge.set(|settings| settings.merges_unseen = unseen);
            push(&repo, &["mr.create"]);
            assert_eq!(status(&forge), "mergeable");
            assert_eq!(merge(&forge, &json!({ "sha": repo.head(), "auto_merge": true })), expected);
            assert_eq!(forge.world().merged().len(), usize::from(unseen));
        }
    }

    #[test]
    fn a_second_merge_request_of_a_branch_is_a_conflict() {
        let sandbox = Sandbox::new();
        let repo = desk(&sandbox);
        let forge = FakeForge::gitlab(&repo);
        push(&repo, &["mr.create"]);
        let body = json!({ "source_branch": "hotfix/1", "target_branch": "main", "title": "x" });
        let (status, said) = forge.ask("POST", "/api/v4/projects/shop%2Ftill/merge_requests", &body);
        let message = "Another open merge request already exists for this source branch: !1";
        assert_eq!((status, &said["message"][0]), (409, &json!(message)));
    }

    #[test]
    fn installed_in_a_subfolder() {
        let sandbox = Sandbox::new();
        let repo = desk(&sandbox);
        let forge = FakeForge::gitlab_below(&repo, "/code/gitlab");
        assert!(push(&repo, &["mr.create"]).contains("/code/gitlab/shop/till/-/merge_requests/1"));
        assert_eq!(forge.ask("GET", &number(1, ""), &Value::Null).0, 200);
    }
}

mod faults {
    use super::*;

    #[test]
    fn what_is_cut_before_did_not_happen_and_what_is_cut_after_did() {
        let sandbox = Sandbox::new();
        let repo = desk(&sandbox);
        let forge = FakeForge::gitlab(&repo);
        repo.git(["push", "--quiet", "origin", "HEAD"]);
        let body = json!({ "source_branch": "hotfix/1", "target_branch": "main", "title": "x" });
        for (fault, made) in [(Fault::CutBefore, 0), (Fault::CutAfter, 1)] {
            forge.fault("POST", "/merge_requests", fault);
            assert_eq!(forge.ask("POST", "/api/v4/projects/shop%2Ftill/merge_requests", &body).0, 0);
            assert_eq!(forge.world().opened("hotfix/1"), made);
        }
    }

    #[test]
    fn a_push_that_is_cut_after_it_was_taken_was_taken() {
        let sandbox = Sandbox::new();
        let repo = desk(&sandbox);
        let forge = FakeForge::gitlab(&repo);
        forge.fault("POST", "/git-receive-pack", Fault::CutAfter);
        repo.try_git(["push", "--push-option=mr.create", "origin", "HEAD"]).unwrap_err();
        let world = forge.world();
        assert_eq!(world.bare.head("hotfix/1"), Some(repo.head()));
        assert_eq!(world.opened("hotfix/1"), 1);
    }

    #[test]
    fn the_answers_of_servers_in_trouble() {
        let sandbox = Sandbox::new();
        let repo = desk(&sandbox);
        let forge = FakeForge::gitlab(&repo);
        let ask = || forge.ask("GET", "/api/v4/version", &Value::Null).0;
        forge.world().faults.queue([
            Some(Fault::TooMany(1)),
            Some(Fault::FailsAfter),
            None,
            Some(Fault::Expired),
            Some(Fault::Refused(503, "{}".to_owned())),
            Some(Fault::Redirected("http://127.0.0.1:1/".to_owned())),
        ]);
        assert_eq!([ask(), ask(), ask(), ask(), ask(), ask(), ask()], [429, 500, 200, 401, 503, 307, 200]);
        assert_eq!(forge.world().calls_to("GET", "/version"), 7);
    }
}

mod github {
    use super::*;

    fn open(forge: &FakeForge) -> (u16, Value) {
        let body = json!({ "title": "fix: a", "head": "hotfix/1", "base": "main", "body": "why" });
        forge.ask("POST", "/api/v3/repos/shop/till/pulls", &body)
    }

    fn arm(forge: &FakeForge, head: &str) -> Value {
        let query = "mutation($p: ID!, $l: [ID!]!, $s: GitObjectID) {
            lab: addLabelsToLabelable(input: {labelableId: $p, labelIds: $l}) { clientMutationId }
            am: enablePullRequestAutoMerge(input: {pullRequestId: $p, mergeMethod: SQUASH, expectedHeadOid: $s}) {
                pullRequest { mergeStateStatus autoMergeRequest { enabledAt } }
            }
        }";
        let variables = json!({ "p": "PR_1", "l": ["LA_urgent"], "s": head });
        forge.ask("POST", "/api/graphql", &json!({ "query": query, "variables": variables })).1
    }

    fn desk_at_github(sandbox: &Sandbox) -> (Repo, FakeForge) {
        let repo = desk(sandbox);
        let forge = FakeForge::github(&repo);
        repo.git(["push", "--quiet", "origin", "HEAD"]);
        (repo, forge)
    }

    #[test]
    fn a_branch_has_one_pull_request() {
        let sandbox = Sandbox::new();
        let (repo, forge) = desk_at_github(&sandbox);
        let (status, made) = open(&forge);
        assert_eq!((status, &made["number"], &made["head"]["sha"]), (201, &json!(1), &json!(repo.head())));
        let (status, said) = open(&forge);
        let message = "A pull request already exists for shop:hotfix/1.";
        assert_eq!((status, &said["errors"][0]["message"]), (422, &json!(message)));
        let (_, found) =
            forge.ask("GET", "/api/v3/repos/shop/till/pulls?head=shop%3Ahotfix%2F1&state=open", &Value::Null);
        assert_eq!(found[0]["number"], 1);
    }

    #[test]
    fn auto_merge_is_refused_where_it_could_be_merged_at_once() {
        let sandbox = Sandbox::new();
        let (repo, forge) = desk_at_github(&sandbox);
        open(&forge);
        let answer = arm(&forge, &repo.head());
        let message = "Pull request Pull request is in clean status";
        assert_eq!(
            (&answer["errors"][0]["message"], &answer["errors"][0]["path"]),
            (&json!(message), &json!(["am"]))
        );
        assert!(
            forge.world().request(1).unwrap().labels.contains("urgent"),
            "the label was set all the same"
        );
        forge.world().settings.looks_to_checks = 0;
        assert_eq!(arm(&forge, &repo.head())["errors"][0]["message"], message.replace("clean", "unstable"));
    }

    #[test]
    fn auto_merge_waits_for_required_checks_and_merges_what_it_was_given() {
        let sandbox = Sandbox::new();
        let (repo, forge) = desk_at_github(&sandbox);
        forge.set(|settings| settings.checks_required = true);
        open(&forge);
        let other = arm(&forge, &"0".repeat(40));
        assert!(other["data"]["am"].is_null() && forge.world().request(1).unwrap().armed.is_none());
        let armed = arm(&forge, &repo.head());
        assert!(armed["data"]["am"]["pullRequest"]["autoMergeRequest"]["enabledAt"].is_string(), "{armed}");
        forge.world().look(1);
        forge.world().checks_end(1, true);
        assert_eq!(forge.world().merged(), [(repo.head(), Checks::Passed)]);
        assert_eq!(forge.ask("GET", "/api/v3/repos/shop/till/pulls/1/merge", &Value::Null).0, 204);
    }

    #[test]
    fn merging_asynchronously_looks_at_the_rules_when_it_runs() {
        let sandbox = Sandbox::new();
        let (repo, forge) = desk_at_github(&sandbox);
        forge.set(|settings| (settings.checks_required, settings.looks_to_prepare) = (true, 0));
        open(&forge);
        let place = "/api/v3/repos/shop/till/pulls/1/merge-async";
        let body = json!({ "sha": repo.head(), "merge_method": "squash" });
        let (status, answer) = forge.ask("PUT", place, &body);
        assert_eq!((status, &answer["status"]), (202, &json!("pending")));
        assert_eq!(forge.ask("PUT", place, &body).0, 409);
        let look = || forge.ask("GET", &format!("{place}/u-0"), &Value::Null).1["status"].clone();
        assert_eq!(look(), "failed");
        forge.world().checks_end(1, true);
        assert_eq!(forge.ask("PUT", place, &body).0, 202);
        assert_eq!(look(), "merged");
        assert_eq!(forge.world().merged(), [(repo.head(), Checks::Passed)]);
        assert!(
            forge.world().ledger.contains(&Effect::Pushed {
                name: "refs/heads/hotfix/1".to_owned(),
                commit: Some(repo.head())
            })
        );
    }

    #[test]
    fn a_field_that_there_is_not_is_an_error() {
        let sandbox = Sandbox::new();
        let (_, forge) = desk_at_github(&sandbox);
        let query = "{ repository(owner: \"shop\", name: \"till\") { colour } }";
        let (_, answer) = forge.ask("POST", "/api/graphql", &json!({ "query": query }));
        assert_eq!(answer["errors"][0]["message"], "Field 'colour' doesn't exist on type 'Repository'");
    }
}

mod contracts {
    use super::*;

    /// What the fake found wrong with one request.
    fn wrong(forge: &FakeForge, method: &str, path: &str, body: &Value) -> Vec<String> {
        forge.ask(method, path, body);
        std::mem::take(&mut forge.world().broken_contracts)
    }

    #[test]
    fn requests_that_are_as_published_pass_and_others_are_named() {
        let sandbox = Sandbox::new();
        let repo = desk(&sandbox);
        let forge = FakeForge::github(&repo);
        repo.git(["push", "--quiet", "origin", "HEAD"]);
        let pulls = "/api/v3/repos/shop/till/pulls";
        let good = json!({ "title": "x", "head": "hotfix/1", "base": "main" });
        assert_eq!(wrong(&forge, "POST", pulls, &good), [] as [&str; 0]);
        assert_eq!(wrong(&forge, "GET", &format!("{pulls}?state=open"), &Value::Null), [] as [&str; 0]);
        let told = |method, path: &str, body: Value| wrong(&forge, method, path, &body).join("; ");
        assert!(told("POST", pulls, json!({ "title": "x" })).contains("required property"));
        let labelled = json!({ "title": "x", "head": "h", "base": "main", "labels": [] });
        assert!(told("POST", pulls, labelled).contains("there is no field `labels`"));
        assert!(
            told("GET", &format!("{pulls}?state=opened"), Value::Null).contains("`state` cannot be `opened`")
        );
        assert!(told("GET", "/api/v3/repos/shop/till/pullz", Value::Null).contains("no such operation"));
        let merge = json!({ "merge_method": "bogus" });
        assert!(told("PUT", &format!("{pulls}/1/merge"), merge).contains("merge_method"));
    }

    #[test]
    fn documents_are_held_against_the_schema() {
        let sandbox = Sandbox::new();
        let repo = desk(&sandbox);
        let forge = FakeForge::github(&repo);
        let told = |query: &str, variables: Value| {
            wrong(&forge, "POST", "/api/graphql", &json!({ "query": query, "variables": variables }))
                .join("; ")
        };
        let arm = "mutation($p: ID!, $s: GitObjectID) { enablePullRequestAutoMerge(input: {pullRequestId: $p, \
                   mergeMethod: SQUASH, expectedHeadOid: $s}) { pullRequest { number } } }";
        assert_eq!(told(arm, json!({ "p": "PR_1", "s": "0" })), "");
        assert!(told(arm, json!({ "s": "0" })).contains("$p has no value"));
        assert!(told(&arm.replace("GitObjectID", "String"), json!({ "p": "PR_1" })).contains("$s is String"));
        assert!(told(&arm.replace("SQUASH", "SQUISH"), json!({ "p": "PR_1" })).contains("never SQUISH"));
        assert!(
            told(&arm.replace("pullRequestId: $p,", ""), json!({ "p": "PR_1" }))
                .contains("needs pullRequestId")
        );
        assert!(
            told(&arm.replace("{ number }", "{ colour }"), json!({ "p": "PR_1" }))
                .contains("PullRequest.colour")
        );
        assert!(told(&arm.replace("{ number }", ""), json!({ "p": "PR_1" })).contains("is a PullRequest"));
    }

    #[test]
    fn gitlab_drops_no_field_of_ours_without_a_word() {
        let sandbox = Sandbox::new();
        let repo = desk(&sandbox);
        let forge = FakeForge::gitlab(&repo);
        push(&repo, &["mr.create"]);
        let told = |body: Value| wrong(&forge, "PUT", &number(1, "/merge"), &body).join("; ");
        assert_eq!(told(json!({ "sha": repo.head(), "auto_merge": true })), "");
        assert!(told(json!({ "sha": "main" })).contains("does not match"));
        assert!(told(json!({ "automerge": true })).contains("there is no field `automerge`"));
    }
}
