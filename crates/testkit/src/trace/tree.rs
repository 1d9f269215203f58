//! A process and all that come from it, stopped at each system call.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{self, Event, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::calls::{Registers, changing, returned, spoiled};
use super::{Call, Fault};
use crate::binary::LIMIT;

/// What `ptrace_syscall_info` calls the way into a call.
const ENTRY: u8 = libc::PTRACE_SYSCALL_INFO_ENTRY;

/// Processes that are traced. All requests come from the thread that seized the first one.
pub struct Tree {
    root: Pid,
    below: PathBuf,
    fault: Fault,
    alive: Arc<Mutex<BTreeSet<Pid>>>,
    /// Whether the program itself runs yet.
    begun: bool,
    /// Whether all are killed, also those that are only just being made.
    killed: bool,
    /// The registers before a call that is made to fail.
    failing: BTreeMap<Pid, (Registers, Errno)>,
    ended: Ended,
}

/// What is known when all processes are gone.
#[derive(Default)]
pub struct Ended {
    /// The exit code of the first process; 128 plus the signal if one ended it.
    pub code: i32,
    pub calls: Vec<Call>,
    pub reached: bool,
}

impl Tree {
    /// Begins to trace a process that waits. Changes count from the moment it becomes another program.
    pub fn seize(root: Pid, below: &Path, fault: Fault) -> Result<Self, Errno> {
        let options = Options::PTRACE_O_TRACESYSGOOD
            | Options::PTRACE_O_TRACEFORK
            | Options::PTRACE_O_TRACEVFORK
            | Options::PTRACE_O_TRACECLONE
            | Options::PTRACE_O_TRACEEXEC
            | Options::PTRACE_O_EXITKILL;
        ptrace::seize(root, options)?;
        ptrace::interrupt(root)?;
        Ok(Self {
            root,
            below: below.to_owned(),
            fault,
            alive: Arc::new(Mutex::new(BTreeSet::from([root]))),
            begun: false,
            killed: false,
            failing: BTreeMap::new(),
            ended: Ended::default(),
        })
    }

    /// Lets it run until it and all that came from it are gone.
    pub fn run(mut self) -> Ended {
        let over = self.kill_after_limit();
        // Of this thread alone: other tests wait for children of theirs.
        let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
        loop {
            match waitpid(None, Some(flags)) {
                Ok(status) => self.stopped(status),
                Err(Errno::EINTR) => {}
                Err(Errno::ECHILD) => break,
                Err(error) => panic!("waiting for traced processes: {error}"),
            }
        }
        assert!(over.send(()).is_ok(), "traced processes did not end within {LIMIT:?}");
        self.ended
    }

    fn stopped(&mut self, status: WaitStatus) {
        match status {
            WaitStatus::PtraceSyscall(pid) => self.at_call(pid),
            WaitStatus::PtraceEvent(pid, _, event) => {
                self.begun |= event == Event::PTRACE_EVENT_EXEC as i32;
                self.go_on(pid, None);
            }
            WaitStatus::Stopped(pid, signal) => self.go_on(pid, Some(signal)),
            WaitStatus::Exited(pid, code) => self.gone(pid, code),
            WaitStatus::Signaled(pid, signal, _) => self.gone(pid, 128 + signal as i32),
            _ => {}
        }
    }

    fn at_call(&mut self, pid: Pid) {
        if let Some((registers, error)) = self.failing.remove(&pid) {
            // A process that was killed meanwhile is told as gone.
            ptrace::setregs(pid, returned(&registers, -i64::from(error as i32))).ok();
        } else if self.begun && !self.killed && ptrace::syscall_info(pid).is_ok_and(|info| info.op == ENTRY) {
            self.entered(pid);
        }
        self.go_on(pid, None);
    }

    fn entered(&mut self, pid: Pid) {
        let Ok(registers) = ptrace::getregs(pid) else { return };
        let Some(call) = changing(pid, &registers, &self.below) else { return };
        self.ended.calls.push(call);
        let number = self.ended.calls.len();
        match self.fault {
            Fault::Kill(at) if at == number => {
                self.ended.reached = true;
                self.killed = true;
                kill_all(&self.alive);
            }
            Fault::Fail(at, error) if at == number => {
                self.ended.reached = true;
                ptrace::setregs(pid, spoiled(&registers)).ok();
                self.failing.insert(pid, (registers, error));
            }
            _ => {}
        }
    }

    /// A process that is gone meanwhile is told by the next wait.
    fn go_on(&mut self, pid: Pid, signal: Option<Signal>) {
        self.alive.lock().expect("nobody panics with it").insert(pid);
        if self.killed {
            kill(pid, Signal::SIGKILL).ok();
        }
        ptrace::syscall(pid, signal).ok();
    }

    fn gone(&mut self, pid: Pid, code: i32) {
        self.alive.lock().expect("nobody panics with it").remove(&pid);
        if pid == self.root {
            self.ended.code = code;
        }
    }

    /// Ends a run that hangs, unless it is told in time that it is over.
    fn kill_after_limit(&self) -> Sender<()> {
        let (over, wait) = channel();
        let alive = Arc::clone(&self.alive);
        thread::spawn(move || {
            if wait.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
                kill_all(&alive);
            }
        });
        over
    }
}

/// Kills processes; those that were about to make a call do not make it.
fn kill_all(alive: &Mutex<BTreeSet<Pid>>) {
    for pid in &*alive.lock().expect("nobody panics with it") {
        kill(*pid, Signal::SIGKILL).ok();
    }
}
