//! What lists of very many records need of each. Only `record.json` is read, and of it only this: the texts and the
//! evidence, which are most of it, are passed over.

use hotfix_model::event::Actor;
use hotfix_model::record::RECORD_VERSION;
use hotfix_model::review::Authorised;
use hotfix_model::{Base, MergeRequestState, Owed, ProofVerdict, Record, Size, Skip, Stage, SuiteVerdict};
use jiff::Timestamp;
use serde::Deserialize;

/// The state of one hotfix in few words. The fields are those of [`Record`].
#[expect(missing_docs, reason = "each field is that of the record")]
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Brief {
    version: u32,
    pub id: String,
    pub stage: Stage,
    pub alert: String,
    pub incident: Option<String>,
    pub severity: Option<String>,
    pub author: Actor,
    pub started_at: Timestamp,
    pub authorised: Option<Authorised>,
    pub submitted_at: Option<Timestamp>,
    pub merged_at: Option<Timestamp>,
    proof: Option<ProofResult>,
    test: Option<TestResult>,
    tree: Option<String>,
    #[serde(default)]
    pub skipped: Vec<Skip>,
    pub base: Option<Base>,
    pub target: Option<String>,
    pub commit: Option<String>,
    pub size: Option<Size>,
    pub merge_request: Option<Request>,
    #[serde(default)]
    pub owed: Vec<Owed>,
}

/// What the proof said, and of which files.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct ProofResult {
    verdict: ProofVerdict,
    green: Option<GreenSide>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct GreenSide {
    tree: String,
}

/// What the critical tests said, and of which files.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct TestResult {
    verdict: SuiteVerdict,
    tree: String,
}

/// Where the merge request is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Request {
    /// Where to look at it.
    pub url: Option<String>,
    /// What became of it.
    pub state: MergeRequestState,
}

impl Brief {
    /// Reads `record.json`; `None` if the events have to be asked: it cannot be read, or tells less than they do.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let brief: Self = serde_json::from_slice(bytes).ok()?;
        let told = brief.submitted_at.is_some() || brief.merge_request.is_none();
        // A record by an older version does not say which files the commit holds; its events do.
        let is_whole = told && (brief.commit.is_none() || brief.tree.is_some());
        (is_whole || brief.version > RECORD_VERSION).then_some(brief)
    }

    /// What the proof says of the fix: as [`Record::proof_of_fix`].
    pub fn proof(&self) -> Option<ProofVerdict> {
        let proof = self.proof.as_ref()?;
        proof.green.as_ref().is_none_or(|green| self.is_fix(&green.tree)).then_some(proof.verdict)
    }

    /// What the critical tests say of the fix: as [`Record::test_of_fix`].
    pub fn test(&self) -> Option<SuiteVerdict> {
        self.test.as_ref().filter(|test| self.is_fix(&test.tree)).map(|test| test.verdict)
    }

    fn is_fix(&self, tree: &str) -> bool {
        self.commit.is_none() || self.tree.as_deref() == Some(tree)
    }

    /// The same of a whole record.
    pub fn of(record: Record) -> Self {
        let Record { proof, test, merge_request, .. } = record;
        Self {
            version: record.version,
            id: record.id,
            stage: record.stage,
            alert: record.alert,
            incident: record.incident,
            severity: record.severity,
            author: record.author,
            started_at: record.started_at,
            authorised: record.authorised,
            submitted_at: record.submitted_at,
            merged_at: record.merged_at,
            proof: proof.map(|proof| ProofResult {
                verdict: proof.verdict,
                green: proof.green.map(|green| GreenSide { tree: green.tree }),
            }),
            test: test.map(|test| TestResult { verdict: test.verdict, tree: test.tree }),
            tree: record.tree,
            skipped: record.skipped,
            base: Some(record.base),
            target: Some(record.target),
            commit: record.commit,
            size: record.size,
            merge_request: merge_request.map(|found| Request { url: found.url, state: found.state }),
            owed: record.owed,
        }
    }
}
