//! Ends what a contained child left behind, and keeps our secrets out of its environment.

use std::ffi::OsStr;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// The variable that marks every descendant of one contained child.
pub const MARK: &str = "HOTFIX_RUN";

/// Variables that unknown code has no business to see: credentials of forges, clouds' agents and keys.
pub fn is_secret(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    let exact = ["SSH_AUTH_SOCK", "SSH_AGENT_PID", "GPG_AGENT_INFO", "HOTFIX_TRUST", "HOTFIX_CD_FILE"];
    let forges =
        ["GITHUB", "GH", "GITLAB", "GLAB", "GITEA", "FORGEJO", "GERRIT", "BITBUCKET", "AZURE_DEVOPS"];
    exact.contains(&name)
        || name.starts_with("HOTFIX_TOKEN_")
        || ["OAUTH_TOKEN", "SYSTEM_ACCESSTOKEN"].contains(&name)
        || forges.iter().any(|forge| {
            name.strip_prefix(forge).is_some_and(|rest| rest.ends_with("_TOKEN") || rest.ends_with("_PAT"))
        })
}

/// Sends a signal to a child's group. The child must not have been reaped yet, so that its number is still its own.
pub fn signal_group(leader: Pid, signal: Signal) {
    // Fails only when nobody is left, which is what was wanted.
    let _ = kill_process_group(leader, signal);
}

/// Ends processes that left `leader`'s group but still carry the mark. Three rounds, against those that fork meanwhile.
pub fn sweep(mark: &str, leader: Pid) {
    for _ in 0..3 {
        let strays = marked(mark, leader);
        if strays.is_empty() {
            return;
        }
        for stray in strays {
            let _ = kill_process(stray, Signal::KILL);
        }
    }
}

fn marked(mark: &str, leader: Pid) -> Vec<Pid> {
    let may_descend = younger(leader);
    let wanted = format!("{MARK}={mark}");
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let carries = |pid: &Pid| {
        let path = format!("/proc/{}/environ", pid.as_raw_nonzero());
        let environment = std::fs::read(path).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
    };
    processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|number| may_descend(*number))
        .filter_map(Pid::from_raw)
        .filter(carries)
        .collect()
}

/// Tells which process numbers a descendant of `leader` may have. Numbers are given out in ascending order, so usually
/// only the few that came after need a look; once they have started anew from below, any may.
fn younger(leader: Pid) -> impl Fn(i32) -> bool {
    let leader = leader.as_raw_nonzero().get();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let newest: Option<i32> = load.split_whitespace().last().and_then(|number| number.parse().ok());
    let ascending = newest.is_some_and(|newest| newest >= leader);
    move |number| !ascending || number > leader
}
