//! Tests of `proof`.
