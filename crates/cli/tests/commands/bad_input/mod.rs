//! Bad input gets a clear error, and nothing is lost: each case looks at the exit code, the message, and that the main
//! worktree and everything of the user's in the repository is as it was.

mod disk;
mod hooks;
mod names;
mod remote;
mod repository;
mod settings;
mod tests;
mod tools;
