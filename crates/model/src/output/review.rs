//! What `review --json` prints.

use serde::{Deserialize, Serialize};

use super::OwedOutput;
use crate::event::Actor;
use crate::gate::{CheckReport, Skip, TestReport};
use crate::proof::Proof;
use crate::record::{Size, Stage};
use crate::review::{Authorised, ReviewState, Reviewed};

/// `review --json`: what shipped, and what reviewers say about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReviewOutput {
    /// The hotfix.
    pub id: String,
    /// How far it is.
    pub stage: Stage,
    /// How far the review is; `null` while there is nothing to review.
    pub state: Option<ReviewState>,
    /// The alert in the words of who started.
    pub alert: String,
    /// The commit to look at.
    pub commit: String,
    /// Its subject; `null` when the commit is not known by its subject.
    pub subject: Option<String>,
    /// The commit it starts from.
    pub base: String,
    /// The branch it is merged into.
    pub target: String,
    /// Everybody who worked on it, the author first: none of them can approve it.
    pub hands: Vec<Actor>,
    /// Who took it upon them to ship it before the review; `null` while it is not shipped.
    pub authorised: Option<Authorised>,
    /// What it changes.
    pub size: Option<Size>,
    /// The proof.
    pub proof: Option<Proof>,
    /// The style of what changed.
    pub check: Option<CheckReport>,
    /// The critical tests.
    pub test: Option<TestReport>,
    /// Gates that were skipped.
    pub skipped: Vec<Skip>,
    /// The change as `git diff` prints it; `null` when the commits are not in this clone.
    pub diff: Option<String>,
    /// Where the merge request is; `null` where there is none.
    pub url: Option<String>,
    /// All reviews, oldest first.
    pub reviews: Vec<Reviewed>,
    /// What this command wrote down; absent when it only showed, or when the same was said before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<Reviewed>,
    /// What is still owed.
    pub owed: Vec<OwedOutput>,
    /// Commands to type next.
    pub next: Vec<String>,
}
