//! Runs the real program, with a limit on its time.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::sandbox::Shared;

/// How long a run may take. Far more than any needs, so that only a hang is ended by it.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);
const TICK: Duration = Duration::from_millis(5);

/// The program under test in one folder.
#[derive(Clone)]
pub struct Binary {
    pub(crate) program: PathBuf,
    pub(crate) dir: PathBuf,
    pub(crate) shared: Arc<Shared>,
}

/// A run that goes on.
pub struct Running {
    child: Child,
    words: String,
    began: Instant,
    stdout: JoinHandle<Vec<u8>>,
    stderr: JoinHandle<Vec<u8>>,
}

/// A run that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The exit code; 128 plus the signal if one ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Binary {
    pub(crate) fn new(program: PathBuf, dir: PathBuf, shared: &Arc<Shared>) -> Self {
        Self { program, dir, shared: Arc::clone(shared) }
    }

    /// The same program in another folder.
    #[must_use]
    pub fn at(&self, dir: impl AsRef<Path>) -> Self {
        Self { dir: dir.as_ref().to_owned(), ..self.clone() }
    }

    /// Runs it to its end; panics if that does not come within a minute.
    #[must_use = "a test that does not look at how the run ended tests nothing"]
    pub fn run(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
        self.start(args).wait()
    }

    /// Runs it to its end and requires exit code 0.
    pub fn must(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
        let running = self.start(args);
        let words = running.words.clone();
        let output = running.wait();
        assert_eq!(output.code, 0, "{words}\n{}{}", output.stdout, output.stderr);
        output
    }

    /// Starts it.
    pub fn start(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Running {
        let args: Vec<OsString> = args.into_iter().map(|arg| arg.as_ref().to_owned()).collect();
        let words = format!("git-hotfix {}", args.join(OsStr::new(" ")).display());
        let mut command = self.shared.command(&self.program, &self.dir);
        command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{words}: {error}"));
        let stdout = read(child.stdout.take().expect("a pipe"));
        let stderr = read(child.stderr.take().expect("a pipe"));
        Running { child, words, began: Instant::now(), stdout, stderr }
    }
}

impl Running {
    /// Sends a signal to the program alone, as `kill` does.
    pub fn signal(&self, signal: Signal) {
        // It may have ended meanwhile, which is no fault of the test.
        kill_process(self.pid(), signal).ok();
    }

    /// Sends a signal to the program and its group, as Ctrl-C in a terminal does.
    pub fn signal_group(&self, signal: Signal) {
        kill_process_group(self.pid(), signal).ok();
    }

    /// Waits for its end; panics if that does not come within a minute of its start.
    #[must_use = "a test that does not look at how the run ended tests nothing"]
    pub fn wait(mut self) -> Output {
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                break status;
            }
            if self.began.elapsed() > LIMIT {
                self.signal_group(Signal::KILL);
                panic!("{} did not end within {LIMIT:?}", self.words);
            }
            thread::sleep(TICK);
        };
        let signalled = status.signal().map(|number| 128 + number);
        let code = status.code().or(signalled).expect("an end by itself or by a signal");
        let text = |reader: JoinHandle<Vec<u8>>| {
            let bytes = reader.join().expect("a reader that does not panic");
            String::from_utf8_lossy(&bytes).into_owned()
        };
        Output { code, stdout: text(self.stdout), stderr: text(self.stderr) }
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Output {
    /// Standard output as JSON: exactly one value and nothing else.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!("standard output is not JSON ({error}):\n{}\n{}", self.stdout, self.stderr)
        })
    }
}

pub(crate) fn read(mut stream: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("a readable pipe");
        bytes
    })
}
