//! The record of a hotfix: events, folded state, the ref that holds them, the journal.
