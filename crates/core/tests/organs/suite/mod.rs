//! Tests of `suite`.
