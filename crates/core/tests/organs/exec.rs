//! Tests of `exec`.
