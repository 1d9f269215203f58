//! An opened repository with its configuration and the hotfix at hand: what every step begins with.

mod attestation;
mod base;
mod claim;
mod deployed;
mod error;
mod fetching;
mod gates;
mod hotfix;
mod incident_error;
mod loosened;
mod open;
mod outreach;
mod project;
mod reader;
mod released;
mod remote_memory;
mod reminder;
mod seen;
mod sharing;
mod target;
mod work;

pub use attestation::BUNDLE;
pub use base::{BasePlan, BaseSource, FoundBy, KnownBase, REMOTE_HOTFIXES, REMOTE_RECORDS, TargetBranch};
pub use claim::{Claim, Claimed, Claimer, Claiming};
pub use error::SessionError;
pub use fetching::{FETCH_PATIENCE, Fetched, Fetcher, Fetching, NamedOnRemote, RemoteAnswer};
pub use gates::{Blocked, Gates, Skips};
pub use hotfix::{EvidenceFiles, Hotfix, WorkLock, oid};
pub use incident_error::IncidentError;
pub use loosened::{loosened, loosened_run};
pub use outreach::Happened;
pub use project::Project;
pub use reader::Reader;
pub use released::ReleaseTags;
pub use remote_memory::RemoteMemory;
pub use seen::Seen;
pub use sharing::{Shared, remote_record};
pub use target::{TargetChoice, TargetQuestion};
pub use work::{Work, has_published_submodules, push_submodules};

/// What travels together through a step: the repository, the hotfix at hand, and the state of its slot.
#[derive(Clone, Copy)]
pub struct Session<'a> {
    /// The opened repository.
    pub project: &'a Project,
    /// The hotfix at hand.
    pub hotfix: &'a Hotfix,
    /// The state of its slot that is proved and tested.
    pub work: &'a Work,
}
