//! GitLab, against the fake: what takes effect is read from its ledger.

mod afterwards;
mod by_request;
mod by_the_push_alone;
mod in_the_way;

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
