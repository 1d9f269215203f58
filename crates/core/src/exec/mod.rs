//! The only code that spawns. Every child gets: arguments as a list (never a shell line of ours), a process group of
//! its own, standard input from nowhere or from bytes, a deadline, and bounded output.
//!
//! A child that is told to stop gets SIGTERM, five seconds, then SIGKILL, to its whole group. A *contained* child
//! (tests, linters, setup commands) also leaves nothing behind: its group is ended when it returns, and processes that
//! escaped the group are found by a mark in their environment (Linux).

mod capture;
mod contain;
mod detach;
mod exit;
mod page;
mod process;
mod redact;
mod sanitize;
mod shell;
mod streams;
pub mod tokens;
mod wait;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_model::ExitCode;

use crate::ctx::Ctx;
use crate::error::Explain;

pub use detach::step_aside;
pub use redact::{hide, redact};
pub use sanitize::{sanitize, sanitize_line};
pub use shell::{command_line, quoted};

/// Time between SIGTERM and SIGKILL.
pub const GRACE: Duration = Duration::from_secs(5);
/// Bytes of merged output kept in memory: the newest mebibyte.
pub const TAIL_LIMIT: usize = 1 << 20;
/// Bytes of merged output kept in the log file.
pub const LOG_LIMIT: u64 = 16 << 20;

/// A child to be.
#[derive(Debug)]
pub struct Command {
    program: OsString,
    args: Vec<OsString>,
    dir: Option<PathBuf>,
    changes: BTreeMap<OsString, Option<OsString>>,
    input: Option<Vec<u8>>,
    deadline: Option<Duration>,
    silence: Option<Duration>,
    contained: bool,
    shown: bool,
    log: Option<PathBuf>,
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By itself, with this code.
    Exited(i32),
    /// By a signal that did not come from us.
    Signalled(i32),
    /// By us: its deadline passed.
    TimedOut,
    /// By us: the user wants to stop.
    Cancelled,
}

/// A child that ended.
#[derive(Debug)]
pub struct Finished {
    /// How.
    pub ending: Ending,
    /// Standard output; of a logged child the newest [`TAIL_LIMIT`] bytes of both streams, merged in order.
    pub stdout: Vec<u8>,
    /// Standard error; empty for a logged child.
    pub stderr: Vec<u8>,
    /// Bytes written in all, also those not kept.
    pub total_bytes: u64,
    /// Wall time.
    pub elapsed: Duration,
}

/// The child could not be run at all.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    /// No such program.
    #[error("`{program}` is not installed, or not on the PATH")]
    NotFound {
        /// The program.
        program: String,
    },
    /// The system refused.
    #[error("`{program}` cannot be started")]
    Refused {
        /// The program.
        program: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The number of this process.
pub fn own_process() -> u32 {
    std::process::id()
}

impl Command {
    /// A child that runs `program`, found by `PATH`.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            dir: None,
            changes: BTreeMap::new(),
            input: None,
            deadline: None,
            silence: None,
            contained: false,
            shown: false,
            log: None,
        }
    }

    /// A child that runs a line of shell, as configuration files and users write them.
    pub fn shell(line: &str) -> Self {
        Self::new("sh").arg("-c").arg(line)
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// The folder it runs in; default is the user's current one.
    #[must_use]
    pub fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.dir = Some(dir.as_ref().to_owned());
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.changes.insert(name.as_ref().to_owned(), Some(value.as_ref().to_owned()));
        self
    }

    /// Removes a variable.
    #[must_use]
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.changes.insert(name.as_ref().to_owned(), None);
        self
    }

    /// Bytes for its standard input; default is none.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Some(bytes.into());
        self
    }

    /// How long it may run.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// How long it may print nothing; what is silent for longer hangs, and is ended as at its deadline.
    #[must_use]
    pub fn silence(mut self, silence: Duration) -> Self {
        self.silence = Some(silence);
        self
    }

    /// Runs code we do not know: no terminal, no secrets of ours in its environment, nothing left behind.
    #[must_use]
    pub fn contained(mut self) -> Self {
        self.contained = true;
        self
    }

    /// Writes both streams to our standard error as they come, for the user to watch; nothing is kept.
    #[must_use]
    pub fn shown(mut self) -> Self {
        self.shown = true;
        self
    }

    /// Merges both streams in order and keeps their first [`LOG_LIMIT`] bytes in a file only the user can read.
    #[must_use]
    pub fn log(mut self, path: impl Into<PathBuf>) -> Self {
        self.log = Some(path.into());
        self
    }

    /// The program and its arguments, for people.
    pub fn words(&self) -> Vec<String> {
        let all = std::iter::once(&self.program).chain(&self.args);
        all.map(|word| word.to_string_lossy().into_owned()).collect()
    }

    /// Runs it to its end.
    pub fn run(self, ctx: &Ctx) -> Result<Finished, ExecError> {
        wait::run(self, ctx)
    }

    /// Runs it on our terminal and gives it a text to show; comes back when the reader leaves.
    pub fn show(self, ctx: &Ctx, text: &str) -> Result<(), ExecError> {
        page::show(&self, ctx, text)
    }

    /// Starts it and lets it go: it has a session of its own, no input, and goes on when we are gone. Both streams are
    /// appended to `log`, which only the user can read.
    pub fn detach(self, ctx: &Ctx, log: &Path) -> Result<(), ExecError> {
        detach::start(&self, ctx, log)
    }
}

impl Ending {
    /// The exit code, if it ended by itself.
    pub fn code(self) -> Option<i32> {
        match self {
            Self::Exited(code) => Some(code),
            _ => None,
        }
    }
}

impl Finished {
    /// Whether it ended by itself with code 0.
    pub fn success(&self) -> bool {
        self.ending == Ending::Exited(0)
    }

    /// The last line of standard error, or of standard output, that is not blank: usually the reason.
    pub fn last_line(&self) -> String {
        let last = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            text.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
        };
        let line = last(&self.stderr).or_else(|| last(&self.stdout)).unwrap_or_default();
        redact(&line).into_owned()
    }
}

impl ExecError {
    fn starting(program: &OsStr, source: std::io::Error) -> Self {
        let program = program.to_string_lossy().into_owned();
        match source.kind() {
            std::io::ErrorKind::NotFound => Self::NotFound { program },
            _ => Self::Refused { program, source },
        }
    }
}

impl Explain for ExecError {
    fn why(&self) -> String {
        match self {
            Self::NotFound { .. } => "no executable file of that name was found".to_owned(),
            Self::Refused { source, .. } => source.to_string(),
        }
    }

    fn next(&self) -> String {
        match self {
            Self::NotFound { program } => {
                format!("install {program}, then run the same command again")
            }
            Self::Refused { .. } => "run the same command again".to_owned(),
        }
    }

    fn exit(&self) -> ExitCode {
        ExitCode::SETUP
    }
}
