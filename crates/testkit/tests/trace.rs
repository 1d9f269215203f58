//! The tracer stops programs where it says.
#![cfg(target_os = "linux")]
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::path::Path;

use hotfix_testkit::Sandbox;
use hotfix_testkit::trace::{Errno, Fault, Traced, can_trace};

/// Makes, writes, renames and removes files in several processes, and reads and writes elsewhere.
const SCRIPT: &str = "
    mkdir dir && printf one >dir/a && mv dir/a dir/b && cat dir/b >/dev/null || exit 3
    (rm dir/b && printf two >c) || exit 4
    exit 5";

/// What it changes, and what lies there afterwards.
const STEPS: &[(&str, &[&str])] = &[
    ("mkdir", &["dir"]),
    ("openat", &["dir", "dir/a"]),
    ("write", &["dir", "dir/a=one"]),
    ("renameat2", &["dir", "dir/b=one"]),
    ("unlinkat", &["dir"]),
    ("openat", &["c", "dir"]),
    ("write", &["c=two", "dir"]),
];

fn run(fault: Fault) -> (Traced, Vec<String>) {
    let sandbox = Sandbox::new();
    let below = sandbox.code();
    let traced = sandbox.binary("/bin/sh", &below).traced(["-c", SCRIPT], &below, fault);
    let mut left = Vec::new();
    look(&below, &below, &mut left);
    left.sort();
    (traced, left)
}

fn look(top: &Path, dir: &Path, left: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.strip_prefix(top).expect("a path below").to_string_lossy().into_owned();
        if path.is_dir() {
            left.push(name);
            look(top, &path, left);
        } else {
            let content = std::fs::read_to_string(&path).expect("a file");
            left.push(if content.is_empty() { name } else { format!("{name}={content}") });
        }
    }
}

fn names(traced: &Traced) -> Vec<&str> {
    traced.calls.iter().map(|call| call.name).collect()
}

fn expected_names(count: usize) -> Vec<&'static str> {
    STEPS[..count].iter().map(|(name, _)| *name).collect()
}

#[test]
fn changes_are_counted_over_all_processes() {
    if !can_trace() {
        return;
    }
    let (traced, left) = run(Fault::None);
    assert_eq!(
        (traced.output.code, traced.reached, left.as_slice()),
        (5, false, &["c=two", "dir"].map(str::to_owned)[..])
    );
    assert_eq!(names(&traced), expected_names(STEPS.len()));
    let renaming = &traced.calls[3];
    assert!(renaming.path.ends_with("code/dir/b") && renaming.process == "mv dir/a dir/b", "{renaming:?}");
}

#[test]
fn killed_at_a_call_nothing_of_it_or_after_it_is_done() {
    if !can_trace() {
        return;
    }
    for number in 1..=STEPS.len() {
        let (traced, left) = run(Fault::Kill(number));
        assert_eq!((traced.output.code, traced.reached), (137, true));
        assert_eq!(names(&traced), expected_names(number));
        let before = if number == 1 { &[] } else { STEPS[number - 2].1 };
        assert_eq!(left, before, "killed at {number}");
    }
    let (traced, _) = run(Fault::Kill(STEPS.len() + 1));
    assert_eq!((traced.output.code, traced.reached), (5, false));
}

#[test]
fn a_call_that_is_made_to_fail_does_nothing() {
    if !can_trace() {
        return;
    }
    let (traced, left) = run(Fault::Fail(4, Errno::ENOSPC));
    assert_eq!((traced.output.code, left.as_slice()), (3, &["dir", "dir/a=one"].map(str::to_owned)[..]));
    assert!(traced.output.stderr.contains("No space left on device"), "{}", traced.output.stderr);
    let (traced, left) = run(Fault::Fail(6, Errno::EROFS));
    assert_eq!((traced.output.code, left), (4, vec!["dir".to_owned()]));
    assert!(traced.output.stderr.contains("Read-only file system"), "{}", traced.output.stderr);
}
