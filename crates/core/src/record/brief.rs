//! What lists of very many records need of each. Only `record.json` is read, and of it only this: the texts and the
//! evidence, which are most of it, are passed over.

use hotfix_model::event::Actor;
use hotfix_model::record::RECORD_VERSION;
use hotfix_model::review::Authorised;
use hotfix_model::{MergeRequestState, Owed, ProofVerdict, Record, Size, Skip, Stage, SuiteVerdict};
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
    pub proof: Option<Verdict<ProofVerdict>>,
    pub test: Option<Verdict<SuiteVerdict>>,
    #[serde(default)]
    pub skipped: Vec<Skip>,
    pub commit: Option<String>,
    pub size: Option<Size>,
    pub merge_request: Option<Request>,
    #[serde(default)]
    pub owed: Vec<Owed>,
}

/// What a gate said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Verdict<T> {
    /// The verdict.
    pub verdict: T,
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
        (told || brief.version > RECORD_VERSION).then_some(brief)
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
            proof: proof.map(|proof| Verdict { verdict: proof.verdict }),
            test: test.map(|test| Verdict { verdict: test.verdict }),
            skipped: record.skipped,
            commit: record.commit,
            size: record.size,
            merge_request: merge_request.map(|found| Request { url: found.url, state: found.state }),
            owed: record.owed,
        }
    }
}
