//! Work that goes on after the command has returned.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::{Command, ExecError, process, wait};
use crate::ctx::Ctx;

/// A log longer than this is begun anew.
const LONGEST_LOG: u64 = 1 << 20;
/// How much less urgent than the user's own work: the step of nice(1).
const NICE: i32 = 10;

/// Starts a child that outlives us.
pub fn start(command: &Command, ctx: &Ctx, log: &Path) -> Result<(), ExecError> {
    let refused = |source| ExecError::starting(&command.program, source);
    let log = open(log).map_err(refused)?;
    let mut child = wait::prepare(command, ctx);
    child.stdout(log.try_clone().map_err(refused)?).stderr(log);
    process::own_session(&mut child);
    // Never waited for: it ends after us, and the system takes care of it then.
    child.spawn().map(drop).map_err(refused)
}

/// Makes this process, and what it starts from now on, give way to everybody else's work.
pub fn step_aside() {
    // Fails only where it is forbidden, and then it merely does not help.
    let _ = rustix::process::nice(NICE);
}

fn open(log: &Path) -> std::io::Result<File> {
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(log)?;
    if file.metadata()?.len() > LONGEST_LOG {
        file.set_len(0)?;
    }
    Ok(file)
}
