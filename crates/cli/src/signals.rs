//! Ctrl-C and its kin: the first asks the running step to stop, the second insists.

use std::thread;

use hotfix_core::ctx::Cancel;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Passes signals on to whatever runs. Without it, which only a broken system causes, signals end the process at
/// once and the next run resumes.
pub fn listen(cancel: Cancel) {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) else { return };
    thread::spawn(move || {
        for signal in signals.forever() {
            cancel.ask(u8::try_from(signal).unwrap_or(u8::MAX));
        }
    });
}
