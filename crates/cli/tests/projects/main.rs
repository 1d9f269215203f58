//! What real projects do to their tests, in small: each case was met in a public project.
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

mod with_python;
