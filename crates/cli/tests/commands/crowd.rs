//! Many at once.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hotfix_testkit::Output;
use serde_json::Value;

use crate::case::{self, ALERT, Case, SUBJECT};
use crate::signals::wait_until;

const MANY: usize = 50;
/// `git gc`, which gives up when it comes by a worktree in the very moment `git worktree add` makes it. That is between
/// Git and Git; what counts is that nothing is missing in the end.
const GC: &str = "alias.tidy=!git gc --quiet 2>/dev/null || true";
/// The same holds for what a fetch looks at before it is content.
const FETCH: &str = "alias.look=!git fetch --quiet origin 2>/dev/null || true";

/// Starts that many at the same moment and gives how each ended, and its time.
fn start_at_once(case: &Case, count: usize) -> Vec<(Output, Duration)> {
    let hotfix = case.hotfix();
    thread::scope(|scope| {
        let one = || {
            let began = Instant::now();
            let output = hotfix.run(["start", ALERT, "--json"]);
            (output, began.elapsed())
        };
        let lanes: Vec<_> = (0..count).map(|_| scope.spawn(one)).collect();
        lanes.into_iter().map(|lane| lane.join().expect("a run that ends")).collect()
    })
}

#[track_caller]
fn assert_all_different(outputs: &[(Output, Duration)]) {
    let values: Vec<Value> = outputs
        .iter()
        .map(|(output, _)| {
            assert_eq!(output.code, 0, "{}", output.stderr);
            output.json()
        })
        .collect();
    for field in ["id", "branch", "worktree"] {
        let different: BTreeSet<String> = values.iter().map(|value| value[field].to_string()).collect();
        assert_eq!(different.len(), outputs.len(), "{field}: {different:#?}");
    }
}

fn report(what: &str, outputs: &[(Output, Duration)]) {
    let mut times: Vec<Duration> = outputs.iter().map(|(_, time)| *time).collect();
    times.sort();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    case::report(&format!("{what}: p50 {:.1?}, p95 {:.1?}, most {:.1?}", at(50), at(95), at(100)));
}

#[test]
fn fifty_starts_at_once_are_fifty_hotfixes() {
    let case = Case::new();
    let outputs = start_at_once(&case, MANY);
    assert_all_different(&outputs);
    report("50 starts at once", &outputs);
    case.assert_untouched();
    case.assert_sound();
    let branches = case.repo.git(["branch", "--list", "hotfix/*"]);
    assert_eq!(branches.lines().count(), MANY, "{branches}");
    let worktrees = case.repo.git(["worktree", "list", "--porcelain"]);
    assert_eq!(worktrees.matches("\nbranch refs/heads/hotfix/").count(), MANY, "{worktrees}");
    assert!(!worktrees.contains("prunable"), "{worktrees}");
    case.repo.git(["gc", "--quiet", "--prune=now"]);
    case.assert_sound();
    let open = case.hotfix().must(["list", "--json"]).json();
    assert_eq!(open.as_array().map(Vec::len), Some(MANY));
}

#[test]
fn of_two_ships_at_once_one_ships_and_the_other_says_who() {
    let case = Case::fixed();
    // The first holds the hotfix until the second was turned away.
    let slow = "test.command=sh tests/test_auth.sh; :> ../held; while [ ! -e ../go ]; do sleep 0.05; done";
    let hotfix = case.hotfix();
    let first = hotfix.start(["ship", SUBJECT, "--skip", "prove", "--reason", "r", "--set", slow]);
    wait_until("the first works", || case.sandbox.code().join("held").exists());
    let second = case.ship();
    std::fs::write(case.sandbox.code().join("go"), "").expect("a writable sandbox");
    let first = first.wait();
    assert_eq!(first.code, 0, "{}", first.stderr);
    insta::assert_snapshot!(case.told(&second), @"
    exit 4
    error: another git-hotfix is working on 1.2.3 at this moment
      why: two at once would overwrite each other
      next: wait for it, then run the same command again
    ");
    assert_eq!(case.remote_refs("refs/heads/hotfix"), "refs/heads/hotfix/1.2.3");
    insta::assert_snapshot!(case.told(&case.ship()), @r#"
    exit 2
    error: no hotfix is open here
      why: none was started, or all are shipped
      next: git hotfix start "ALERT"
    "#);
}

#[test]
fn starts_get_along_with_what_the_user_does_meanwhile() {
    let mut case = Case::new();
    let stop = AtomicBool::new(false);
    let own = case.sandbox.repo_at(case.repo.path());
    let outputs = thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0.. {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                own.git(["commit", "--quiet", "--allow-empty", "--message", &format!("work {round}")]);
                own.git(["-c", FETCH, "look"]);
                own.git(["worktree", "prune"]);
                own.git(["-c", GC, "tidy"]);
            }
        });
        let outputs: Vec<_> = (0..3).flat_map(|_| start_at_once(&case, 4)).collect();
        stop.store(true, Ordering::SeqCst);
        outputs
    });
    assert_all_different(&outputs);
    case.assert_sound();
    case.repo.git(["gc", "--quiet"]);
    case.settle();
    for (output, _) in &outputs {
        let worktree = output.json()["worktree"].as_str().expect("a path").to_owned();
        assert_eq!(case.sandbox.repo_at(worktree).git(["status", "--porcelain"]), "");
    }
    case.assert_untouched();
}
