//! The proof in the form that other tools read: two statements of the in-toto framework, each in an envelope.
//!
//! Sources: in-toto Statement v1, predicate test-result v0.1, and DSSE v1.0.2.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Type of a statement.
pub const STATEMENT: &str = "https://in-toto.io/Statement/v1";
/// Type of what is said in it: what came of a run of tests.
pub const TEST_RESULT: &str = "https://in-toto.io/attestation/test-result/v0.1";
/// Type of what is in the envelope.
pub const PAYLOAD: &str = "application/vnd.in-toto+json";

/// What came of a run of tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum TestResult {
    /// All passed.
    #[serde(rename = "PASSED")]
    Passed,
    /// Some failed.
    #[serde(rename = "FAILED")]
    Failed,
}

/// One side of a proof: tests ran on a commit, with this result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// [`STATEMENT`].
    #[serde(rename = "_type")]
    pub kind: String,
    /// The commit it is about.
    pub subject: Vec<Resource>,
    /// [`TEST_RESULT`].
    pub predicate_type: String,
    /// What is said about it.
    pub predicate: TestResultPredicate,
}

/// What came of the tests, and what they ran with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TestResultPredicate {
    /// What came of them.
    pub result: TestResult,
    /// What decides the result: the files that were tested, the tests, the configuration, the command.
    pub configuration: Vec<Resource>,
    /// Names of tests that passed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed_tests: Vec<String>,
    /// Names of tests that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_tests: Vec<String>,
}

/// Something named by what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Resource {
    /// Its name: a path, `command`, `machine`.
    pub name: String,
    /// Its digests, as `gitCommit`, `gitTree` or `gitBlob`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: BTreeMap<String, String>,
    /// What it holds, in base64, where that is short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

/// A signed statement: a DSSE envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// [`PAYLOAD`].
    pub payload_type: String,
    /// The statement as JSON, in base64.
    pub payload: String,
    /// Signatures over the pre-authentication encoding of both; none if the author does not sign.
    pub signatures: Vec<EnvelopeSignature>,
}

/// A signature of an envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EnvelopeSignature {
    /// What the key is called: its fingerprint.
    pub keyid: String,
    /// The armoured signature, in base64.
    pub sig: String,
    /// `ssh` (an sshsig with the namespace `git-hotfix`) or `openpgp`.
    pub format: String,
}
