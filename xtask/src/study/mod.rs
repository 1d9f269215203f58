//! `cargo xtask study`: measures on historical fixes of public projects what the manual claims. Not part of the tests: it
//! needs clones of those projects with their dependencies installed, and takes an hour.

mod checkout;
mod figures;
mod mutate;
mod page;
mod selection;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde::Deserialize;

/// Which study.
#[derive(Args)]
pub struct StudyArgs {
    #[command(subcommand)]
    study: Study,
}

#[derive(Subcommand)]
enum Study {
    /// How soon ranked tests find what a fix breaks.
    Selection(SelectionArgs),
}

/// Where the projects are, and how much is done.
#[derive(Args)]
pub struct SelectionArgs {
    /// The folder of the clones, each by the name of its repository, with `.venv` or `node_modules` in place. They are
    /// checked out anew for each fix: what is edited in them is lost.
    #[arg(long)]
    projects: PathBuf,
    /// Where results are added, one JSON line for each fix and each regression; what is there is not measured again.
    #[arg(long)]
    results: PathBuf,
    /// The most regressions injected near one fix.
    #[arg(long, default_value_t = 8)]
    regressions: usize,
    /// Only projects with this in their name.
    #[arg(long)]
    only: Option<String>,
    /// Measure nothing; print the tables of the results.
    #[arg(long)]
    tables: bool,
}

/// A historical fix.
#[derive(Clone, Debug, Deserialize)]
pub struct Fix {
    /// Owner and name.
    pub repository: String,
    /// The commit.
    pub fix: String,
}

impl Fix {
    /// The name of the repository, without its owner.
    pub fn project(&self) -> &str {
        self.repository.rsplit('/').next().unwrap_or(&self.repository)
    }
}

/// Runs one study.
pub fn run(args: &StudyArgs) -> Result<()> {
    let Study::Selection(args) = &args.study;
    if !args.tables {
        let fixes: Vec<Fix> = serde_json::from_str(include_str!("fixes.json"))?;
        let wanted = |fix: &&Fix| args.only.as_ref().is_none_or(|name| fix.project().contains(name));
        for fix in fixes.iter().filter(wanted) {
            if let Err(error) = selection::measure(args, fix) {
                eprintln!("{} {}: {error:#}", fix.repository, fix.fix);
            }
        }
    }
    println!("{}", page::tables(&args.results)?);
    Ok(())
}
