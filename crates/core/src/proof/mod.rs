//! The proof that a fix fixes: which part of a change is tests, and what the two sides show together.
//!
//! The flow runs the tests; this module says what the results mean, and remembers them. The rules are those of
//! the SWE-bench harness, made stricter where a false "proven" could slip through: a test that is skipped or missing
//! proves nothing, an exit code 0 without a test is not green, and results that differ between two runs of the same
//! files are no results.

mod apart;
mod judge;
mod memory;
mod parts;
mod patience;
mod side;
mod statements;

pub use apart::{Taken, Version, take_apart};
pub use judge::{Evidence, Judgement, judge, suspects};
pub use memory::{Memory, Wanted};
pub use parts::{Parts, split};
pub use patience::limit_after;
pub use side::{Colour, Reading, read_side};
pub use statements::{Subject, bundle, enclosed, payload, pre_authentication_encoding, statements, unbundle};
