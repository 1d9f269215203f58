//! The style of changed lines.
