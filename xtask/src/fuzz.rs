//! `cargo xtask fuzz`: everything that reads test results, on inputs made at random, whole and damaged. The same
//! properties run with few inputs in every `cargo test`; here they run with as many as you like, optimised.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};
use clap::Args;

use crate::process;
use crate::workspace::cargo;

/// The modules that read results, as the test harness names them.
const READERS: &[&str] = &[
    "suite::junit::",
    "suite::stream::",
    "suite::tap::",
    "suite::runners::go::events::",
    "suite::runners::rust::libtest::",
    "suite::runners::cmake::listing::",
];

/// What is optimised for it; all else is as the other tests have built it, and every overflow is still an error.
const OPTIMISED: &[&str] = &["hotfix-core", "roxmltree", "proptest"];

/// How many inputs, and which.
#[derive(Args)]
pub struct FuzzArgs {
    /// Inputs for each property of each reader.
    #[arg(long, default_value_t = 1_000_000)]
    inputs: u32,
    /// Where the inputs begin; the same seed makes the same inputs. Without it, a new one, which is printed.
    #[arg(long)]
    seed: Option<u64>,
}

/// Runs the properties of all readers.
pub fn run(args: &FuzzArgs) -> Result<()> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let seed = args.seed.unwrap_or(u64::from(since.subsec_nanos()) ^ since.as_secs());
    let inputs = args.inputs;
    println!("{inputs} inputs for each property, seed {seed}");
    let began = Instant::now();
    let mut command = cargo(&["test", "--package", "hotfix-core", "--lib"])?;
    for name in OPTIMISED {
        command.args(["--config", &format!("profile.dev.package.{name}.opt-level=2")]);
    }
    command.arg("--").args(READERS);
    command.env("PROPTEST_CASES", inputs.to_string()).env("PROPTEST_RNG_SEED", seed.to_string());
    let is_good = process::stream(command, |line| Some(line.to_owned()))?;
    ensure!(
        is_good,
        "a property does not hold; again with: cargo xtask fuzz --inputs {inputs} --seed {seed}"
    );
    println!("every property held for {inputs} inputs, after {:.0} s", began.elapsed().as_secs_f64());
    Ok(())
}
