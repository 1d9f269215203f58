//! Programs that the machine lacks: named, with the command that installs them.

use hotfix_testkit::{Sandbox, World, auth};
use insta::assert_snapshot;

use crate::case::{ALERT, SUBJECT};

/// Ships the fix of the auth service on a machine with a Python that has no packages.
fn told_without_packages(more: &[&str]) -> String {
    let sandbox = Sandbox::new();
    let project = sandbox.project();
    let before = World::of(project.path());
    let hotfix = sandbox.binary(env!("CARGO_BIN_EXE_git-hotfix"), project.path());
    let started = hotfix.must(["start", ALERT, "--json"]).json();
    let slot = sandbox.repo_at(started["worktree"].as_str().expect("a path"));
    slot.write("src/auth.py", auth::FIXED_SOURCE);
    slot.write("tests/test_auth.py", auth::TESTS_WITH_NEW);
    sandbox.only_programs(&["git", "sh", "cat"]);
    sandbox.fake_tool("python3", "echo 'No module named pytest' >&2; exit 1");
    let output = hotfix.run([&["ship", SUBJECT][..], more].concat());
    before.assert_untouched(&World::of(project.path()));
    let marks = ["error: ", "  why: ", "  next: ", "! "];
    let told = output.stderr.lines().filter(|line| marks.iter().any(|mark| line.starts_with(mark)));
    let told: Vec<&str> = told.collect();
    sandbox.steady(&format!("exit {}\n{}", output.code, told.join("\n")))
}

#[test]
fn a_missing_pytest_stops_and_says_how_to_get_it() {
    assert_snapshot!(told_without_packages(&[]), @"
    exit 3
    ! check     no linter could run: flake8 (python3 -m pip install --user flake8) ([duration])
    error: pytest is not installed for this repository
      why: no pytest in .venv or venv here or in the main worktree, in VIRTUAL_ENV, or for python3 on the PATH
      next: [root]/bin/python3 -m pip install pytest
    ");
}

#[test]
fn a_missing_flake8_is_named_and_the_rest_goes_on() {
    let skipped = ["--skip", "test", "--reason", "no pytest here"];
    assert_snapshot!(told_without_packages(&skipped), @"
    exit 0
    ! check     no linter could run: flake8 (python3 -m pip install --user flake8) ([duration])
    ! prove     not proven: pytest is not installed for this repository: [root]/bin/python3 -m pip install pytest ([duration])
    ");
}

#[test]
fn with_python_a_run_of_no_tests_is_not_a_pass() {
    let sandbox = Sandbox::with_python();
    let project = sandbox.project();
    let before = World::of(project.path());
    let hotfix = sandbox.binary(env!("CARGO_BIN_EXE_git-hotfix"), project.path());
    let started = hotfix.must(["start", ALERT, "--json"]).json();
    let slot = sandbox.repo_at(started["worktree"].as_str().expect("a path"));
    slot.write("src/auth.py", auth::FIXED_SOURCE);
    for path in ["tests/test_auth.py", "tests/test_profile.py"] {
        slot.write(path, "\"\"\"Nothing here yet.\"\"\"\n");
    }
    let output = hotfix.run(["ship", SUBJECT]);
    before.assert_untouched(&World::of(project.path()));
    let told: Vec<&str> = output.stderr.lines().filter(|line| line.starts_with(['e', '!', '✗'])).collect();
    assert_snapshot!(sandbox.steady(&format!("exit {}\n{}", output.code, told.join("\n"))), @"
    exit 4
    ! prove     not proven: red side: no test ran ([duration])
    ! test      no test ran, which is not a pass ([duration])
    error: the critical tests cannot tell
    ");
    let empty = ["test", "--set", "test.command=python3 -m pytest -q"];
    let output = hotfix.run(empty);
    assert_eq!(output.code, 4, "{}", output.stderr);
}
