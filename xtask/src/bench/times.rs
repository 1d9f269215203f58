//! How long tests and linters ran, as Python itself notes it. They may run at the same time, so what counts is
//! the time during which at least one did.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use hotfix_testkit::Sandbox;

/// Python runs this module before everything else. The system knows when the process was started, in hundredths of a
/// second since it booted (proc(5), field 22 of `stat`).
const CLOCK: &str = r#"
import atexit, os, sys, time

def began():
    with open("/proc/self/stat") as stat:
        ticks = int(stat.read().rsplit(")", 1)[1].split()[19])
    since = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return time.time_ns() - int(since * 1e9)

def note(kind, start):
    with open("{file}", "a") as times:
        times.write(f"{kind} {start} {time.time_ns()}\n")

words = [os.path.basename(word) for word in sys.orig_argv[:4]]
for kind, programs in (("tests", ("pytest", "git_hotfix_pytest_program.py")), ("linters", ("flake8",))):
    if any(program in words for program in programs):
        atexit.register(note, kind, began())
"#;

/// A file to which they append `<kind> <began> <ended>`, in nanoseconds.
pub struct Times {
    file: PathBuf,
}

impl Times {
    /// Has every Python of the sandbox that runs tests or linters note when it was started and when it ended, however
    /// it was started: wrappers on the `PATH` would miss a Python that is called by its own path.
    pub fn install(sandbox: &Sandbox) -> Result<Self> {
        let file = sandbox.root().join("times");
        let folder = sandbox.root().join("clock");
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let program = CLOCK.replace("{file}", &file.display().to_string());
        fs::write(folder.join("sitecustomize.py"), program)?;
        sandbox.env_set("PYTHONPATH", &folder);
        Ok(Self { file })
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
pub const ROWS: &[&str] = &[WALL, "besides tests", BESIDES];
/// The first of them.
pub const WALL: &str = "wall";
/// The last of them.
pub const BESIDES: &str = "besides tests and linters";

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
