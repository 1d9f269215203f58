//! How long tests and linters ran, measured by wrappers around them. They may run at the same time, so what counts is
//! the time during which at least one did.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use hotfix_testkit::{Sandbox, tools};

use super::quoted;

/// A file to which the wrappers append `<kind> <began> <ended>`, in nanoseconds.
pub struct Times {
    file: PathBuf,
}

impl Times {
    /// Puts wrappers around pytest and flake8 in front of the sandbox's `PATH`.
    pub fn install(sandbox: &Sandbox) -> Self {
        let file = sandbox.root().join("times");
        let bin = tools::python_bin();
        let run = |kind: &str, program: &str| {
            let real = quoted(&bin.join(program));
            format!(
                "began=$(date +%s%N)\n{real} \"$@\"\ncode=$?\n\
                 echo \"{kind} $began $(date +%s%N)\" >> {}\nexit $code",
                quoted(&file)
            )
        };
        sandbox.fake_tool("pytest", &run("tests", "pytest"));
        sandbox.fake_tool("flake8", &run("linters", "flake8"));
        let python = quoted(&bin.join("python3"));
        let module = format!(
            "case \"$1 $2\" in\n'-m pytest' | '-m unittest')\n{}\n;;\n'-m flake8')\n{}\n;;\nesac\nexec {python} \"$@\"",
            run("tests", "python3"),
            run("linters", "python3")
        );
        sandbox.fake_tool("python3", &module);
        Self { file }
    }

    /// Forgets what was measured.
    pub fn clear(&self) -> Result<()> {
        fs::write(&self.file, "").with_context(|| self.file.display().to_string())
    }

    /// The rows of the table for a run that took `wall`: all of it, without tests, without tests and linters.
    pub fn rows(&self, wall: Duration) -> Result<Vec<Duration>> {
        let text = read(&self.file)?;
        let without = |kinds: &[&str]| wall.saturating_sub(covered(&text, kinds));
        Ok(vec![wall, without(&["tests"]), without(&["tests", "linters"])])
    }
}

/// Their names.
pub const ROWS: &[&str] = &["wall", "besides tests", "besides tests and linters"];

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| file.display().to_string())
}

/// The time during which at least one program of these kinds ran.
fn covered(text: &str, kinds: &[&str]) -> Duration {
    let interval = |line: &str| {
        let mut words = line.split(' ');
        let kind = words.next()?;
        let (began, ended) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        kinds.contains(&kind).then_some((began, ended))
    };
    let mut intervals: Vec<(u64, u64)> = text.lines().filter_map(interval).collect();
    intervals.sort_unstable();
    let (mut sum, mut reached) = (0, 0);
    for (began, ended) in intervals {
        sum += ended.saturating_sub(began.max(reached));
        reached = reached.max(ended);
    }
    Duration::from_nanos(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_that_several_share_counts_once() {
        let text = "tests 100 200\ntests 150 250\nlinters 240 300\ntests 400 500\ntests 110 120\n";
        assert_eq!(covered(text, &["tests"]), Duration::from_nanos(250));
        assert_eq!(covered(text, &["tests", "linters"]), Duration::from_nanos(300));
        assert_eq!(covered("", &["tests"]), Duration::ZERO);
    }
}
