//! GitHub's adapter where the stateful fake does not reach: requests that have to be under way at the same time, and
//! `GitBucket`, which has GitHub's REST API and ways of its own. What `GitBucket` answers here, 4.47.0 answered.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use hotfix_core::forge::detect::Kind;
use hotfix_core::forge::http::Patience;
use hotfix_core::forge::{Forge, GitHub, Merge};
use hotfix_model::MergeRequestState;
use hotfix_testkit::{Answer, Call, Web};
use serde_json::{Value, json};

use super::shapes::Desk;

const PATH: &str = "shop/till";

fn adapter(desk: &Desk, web: &Web) -> GitHub {
    let patience = Patience { pause: Duration::from_millis(1), ..Patience::default() };
    GitHub::new(&desk.sandbox.ctx("/"), Desk::connection(Kind::GitHub, web, PATH), patience)
}

fn pull(desk: &Desk, labels: &[&str]) -> Value {
    let repository = json!({ "full_name": PATH, "name": "till" });
    let labels: Vec<Value> = labels.iter().map(|name| json!({ "name": name, "color": "d73a4a" })).collect();
    json!({
        "number": 7, "state": "open", "merged": false, "title": "fix: totals", "body": "Proof", "draft": false,
        "labels": labels, "html_url": format!("https://forge.example/{PATH}/pull/7"),
        "head": { "sha": desk.commit.as_str(), "ref": desk.record.branch_name(), "repo": repository },
        "base": { "sha": "0".repeat(40), "ref": desk.record.target, "repo": repository },
    })
}

/// Where two requests wait for each other.
#[derive(Default)]
struct Meeting {
    here: Mutex<usize>,
    came: Condvar,
}

impl Meeting {
    /// Whether the other one came while this one was there.
    fn wait(&self) -> bool {
        let mut here = self.here.lock().unwrap();
        *here += 1;
        self.came.notify_all();
        let limit = Duration::from_secs(20);
        let (here, _) = self.came.wait_timeout_while(here, limit, |here| *here < 2).unwrap();
        *here >= 2
    }
}

#[test]
fn it_is_labelled_and_armed_at_the_same_time() {
    let desk = Desk::new();
    let (meeting, shown) = (Arc::<Meeting>::default(), pull(&desk, &[]));
    let web = Web::new(move |call: &Call| {
        let path = call.path.split('?').next().unwrap_or_default();
        match (call.method.as_str(), path) {
            ("POST", "/repos/shop/till/pulls") => Answer::json(201, &shown),
            ("POST", "/repos/shop/till/issues/7/labels") if meeting.wait() => {
                Answer::json(200, &json!([{ "name": "urgent" }]))
            }
            ("POST", "/graphql") if meeting.wait() => {
                let armed = json!({ "number": 7, "state": "OPEN", "autoMergeRequest": { "enabledAt": "…" } });
                Answer::json(
                    200,
                    &json!({ "data": { "enablePullRequestAutoMerge": { "pullRequest": armed } } }),
                )
            }
            ("GET", "/repos/shop/till/pulls") => Answer::json(200, &json!([])),
            _ => Answer::json(400, &json!({ "message": "it came alone" })),
        }
    });
    let landing = adapter(&desk, &web).propose(&desk.draft(), &[]).unwrap();
    assert_eq!((landing.state, landing.why), (MergeRequestState::Armed, None));
    assert_eq!(landing.labels, ["urgent"]);
}

mod gitbucket {
    use super::*;

    /// One pull request that carries these labels, and no GraphQL. Any second label of a name is a fault of its database.
    fn web(desk: &Desk, labels: &[&str]) -> Web {
        let (shown, carried) =
            (pull(desk, labels), labels.iter().map(|name| json!(name)).collect::<Vec<_>>());
        Web::new(move |call: &Call| {
            let path = call.path.split('?').next().unwrap_or_default();
            match (call.method.as_str(), path.trim_start_matches("/repos/shop/till")) {
                ("GET", "/pulls") => Answer::json(200, &json!([shown])),
                ("GET" | "PATCH", "/pulls/7") => Answer::json(200, &shown),
                ("POST", "/issues/7/labels") => {
                    let body = call.json();
                    let wanted = body["labels"].as_array().unwrap();
                    if wanted.iter().any(|name| carried.contains(name)) {
                        return Answer::json(500, &json!({ "message": "Internal Server Error" }));
                    }
                    let added: Vec<Value> = wanted.iter().map(|name| json!({ "name": name })).collect();
                    Answer::json(200, &json!(added))
                }
                ("DELETE", "/issues/7/labels/urgent") => Answer::json(200, &json!([])),
                ("GET", path) if path.ends_with("/status") => {
                    Answer::json(200, &json!({ "state": "pending", "total_count": 0, "statuses": [] }))
                }
                _ => Answer::Reply(
                    404,
                    Vec::new(),
                    b"<html><title>Error 404 Not Found</title></html>".to_vec(),
                ),
            }
        })
    }

