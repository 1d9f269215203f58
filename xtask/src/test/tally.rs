//! Adds up what the test programs report.

use std::fmt::Write;

/// Sums over all test programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
    programs: u64,
}

/// Reads the output of `cargo test`, line by line.
#[derive(Default)]
pub struct Report {
    sums: Tally,
    program: String,
    /// What the program at hand said so far.
    section: Vec<String>,
}

impl Tally {
    /// The sums in words; the last line is `N passed, N failed, N skipped` and nothing else.
    pub fn summary(&self, left_out: &str) -> String {
        let mut text = format!("\n{} test programs", self.programs);
        if !left_out.is_empty() {
            write!(text, ", {left_out}").ok();
        }
        write!(text, "\n{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped).ok();
        text
    }

    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.programs += 1;
    }

    /// Reads `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.05s`.
    fn read(line: &str) -> Option<Self> {
        let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
        let count = |word: &str| {
            let part = counts.split("; ").find(|part| part.ends_with(word))?;
            part.split(' ').next()?.parse().ok()
        };
        Some(Self {
            passed: count("passed")?,
            failed: count("failed")?,
            skipped: count("ignored")?,
            programs: 0,
        })
    }
}

impl Report {
    /// Takes a line; gives what is worth printing now.
    pub fn take(&mut self, line: &str) -> Option<String> {
        if let Some(program) = program(line) {
            program.clone_into(&mut self.program);
            self.section.clear();
            return None;
        }
        self.section.push(line.to_owned());
        let sums = Tally::read(line)?;
        self.sums.add(sums);
        let shown = format!("   {:4} passed  {}", sums.passed, self.program);
        match sums {
            Tally { passed: 0, failed: 0, skipped: 0, .. } => None,
            Tally { failed: 0, .. } => Some(shown),
            _ => Some(format!("{shown}\n{}", self.failures())),
        }
    }

    /// The sums, with the tests that did not even start.
    pub fn finish(&self, left_out: u64) -> Tally {
        Tally { skipped: self.sums.skipped + left_out, ..self.sums }
    }

    /// All that was said since the last test program began.
    pub fn said(&self) -> String {
        self.section.join("\n")
    }

    fn failures(&self) -> String {
        let begin = self.section.iter().position(|line| line == "failures:").unwrap_or_default();
        self.section.get(begin..).unwrap_or_default().join("\n")
    }
}

/// The name in `     Running tests/organs/main.rs (target/debug/deps/organs-0123)` or `   Doc-tests hotfix_core`.
fn program(line: &str) -> Option<&str> {
    let line = line.trim_start();
    line.strip_prefix("Running ")
        .filter(|rest| rest.ends_with(')'))
        .or_else(|| line.strip_prefix("Doc-tests "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
   Compiling hotfix-core v0.1.0
     Running unittests src/lib.rs (target/debug/deps/core-1)

running 2 tests
test a ... ok
test b ... ok

test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 7 filtered out; finished in 0.00s

     Running tests/organs/main.rs (target/debug/deps/organs-1)

running 3 tests
test c ... FAILED
test d ... ignored
test e ... ok

failures:

---- c stdout ----
assertion failed

failures:
    c

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.00s

   Doc-tests hotfix_core

running 0 tests

test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

    #[test]
    fn all_programs_are_added_up_and_failures_are_shown() {
        let mut report = Report::default();
        let printed: Vec<String> = OUTPUT.lines().filter_map(|line| report.take(line)).collect();
        let failures = "failures:\n\n---- c stdout ----\nassertion failed\n\nfailures:\n    c\n";
        assert_eq!(printed[0], "      2 passed  unittests src/lib.rs (target/debug/deps/core-1)");
        assert!(printed[1].starts_with("      1 passed  tests/organs/main.rs"), "{}", printed[1]);
        assert!(printed[1].contains(failures), "{}", printed[1]);
        assert_eq!(printed.len(), 2);
        let summary = report.finish(4).summary("without Python tools (there is none)");
        assert_eq!(
            summary,
            "\n3 test programs, without Python tools (there is none)\n3 passed, 1 failed, 5 skipped"
        );
    }

    #[test]
    fn only_the_line_of_the_harness_counts() {
        assert_eq!(Tally::read("    test result: ok. 2 passed; 0 failed; 0 ignored"), None);
        assert_eq!(Tally::read("test result: ok"), None);
    }

    #[test]
    fn failure_without_a_failed_test_is_still_a_failure() {
        let tally = Tally { passed: 3, ..Tally::default() };
        assert!(super::super::verdict(false, &tally).is_err());
        assert!(super::super::verdict(true, &tally).is_ok());
    }
}
