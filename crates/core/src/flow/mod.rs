//! The eight steps, in the order of the flow. Each: a request, `plan` (looks, changes nothing, printed by
//! `--dry-run`), `apply` (does what the plan says, writes the record), and an outcome.
//!
//! ```text
//! start -> prove -> check -> test -> commit -> submit -> cleanup -> follow-up
//! ```
//!
//! Only `test` blocks by default. Every step looks at the world first and at the record second, so a step that was
//! cut short is simply run again.

pub mod start;
pub mod prove;
pub mod check;
pub mod test;
pub mod commit;
pub mod submit;
pub mod cleanup;
pub mod follow_up;

use hotfix_model::{Gate, MergeRequestState, Record, Stage};

use crate::message::quoted;

/// What a step is going to do, one line each: what `--dry-run` prints.
pub type PlanLines = Vec<String>;

/// The commands that make sense next, most likely first.
pub fn next_commands(record: &Record, worktree: Option<&str>) -> Vec<String> {
    let id = &record.id;
    match (record.stage, worktree) {
        (Stage::Abandoned, _) => vec!["git hotfix start \"ALERT\"".to_owned()],
        (Stage::Started, None) => vec![format!("git hotfix resume {id}")],
        (Stage::Started, Some(worktree)) => {
            let ship =
                for_each_target(record, |target| format!("git hotfix ship{target} \"WHAT WAS FIXED\""));
            std::iter::once(format!("cd {}", quoted(worktree))).chain(ship).collect()
        }
        (Stage::Committed, _) => {
            for_each_target(record, |target| format!("git hotfix ship --id {id}{target}")).collect()
        }
        (Stage::Submitted, None) if is_stopped(record) => vec![format!("git hotfix resume {id}")],
        (Stage::Submitted | Stage::Merged, Some(_)) => vec![format!("git hotfix cleanup --id {id}")],
        (Stage::Submitted | Stage::Merged, None) => vec!["git hotfix owed".to_owned()],
    }
}

/// What may be chosen to merge into, as a shell reads it; `None` alone where that is settled.
fn targets_to_choose(record: &Record) -> Vec<Option<String>> {
    match (record.chosen_target(), record.target_choices.as_slice()) {
        (Some(_), _) => vec![None],
        (None, []) => vec![Some("BRANCH".to_owned())],
        (None, choices) => choices.iter().map(|choice| Some(quoted(choice))).collect(),
    }
}

/// The same command for each branch that may be chosen to merge into.
fn for_each_target(record: &Record, command: impl Fn(&str) -> String) -> impl Iterator<Item = String> {
    let option =
        |target: Option<String>| target.map(|target| format!(" --target {target}")).unwrap_or_default();
    targets_to_choose(record).into_iter().map(move |target| command(&option(target)))
}

/// Whether the merge request gets no further by itself.
fn is_stopped(record: &Record) -> bool {
    let state = record.merge_request.as_ref().map(|request| request.state);
    matches!(state, Some(MergeRequestState::Blocked | MergeRequestState::Closed))
}

/// The skipped gates of a request as facts are made of them, without those recorded already.
pub fn new_skips(record: &Record, skips: &[(Gate, String)]) -> Vec<hotfix_model::Fact> {
    let known = |gate: Gate, reason: &str| {
        record.skipped.iter().any(|skip| skip.gate == gate && skip.reason == reason)
    };
    let fresh = skips.iter().filter(|(gate, reason)| !known(*gate, reason));
    fresh.map(|(gate, reason)| hotfix_model::Fact::Skipped { gate: *gate, reason: reason.clone() }).collect()
}

/// A number of things: `1 file`, `2 files`.
pub(crate) fn counted(count: u64, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}
