//! Who wrote a line, so that it can be told from a later process with the same number.

use rustix::process::{Pid, getpid, test_kill_process};
use serde::{Deserialize, Serialize};

/// A process, now or once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    pid: i32,
    /// When it began, in ticks since the machine did; absent where the system does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    began: Option<u64>,
}

impl Process {
    /// This one.
    pub fn own() -> Self {
        let pid = getpid().as_raw_nonzero().get();
        Self { pid, began: began(pid) }
    }

    /// Whether it still runs. Where the system does not tell when processes began, one with its number will do.
    pub fn is_alive(self) -> bool {
        if self.began.is_some() {
            return began(self.pid) == self.began;
        }
        Pid::from_raw(self.pid).is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
    }
}

/// From `/proc/<pid>/stat` (proc(5)): the name in parentheses may hold anything, the state is the first field behind
/// it, the time the twentieth. A process that ended and was not yet reaped does not run.
fn began(pid: i32) -> Option<u64> {
    let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next().filter(|state| !matches!(*state, "Z" | "X"));
    state.and_then(|_| fields.nth(18)?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_itself_from_others_with_its_number() {
        let own = Process::own();
        assert!(own.is_alive());
        assert!(Process { began: None, ..own }.is_alive());
        let before = Process { began: Some(0), ..own };
        assert!(!before.is_alive());
        // Larger than any number Linux and macOS give out.
        assert!(!Process { pid: i32::MAX, began: None }.is_alive());
    }
}
