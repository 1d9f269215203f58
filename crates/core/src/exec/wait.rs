//! Starts a child and waits for it, for its deadline, or for the user.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, waitid};

use super::capture::Kept;
use super::{Command, Ending, ExecError, Finished, GRACE, contain, process};
use crate::ctx::Ctx;

/// How often the user's wish to stop is looked at.
const TICK: Duration = Duration::from_millis(20);
/// How long a child that ended may leave its streams open in other hands.
const LEAK: Duration = Duration::from_millis(200);

enum News {
    Exited,
    Drained,
}

/// What a child may take.
#[derive(Clone, Copy)]
struct Patience {
    deadline: Option<Duration>,
    silence: Option<Duration>,
}

/// When a child last printed something.
struct Voice {
    bytes: u64,
    heard: Duration,
}

struct Running {
    child: Child,
    pid: Pid,
    stdout: Kept,
    stderr: Kept,
    news: Receiver<News>,
    streams: usize,
    mark: Option<String>,
}

pub fn run(command: Command, ctx: &Ctx) -> Result<Finished, ExecError> {
    let began = ctx.clock.elapsed();
    let patience = Patience { deadline: command.deadline, silence: command.silence };
    let mut running = start(command, ctx)?;
    let ending = running.wait(ctx, patience);
    let (stdout, out_total) = running.stdout.finish();
    let (stderr, err_total) = running.stderr.finish();
    let elapsed = ctx.elapsed_since(began);
    Ok(Finished { ending, stdout, stderr, total_bytes: out_total + err_total, elapsed })
}

fn start(command: Command, ctx: &Ctx) -> Result<Running, ExecError> {
    let refused = |source| ExecError::starting(&command.program, source);
    let mark = command.contained.then(|| ctx.clock.ulid());
    let mut child = prepare(&command, ctx);
    if let Some(mark) = &mark {
        child.env(contain::MARK, mark);
        process::own_session(&mut child);
    } else {
        process::own_group(&mut child);
    }
    let (sender, news) = channel();
    let (stdout, stderr);
    let streams;
    let mut spawned;
    if let Some(log) = &command.log {
        let (reader, writer) = std::io::pipe().map_err(refused)?;
        child.stdout(writer.try_clone().map_err(refused)?).stderr(writer);
        spawned = child.spawn().map_err(refused)?;
        // The command holds our copies of the pipe's writing end; only the child may keep it open.
        drop(child);
        (stdout, stderr) = (Kept::tail(log).map_err(refused)?, Kept::all());
        streams = 1;
        read(reader, &stdout, &sender);
    } else if command.shown {
        spawned = child.stdout(std::io::stderr()).stderr(Stdio::inherit()).spawn().map_err(refused)?;
        (stdout, stderr) = (Kept::all(), Kept::all());
        streams = 0;
    } else {
        child.stdout(Stdio::piped()).stderr(Stdio::piped());
        spawned = child.spawn().map_err(refused)?;
        (stdout, stderr) = (Kept::all(), Kept::all());
        streams = 2;
        if let (Some(out), Some(err)) = (spawned.stdout.take(), spawned.stderr.take()) {
            read(out, &stdout, &sender);
            read(err, &stderr, &sender);
        }
    }
    let pid = Pid::from_child(&spawned);
    feed(&mut spawned, command.input);
    watch(pid, sender);
    Ok(Running { child: spawned, pid, stdout, stderr, news, streams, mark })
}

/// The child with its arguments, environment and input; which group or session it belongs to is up to the caller.
pub fn prepare(command: &Command, ctx: &Ctx) -> std::process::Command {
    let dir = command.dir.as_deref().unwrap_or(ctx.env.current_dir());
    #[expect(clippy::disallowed_methods, reason = "this is the door to processes")]
    let mut child = std::process::Command::new(program(command, ctx, dir));
    child.args(&command.args).env_clear();
    child.current_dir(dir);
    let hidden = |name: &std::ffi::OsStr| command.contained && contain::is_secret(name);
    child.envs(ctx.env.variables().filter(|(name, _)| !hidden(name)));
    for (name, value) in &command.changes {
        match value {
            Some(value) => child.env(name, value),
            None => child.env_remove(name),
        };
    }
    child.stdin(if command.input.is_some() { Stdio::piped() } else { Stdio::null() });
    child
}

/// A name is looked up by `PATH`; a path such as `./check.sh` means the file below the folder the child runs in.
fn program(command: &Command, ctx: &Ctx, dir: &Path) -> PathBuf {
    let program = Path::new(&command.program);
    if program.components().count() > 1 {
        return dir.join(program);
    }
    ctx.env.find_program(program).unwrap_or_else(|| program.to_owned())
}

