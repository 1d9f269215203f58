//! Faults that were found with the real tools, each as the kind it stands for: what was wrongly called proven or passed,
//! what was wrongly refused, and what was said in the wrong words. The number in a test's documentation is that of the
//! report in which the fault was told (F1 to F22: runners; R: replays; G: Git; A: attacks).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "a test fails by panicking; helpers outside #[test] need it said"
)]

mod scene;

mod chance;
mod evidence;
mod excuses;
mod like_git_commit;
mod limits;
mod locks;
mod loosened;
mod merge_request;
mod missing;
mod nothing_remembered;
mod other_tree;
mod places;
mod pushes;
mod submodules;
mod test_data;
mod twin;
mod wavering;
mod written_by_tests;
