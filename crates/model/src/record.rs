//! The record: all that is known about one hotfix, folded from its events.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::{Actor, Digest};
use crate::gate::{CheckReport, Skip, TestReport};
use crate::period::Period;
use crate::proof::Proof;
use crate::review::{Authorised, ReviewState, Reviewed};

/// Version of the record's layout. Raised only when a reader of the old one would misread the new one.
pub const RECORD_VERSION: u32 = 1;

/// Where a hotfix starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Base {
    /// What the user would call it: `origin/main`, `v1.2.2`.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The commit.
    pub commit: String,
}

/// How far a hotfix is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Branch and slot exist; the fix is being written.
    Started,
    /// The fix is a commit.
    Committed,
    /// The fix is on the remote.
    Submitted,
    /// The fix is in the target branch.
    Merged,
    /// Given up.
    Abandoned,
}

/// The size of a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Size {
    /// Changed files.
    pub files: u64,
    /// Added lines.
    pub added: u64,
    /// Removed lines.
    pub removed: u64,
}

/// What really became of a merge request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MergeRequestState {
    /// The branch is on the remote; the remote knows no merge requests, or none exists yet.
    Pushed,
    /// The merge request exists.
    Open,
    /// It merges by itself when its conditions hold.
    Armed,
    /// It waits in the forge's queue.
    Queued,
    /// It is in the target.
    Merged,
    /// Something stands in the way.
    Blocked,
    /// It was closed without a merge.
    Closed,
}

/// A merge request, or on a plain Git remote the text to send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MergeRequest {
    /// What became of it.
    pub state: MergeRequestState,
    /// Name of the adapter: `plain` for a Git remote without a forge.
    pub forge: String,
    /// Where to look at it; `null` where the remote has no pages.
    pub url: Option<String>,
    /// Its number; `null` where the remote has none.
    pub number: Option<u64>,
    /// Labels it carries, or would carry on a forge.
    pub labels: Vec<String>,
    /// Whether it merges by itself.
    pub auto_merge: bool,
    /// What it waits for, or what stands in the way, as the forge last said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Who can change that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// Title.
    pub title: String,
    /// Text, with the proof.
    pub description: String,
    /// On a plain Git remote the text of `git request-pull`, to be sent to whoever merges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_pull: Option<String>,
    /// Whether the remote took the record as well.
    #[serde(default)]
    pub record_pushed: bool,
}

/// What kind of debt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OwedKind {
    /// A look by somebody who is not the author.
    Review,
    /// The post-mortem.
    Postmortem,
    /// The fix on another branch.
    Port,
    /// A gate that was skipped.
    SkippedGate,
    /// A concern that a reviewer raised.
    Concern,
}

/// Something owed until it is settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Owed {
    /// Unique within the hotfix: `review`, `postmortem`, `skipped_gate:prove`, `concern:01J…`.
    pub key: String,
    /// What kind.
    pub kind: OwedKind,
    /// What it is about, in one line.
    pub what: String,
    /// When it is due.
    pub due: Timestamp,
    /// When it was settled; absent while it is owed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<Timestamp>,
    /// Who settled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_by: Option<Actor>,
    /// How, where somebody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A post-mortem that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Postmortem {
    /// Path from the root of the repository.
    pub path: String,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
    /// SHA-256 of the file as git-hotfix wrote it last: while the file has it, nobody has edited it.
    pub written: Digest,
}

