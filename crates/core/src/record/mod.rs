//! The record of a hotfix: all that is known about it, for as long as the repository lives.
//!
//! `line` turns events into the lines of `events.jsonl` and back, `fold` turns the events into the state they add up
//! to, `store` keeps both under `refs/hotfix/record/<id>`, and `journal` remembers, while a command runs, what it was
//! about to change. The events are the truth: `record.json` is only what they fold to, and is folded anew when read.

mod brief;
mod clean;
mod error;
pub mod fold;
mod integrity;
pub mod journal;
pub mod line;
mod nearest;
pub mod store;
mod tree;

pub use brief::Brief;
pub use error::RecordError;
pub use fold::fold;
pub use integrity::Damage;
pub use journal::{Entry, Intent, Journal};
pub use line::Line;
pub use nearest::nearest;
pub use store::{Prepared, RECORDS, Store};
pub use tree::{Stored, Summary};
