//! How many requests a delivery takes, counted by the forge itself.

use hotfix_testkit::Sandbox;

use super::desk::Desk;

/// Git's own requests since the desk was made.
fn gits(desk: &Desk<'_>) -> Vec<String> {
    let world = desk.forge.world();
    let calls = world.calls.iter().filter(|call| !call.path.contains("/api/"));
    calls.map(|call| format!("{} {}", call.method, call.path.trim_start_matches("/shop/till.git/"))).collect()
}

const ONE_PUSH: &[&str] = &["GET info/refs", "POST git-receive-pack"];

#[test]
fn gitlab_takes_one_push_where_pipelines_are_required() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    desk.forge.set(|settings| settings.checks_required = true);
    desk.adapter().prepare("main", &[]).unwrap();
    desk.forget_calls();
    desk.submit().unwrap();
    assert_eq!(gits(&desk), ONE_PUSH);
    assert_eq!(desk.calls(), [] as [&str; 0]);
}

/// One look for the pipeline and one request to merge, not one: without the look it could
/// be merged before its pipeline exists.
#[test]
fn gitlab_takes_two_requests_more_where_they_are_not() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    desk.forge.set(|settings| (settings.looks_to_prepare, settings.looks_to_checks) = (0, 0));
    let adapter = desk.adapter();
    adapter.prepare("main", &[]).unwrap();
    desk.forget_calls();
    let draft = desk.draft();
    let said = desk.push(adapter.as_ref(), &draft).unwrap();
    adapter.propose(&draft, &said).unwrap();
    assert_eq!(gits(&desk), ONE_PUSH);
    assert_eq!(desk.calls(), ["GET /merge_requests/1", "PUT /merge_requests/1/merge"]);
}

#[test]
fn gitlab_looks_ahead_with_three_requests_at_once_and_shows_a_status_with_one_or_two() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_gitlab(&sandbox);
    desk.adapter().prepare("main", &[]).unwrap();
    let mut ahead = desk.calls();
    ahead.sort();
    assert_eq!(ahead, ["GET ", "GET /api/v4/user", "GET /repository/branches/main"]);
    desk.submit().unwrap();
    desk.forget_calls();
    let at = hotfix_core::forge::Whereabouts { number: Some(1), ..desk.at() };
    desk.adapter().look(&at).unwrap();
    assert_eq!(desk.calls(), ["GET /merge_requests/1", "GET /pipelines/41/jobs"]);
    desk.forge.world().checks_end(1, true);
    desk.forget_calls();
    desk.adapter().look(&at).unwrap();
    assert_eq!(desk.calls(), ["GET /merge_requests/1"]);
}

/// The pull request; then, at the same time, its labels and its merge.
#[test]
fn github_takes_one_request_and_then_two_at_once() {
    let sandbox = Sandbox::new();
    let desk = Desk::at_github(&sandbox);
    desk.forge.set(|settings| settings.checks_required = true);
    let adapter = desk.adapter();
    adapter.prepare("main", &desk.draft().labels).unwrap();
    desk.forget_calls();
    let draft = desk.draft();
    let said = desk.push(adapter.as_ref(), &draft).unwrap();
    adapter.propose(&draft, &said).unwrap();
    assert_eq!(gits(&desk), ONE_PUSH);
    let mut calls = desk.calls();
    let begins = "/api/v3/repos/shop/till";
    calls.retain(|call| !call.starts_with("GET"));
    calls.sort();
    let labels = format!("POST {begins}/issues/1/labels");
    assert_eq!(calls, ["POST /api/graphql".to_owned(), labels, format!("POST {begins}/pulls")]);
    desk.judge_contracts();
}