/// All that is known about one hotfix: `record.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Record {
    /// Version of the layout, [`RECORD_VERSION`].
    pub version: u32,
    /// The hotfix: the branch without `hotfix/`.
    pub id: String,
    /// How far it is.
    pub stage: Stage,
    /// The alert in the words of who started.
    pub alert: String,
    /// The alert's id in the system it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// How bad it is, in the team's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// The branch, in full.
    pub branch: String,
    /// Where it starts from; moves when the branch is rebased.
    pub base: Base,
    /// The branch it is to be merged into; empty while somebody has to choose one.
    pub target: String,
    /// Branches to choose from, while none is chosen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub target_choices: Vec<String>,
    /// Name of the remote; absent when the repository has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
    /// When it was started.
    pub started_at: Timestamp,
    /// Who started it: the author, who cannot review it.
    pub author: Actor,
    /// The newest proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Box<Proof>>,
    /// The newest check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckReport>,
    /// The newest run of the critical tests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Box<TestReport>>,
    /// Gates that were skipped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skip>,
    /// The commit of the fix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The tree of that commit. What was proven, checked and tested holds for the commit only if it ran on this tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<String>,
    /// The subject of that commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// Everybody who worked on it, the author first: none of them can approve it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hands: Vec<Actor>,
    /// Who took it upon them to ship it before the review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorised: Option<Authorised>,
    /// The merge request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_request: Option<MergeRequest>,
    /// When the fix was first on the remote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<Timestamp>,
    /// The commit of the target that contains the fix, once it is merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_commit: Option<String>,
    /// How far the review is; absent while there is nothing to review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewState>,
    /// The reviews, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviews: Vec<Reviewed>,
    /// When the fix was first known to be in the target: production is restored from then on, as far as Git can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_at: Option<Timestamp>,
    /// Where the post-mortem is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postmortem: Option<Postmortem>,
    /// Whether a slot is in use for it, as far as this record knows.
    pub slot_in_use: bool,
    /// What is owed, settled or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owed: Vec<Owed>,
    /// Time until the review is due, from the merge request on.
    pub review_within: Period,
    /// Time until the post-mortem is due, from the merge request on.
    pub postmortem_within: Period,
    /// Digests of the events that no other one follows: they stand for all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<Digest>,
}

impl Record {
    /// The branch it is to be merged into; `None` while somebody has to choose one.
    pub fn chosen_target(&self) -> Option<&str> {
        Some(self.target.as_str()).filter(|target| !target.is_empty())
    }

    /// Whether the fix is still on its way: not merged and not given up.
    pub fn is_open(&self) -> bool {
        !matches!(self.stage, Stage::Merged | Stage::Abandoned)
    }

    /// Whether somebody still has to do something to get the fix out: not submitted, or its slot is still in use.
    pub fn needs_work(&self) -> bool {
        matches!(self.stage, Stage::Started | Stage::Committed) || (self.slot_in_use && self.is_open())
    }

    /// Whether its merge request is on a forge, and not decided yet.
    pub fn waits_for_forge(&self) -> bool {
        let undecided =
            |request: &MergeRequest| request.number.is_some() && request.state != MergeRequestState::Closed;
        self.stage == Stage::Submitted && self.merge_request.as_ref().is_some_and(undecided)
    }

    /// The branch as people say it, without `refs/heads/`.
    pub fn branch_name(&self) -> &str {
        self.branch.strip_prefix("refs/heads/").unwrap_or(&self.branch)
    }

    /// The newest proof, if it tells of the fix as it is: of the commit, once there is one. Green on other files, which a
    /// commit hook changed or somebody edited since, counts as not run.
    pub fn proof_of_fix(&self) -> Option<&Proof> {
        let proof = self.proof.as_deref()?;
        proof.green.as_ref().is_none_or(|green| self.is_fix(&green.tree)).then_some(proof)
    }

    /// The newest check, if it tells of the fix as it is.
    pub fn check_of_fix(&self) -> Option<&CheckReport> {
        self.check.as_ref().filter(|report| self.is_fix(&report.tree))
    }

    /// The newest run of the critical tests, if it tells of the fix as it is.
    pub fn test_of_fix(&self) -> Option<&TestReport> {
        self.test.as_deref().filter(|report| self.is_fix(&report.tree))
    }

    /// Whether the fix is this tree. Before there is a commit, whatever was looked at last is the fix.
    fn is_fix(&self, tree: &str) -> bool {
        self.commit.is_none() || self.tree.as_deref() == Some(tree)
    }

    /// What is still owed.
    pub fn outstanding(&self) -> impl Iterator<Item = &Owed> {
        self.owed.iter().filter(|owed| owed.settled.is_none())
    }
}
