//! proof: what a hotfix's proof says, whether it still is what was written, and both sides run again.

mod error;
mod export;
mod replay;
mod show;
mod verify;

pub use error::ProofError;
pub use export::export;
pub use replay::{ReplayRequest, replay};
pub use show::show;
pub use verify::verify;
