//! Events: what happened to a hotfix, one line each, append-only.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::gate::{CheckReport, TestReport};
use crate::landing::Landing;
use crate::proof::Proof;
use crate::record::{Base, MergeRequest, Size};
use crate::review::Review;
use crate::step::{Gate, Step};

/// SHA-256 of a byte string, as 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Digest(pub String);

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Who did it: the Git identity of the person or agent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Actor {
    /// `user.name`.
    pub name: String,
    /// `user.email`.
    pub email: String,
}

impl Actor {
    /// Whether two are the same person: the same address, or the same name where an address is missing.
    pub fn is(&self, other: &Self) -> bool {
        let same = |one: &str, other: &str| one.trim().to_lowercase() == other.trim().to_lowercase();
        if self.email.trim().is_empty() || other.email.trim().is_empty() {
            return same(&self.name, &other.name);
        }
        same(&self.email, &other.email)
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} <{}>", self.name, self.email)
    }
}

/// One line of `events.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event {
    /// ULID: sorts by time, unique across clones.
    pub id: String,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// Digests of the lines this one follows: one normally, several after clones were merged, none for the first.
    pub previous: Vec<Digest>,
    /// Wall time of the deed, milliseconds, where it took any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elapsed_ms: Option<u64>,
    /// Files of evidence that were written with it, by name: what each holds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub evidence: BTreeMap<String, Digest>,
    /// What happened.
    #[serde(flatten)]
    pub fact: Fact,
}

/// What happened. Kinds are only ever added; an unknown kind is kept as it is and has no effect on the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
pub enum Fact {
    /// A branch and a slot exist.
    Started(Started),
    /// Both sides of the proof ran, or it was waived.
    Proved(Box<Proof>),
    /// The linters ran.
    Checked(CheckReport),
    /// The critical tests ran.
    Tested(Box<TestReport>),
    /// A gate was skipped.
    Skipped {
        /// Which gate.
        gate: Gate,
        /// Why.
        reason: String,
    },
    /// The fix is a commit on the hotfix branch.
    Committed {
        /// The commit.
        commit: String,
        /// Its tree.
        tree: String,
        /// Its subject line.
        subject: String,
        /// What it changes.
        size: Size,
    },
    /// Somebody chose the branch that the fix is merged into.
    Targeted {
        /// The branch, as on the remote.
        target: String,
    },
    /// The branch was moved onto a newer target.
    Rebased {
        /// The new base commit.
        base: String,
        /// The new head of the branch.
        commit: String,
    },
    /// The branch is on the remote and the merge request, where the forge has such, exists.
    Submitted {
        /// The pushed commit.
        commit: String,
        /// The merge request.
        merge_request: MergeRequest,
    },
    /// The forge said where the merge request stands.
    Landing(Box<Landing>),
    /// The forge's own rules were bypassed.
    BrokeGlass {
        /// Why.
        reason: String,
    },
    /// The fix is in the target branch.
    Merged {
        /// The commit of the target that contains it.
        commit: String,
    },
    /// The slot was given back.
    Cleaned {
        /// The tree of what was discarded, when something was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        discarded: Option<String>,
    },
    /// A slot was taken again.
    Resumed {},
    /// A step was taken back.
    Undone {
        /// Which.
        step: Step,
    },
    /// The hotfix was given up.
    Abandoned {
        /// Why, if somebody said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Somebody looked at the fix.
    Reviewed(Box<Review>),
    /// Both sides of the proof ran again, on another machine or at another time.
    Replayed {
        /// The commit of the fix.
        commit: String,
        /// What they showed this time.
        proof: Box<Proof>,
    },
    /// The post-mortem was written, or written anew because nobody had edited it.
    PostmortemWritten {
        /// Path from the root of the repository.
        path: String,
        /// SHA-256 of the file.
        written: Digest,
    },
    /// Something owed was settled.
    Settled {
        /// The key of what was owed.
        owed: String,
        /// How, in the words of who settled it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A kind written by a newer version.
    #[serde(other, skip_serializing)]
    Unknown,
}

/// The facts of a start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Started {
    /// The alert in the words of who started.
    pub alert: String,
    /// The branch, in full: `refs/heads/hotfix/1.2.3`.
    pub branch: String,
    /// Where it starts from.
    pub base: Base,
    /// The branch it is to be merged into, as on the remote: `main`. Empty if it does not follow from the base.
    pub target: String,
    /// Branches to choose from, where none follows from the base.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub target_choices: Vec<String>,
    /// Name of the remote; absent when the repository has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
    /// The alert's id in the system it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// How bad it is, in the team's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// Time until the review is due, from the merge request on.
    pub review_within: crate::period::Period,
    /// Time until the post-mortem is due, from the merge request on.
    pub postmortem_within: crate::period::Period,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_known_by_the_address_and_without_one_by_the_name() {
        let actor = |name: &str, email: &str| Actor { name: name.to_owned(), email: email.to_owned() };
        let ada = actor("Ada", "ada@example.com");
        assert!(ada.is(&actor("A. Lovelace", " Ada@Example.COM ")));
        assert!(!ada.is(&actor("Ada", "ada@example.org")));
        assert!(ada.is(&actor("ada", "")) && !ada.is(&actor("bob", "")));
    }
}
