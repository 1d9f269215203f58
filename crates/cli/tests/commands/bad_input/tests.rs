//! Test commands that hang, are missing, run nothing, or print too much.

use std::fs;

use hotfix_testkit::write_program;
use insta::assert_snapshot;
use rustix::process::{Pid, test_kill_process};

use crate::case::{self, Case, SUBJECT};
use crate::signals::wait_until;

/// Peak memory that 100 MB of output may lead to, in KiB. The budget of the design is 30 MiB; an unoptimised program
/// with its symbols needs some of its own.
const MOST_MEMORY: u64 = 48 << 10;

/// Ships with this test command.
fn ship(case: &Case, command: &str, more: &[&str]) -> String {
    let setting = format!("test.command={command}");
    let args = [&["ship", SUBJECT, "--skip", "prove", "--reason", "r", "--set", &setting][..], more].concat();
    case.run(&args)
}

#[track_caller]
fn assert_nothing_left(case: &Case) {
    assert_eq!(case.remote_refs("refs/heads/hotfix"), "", "the fix went out untested");
    assert_eq!(case.repo.refs("refs/heads/hotfix").lines().count(), 1);
    let fixed = fs::read_to_string(case.slot().join("auth.sh")).expect("the fix");
    assert!(fixed.contains("-gt 0"), "the fix is lost");
}

#[test]
fn a_command_that_hangs_is_ended_with_all_it_started() {
    let case = Case::fixed();
    let hangs = "sleep 300 & echo $! > ../child; wait";
    assert_snapshot!(ship(&case, hangs, &["--set", "test.budget=1s"]), @r#"
    exit 1
    ! prove     not proven: no test was changed and no command was given
    ✗ test      nothing finished within [duration] ([duration])
    error: the critical tests do not pass
      why: nothing finished within [duration]
      next: git hotfix ship  # once it is fixed; or: git hotfix ship --skip test --reason "WHY"
    "#);
    let child = fs::read_to_string(case.sandbox.code().join("child")).expect("a child");
    let child = child.trim().parse().ok().and_then(Pid::from_raw).expect("a process");
    wait_until("the child is gone", || test_kill_process(child).is_err());
    assert_nothing_left(&case);
}

#[test]
fn a_proof_that_hangs_proves_nothing() {
    let case = Case::fixed();
    let args = ["prove", "--set", "prove.timeout=1s", "--", "sh", "-c", "sleep 300"];
    assert_snapshot!(case.run(&args), @"
    exit 1
    ✗ prove     not green: still red with the fix: the time limit of the run passed; for tests that need longer: --set prove.timeout=10m ([duration])
    ");
    assert_nothing_left(&case);
}

#[test]
fn a_command_that_is_not_there_is_never_a_pass() {
    let case = Case::fixed();
    assert_snapshot!(ship(&case, "no-such-program --flag", &[]), @r#"
    exit 1
    ! prove     not proven: no test was changed and no command was given
    ✗ test      the runner died: a program of the command was not found (code 127) ([duration])
    error: the critical tests do not pass
      why: the runner died: a program of the command was not found (code 127)
      next: git hotfix ship  # once it is fixed; or: git hotfix ship --skip test --reason "WHY"
    "#);
    assert_snapshot!(case.run(&["prove", "--", "no-such-program"]), @"
    exit 1
    ! prove     not proven: red side: the runner could not run the tests: `no-such-program` is not installed, or not on the PATH ([duration])
    ");
    assert_nothing_left(&case);
}

#[test]
fn a_command_that_fails_on_base_as_well_cannot_tell() {
    let case = Case::fixed();
    assert_snapshot!(ship(&case, "echo broken for years; exit 1", &[]), @r#"
    exit 4
    ! prove     not proven: no test was changed and no command was given
    ! test      `sh -c echo broken for years; exit 1` fails on base as well, so nobody can tell what is new: broken for years ([duration])
    error: the critical tests cannot tell
      why: `sh -c echo broken for years; exit 1` fails on base as well, so nobody can tell what is new: broken for years
      next: git hotfix ship  # once the tests have what they need; or: git hotfix ship --skip test --reason "WHY"
    "#);
    assert_nothing_left(&case);
}

/// Leaves the peak memory of the git-hotfix above it, in KiB.
const MEASURE: &str = "p=$PPID
until grep -q '^Name:.git-hotfix' /proc/$p/status; do p=$(sed -n 's/^PPid:.//p' /proc/$p/status); done
sed -n 's/^VmHWM:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/$p/status > \"$PEAK\"
";

#[cfg(target_os = "linux")]
#[test]
fn a_hundred_megabytes_of_output_cost_no_memory() {
    let mut case = Case::fixed();
    write_program(case.repo.path().join(".git/hooks/pre-push"), MEASURE);
    case.settle();
    let peak = case.sandbox.root().join("peak");
    case.sandbox.env_set("PEAK", &peak);
    let loud = "yes 'all work and no play makes a dull log' | head -c 50000000; tr '\\0' x </dev/zero | head -c 50000000";
    assert_snapshot!(ship(&case, loud, &[]), @"
    exit 0
    ! prove     not proven: no test was changed and no command was given
    ");
    let peak: u64 = fs::read_to_string(&peak).expect("a figure").trim().parse().expect("a number");
    case::report(&format!("peak memory with 100 MB of output: {} MiB", peak >> 10));
    assert!(peak > 1 << 10, "{peak} KiB cannot be the program");
    assert!(peak < MOST_MEMORY, "{peak} KiB");
    let logs = case.repo.path().join(".git/hotfix");
    let files = case::files_below(&logs);
    let kept: u64 = files.iter().map(|file| fs::metadata(file).map_or(0, |found| found.len())).sum();
    assert!(kept < 64 << 20, "{kept} bytes were kept");
}

#[test]
fn output_that_is_no_text_is_shown_harmlessly() {
    let case = Case::fixed();
    let odd = r"printf '\377\376\033]0;title\007\033[31mred\000 broken\n'; exit 1";
    let setting = format!("test.command=test \"$PWD\" != \"{}\" || {{ {odd}; }}", case.slot().display());
    let output = case.hotfix().run(["ship", SUBJECT, "--skip", "prove", "--reason", "r", "--set", &setting]);
    assert_eq!(output.code, 1, "{}", output.stderr);
    assert!(!output.stderr.contains(['\u{1b}', '\u{7}', '\0']), "{:?}", output.stderr);
    assert_snapshot!(case.told(&output), @r#"
    exit 1
    ! prove     not proven: no test was changed and no command was given
    ✗ test      the command failed: ��red broken ([duration])
    error: the critical tests do not pass
      why: the command failed: ��red broken
      next: git hotfix ship  # once it is fixed; or: git hotfix ship --skip test --reason "WHY"
    "#);
    assert_nothing_left(&case);
}