fn read(stream: impl std::io::Read + Send + 'static, kept: &Kept, sender: &Sender<News>) {
    let (kept, sender) = (kept.clone(), sender.clone());
    thread::spawn(move || {
        kept.drain(stream);
        let _ = sender.send(News::Drained);
    });
}

fn feed(child: &mut Child, input: Option<Vec<u8>>) {
    if let (Some(mut stdin), Some(bytes)) = (child.stdin.take(), input) {
        // A child may close its input early; its exit code tells whether that was right.
        thread::spawn(move || stdin.write_all(&bytes));
    }
}

/// Reports the end without reaping, so that the number of the group stays taken until it was signalled.
fn watch(pid: Pid, sender: Sender<News>) {
    thread::spawn(move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while waitid(WaitId::Pid(pid), options).is_err_and(|error| error == rustix::io::Errno::INTR) {}
        let _ = sender.send(News::Exited);
    });
}

impl Running {
    fn wait(&mut self, ctx: &Ctx, patience: Patience) -> Ending {
        let began = ctx.clock.elapsed();
        let mut voice = Voice { bytes: 0, heard: Duration::ZERO };
        let mut ended_by_us = None;
        let mut kill_at = None;
        while !self.exited() {
            let elapsed = ctx.elapsed_since(began);
            if ended_by_us.is_none() {
                self.listen(&mut voice, elapsed);
                ended_by_us = reason_to_stop(ctx, elapsed, &voice, patience);
                if ended_by_us.is_some() {
                    contain::signal_group(self.pid, Signal::TERM);
                    kill_at = Some(elapsed + GRACE);
                }
            } else if kill_at.is_some_and(|at| elapsed >= at) || ctx.cancel.insists() {
                contain::signal_group(self.pid, Signal::KILL);
                kill_at = None;
            }
        }
        self.finish(ctx, ended_by_us.is_some());
        let status = self.child.wait();
        ended_by_us.unwrap_or_else(|| ending(status.ok()))
    }

    fn listen(&self, voice: &mut Voice, elapsed: Duration) {
        let bytes = self.stdout.seen() + self.stderr.seen();
        if bytes != voice.bytes {
            *voice = Voice { bytes, heard: elapsed };
        }
    }

    /// Waits one tick; true once the child itself is gone.
    fn exited(&mut self) -> bool {
        match self.news.recv_timeout(TICK) {
            Ok(News::Exited) | Err(RecvTimeoutError::Disconnected) => true,
            Ok(News::Drained) => {
                self.streams = self.streams.saturating_sub(1);
                false
            }
            Err(RecvTimeoutError::Timeout) => false,
        }
    }

    /// Waits for the streams, not for ever, and ends what a contained or stopped child left behind.
    fn finish(&mut self, ctx: &Ctx, stopped: bool) {
        self.drain(ctx, LEAK);
        if self.mark.is_some() || stopped {
            contain::signal_group(self.pid, Signal::KILL);
        }
        if let Some(mark) = &self.mark {
            contain::sweep(mark, self.pid);
            self.drain(ctx, LEAK);
        }
    }

    fn drain(&mut self, ctx: &Ctx, at_most: Duration) {
        let began = ctx.clock.elapsed();
        while self.streams > 0 {
            let left = at_most.saturating_sub(ctx.elapsed_since(began));
            match self.news.recv_timeout(left) {
                Ok(News::Drained) => self.streams -= 1,
                Ok(News::Exited) => {}
                Err(_) => return,
            }
        }
    }
}

fn reason_to_stop(ctx: &Ctx, elapsed: Duration, voice: &Voice, patience: Patience) -> Option<Ending> {
    if ctx.cancel.signal().is_some() {
        return Some(Ending::Cancelled);
    }
    let late = patience.deadline.is_some_and(|deadline| elapsed >= deadline);
    let silent =
        patience.silence.is_some_and(|silence| elapsed.saturating_sub(voice.heard) >= silence);
    (late || silent).then_some(Ending::TimedOut)
}

fn ending(status: Option<std::process::ExitStatus>) -> Ending {
    use std::os::unix::process::ExitStatusExt;
    let code = status.and_then(|status| status.code());
    let signal = status.and_then(|status| status.signal());
    match (code, signal) {
        (Some(code), _) => Ending::Exited(code),
        (None, signal) => Ending::Signalled(signal.unwrap_or_default()),
    }
}
