//! Runs all test programs and reads what they report while they run.

use std::process::Command;

use anyhow::Result;
use hotfix_testkit::tools::{PYTHON_MARK, WITHOUT};

use super::tally::{Report, Tally};
use super::verdict;
use crate::process::stream;
use crate::tools::Python;
use crate::workspace::cargo;

/// Which tests run, and with what.
pub struct Suites<'a> {
    pub filter: &'a [String],
    pub python: &'a Python,
}

impl Suites<'_> {
    /// Runs them; the sums are in `tally` also when tests failed.
    pub fn run(&self, tally: &mut Option<Tally>) -> Result<()> {
        let mut command = self.command(&["--no-fail-fast"])?;
        let mut left_out = 0;
        if let Python::Without(_) = self.python {
            left_out = self.count_left_out()?;
            println!("   tests left out because they need the Python tools: {left_out}");
            command.args(["--skip", PYTHON_MARK]);
        }
        let mut report = Report::default();
        let success = stream(command, |line| report.take(line))?;
        let sums = report.finish(left_out);
        let verdict = verdict(success, &sums);
        if verdict.is_err() && sums.failed == 0 {
            println!("{}", report.said());
        }
        *tally = Some(sums);
        verdict
    }

    fn command(&self, options: &[&str]) -> Result<Command> {
        let mut command = cargo(&["test", "--workspace"])?;
        command.args(options).arg("--").args(self.filter);
        match self.python {
            Python::Ready(dir) => command.env("HOTFIX_TOOLS", dir).env_remove(WITHOUT),
            Python::Without(_) => command.env(WITHOUT, "python"),
        };
        Ok(command)
    }

    /// Asks the test programs themselves which of their tests carry the mark.
    fn count_left_out(&self) -> Result<u64> {
        let mut command = self.command(&[])?;
        command.arg("--list");
        let mut count = 0;
        stream(command, |line| {
            count += u64::from(line.ends_with(": test") && line.contains(PYTHON_MARK));
            None
        })?;
        Ok(count)
    }
}
