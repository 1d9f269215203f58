//! `report`: all emergency changes of a period.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::gate::SuiteVerdict;
use crate::proof::ProofVerdict;
use crate::record::{Size, Stage};
use crate::step::Gate;

/// How a debt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DebtState {
    /// Settled by the time it was due.
    OnTime,
    /// Settled after it was due.
    Late,
    /// Not settled and not due yet.
    Open,
    /// Not settled, and due.
    Overdue,
}

/// One emergency change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReportLine {
    /// The hotfix.
    pub id: String,
    /// The alert.
    pub alert: String,
    /// The alert's id in the system it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// How bad it was, in the team's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// Who started it: name and address.
    pub author: String,
    /// How far it is.
    pub stage: Stage,
    /// When it was started.
    pub started_at: Timestamp,
    /// Who took it upon them to ship it before the review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorised_by: Option<String>,
    /// When it was first on the remote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<Timestamp>,
    /// When it was first known to be in the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_at: Option<Timestamp>,
    /// Seconds from start to merge; `null` while it is not merged, and where the clocks of two machines contradict each
    /// other.
    pub restore_seconds: Option<u64>,
    /// Verdict of the newest proof; absent if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<ProofVerdict>,
    /// Verdict of the newest run of the critical tests; absent if they did not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<SuiteVerdict>,
    /// Gates that were skipped.
    pub skipped: Vec<Gate>,
    /// The review; absent where none is owed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<DebtState>,
    /// Who settled the review: somebody who did not work on the fix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_by: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_at: Option<Timestamp>,
    /// The post-mortem; absent where none is owed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postmortem: Option<DebtState>,
    /// Due times of everything that is still owed.
    pub open_debts: Vec<Timestamp>,
    /// What it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// What it started from, as people name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// The branch it is merged into; absent while none is chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The commit of the fix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The merge request, where the forge has pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_request: Option<String>,
}

/// Sums over the hotfixes of a report. What cannot be said because there is none is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReportTotals {
    /// All hotfixes.
    pub hotfixes: u64,
    /// Those that reached the remote or the target.
    pub shipped: u64,
    /// Those in the target.
    pub merged: u64,
    /// The middle one of the times to restore, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median_restore_seconds: Option<u64>,
    /// Of those shipped: without a proof, waived ones included.
    pub unproven: u64,
    /// Of those shipped: with a skipped gate.
    pub skipped: u64,
    /// Reviews settled in time.
    pub reviews_on_time: u64,
    /// Reviews settled late, or overdue.
    pub reviews_late: u64,
    /// Debts that are still open.
    pub open_debts: u64,
    /// Of these, overdue ones.
    pub overdue_debts: u64,
}

/// `report --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReportOutput {
    /// Only hotfixes started then or later; absent for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Only hotfixes started before; absent for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// When it was made: what "overdue" refers to.
    pub at: Timestamp,
    /// Sums.
    pub totals: ReportTotals,
    /// The hotfixes, the newest first.
    pub hotfixes: Vec<ReportLine>,
    /// Ids of records that cannot be read.
    pub unreadable: Vec<String>,
}

impl ReportLine {
    /// Whether it reached the remote or the target.
    pub fn is_shipped(&self) -> bool {
        self.submitted_at.is_some() || self.merged_at.is_some()
    }

    /// Whether a proof shows that it fixes what it was made for. One that was waived shows nothing.
    pub fn is_proven(&self) -> bool {
        self.proof == Some(ProofVerdict::Proven)
    }
}
