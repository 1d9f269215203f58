//! The proof that a fix fixes: which part of a change is tests, and what the two sides show together.
//!
//! The flow runs the tests; this module says what the results mean. A test that is skipped or missing proves nothing, an
//! exit code 0 without a test is not green, an outage is no red, and a test that does not flip each time does not flip.

mod apart;
mod entries;
mod judge;
mod parts;
mod reasons;
mod side;
mod statements;

pub use apart::{Taken, Version, take_apart};
pub use entries::with_entry;
pub use judge::{Evidence, Judgement, candidates, judge, suspects};
pub use parts::{Parts, split};
pub use reasons::{SameReason, is_missing_file, is_outage, named_in, without_roots};
pub use side::{Colour, Reading, read_run};
pub use statements::{Subject, bundle, enclosed, payload, pre_authentication_encoding, statements, unbundle};
