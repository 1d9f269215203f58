//! Named points at which tests kill the process, hold it, or make a write fail. Compiled to nothing without the
//! feature `failpoints`; a test looks for the variable's name in the release binary.

use crate::ctx::Ctx;

/// Reaches the point `name`. `HOTFIX_FAILPOINT=name:kill` ends the process as SIGKILL would;
/// `name:sleep` holds it for ten seconds.
#[cfg(feature = "failpoints")]
pub fn reach(ctx: &Ctx, name: &str) {
    let Some(wanted) = ctx.env.get("HOTFIX_FAILPOINT").and_then(std::ffi::OsStr::to_str) else {
        return;
    };
    match wanted.split_once(':') {
        Some((point, "kill")) if point == name => {
            let own = rustix::process::getpid();
            let _ = rustix::process::kill_process(own, rustix::process::Signal::KILL);
        }
        Some((point, "sleep")) if point == name => {
            std::thread::sleep(std::time::Duration::from_secs(10));
        }
        _ => {}
    }
}

/// Does nothing: this build has no failpoints.
#[cfg(not(feature = "failpoints"))]
pub fn reach(_: &Ctx, _: &str) {}
