//! A slot is given back at once, and parked by a process that goes on alone.

use std::fs::{self, File};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::case::{ALERT, Case, SUBJECT};

/// Far more than parking three files takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// A fix that is submitted, where things may go on in the background.
fn submitted() -> Case {
    let case = Case::fixed();
    case.sandbox.env_remove("HOTFIX_FOREGROUND");
    case.hotfix().must(["test"]);
    case.hotfix().must(["commit", "-m", SUBJECT]);
    case.hotfix().must(["submit"]);
    case
}

fn state(case: &Case) -> Value {
    let file = case.repo.path().join(".git/hotfix/slots/1.json");
    serde_json::from_slice(&fs::read(file).expect("a state file")).expect("JSON")
}

/// Waits for the process in the background to have ended its work: each turn waits for the lock it holds meanwhile.
#[track_caller]
fn wait_until_parked(case: &Case) {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let lock = File::open(case.repo.path().join(".git/hotfix/slots/1.lock")).expect("a lock file");
        lock.lock().expect("a lock");
        let parked = state(case)["state"]["kind"] == "parked";
        // Dropped alone, it would live on in a program that another test is just starting.
        lock.unlock().expect("our lock");
        if parked {
            return;
        }
        std::thread::yield_now();
    }
    let log = case.repo.path().join(".git/hotfix/slots/background.log");
    panic!("not parked: {}\n{}", state(case), fs::read_to_string(log).unwrap_or_default());
}

#[test]
fn cleanup_returns_and_the_slot_is_parked_behind_it() {
    let case = submitted();
    let newer = case.repo.push_commit_to_remote(&[("news.txt", b"news\n")]);
    case.repo.git(["fetch", "--quiet", "origin"]);
    let output = case.hotfix().must(["cleanup", "--json"]).json();
    assert_eq!(output["in_background"], true);
    // The branch is free from now on.
    case.sandbox.repo_at(case.slot()).git(["rev-parse", "HEAD"]);
    case.repo.git(["branch", "--force", "hotfix/1.2.3", "hotfix/1.2.3"]);
    wait_until_parked(&case);
    let slot = case.sandbox.repo_at(case.slot());
    assert_eq!(slot.git(["status", "--porcelain", "--branch"]), "## HEAD (no branch)");
    assert_eq!(slot.head(), newer);
    assert!(!case.hotfix().must(["cleanup", "--json", "--id", "1.2.3"]).stdout.contains("error"));
}

#[test]
fn one_line_says_so() {
    let case = Case::fixed();
    case.sandbox.env_remove("HOTFIX_FOREGROUND");
    let output = case.ship();
    assert_eq!(output.code, 0, "{}", output.stderr);
    let said = format!("{} is being parked", case.slot().display());
    assert!(output.stderr.contains(&said), "{}", output.stderr);
    wait_until_parked(&case);
}

#[test]
fn a_start_right_after_it_gets_the_slot() {
    let case = submitted();
    for _ in 0..3 {
        case.hotfix().must(["cleanup", "--discard"]);
        let started = case.hotfix().must(["start", ALERT, "--json"]).json();
        assert_eq!(started["slot"]["kind"], "warm");
        let slot = case.sandbox.repo_at(started["worktree"].as_str().expect("a folder"));
        assert_eq!(slot.git(["status", "--porcelain"]), "");
        assert_eq!(slot.head(), case.repo.bare().commit_of("main"));
    }
}

#[test]
fn what_dies_in_the_background_is_healed_by_the_next_start() {
    let case = submitted();
    case.edit("report.xml", "a by-product");
    case.sandbox.env_set("HOTFIX_FAILPOINT", "park.moved:kill");
    case.hotfix().must(["cleanup", "--discard"]);
    case.sandbox.env_remove("HOTFIX_FAILPOINT");
    assert_eq!(state(&case)["state"]["kind"], "moving");
    let started = case.hotfix().must(["start", ALERT, "--json"]).json();
    assert_eq!(started["slot"]["kind"], "warm");
    assert_eq!(case.sandbox.repo_at(case.slot()).git(["status", "--porcelain"]), "");
}

#[test]
fn nothing_goes_on_in_ci() {
    for name in ["CI", "HOTFIX_FOREGROUND"] {
        let case = submitted();
        case.sandbox.env_set(name, "true");
        let output = case.hotfix().must(["cleanup", "--json"]).json();
        assert_eq!(output["in_background"], false, "{name}");
        assert_eq!(state(&case)["state"]["kind"], "parked", "{name}");
    }
}
