//! The whole way to a merge request that was merged, on real forges. Their servers are installed by
//! `cargo xtask test --forges`.
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

mod scene;
mod with_gerrit;
mod with_gitea;
