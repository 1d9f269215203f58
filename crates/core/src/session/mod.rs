//! An opened repository with its configuration and the hotfix at hand: what every step begins with.

mod base;
mod deployed;
mod error;
mod gates;
mod hotfix;
mod project;
mod reader;
mod seen;
mod work;

pub use base::{BasePlan, FETCH_PATIENCE, Fetcher, REMOTE_HOTFIXES, REMOTE_RECORDS, TargetBranch};
pub use error::SessionError;
pub use gates::{Blocked, Gates, Skips};
pub use hotfix::{EvidenceFiles, Hotfix, WorkLock, oid};
pub use project::Project;
pub use reader::Reader;
pub use seen::Seen;
pub use work::Work;
