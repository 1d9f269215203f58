//! Test runners: found, run, read, ranked.
