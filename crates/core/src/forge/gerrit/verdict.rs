//! Where a change stands, and whose vote it waits for.

use hotfix_model::{Landing, MergeRequestState};

use super::answers::{Change, Requirement};
use crate::forge::Whereabouts;

/// Reads a change.
pub(super) fn read(change: &Change, at: &Whereabouts<'_>) -> Landing {
    let landing = Landing {
        number: Some(change.number),
        labels: change.hashtags.clone(),
        head: change.current_revision.clone(),
        ..Landing::new(MergeRequestState::Open)
    };
    match change.status.as_str() {
        "MERGED" => Landing {
            state: MergeRequestState::Merged,
            merged_commit: change.current_revision.clone(),
            ..landing
        },
        "ABANDONED" => Landing { state: MergeRequestState::Closed, ..landing },
        _ if change.current_revision.as_deref().is_some_and(|head| head != at.commit.as_str()) => {
            landing.blocked("a newer patch set is not the fix; it is not submitted", "whoever pushed it")
        }
        _ if change.work_in_progress => Landing { why: Some("it is work in progress".to_owned()), ..landing },
        _ => open(change, landing),
    }
}

fn open(change: &Change, landing: Landing) -> Landing {
    let against: Vec<String> = change
        .labels
        .iter()
        .filter_map(|(label, votes)| {
            let who = votes.rejected.as_ref()?;
            Some(format!("{} voted {label}{}", who.shown(), votes.range().1))
        })
        .collect();
    if !against.is_empty() {
        return landing.blocked(against.join("; "), "whoever voted against it");
    }
    let missing = missing(change);
    if missing.is_empty() {
        return Landing { next: Some("git hotfix submit".to_owned()), ..landing };
    }
    let why = format!("needs {}", missing.join(", "));
    let next = Some("git hotfix submit  # once the votes are there".to_owned());
    Landing { next, ..landing.blocked(why, who(change, &missing)) }
}

/// What is missing, each with the vote that would do: `Code-Review+2`.
fn missing(change: &Change) -> Vec<String> {
    let open = |requirement: &&Requirement| matches!(requirement.status.as_str(), "UNSATISFIED" | "ERROR");
    let names: Vec<&str> = if change.submit_requirements.is_empty() {
        let records = change.submit_records.iter().filter(|record| record.status == "NOT_READY");
        let labels = records.flat_map(|record| &record.labels);
        let needed = labels.filter(|label| matches!(label.status.as_str(), "NEED" | "REJECT" | "IMPOSSIBLE"));
        needed.map(|label| label.label.as_str()).collect()
    } else {
        change.submit_requirements.iter().filter(open).map(|requirement| requirement.name.as_str()).collect()
    };
    names.into_iter().map(|name| vote_for(change, name)).collect()
}

fn vote_for(change: &Change, name: &str) -> String {
    match change.labels.get(name) {
        Some(votes) => format!("{name}{:+}", votes.range().0),
        None => {
            let described = change.submit_requirements.iter().find(|requirement| requirement.name == name);
            let words = described.map(|requirement| requirement.description.as_str()).unwrap_or_default();
            if words.is_empty() { name.to_owned() } else { format!("{name} ({})", in_one_line(words)) }
        }
    }
}

/// Reviewers that were asked, else whoever may.
fn who(change: &Change, missing: &[String]) -> String {
    let asked = change.labels.values().flat_map(|votes| &votes.all).filter(|vote| vote.value == 0);
    let mut names: Vec<String> = asked.map(|vote| vote.account.shown()).collect();
    names.sort();
    names.dedup();
    match names.is_empty() {
        true => format!("somebody who may vote {}", missing.join(", ")),
        false => names.join(", "),
    }
}

/// The lines of Gerrit's own words as one.
pub(super) fn in_one_line(words: &str) -> String {
    words.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}