    fn labelled(web: &Web) -> Vec<Value> {
        let calls = web.calls().into_iter();
        let calls = calls.filter(|call| call.method == "POST" && call.path.ends_with("/labels"));
        calls.map(|call| call.json()["labels"].clone()).collect()
    }

    #[test]
    fn what_it_cannot_do_is_one_plain_sentence() {
        let desk = Desk::new();
        let web = web(&desk, &[]);
        let landing = adapter(&desk, &web).propose(&desk.draft(), &[]).unwrap();
        assert_eq!((landing.state, landing.auto_merge), (MergeRequestState::Open, false));
        let why = "this server cannot merge by itself once the checks are green";
        assert_eq!(landing.why.as_deref(), Some(why));
        assert_eq!(landing.labels, ["urgent"]);
    }

    #[test]
    fn a_label_that_is_on_it_is_not_put_on_it_again() {
        let desk = Desk::new();
        let web = web(&desk, &["urgent"]);
        let landing = adapter(&desk, &web).propose(&desk.draft(), &[]).unwrap();
        assert_eq!(
            (landing.labels, landing.why.unwrap().contains("labels")),
            (vec!["urgent".to_owned()], false)
        );
        assert_eq!(labelled(&web), [] as [Value; 0]);
    }

    #[test]
    fn labels_it_lacks_join_those_it_has() {
        let desk = Desk::new();
        let web = web(&desk, &["urgent"]);
        let mut draft = desk.draft();
        draft.labels.push("needs-post-review".to_owned());
        let landing = adapter(&desk, &web).propose(&draft, &[]).unwrap();
        assert_eq!(landing.labels, ["urgent", "needs-post-review"]);
        assert_eq!(labelled(&web), [json!(["needs-post-review"])]);
    }

    #[test]
    fn labels_change_twice_as_well_as_once() {
        let desk = Desk::new();
        let web = web(&desk, &["post-reviewed"]);
        let names = |name: &str| vec![name.to_owned()];
        adapter(&desk, &web).relabel(7, &names("post-reviewed"), &names("urgent")).unwrap();
        assert_eq!(labelled(&web), [] as [Value; 0]);
    }

    /// Its answer to a request to merge is 200 with another answer inside, whatever came of it.
    #[test]
    fn a_merge_that_it_refused_is_not_taken_for_one() {
        for (status, said) in [(405, "Pull Request is not mergeable"), (409, "Head branch was modified.")] {
            let desk = Desk::new();
            let shown = pull(&desk, &["urgent"]);
            let web = Web::new(move |call: &Call| match call.method.as_str() {
                "PUT" if call.path.ends_with("/merge") => {
                    let inside = json!({ "message": said }).to_string();
                    Answer::json(200, &json!({ "status": status, "body": inside, "headers": {} }))
                }
                "GET" if call.path.ends_with("/status") => Answer::json(200, &json!({ "statuses": [] })),
                "GET" => Answer::json(200, &shown),
                _ => Answer::json(404, &json!({ "message": "Not Found" })),
            });
            let landing = adapter(&desk, &web).merge(&desk.at(), &Merge::Now).unwrap();
            assert_eq!((landing.state, landing.why.as_deref()), (MergeRequestState::Blocked, Some(said)));
        }
    }

    #[test]
    fn a_merge_is_seen_on_the_pull_request_itself() {
        let desk = Desk::new();
        let (open, merged) = (pull(&desk, &["urgent"]), {
            let mut merged = pull(&desk, &["urgent"]);
            (merged["state"], merged["merged"]) = (json!("closed"), json!(true));
            merged
        });
        let done = AtomicBool::new(false);
        let web = Web::new(move |call: &Call| match call.method.as_str() {
            "PUT" if call.path.ends_with("/merge") => {
                done.store(true, Ordering::SeqCst);
                let inside = json!({ "sha": "MergeResult(AnyObjectId[…])", "merged": true }).to_string();
                Answer::json(200, &json!({ "status": 200, "body": inside, "headers": {} }))
            }
            "GET" => Answer::json(200, if done.load(Ordering::SeqCst) { &merged } else { &open }),
            _ => Answer::json(404, &json!({ "message": "Not Found" })),
        });
        let landing = adapter(&desk, &web).merge(&desk.at(), &Merge::Now).unwrap();
        assert_eq!((landing.state, landing.merged_commit), (MergeRequestState::Merged, None));
    }
}
