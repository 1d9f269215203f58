//! Where a pull request stands: what is asked besides it, and how that is read.

use std::thread;

use hotfix_model::{Job, JobState, Landing, MergeRequestState};

use super::Gitea;
use super::answers::{Branch, Happening, Pull, Review, Settings, Status, Statuses, User};
use crate::error::Result;
use crate::forge::{Outlook, Whereabouts};

/// What is known of an open pull request.
struct Facts {
    jobs: Vec<Job>,
    branch: Branch,
    is_scheduled: bool,
    approvals: i64,
}

impl Gitea {
    /// Where it stands. A schedule for another commit than ours is taken back.
    pub(super) fn verdict(&self, at: &Whereabouts<'_>, pull: &Pull) -> Result<Landing> {
        if pull.merged {
            return Ok(pull.landing(MergeRequestState::Merged));
        }
        if pull.state != "open" {
            return Ok(pull.landing(MergeRequestState::Closed));
        }
        if pull.head.sha != at.commit.as_str() {
            self.disarm(pull.number)?;
            let why = format!("{} holds another commit than the fix; it is not merged", at.branch);
            return Ok(pull.landing(MergeRequestState::Open).blocked(why, "whoever pushed it"));
        }
        let facts = self.facts(at, pull)?;
        Ok(read(pull, at.target, facts))
    }

    /// All that is asked at the same time.
    fn facts(&self, at: &Whereabouts<'_>, pull: &Pull) -> Result<Facts> {
        let number = pull.number;
        thread::scope(|scope| {
            let branch = scope.spawn(|| self.branch(at.target));
            let timeline = scope.spawn(|| self.is_scheduled(number));
            let reviews = scope.spawn(|| self.approvals(number));
            let jobs = self.jobs(&pull.head.sha)?;
            // A thread that panicked knows nothing; so does a server that does not have the page.
            Ok(Facts {
                jobs,
                branch: branch.join().ok().and_then(Result::ok).unwrap_or_default(),
                is_scheduled: timeline.join().ok().and_then(Result::ok).unwrap_or_default(),
                approvals: reviews.join().ok().and_then(Result::ok).unwrap_or_default(),
            })
        })
    }

    fn jobs(&self, commit: &str) -> Result<Vec<Job>> {
        let statuses: Statuses = self.read(&self.path(&format!("/commits/{commit}/status")))?;
        Ok(statuses.statuses.into_iter().map(Status::job).collect())
    }

    /// No answer says whether a merge is scheduled, but the story of the pull request tells.
    fn is_scheduled(&self, number: u64) -> Result<bool> {
        let story: Option<Vec<Happening>> = self.read(&self.path(&format!("/issues/{number}/timeline")))?;
        let schedules = |happening: &Happening| match happening.kind.as_str() {
            "pull_scheduled_merge" => Some(true),
            "pull_cancel_scheduled_merge" => Some(false),
            _ => None,
        };
        Ok(story.unwrap_or_default().iter().rev().find_map(schedules).unwrap_or_default())
    }

    fn approvals(&self, number: u64) -> Result<i64> {
        let reviews: Vec<Review> = self.read(&self.path(&format!("/pulls/{number}/reviews")))?;
        let counts = |review: &&Review| review.state == "APPROVED" && !review.dismissed && !review.stale;
        Ok(reviews.iter().filter(counts).map(|_| 1).sum())
    }
}

