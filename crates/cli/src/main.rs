//! The `git hotfix` command.

fn main() {}
