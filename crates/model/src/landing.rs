//! Where a merge request stands on its way into the target.
//!
//! ```text
//! pushed -> open -> armed | queued -> merged
//!                   blocked (why, and who can unblock it)
//!                   closed
//! ```

use serde::{Deserialize, Serialize};

use crate::record::{MergeRequest, MergeRequestState};

/// Where a merge request stands, as the forge says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Landing {
    /// What became of it.
    pub state: MergeRequestState,
    /// Its number; absent while the forge knows none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// Where to look at it, or, as long as there is none, where to make it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Labels it carries.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Whether it merges by itself.
    #[serde(default)]
    pub auto_merge: bool,
    /// The commit the forge would merge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// The commit of the target that contains it, once it is merged and the forge says which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_commit: Option<String>,
    /// What it waits for, or what stands in the way, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Who can change that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// What to type or do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Its place in the forge's queue, 1 for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_position: Option<u64>,
    /// What the forge runs on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<Job>,
}

/// One job, check or status of the forge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Job {
    /// Its name.
    pub name: String,
    /// How far it is.
    pub state: JobState,
    /// Where to look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Not begun, or waiting for somebody.
    Waiting,
    /// At work.
    Running,
    /// Green.
    Passed,
    /// Red.
    Failed,
    /// Left out.
    Skipped,
}

impl Landing {
    /// A state of which nothing else is known.
    pub fn new(state: MergeRequestState) -> Self {
        Self {
            state,
            number: None,
            url: None,
            labels: Vec::new(),
            auto_merge: false,
            head: None,
            merged_commit: None,
            why: None,
            who: None,
            next: None,
            queue_position: None,
            jobs: Vec::new(),
        }
    }

    /// The same with something in its way: what, and who can change that.
    #[must_use]
    pub fn blocked(self, why: impl Into<String>, who: impl Into<String>) -> Self {
        Self { state: MergeRequestState::Blocked, why: Some(why.into()), who: Some(who.into()), ..self }
    }

    /// Adds something worth knowing to what it waits for.
    pub fn remark(&mut self, what: impl Into<String>) {
        let what = what.into();
        self.why = Some(match self.why.take() {
            Some(why) => format!("{why}; {what}"),
            None => what,
        });
    }

    /// Whether nothing more will happen to it.
    pub fn is_final(&self) -> bool {
        matches!(self.state, MergeRequestState::Merged | MergeRequestState::Closed)
    }

    /// Jobs in a state.
    pub fn jobs_in(&self, state: JobState) -> impl Iterator<Item = &Job> {
        self.jobs.iter().filter(move |job| job.state == state)
    }
}

impl MergeRequest {
    /// Takes over what the forge says now. What it does not say stays as it was.
    pub fn follow(&mut self, landing: &Landing) {
        self.state = landing.state;
        self.auto_merge = landing.auto_merge;
        self.why.clone_from(&landing.why);
        self.who.clone_from(&landing.who);
        self.number = landing.number.or(self.number);
        self.url = landing.url.clone().or(self.url.take());
        if landing.number.is_some() {
            self.labels.clone_from(&landing.labels);
        }
    }
}
