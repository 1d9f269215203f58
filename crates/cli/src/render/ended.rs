//! How it ended: submit, cleanup, ship.

use hotfix_model::output::{CheckOutput, CleanupOutput, OwedOutput, ShipOutput, SubmitOutput, TestOutput};
use hotfix_model::{MergeRequest, MergeRequestState};

use super::places::state;
use super::{Paint, debt, field, next, short};

/// A fix that is on the remote.
pub fn submit(paint: Paint, output: &SubmitOutput) -> String {
    request(paint, &output.merge_request) + &debts(paint, &output.owed) + &next(paint, &output.next)
}

/// A slot that was given back.
pub fn cleanup(paint: Paint, output: &CleanupOutput) -> String {
    let mut text = String::new();
    for path in &output.discarded {
        text += &field(paint, "discarded", &format!("{path} (kept in the record)"));
    }
    for path in &output.left {
        text += &field(paint, "left", &format!("{path}, in the slot"));
    }
    text + &next(paint, &output.next)
}

/// What the validating steps of a ship found that is worth a look.
pub fn found(paint: Paint, output: &ShipOutput) -> String {
    let checked = output.check.as_ref().map(|check| CheckOutput::new(&output.id, check));
    let tested = output.test.as_ref().map(|test| TestOutput::new(&output.id, test));
    let checked = checked.map(|checked| super::check(paint, &checked)).unwrap_or_default();
    checked + &tested.map(|tested| super::test(paint, &tested)).unwrap_or_default()
}

/// A fix that is out.
pub fn ship(paint: Paint, output: &ShipOutput) -> String {
    let mut text = found(paint, output);
    if let Some(merge_request) = &output.merge_request {
        text += &request(paint, merge_request);
    }
    if let Some(commit) = &output.commit {
        text += &field(paint, "commit", &format!("{} on {}", short(commit), output.branch));
    }
    text += &debts(paint, &output.owed);
    text + &next(paint, &output.next)
}

/// The text of a merge request that nobody can open as a page is shown whole, to be sent.
fn request(paint: Paint, request: &MergeRequest) -> String {
    match &request.url {
        None if request.state == MergeRequestState::Merged => field(paint, "merge", "merged"),
        Some(url) => field(paint, "merge", &format!("{url} ({})", state(request.state))),
        None => request.request_pull.clone().unwrap_or_default(),
    }
}

fn debts(paint: Paint, owed: &[OwedOutput]) -> String {
    owed.iter()
        .map(|owed| {
            field(paint, "owed", &format!("{}, due {}", debt(owed), owed.due.strftime("%Y-%m-%d %H:%M UTC")))
        })
        .collect()
}
