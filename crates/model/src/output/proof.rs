//! What `proof --json` prints.

use serde::{Deserialize, Serialize};

use crate::attestation::{Envelope, Statement};
use crate::proof::{Proof, ProofVerdict};

/// `proof show --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProofShowOutput {
    /// The hotfix.
    pub id: String,
    /// The commit of the fix; `null` while it is not committed.
    pub commit: Option<String>,
    /// The newest proof.
    pub proof: Proof,
    /// What is said of base and of the fix; empty while there is nothing that could be said.
    pub statements: Vec<Statement>,
    /// The same in envelopes, signed if the author signs.
    pub envelopes: Vec<Envelope>,
    /// Runs on other machines, oldest first.
    pub replays: Vec<ReplayLine>,
}

/// A run of both sides on another machine or at another time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReplayLine {
    /// Whose machine.
    pub by: crate::event::Actor,
    /// When.
    pub at: jiff::Timestamp,
    /// The commit.
    pub commit: String,
    /// What it showed.
    pub verdict: ProofVerdict,
}

/// `proof replay --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReplayOutput {
    /// The hotfix.
    pub id: String,
    /// The commit of the fix.
    pub commit: String,
    /// What both sides showed here.
    pub verdict: ProofVerdict,
    /// Whether that is what the record says, test by test.
    pub same: bool,
    /// What is different here, one line each: the machine, the tests.
    pub differences: Vec<String>,
    /// The proof as it came out here.
    pub proof: Proof,
    /// Wall time, milliseconds.
    pub elapsed_ms: u64,
}

/// How a check of a proof came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// As it must be.
    Good,
    /// Changed, missing, or made over something else.
    Bad,
    /// Cannot be said here: not signed, a key that nobody here knows, an object that is not in this clone.
    Unknown,
}

/// One check of `proof verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VerifyLine {
    /// What was checked: `events`, `state`, `evidence`, `commits`, `trees`, `statements`, `signature`, `reviews`.
    pub check: String,
    /// How it came out.
    pub outcome: CheckOutcome,
    /// The same in one sentence.
    pub what: String,
}

/// `proof verify --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VerifyOutput {
    /// The hotfix.
    pub id: String,
    /// Whether no check is bad.
    pub good: bool,
    /// The checks.
    pub checks: Vec<VerifyLine>,
}

/// `proof export --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExportOutput {
    /// The hotfix.
    pub id: String,
    /// The files that were written.
    pub files: Vec<String>,
    /// Whether they are signed.
    pub signed: bool,
}
