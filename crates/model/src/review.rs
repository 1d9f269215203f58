//! The look at a fix by somebody who did not write it. It may come after the merge; the states are those of an audit
//! in Phabricator: pending, approved, concern raised, needs verification.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::Actor;

/// How far the review of a hotfix is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    /// Nobody who counts has approved what is shipped.
    Pending,
    /// Somebody who did not work on it has approved this commit.
    Approved,
    /// Somebody sees a problem, and nothing has been done about it yet.
    ConcernRaised,
    /// Something was done about every concern; who raised them is asked to look again.
    NeedsVerification,
}

/// What a reviewer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReviewVerdict {
    /// The fix is right. Only from somebody who did not work on it.
    Approve,
    /// Something is wrong with it. Stays owed until it is verified.
    Concern,
    /// Something was done about the concerns: look again.
    Request,
}

/// One review, as it is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Review {
    /// What is said.
    pub verdict: ReviewVerdict,
    /// The commit that was looked at.
    pub commit: String,
    /// Why, in the reviewer's words; always there for a concern and a request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Where it was found, when it was given on the forge and somebody else wrote it down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<FoundReview>,
    /// The reviewer's signature over [`Review::statement`]; absent when the reviewer does not sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
}

/// A review that was given on the forge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FoundReview {
    /// Who gave it, as the forge knows them; the address is empty where the forge does not tell it.
    pub by: Actor,
    /// When it was given, as the forge says.
    pub at: Timestamp,
    /// Where to look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A signature by a key of the user's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Signature {
    /// `ssh`, `openpgp` or `x509`, as in `gpg.format`.
    pub format: String,
    /// What the key is called: its fingerprint, or what `user.signingKey` names; empty for the default key.
    pub key: String,
    /// The signature, armoured as the program printed it.
    pub text: String,
}

/// A review as the record tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reviewed {
    /// The event's id.
    pub event: String,
    /// Who says so.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// What is said.
    pub verdict: ReviewVerdict,
    /// The commit that was looked at.
    pub commit: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Whether a signature comes with it; whether it is good, `proof verify` says.
    pub signed: bool,
    /// Where it was found, when it was given on the forge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Keys of what an approval settles, at once or when the fix is merged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settles: Vec<String>,
    /// False for an approval by somebody who worked on the fix: it is written down and settles nothing.
    pub counts: bool,
}

/// Who took it upon them to ship before the review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Authorised {
    /// Whoever submitted it first.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

impl Review {
    /// What is signed: plain lines, so that it can be made again from the record and read by people.
    pub fn statement(&self, hotfix: &str, by: &Actor) -> String {
        let verdict = match self.verdict {
            ReviewVerdict::Approve => "approve",
            ReviewVerdict::Concern => "concern",
            ReviewVerdict::Request => "request",
        };
        let text = self.text.as_deref().unwrap_or_default();
        format!(
            "git-hotfix review\nhotfix {hotfix}\ncommit {}\nverdict {verdict}\nreviewer {by}\n\n{text}\n",
            self.commit
        )
    }
}
