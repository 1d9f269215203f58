//! What GitHub itself answered once (see `recorded/README.md`), read by the adapter.

use std::collections::BTreeMap;

use hotfix_core::forge::address::Address;
use hotfix_core::forge::detect::{Kind, Site};
use hotfix_core::forge::http::{Http, Patience};
use hotfix_core::forge::{Connection, Forge, GitHub, Whereabouts};
use hotfix_core::git::Oid;
use hotfix_model::{Job, JobState};
use hotfix_testkit::{Answer, Call, Sandbox, Web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::shapes::Desk;

#[derive(Clone, Deserialize)]
struct Recorded {
    scenario: String,
    method: String,
    path: String,
    body: Option<Value>,
    status: u16,
    headers: BTreeMap<String, String>,
    answer: Value,
}

/// A server that answers what was recorded, and to all else as `otherwise` does.
fn play(scenario: &str, otherwise: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Web {
    let all: Vec<Recorded> = serde_json::from_str(include_str!("recorded/github.json")).unwrap();
    let played: Vec<Recorded> = all.into_iter().filter(|one| one.scenario == scenario).collect();
    assert!(!played.is_empty());
    Web::new(move |call: &Call| {
        let fits = |one: &&Recorded| one.method == call.method && one.path == call.path;
        let Some(one) = played.iter().find(fits) else { return otherwise(call) };
        let answer = Answer::json(one.status, &one.answer);
        match one.headers.get("location") {
            // The server is here for once.
            Some(to) => answer.header("location", to.replace("https://api.github.com", "")),
            None => answer,
        }
    })
}

fn refused(_: &Call) -> Answer {
    Answer::json(404, &json!({ "message": "Not Found" }))
}

fn adapter(desk: &Desk, web: &Web, repository: &str) -> GitHub {
    let path = format!("octokit-fixture-org/{repository}");
    let Connection { site, token } = Desk::connection(Kind::GitHub, web, &path);
    let connection = Connection { site: Site { how: "recorded", ..site }, token };
    GitHub::new(&desk.sandbox.ctx("/"), connection, Patience::default())
}

#[test]
fn labels_are_put_on_as_github_takes_them() {
    let desk = Desk::new();
    let web = play("add-labels-to-issue", |call| match call.method.as_str() {
        "GET" => Answer::json(200, &json!({ "number": 1, "state": "open", "labels": [] })),
        _ => refused(call),
    });
    let labels = ["Foo", "bAr", "baZ"].map(str::to_owned);
    adapter(&desk, &web, "add-labels-to-issue").relabel(1, &labels, &[]).unwrap();
    let sent = web.calls().pop().unwrap();
    let all: Vec<Recorded> = serde_json::from_str(include_str!("recorded/github.json")).unwrap();
    assert_eq!((Some(sent.json()), sent.path.as_str()), (all[0].body.clone(), all[0].path.as_str()));
}

#[test]
fn a_repository_tells_what_may_be_done() {
    let desk = Desk::new();
    let web = play("get-repository", refused);
    let outlook = adapter(&desk, &web, "hello-world").prepare("main", &[]).unwrap();
    assert_eq!(outlook.obstacles, [] as [&str; 0]);
    assert_eq!(outlook.remarks, ["auto-merge is switched off: it merges at once, or by hand"]);
}

#[test]
fn a_repository_that_was_renamed_is_found_under_its_new_name() {
    let desk = Desk::new();
    let web = play("rename-repository", refused);
    let outlook = adapter(&desk, &web, "rename-repository").prepare("main", &[]).unwrap();
    assert_eq!(outlook.obstacles, [] as [&str; 0]);
    assert!(web.lines().contains(&"GET /repositories/1000".to_owned()), "{:?}", web.lines());
    // A change goes there as well, with all it says.
    let http = Http::new(&Sandbox::new().ctx("/"), &Address::parse(&web.url()).unwrap(), Patience::default());
    let body = json!({ "name": "rename-repository-newname", "description": "test description" });
    assert!(http.patch("/repos/octokit-fixture-org/rename-repository", &body).unwrap().is_ok());
    let last = web.calls().pop().unwrap();
    assert_eq!((last.line().as_str(), last.json()), ("PATCH /repositories/1000", body));
}

#[test]
fn a_label_that_is_there_is_not_made() {
    let desk = Desk::new();
    let web = play("labels", |call| match call.path.as_str() {
        "/repos/octokit-fixture-org/labels" => Answer::json(200, &json!({ "full_name": "x/labels" })),
        _ => refused(call),
    });
    adapter(&desk, &web, "labels").prepare("main", &["test-label".to_owned()]).unwrap();
    let made = |line: &String| line.starts_with("POST") && line.ends_with("/labels");
    assert!(!web.lines().iter().any(made), "{:?}", web.lines());
    assert!(web.lines().contains(&"GET /repos/octokit-fixture-org/labels/labels/test-label".to_owned()));
}

#[test]
fn a_refusal_says_what_is_wrong_with_what() {
    let web = play("errors", refused);
    let http = Http::new(&Sandbox::new().ctx("/"), &Address::parse(&web.url()).unwrap(), Patience::default());
    let reply = http.post("/repos/octokit-fixture-org/errors/labels", &json!({ "name": "foo" })).unwrap();
    assert_eq!((reply.status, reply.said().as_str()), (422, "Validation Failed; Label color: invalid"));
}

#[test]
fn the_checks_of_a_commit_are_read() {
    let desk = Desk::new();
    let commit = format!("{}1", "0".repeat(39));
    let pull =
        json!({ "number": 7, "state": "open", "head": { "ref": desk.record.branch_name(), "sha": commit } });
    let web = play("create-status", move |call| match call.path.ends_with("/pulls/7") {
        true => Answer::json(200, &pull),
        false => refused(call),
    });
    let commit = Oid::parse(&commit).unwrap();
    let at = Whereabouts { commit: &commit, ..desk.at() };
    let landing = adapter(&desk, &web, "create-status").look(&at).unwrap();
    let job =
        |name: &str, state| Job { name: name.to_owned(), state, url: Some("https://example.com".to_owned()) };
    assert_eq!(landing.jobs, [job("example/1", JobState::Failed), job("example/2", JobState::Passed)]);
}
