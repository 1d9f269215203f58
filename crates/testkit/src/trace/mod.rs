//! Stops a program and all its children at the n-th system call that changes something, to kill them there or to make
//! that call fail. Linux only: it is done with ptrace.
//!
//! Counted are the calls that change what lies below one folder: files and folders made, written, renamed, removed, cut,
//! or given another mode. They are counted over all processes of the tree in the order in which they are made.

mod calls;
mod tree;

use std::env;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::unistd::Pid;

use crate::binary::{Binary, Output, read};
use tree::Tree;

pub use nix::errno::Errno;

/// What happens to a program that is traced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// All processes are killed before the call of this number, from 1.
    Kill(usize),
    /// The call of this number, from 1, does nothing and gives this error.
    Fail(usize, Errno),
}

/// A system call that changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name, as in its manual page.
    pub name: &'static str,
    /// The file or folder that it changes; of a renaming and of a link the new one.
    pub path: PathBuf,
    /// The command line of the process that makes it, without Git's settings.
    pub process: String,
}

/// How a traced run ended.
#[derive(Debug)]
pub struct Traced {
    /// Exit code and output of the program itself.
    pub output: Output,
    /// The calls in their order; the last one is where the fault was, if there was one.
    pub calls: Vec<Call>,
    /// Whether it came as far as the fault.
    pub reached: bool,
}

impl Binary {
    /// Runs it, with its children, to the end of the last of them; panics if that does not come within a minute.
    /// `below` is the folder whose changes are counted.
    #[must_use = "a test that does not look at how the run ended tests nothing"]
    pub fn traced(
        &self,
        args: impl IntoIterator<Item = impl AsRef<OsStr>>,
        below: &Path,
        fault: Fault,
    ) -> Traced {
        let mut child = self.waiting(args);
        let pid = Pid::from_raw(i32::try_from(child.id()).expect("the id of a process"));
        let tree = Tree::seize(pid, below, fault);
        let mut input = child.stdin.take().expect("a pipe");
        let stdout = read(child.stdout.take().expect("a pipe"));
        let stderr = read(child.stderr.take().expect("a pipe"));
        let tree = tree.expect("processes can be traced here: see `can_trace`");
        input.write_all(b"\n").expect("a shell that waits");
        let ended = tree.run();
        // The tracer was told of its end already, so this does not wait.
        child.wait().ok();
        let text = |reader: std::thread::JoinHandle<Vec<u8>>| {
            let bytes = reader.join().expect("a reader that does not panic");
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let output = Output { code: ended.code, stdout: text(stdout), stderr: text(stderr) };
        Traced { output, calls: ended.calls, reached: ended.reached }
    }

    /// A shell that becomes the program as soon as it reads a line.
    fn waiting(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Child {
        let script = "read -r go && exec \"$0\" \"$@\" </dev/null";
        let mut command = self.shared.command("/bin/sh", &self.dir);
        command.args(["-c", script]).arg(&self.program).args(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        command.spawn().expect("a shell")
    }
}

/// Whether processes can be traced on this machine. Where they cannot, says so, or fails with `CI=true`.
pub fn can_trace() -> bool {
    let Err(why) = try_to_trace() else { return true };
    assert!(env::var("CI").as_deref() != Ok("true"), "CI=true: processes must be traced here: {why}");
    // Seen also when the test passes; the printing macros would be captured.
    writeln!(io::stderr(), "not run: what needs ptrace: {why}").ok();
    false
}

fn try_to_trace() -> Result<(), Errno> {
    let mut child = Command::new("/bin/cat").stdin(Stdio::piped()).spawn().expect("cat");
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("the id of a process"));
    let seized = Tree::seize(pid, Path::new("/"), Fault::None);
    drop(child.stdin.take());
    let traced = seized.map(|tree| drop(tree.run()));
    child.wait().ok();
    traced
}
