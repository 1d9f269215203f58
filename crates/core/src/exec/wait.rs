//! Starts a child and waits for it, for its deadline, or for the user.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal};

use super::capture::Kept;
use super::streams::{Served, Streams};
use super::{Command, Ending, ExecError, Finished, GRACE, contain, exit, process};
use crate::ctx::Ctx;

/// How often the user's wish to stop is looked at.
const TICK: Duration = Duration::from_millis(20);
/// How long a child that ended may leave its streams open in other hands.
const LEAK: Duration = Duration::from_millis(200);

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
    exit: OwnedFd,
    streams: Streams,
    mark: Option<String>,
}

pub fn run(command: Command, ctx: &Ctx) -> Result<Finished, ExecError> {
    let began = ctx.clock.elapsed();
    let patience = Patience { deadline: command.deadline, silence: command.silence };
    let mut running = start(command, ctx)?;
    let ending = running.wait(ctx, patience);
    let mut streams = running.streams.finish().into_iter();
    let (stdout, out_total) = streams.next().unwrap_or_default();
    let (stderr, err_total) = streams.next().unwrap_or_default();
    let elapsed = ctx.elapsed_since(began);
    Ok(Finished { ending, stdout, stderr, total_bytes: out_total + err_total, elapsed })
}

fn start(mut command: Command, ctx: &Ctx) -> Result<Running, ExecError> {
    let mark = command.contained.then(|| ctx.clock.ulid());
    let mut prepared = prepare(&command, ctx);
    if let Some(mark) = &mark {
        prepared.env(contain::MARK, mark);
        process::own_session(&mut prepared);
    } else {
        process::own_group(&mut prepared);
    }
    let input = command.input.take();
    let begun = spawn(prepared, &command, input);
    let (child, pid, exit, streams) =
        begun.map_err(|source| ExecError::starting(&command.program, source))?;
    Ok(Running { child, pid, exit, streams, mark })
}

type Begun = (Child, Pid, OwnedFd, Streams);

fn spawn(
    mut prepared: std::process::Command,
    command: &Command,
    input: Option<Vec<u8>>,
) -> std::io::Result<Begun> {
    let mut streams = Streams::default();
    let mut child;
    if let Some(log) = &command.log {
        let kept = Kept::tail(log)?;
        let (reader, writer) = std::io::pipe()?;
        prepared.stdout(writer.try_clone()?).stderr(writer);
        child = prepared.spawn()?;
        // The command holds our copies of the pipe's writing end; only the child may keep it open.
        drop(prepared);
        streams.read(reader, kept);
    } else if command.shown {
        child = prepared.stdout(std::io::stderr()).stderr(Stdio::inherit()).spawn()?;
    } else {
        child = prepared.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        if let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) {
            streams.read(out, Kept::all());
            streams.read(err, Kept::all());
        }
    }
    let pid = Pid::from_child(&child);
    let exit = exit::news(pid).inspect_err(|_| give_up(&mut child, pid))?;
    streams.write(&mut child, input);
    Ok((child, pid, exit, streams))
}

/// Ends a child that cannot be waited for.
fn give_up(child: &mut Child, pid: Pid) {
    contain::signal_group(pid, Signal::KILL);
    let _ = child.wait();
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

impl Running {
    fn wait(&mut self, ctx: &Ctx, patience: Patience) -> Ending {
        let began = ctx.clock.elapsed();
        let mut voice = Voice { bytes: 0, heard: Duration::ZERO };
        let mut ended_by_us = None;
        let mut kill_at = None;
        while self.streams.serve(Some(&self.exit), TICK) != Served::Exited {
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
        let bytes = self.streams.seen();
        if bytes != voice.bytes {
            *voice = Voice { bytes, heard: elapsed };
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
        while !self.streams.are_closed() {
            let left = at_most.saturating_sub(ctx.elapsed_since(began));
            if self.streams.serve(None, left) == Served::Nothing {
                return;
            }
        }
    }
}

fn reason_to_stop(ctx: &Ctx, elapsed: Duration, voice: &Voice, patience: Patience) -> Option<Ending> {
    if ctx.cancel.signal().is_some() {
        return Some(Ending::Cancelled);
    }
    let late = patience.deadline.is_some_and(|deadline| elapsed >= deadline);
    let silent = patience.silence.is_some_and(|silence| elapsed.saturating_sub(voice.heard) >= silence);
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
