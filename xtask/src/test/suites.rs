//! Runs all test programs and reads what they report while they run.

use std::process::Command;

use anyhow::Result;
use hotfix_testkit::tools::{Family, WITHOUT};

use super::tally::{Report, Tally};
use super::verdict;
use crate::process::stream;
use crate::tools::{Answer, State};
use crate::workspace::cargo;

/// Which tests run, and with what.
pub struct Suites<'a> {
    pub filter: &'a [String],
    pub tools: &'a [Answer],
}

impl Suites<'_> {
    /// Runs them; the sums are in `tally` also when tests failed.
    pub fn run(&self, tally: &mut Option<Tally>) -> Result<()> {
        let mut command = self.command(&["--no-fail-fast"])?;
        let mut left_out = 0;
        for family in self.missing() {
            let count = self.count_left_out(family)?;
            println!("   tests left out because they need the {} tools: {count}", family.title);
            command.args(["--skip", family.mark]);
            left_out += count;
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

    fn missing(&self) -> impl Iterator<Item = &'static Family> {
        self.tools.iter().filter(|answer| answer.missing().is_some()).map(|answer| answer.family)
    }

    fn command(&self, options: &[&str]) -> Result<Command> {
        let mut command = cargo(&["test", "--workspace"])?;
        command.args(options).arg("--").args(self.filter);
        let missing: Vec<_> = self.missing().map(|family| family.name).collect();
        if missing.is_empty() {
            command.env_remove(WITHOUT)
        } else {
            command.env(WITHOUT, missing.join(","))
        };
        for answer in self.tools {
            if let State::Ready(dir) = &answer.state {
                command.env("HOTFIX_TOOLS", dir);
            }
        }
        Ok(command)
    }

    /// Asks the test programs themselves which of their tests carry the mark.
    fn count_left_out(&self, family: &Family) -> Result<u64> {
        let mut command = self.command(&[])?;
        command.arg("--list");
        let mut count = 0;
        stream(command, |line| {
            count += u64::from(line.ends_with(": test") && line.contains(family.mark));
            None
        })?;
        Ok(count)
    }
}
