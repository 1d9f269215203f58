//! Ctrl-C and its kin while tests hang: everything that was started is gone, and the next run goes on.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use hotfix_testkit::{Output, Running};
pub use rustix::process::Signal;
use rustix::process::{Pid, test_kill_process};

use crate::case::{Case, SUBJECT};

/// How long anything is waited for. Far more than it needs.
const PATIENCE: Duration = Duration::from_secs(30);
/// A test that hangs, deaf to the polite signals, with a child of its own.
const DEAF: &str =
    "trap '' TERM INT HUP; sleep 300 & echo $! > ../child; echo $$ > ../shell; wait; sleep 300";
/// The same, but it ends when asked.
const POLITE: &str = "sleep 300 & echo $! > ../child; echo $$ > ../shell; wait";

/// Ships a fix whose tests hang, sends the signals a moment apart, and gives the case and how it ended.
pub fn stopped_while_tests_hang(signals: &[Signal]) -> (Case, Output) {
    let polite = signals.len() == 1;
    let (case, output, _) = stopped(if polite { POLITE } else { DEAF }, signals);
    (case, output)
}

fn stopped(script: &str, signals: &[Signal]) -> (Case, Output, Duration) {
    let case = Case::fixed();
    let command = format!("test.command={script}");
    let running =
        case.hotfix().start(["ship", SUBJECT, "--skip", "prove", "--reason", "r", "--set", &command]);
    let children = ["shell", "child"].map(|name| wait_for_pid(&case.sandbox.code().join(name)));
    let began = send(&running, signals);
    let output = running.wait();
    let took = began.elapsed();
    for child in children {
        wait_until(&format!("process {child:?} is gone"), || test_kill_process(child).is_err());
    }
    (case, output, took)
}

/// Sends all signals; gives when the last was sent.
fn send(running: &Running, signals: &[Signal]) -> Instant {
    for (index, signal) in signals.iter().enumerate() {
        if index > 0 {
            // Two that come together would be one.
            thread::sleep(Duration::from_millis(300));
        }
        running.signal(*signal);
    }
    Instant::now()
}

fn wait_for_pid(file: &Path) -> Pid {
    let read = || fs::read_to_string(file).ok()?.trim().parse().ok().and_then(Pid::from_raw);
    wait_until(&format!("{} is written", file.display()), || read().is_some());
    read().expect("a process")
}

/// Waits for something that comes by itself.
#[track_caller]
pub fn wait_until(what: &str, there: impl Fn() -> bool) {
    let began = Instant::now();
    while !there() {
        assert!(began.elapsed() < PATIENCE, "after {PATIENCE:?} not yet: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// After the interruption the same command goes on to its end.
#[track_caller]
fn assert_goes_on(case: &Case) {
    let output = case.ship();
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert_eq!(case.remote_refs("refs/heads/hotfix"), "refs/heads/hotfix/1.2.3");
    case.assert_untouched();
    case.assert_sound();
}

#[test]
fn one_signal_stops_everything_and_the_next_run_goes_on() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let (case, output) = stopped_while_tests_hang(&[signal]);
        assert_eq!(output.code, 128 + signal.as_raw());
        let told = case.told(&output);
        assert!(told.contains("error: stopped by signal"), "{told}");
        assert!(told.contains("next: run the same command again to go on"), "{told}");
        assert_goes_on(&case);
    }
}

#[test]
fn the_second_ctrl_c_does_not_wait_for_a_deaf_test() {
    let (case, output, took) = stopped(DEAF, &[Signal::INT, Signal::INT]);
    assert_eq!(output.code, 130, "{}", output.stderr);
    assert!(took < Duration::from_secs(3), "it took {took:?}; the patience with one signal is 5 s");
    assert_goes_on(&case);
}
