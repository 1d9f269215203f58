//! The one place with `unsafe`: a session of its own for children that run unknown code, so that no prompt can reach
//! the user's terminal.

use std::os::unix::process::CommandExt;

/// Puts the child into a process group of its own; children of this group are ended together.
pub fn own_group(command: &mut std::process::Command) {
    command.process_group(0);
}

/// Puts the child into a session of its own: a process group without a terminal.
#[expect(unsafe_code, reason = "the standard library has no safe way to call setsid in the child")]
pub fn own_session(command: &mut std::process::Command) {
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; setsid(2) is one, and the closure
    // neither allocates nor locks.
    unsafe {
        command.pre_exec(|| rustix::process::setsid().map(|_| ()).map_err(std::io::Error::from));
    }
}
