//! GitLab's `detailed_merge_status` in plain words: what is in the way, who can change that, what to do.
//!
//! The list is that of GitLab's page on the merge requests API, with what came and went from 15.6 on.

/// What a status means for a merge that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// GitLab has not made up its mind yet: ask again.
    NotYet,
    /// Nothing is in the way.
    Ready,
    /// The pipeline is what it waits for.
    Pipeline(Words),
    /// Somebody has to do something; an armed merge stays armed meanwhile.
    Person(Words),
    /// It cannot be merged as it is.
    Never(Words),
    /// It is merged, or closed.
    Over,
}

/// What is in the way, who can change that, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// In one line.
    pub why: &'static str,
    /// Who.
    pub who: &'static str,
    /// What to type or do.
    pub next: &'static str,
}

const fn words(why: &'static str, who: &'static str, next: &'static str) -> Words {
    Words { why, who, next }
}

const AUTHOR: &str = "you";
const LOOK: &str = "git hotfix status";

/// What a status means. One that GitLab invents later is shown as it is, and waits for a person.
pub fn meaning(status: &str) -> Meaning {
    use Meaning::{Never, NotYet, Over, Person, Pipeline, Ready};
    match status {
        "" | "preparing" | "unchecked" | "checking" | "approvals_syncing" => NotYet,
        "mergeable" => Ready,
        "not_open" => Over,
        "ci_still_running" => Pipeline(words("the pipeline is running", "the pipeline", LOOK)),
        "ci_must_pass" => Pipeline(words(
            "the pipeline has to pass first",
            "the pipeline",
            "git hotfix status  # when it is red: git hotfix resume",
        )),
        "conflict" | "broken_status" => Never(words(
            "it conflicts with the target",
            AUTHOR,
            "git hotfix resume, then rebase onto the target and git hotfix ship",
        )),
        "need_rebase" => Never(words(
            "the project merges by fast-forward only, and the target has moved on",
            AUTHOR,
            "git hotfix resume, then rebase onto the target and git hotfix ship",
        )),
        "commits_status" => {
            Never(words("the branch is gone, or holds nothing new", AUTHOR, "git hotfix ship"))
        }
        "draft_status" => Person(words("it is a draft", AUTHOR, "mark it as ready on its page")),
        other => Person(of_person(other)),
    }
}

/// Those that somebody has to resolve on GitLab's pages.
fn of_person(status: &str) -> Words {
    match status {
        "not_approved" => {
            words("it needs an approval", "somebody the approval rules name", "ask for the approval")
        }
        "requested_changes" => words(
            "a reviewer asks for changes",
            "that reviewer",
            "talk to the reviewer, or git hotfix resume and change it",
        ),
        "discussions_not_resolved" => {
            words("there are open threads", "whoever may resolve them", "resolve the threads on its page")
        }
        "blocked_status" | "merge_request_blocked" => words(
            "it depends on another merge request",
            "whoever merges that one",
            "merge the other one, or take the dependency away on its page",
        ),
        "external_status_checks" | "status_checks_must_pass" => words(
            "an external check has not passed",
            "whoever runs that check",
            "look at the check on its page",
        ),
        "jira_association_missing" => {
            words("the title names no Jira issue", AUTHOR, "edit the title on its page")
        }
        "title_regex" | "title_not_matching" => {
            words("the title is not of the form the project wants", AUTHOR, "edit the title on its page")
        }
        "merge_time" => {
            words("it may not be merged before a date that was set", AUTHOR, "change the date on its page")
        }
        "locked_paths" | "locked_lfs_files" => words(
            "it changes files that somebody has locked",
            "whoever holds the lock",
            "ask for the files to be unlocked",
        ),
        "policies_denied" | "security_policy_violations" | "security_policy_pipeline_check" => words(
            "a security policy denies it",
            "whoever the policy names",
            "ask for the approval that the policy wants",
        ),
        "ff_only" => {
            words("the project merges by fast-forward only", AUTHOR, "git hotfix resume, then rebase")
        }
        _ => words("GitLab gives a reason of its own", "see its page", "look at its page"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every status of GitLab's documents from 15.6 to 18.
    const ALL: &[&str] = &[
        "approvals_syncing",
        "blocked_status",
        "broken_status",
        "checking",
        "ci_must_pass",
        "ci_still_running",
        "commits_status",
        "conflict",
        "discussions_not_resolved",
        "draft_status",
        "external_status_checks",
        "jira_association_missing",
        "locked_lfs_files",
        "locked_paths",
        "merge_request_blocked",
        "merge_time",
        "mergeable",
        "need_rebase",
        "not_approved",
        "not_open",
        "policies_denied",
        "preparing",
        "requested_changes",
        "security_policy_violations",
        "status_checks_must_pass",
        "title_regex",
        "unchecked",
    ];

    #[test]
    fn every_documented_status_has_words_of_its_own() {
        let unknown = meaning("something_new");
        for status in ALL {
            assert_ne!(meaning(status), unknown, "{status}");
        }
    }

    #[test]
    fn what_may_change_by_itself_is_asked_again() {
        assert_eq!(meaning("preparing"), Meaning::NotYet);
        assert_eq!(meaning("approvals_syncing"), Meaning::NotYet);
        assert_eq!(meaning(""), Meaning::NotYet, "servers before 15.6 do not say");
        assert!(matches!(meaning("not_approved"), Meaning::Person(_)));
        assert!(matches!(meaning("conflict"), Meaning::Never(_)));
    }
}
