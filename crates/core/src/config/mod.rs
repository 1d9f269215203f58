//! The configuration: read, checked, approved.
