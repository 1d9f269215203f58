//! Rules of this repository that no lint knows. They read the source tree, so a broken rule is named with its place.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking; helpers outside #[test] need it said"
)]

mod direction;
mod documents;
mod source;
mod steps;
mod words;
