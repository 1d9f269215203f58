//! News of a child's end, to be waited for together with its streams.

use std::os::fd::OwnedFd;
use std::thread;

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// Something that can be read once the child is gone. The child is not reaped by it, so that the number of its group
/// stays taken until it was signalled.
pub fn news(pid: Pid) -> std::io::Result<OwnedFd> {
    match handle(pid) {
        Some(handle) => Ok(handle),
        None => watched(pid),
    }
}

/// The system's own handle of a process (Linux 5.3).
#[cfg(target_os = "linux")]
fn handle(pid: Pid) -> Option<OwnedFd> {
    use rustix::process::{PidfdFlags, pidfd_open};
    pidfd_open(pid, PidfdFlags::empty()).ok()
}

#[cfg(not(target_os = "linux"))]
fn handle(_: Pid) -> Option<OwnedFd> {
    None
}

/// A pipe that a thread closes.
fn watched(pid: Pid) -> std::io::Result<OwnedFd> {
    let (reader, writer) = std::io::pipe()?;
    thread::spawn(move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while waitid(WaitId::Pid(pid), options).is_err_and(|error| error == rustix::io::Errno::INTR) {}
        drop(writer);
    });
    Ok(reader.into())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the end of a process is the subject")]
    fn where_the_system_has_no_handle_a_thread_tells() {
        let mut child =
            std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let news = watched(Pid::from_child(&child)).unwrap();
        drop(child.stdin.take());
        let mut bytes = Vec::new();
        std::fs::File::from(news).read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, b"");
        assert!(child.wait().unwrap().success());
    }
}
