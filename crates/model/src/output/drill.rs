//! The JSON of `drill`.

use serde::{Deserialize, Serialize};

use super::SlotKind;
use crate::record::Base;
use crate::step::Step;

/// `drill --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DrillOutput {
    /// What the rehearsed hotfix was called. Nothing of it is left.
    pub id: String,
    /// Where it started from.
    pub base: Base,
    /// Whether a slot was waiting; absent if the start failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<SlotKind>,
    /// The steps, in order, up to the one that failed.
    pub steps: Vec<DrillStepOutput>,
    /// What took longest, and what can be done about it; the longest first.
    pub slowest: Vec<DrillCost>,
    /// Wall time of all steps together, milliseconds.
    pub elapsed_ms: u64,
    /// The step that failed; absent if the whole flow went through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_by: Option<Step>,
}

/// One step of a drill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DrillStepOutput {
    /// Which.
    pub step: Step,
    /// Whether it did what it should.
    pub passed: bool,
    /// How it ended, in one line.
    pub outcome: String,
    /// Wall time, milliseconds.
    pub elapsed_ms: u64,
}

/// A step that takes long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DrillCost {
    /// Which.
    pub step: Step,
    /// Its share of the whole, per cent.
    pub percent: u64,
    /// What it depends on, and what makes it shorter.
    pub advice: String,
}
