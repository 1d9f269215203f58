//! Bitbucket's Cloud and Data Center, against the shapes of their documents.

use hotfix_core::forge::detect::Kind;
use hotfix_core::forge::{Bitbucket, BitbucketServer, Forge, Merge};
use hotfix_model::MergeRequestState;
use hotfix_testkit::{Answer, Call, Web};
use serde_json::{Value, json};

use super::shapes::Desk;

fn in_cloud(commit: &str, state: &str) -> Value {
    json!({
        "id": 7, "state": state, "title": "[URGENT] fix: totals",
        "links": { "html": { "href": "https://bitbucket.org/acme/till/pull-requests/7" } },
        "source": { "branch": { "name": "hotfix/1.2.3" }, "commit": { "hash": &commit[..12] } },
        "merge_commit": null,
        "participants": [{ "user": { "display_name": "Reviewer" }, "approved": true }],
    })
}

fn cloud(there: Option<Value>, made: Value) -> Web {
    Web::new(move |call: &Call| {
        let path = call.path.split('?').next().unwrap();
        match (call.method.as_str(), path) {
            ("GET", "/repositories/acme/till/pullrequests") => {
                Answer::json(200, &json!({ "values": there.iter().collect::<Vec<_>>() }))
            }
            ("GET", path) if path.ends_with("/statuses") => {
                Answer::json(200, &json!({ "values": [{ "key": "build", "state": "INPROGRESS" }] }))
            }
            ("POST", path) if path.ends_with("/merge") => {
                let mut merged = made.clone();
                merged["state"] = json!("MERGED");
                Answer::json(200, &merged)
            }
            _ => Answer::json(200, &made),
        }
    })
}

#[test]
fn on_the_cloud_a_pull_request_is_made_and_left_open() {
    let desk = Desk::new();
    let pull = in_cloud(desk.commit.as_str(), "OPEN");
    let web = cloud(None, pull.clone());
    let connection = Desk::connection(Kind::Bitbucket, &web, "acme/till");
    let forge = Bitbucket::new(&desk.sandbox.ctx("/"), connection.clone());
    let landing = forge.propose(&desk.draft(), &[]).unwrap();
    assert_eq!(
        (landing.state, landing.number, landing.auto_merge),
        (MergeRequestState::Open, Some(7), false)
    );
    let calls = web.calls();
    assert_eq!(calls.iter().map(|call| call.method.as_str()).collect::<Vec<_>>(), ["GET", "POST"]);
    assert_eq!(calls[1].json()["title"], "[URGENT] fix: totals");
    assert!(calls[1].header("authorization").unwrap().starts_with("Bearer "));

    let there = cloud(Some(pull.clone()), pull);
    let connection = Desk::connection(Kind::Bitbucket, &there, "acme/till");
    let forge = Bitbucket::new(&desk.sandbox.ctx("/"), connection);
    assert_eq!(forge.propose(&desk.draft(), &[]).unwrap().number, Some(7));
    assert!(there.calls().iter().all(|call| call.method == "GET"), "{:?}", there.lines());
}

#[test]
fn on_the_cloud_only_our_commit_is_merged() {
    let desk = Desk::new();
    for (commit, expected) in
        [(desk.commit.as_str(), MergeRequestState::Merged), (&*"0".repeat(40), MergeRequestState::Blocked)]
    {
        let web = cloud(None, in_cloud(commit, "OPEN"));
        let connection = Desk::connection(Kind::Bitbucket, &web, "acme/till");
        let forge = Bitbucket::new(&desk.sandbox.ctx("/"), connection);
        assert_eq!(forge.merge(&desk.at(), &Merge::Now).unwrap().state, expected);
    }
}

const PULLS: &str = "/projects/SHOP/repos/till/pull-requests";

fn in_data_center(commit: &str) -> Value {
    json!({
        "id": 7, "version": 3, "state": "OPEN", "open": true,
        "fromRef": { "id": "refs/heads/hotfix/1.2.3", "latestCommit": commit },
        "toRef": { "id": "refs/heads/main", "latestCommit": "1".repeat(40) },
        "reviewers": [{ "user": { "name": "r", "emailAddress": "r@example.com" }, "approved": true }],
    })
}

fn data_center(there: bool, pull: Value, auto_merge: u16) -> Web {
    Web::new(move |call: &Call| {
        let path = call.path.split('?').next().unwrap();
        match (call.method.as_str(), path) {
            ("GET", PULLS) if there => Answer::json(200, &json!({ "values": [pull], "isLastPage": true })),
            ("GET", PULLS) => Answer::json(200, &json!({ "values": [], "isLastPage": true })),
            ("POST", path) if path.ends_with("/auto-merge") => {
                Answer::json(auto_merge, &json!({ "errors": [{ "message": "Auto-merge is not enabled" }] }))
            }
            _ => Answer::json(201, &pull),
        }
    })
}

#[test]
fn on_a_data_center_it_merges_by_itself_where_that_is_allowed() {
    let desk = Desk::new();
    for (answer, expected) in [(200, MergeRequestState::Armed), (409, MergeRequestState::Blocked)] {
        let web = data_center(false, in_data_center(desk.commit.as_str()), answer);
        let connection = Desk::connection(Kind::BitbucketServer, &web, "SHOP/till");
        let forge = BitbucketServer::new(&desk.sandbox.ctx("/"), connection);
        let landing = forge.propose(&desk.draft(), &[]).unwrap();
        assert_eq!((landing.state, landing.number), (expected, Some(7)));
        let methods: Vec<String> = web.calls().into_iter().map(|call| call.method).collect();
        assert_eq!(methods, ["GET", "POST", "POST"]);
        assert!(web.lines()[2].ends_with("/7/auto-merge?version=3"), "{:?}", web.lines());
    }
}

#[test]
fn on_a_data_center_another_commit_is_never_merged() {
    let desk = Desk::new();
    let web = data_center(true, in_data_center(&"0".repeat(40)), 200);
    let connection = Desk::connection(Kind::BitbucketServer, &web, "SHOP/till");
    let forge = BitbucketServer::new(&desk.sandbox.ctx("/"), connection);
    assert_eq!(forge.propose(&desk.draft(), &[]).unwrap().state, MergeRequestState::Blocked);
    assert!(web.calls().iter().all(|call| call.method == "GET"), "{:?}", web.lines());
}
