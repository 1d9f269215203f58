//! The JSON of `slot list`, `slot refresh` and `slot remove`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a slot is for at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SlotUse {
    /// It waits for the next hotfix.
    Parked,
    /// A hotfix is open in it.
    Held,
    /// It is on its way to being parked. Whoever needs it finishes that.
    Moving,
    /// It is being made.
    Making,
    /// It is being removed. Whoever comes by finishes that.
    Removing,
    /// It is gone, or not as it was left.
    Damaged,
}

/// One element of `slot list --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SlotListOutput {
    /// Its number, from 1.
    pub number: u32,
    /// Its folder.
    pub path: String,
    /// What it is for.
    pub state: SlotUse,
    /// Why it is damaged; absent if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// Whether a process works in it now.
    pub busy: bool,
    /// The hotfix that is open in it; absent if none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hotfix: Option<String>,
    /// Since when it is; absent if none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The commit it waits at, or that its hotfix starts from; `null` while it is being made or removed.
    pub commit: Option<String>,
    /// Commits between there and the newest state of the target that this clone knows; `null` if that is not known.
    pub behind: Option<u64>,
    /// The folder of its twin, where the red side of proofs runs; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub twin: Option<String>,
    /// Bytes on disk, those of the twin included.
    pub disk_bytes: u64,
    /// Whether `slot.setup` succeeded in it; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setup: Option<bool>,
    /// How `slot.warm` ended in it; absent if it has not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warm: Option<WarmOutput>,
}

/// How `slot.warm` ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WarmOutput {
    /// Whether it succeeded.
    pub good: bool,
    /// How it ended, in words; absent if it succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub how: Option<String>,
    /// When it ended.
    pub at: Timestamp,
    /// How long it ran, in milliseconds.
    pub elapsed_ms: u64,
}

/// What became of a slot that was refreshed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RefreshedState {
    /// It waits at the newest state.
    Ready,
    /// A hotfix is open in it.
    Held,
    /// Another process works in it.
    Busy,
    /// A start took it in the middle of this.
    Taken,
    /// It could not be brought there.
    Unusable,
}

/// `slot refresh --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefreshOutput {
    /// The branch that hotfixes start from.
    pub target: String,
    /// Its newest state, where free slots wait now.
    pub commit: String,
    /// Whether the remote was asked for it just now, and answered.
    pub fetched: bool,
    /// Why the remote did not answer; absent if it did, or was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What became of each slot.
    pub slots: Vec<RefreshedSlot>,
}

/// What became of one slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefreshedSlot {
    /// Its number, from 1.
    pub number: u32,
    /// Its folder.
    pub path: String,
    /// What became of it.
    pub state: RefreshedState,
    /// What is wrong with it; absent if nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Whether `slot.setup` succeeded; absent if nothing had to run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setup: Option<bool>,
    /// How `slot.warm` ended, now or before; absent if it has not run at this commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warm: Option<WarmOutput>,
}

/// One element of `slot remove --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SlotRemovedOutput {
    /// Its number.
    pub number: u32,
    /// Where it was.
    pub path: String,
    /// Bytes that were freed, those of the twin included.
    pub freed_bytes: u64,
    /// What Git ignored in it and in its twin, which went with it.
    pub caches: Vec<CacheOutput>,
}

/// Something ignored in a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CacheOutput {
    /// The file or folder.
    pub path: String,
    /// Bytes on disk.
    pub bytes: u64,
}
