//! Azure DevOps, against the shapes of its documents.

use hotfix_core::forge::detect::Kind;
use hotfix_core::forge::{Azure, Forge, Merge};
use hotfix_model::MergeRequestState;
use hotfix_testkit::{Answer, Call, Web};
use serde_json::{Value, json};

use super::shapes::Desk;

const PULLS: &str = "/acme/shop/_apis/git/repositories/till/pullrequests";

fn pull(commit: &str, more: &Value) -> Value {
    let mut pull = json!({
        "pullRequestId": 7, "status": "active", "mergeStatus": "succeeded",
        "createdBy": { "id": "me", "displayName": "Responder" },
        "lastMergeSourceCommit": { "commitId": commit, "url": "…" },
        "labels": [{ "id": "1", "name": "urgent", "active": true }],
        "reviewers": [{ "id": "r", "displayName": "Reviewer", "uniqueName": "r@example.com", "vote": 10 }],
    });
    for (key, value) in more.as_object().unwrap() {
        pull[key] = value.clone();
    }
    pull
}

/// A server that has this pull request, from its creation or from the beginning.
fn web(pull: Value, is_there: bool) -> Web {
    Web::new(move |call: &Call| {
        let path = call.path.split('?').next().unwrap();
        match (call.method.as_str(), path) {
            ("GET", PULLS) if is_there => Answer::json(200, &json!({ "value": [pull], "count": 1 })),
            ("GET", PULLS) => Answer::json(200, &json!({ "value": [], "count": 0 })),
            ("POST", PULLS) => Answer::json(201, &pull),
            ("GET", path) if path.ends_with("/statuses") => Answer::json(
                200,
                &json!({ "value": [{ "state": "failed", "context": { "name": "build", "genre": "ci" } }] }),
            ),
            ("GET", "/acme/_apis/connectionData") => {
                Answer::json(200, &json!({ "authenticatedUser": { "id": "me" } }))
            }
            ("GET", _) => Answer::json(200, &pull),
            ("PATCH", _) => {
                let mut changed = pull.clone();
                for (key, value) in call.json().as_object().unwrap() {
                    changed[key] = value.clone();
                }
                Answer::json(200, &changed)
            }
            _ => Answer::json(404, &json!({ "message": "no such thing" })),
        }
    })
}

fn adapter(desk: &Desk, web: &Web) -> Azure {
    Azure::new(&desk.sandbox.ctx("/"), Desk::connection(Kind::Azure, web, "acme/shop/till"))
}

#[test]
fn a_pull_request_is_made_with_its_label_and_completes_by_itself() {
    let desk = Desk::new();
    let web = web(pull(desk.commit.as_str(), &json!({})), false);
    let landing = adapter(&desk, &web).propose(&desk.draft(), &[]).unwrap();
    assert_eq!((landing.state, landing.number), (MergeRequestState::Armed, Some(7)));
    assert_eq!(landing.url, Some(format!("{}/acme/shop/_git/till/pullrequest/7", web.url())));
    assert_eq!(landing.labels, ["urgent"]);
    // It is looked for, made, and told to complete; who we are came with the second.
    let calls = web.calls();
    assert_eq!(calls.iter().map(|call| call.method.as_str()).collect::<Vec<_>>(), ["GET", "POST", "PATCH"]);
    assert_eq!(calls[1].json()["labels"], json!([{ "name": "urgent" }]));
    assert_eq!(calls[2].json()["autoCompleteSetBy"]["id"], "me");
    assert!(calls.iter().all(|call| call.header("authorization").unwrap().starts_with("Basic ")));
}

#[test]
fn ours_is_adopted() {
    let desk = Desk::new();
    let web = web(pull(desk.commit.as_str(), &json!({})), true);
    let landing = adapter(&desk, &web).propose(&desk.draft(), &[]).unwrap();
    assert_eq!(landing.state, MergeRequestState::Armed);
    assert!(web.calls().iter().all(|call| call.method != "POST"), "{:?}", web.lines());
}

#[test]
fn another_commit_is_never_completed() {
    let desk = Desk::new();
    let web = web(pull(&"0".repeat(40), &json!({})), true);
    for how in [Merge::WhenReady, Merge::Now, Merge::Bypass("fire".to_owned())] {
        let landing = adapter(&desk, &web).merge(&desk.at(), &how).unwrap();
        assert_eq!(landing.state, MergeRequestState::Blocked);
    }
    assert!(web.calls().iter().all(|call| call.method == "GET"), "{:?}", web.lines());
}

#[test]
fn a_bypass_names_its_reason() {
    let desk = Desk::new();
    let web = web(pull(desk.commit.as_str(), &json!({})), true);
    let landing = adapter(&desk, &web).merge(&desk.at(), &Merge::Bypass("fire".to_owned())).unwrap();
    assert_eq!(landing.state, MergeRequestState::Merged);
    let options = &web.calls().last().unwrap().json()["completionOptions"];
    assert_eq!((&options["bypassPolicy"], &options["bypassReason"]), (&json!(true), &json!("fire")));
}

#[test]
fn where_it_stands_is_read() {
    let desk = Desk::new();
    let red = adapter(&desk, &web(pull(desk.commit.as_str(), &json!({})), true)).look(&desk.at()).unwrap();
    assert_eq!((red.state, red.why.as_deref()), (MergeRequestState::Blocked, Some("build failed")));
    for (more, expected) in [
        (json!({ "status": "completed", "lastMergeCommit": { "commitId": "m" } }), MergeRequestState::Merged),
        (json!({ "status": "abandoned" }), MergeRequestState::Closed),
    ] {
        let web = web(pull(desk.commit.as_str(), &more), true);
        assert_eq!(adapter(&desk, &web).look(&desk.at()).unwrap().state, expected);
    }
    let web = web(pull(desk.commit.as_str(), &json!({})), true);
    let marks = adapter(&desk, &web).marks(7).unwrap();
    assert_eq!((marks[0].email.as_deref(), marks[0].approves), (Some("r@example.com"), true));
}