fn read(pull: &Pull, target: &str, facts: Facts) -> Landing {
    let state = if facts.is_scheduled { MergeRequestState::Armed } else { MergeRequestState::Open };
    let required = required(&facts.branch, &facts.jobs);
    let landing = Landing { auto_merge: facts.is_scheduled, ..pull.landing(state) };
    let missing = facts.branch.required_approvals - facts.approvals;
    let (red, waiting) = (names(&required, JobState::Failed), waiting(&facts.branch, &required));
    let landing = if pull.draft {
        Landing { why: Some("it is a draft".to_owned()), ..landing }
    } else if !red.is_empty() {
        let next = Some("git hotfix resume".to_owned());
        Landing { next, ..landing.blocked(format!("{} failed", red.join(", ")), "you") }
    } else if missing > 0 {
        let why =
            format!("{missing} more {} needed", if missing == 1 { "approval is" } else { "approvals are" });
        landing.blocked(why, format!("who may approve for {target}"))
    } else if !waiting.is_empty() {
        Landing { why: Some(format!("waits for {}", waiting.join(", "))), ..landing }
    } else if !pull.mergeable {
        Landing { why: Some(format!("conflicts with {target}, or is being checked for them")), ..landing }
    } else {
        landing
    };
    Landing { jobs: facts.jobs, ..landing }
}

/// The jobs that the target's protection names; all of them where it names none but wants all green.
fn required<'a>(branch: &Branch, jobs: &'a [Job]) -> Vec<&'a Job> {
    let contexts = &branch.status_check_contexts;
    let counts = |job: &&Job| contexts.is_empty() || contexts.iter().any(|pattern| fits(pattern, &job.name));
    jobs.iter().filter(|job| branch.enable_status_check && counts(job)).collect()
}

fn names<'a>(jobs: &[&'a Job], state: JobState) -> Vec<&'a str> {
    jobs.iter().filter(|job| job.state == state).map(|job| job.name.as_str()).collect()
}

/// What is not green yet, with what has not even reported.
fn waiting(branch: &Branch, required: &[&Job]) -> Vec<String> {
    let contexts = &branch.status_check_contexts;
    let silent = contexts.iter().filter(|pattern| !required.iter().any(|job| fits(pattern, &job.name)));
    let running = required.iter().filter(|job| matches!(job.state, JobState::Running | JobState::Waiting));
    match branch.enable_status_check {
        true => running.map(|job| job.name.clone()).chain(silent.cloned()).collect(),
        false => Vec::new(),
    }
}

/// Contexts may be patterns with `*`.
fn fits(pattern: &str, name: &str) -> bool {
    let mut rest = name;
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(after) = rest.strip_prefix(first) else { return false };
    rest = after;
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(index) = rest.find(part) else { return false };
        rest = &rest[index + part.len()..];
    }
    rest.ends_with(last)
}

/// What is known before the push.
pub(super) fn outlook(user: Option<&User>, settings: Option<&Settings>, branch: Option<&Branch>) -> Outlook {
    let mut outlook = Outlook { account: user.map(|user| user.login.clone()), ..Outlook::default() };
    if let Some(settings) = settings {
        let may_push = settings.permissions.as_ref().is_none_or(|permissions| permissions.push);
        let obstacles = [
            (settings.archived, "the repository is archived"),
            (settings.has_pull_requests == Some(false), "the repository has no pull requests"),
            (!may_push, "this account may not push to the repository"),
        ];
        let found = obstacles.iter().filter(|(found, _)| *found).map(|(_, words)| (*words).to_owned());
        outlook.obstacles.extend(found);
    }
    if let Some(branch) = branch {
        let contexts = &branch.status_check_contexts;
        if !branch.user_can_merge {
            outlook.obstacles.push("this account may not merge into the target".to_owned());
        }
        if branch.required_approvals > 0 {
            outlook.remarks.push(format!("approvals needed: {}", branch.required_approvals));
        }
        if branch.enable_status_check && !contexts.is_empty() {
            outlook.remarks.push(format!("checks needed: {}", contexts.join(", ")));
        }
    }
    outlook
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn contexts_may_be_patterns() {
        let cases = [("ci", "ci", true), ("ci", "ci/x", false), ("ci/*", "ci/x", true), ("*", "", true)];
        for (pattern, name, expected) in cases {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
        assert!(fits("a*b*c", "a-b-b-c") && !fits("a*b*c", "a-c"));
    }
}
