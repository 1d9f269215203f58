//! Chores of this repository: `cargo xtask test`, `cargo xtask docs`, `cargo xtask bench`, `cargo xtask study`, `cargo
//! xtask fuzz`.
#![expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "chores spawn, read the environment and the time, and print; the product does each in one place only"
)]

mod bench;
mod docs;
mod fuzz;
mod process;
mod stage;
mod study;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Chores of the git-hotfix repository",
    disable_help_subcommand = true
)]
struct Chore {
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Subcommand)]
enum Deed {
    /// Run everything that must pass before a change is handed in.
    Test(test::TestArgs),
    /// Write the generated parts of the manual.
    Docs(docs::DocsArgs),
    /// Compare with the same work done by hand.
    Bench(bench::BenchArgs),
    /// Measure what the manual claims on public projects.
    Study(study::StudyArgs),
    /// Try everything that reads test results on inputs made at random.
    Fuzz(fuzz::FuzzArgs),
}

fn main() -> ExitCode {
    let done = match Chore::parse().deed {
        Deed::Test(args) => test::run(&args),
        Deed::Docs(args) => docs::run(&args),
        Deed::Bench(args) => bench::run(&args),
        Deed::Study(args) => study::run(&args),
        Deed::Fuzz(args) => fuzz::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
