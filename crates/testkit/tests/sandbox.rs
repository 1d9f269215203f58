//! The sandbox is what the other tests believe it is.

use hotfix_core::clock::Clock;
use hotfix_core::event::Tone;
use hotfix_core::exec::Command;
use hotfix_testkit::{Sandbox, auth};

#[test]
fn nothing_of_the_machines_user_is_seen() {
    let sandbox = Sandbox::new();
    let finished = Command::new("env").run(&sandbox.ctx(sandbox.root())).unwrap();
    let printed = String::from_utf8(finished.stdout).unwrap();
    let mut found: Vec<&str> = printed.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    found.sort_unstable();
    let expected = sandbox.variables();
    assert_eq!(found, expected.keys().map(|name| name.to_str().unwrap()).collect::<Vec<_>>());
}

#[test]
fn the_project_is_in_the_middle_of_somebodys_work() {
    let sandbox = Sandbox::new();
    let project = sandbox.project();
    assert_eq!(
        project.git(["status", "--porcelain", "--branch"]),
        "## feature/avatars\n M src/auth.py\nMM src/avatar.py\n?? notes.txt"
    );
    assert_eq!(project.git(["stash", "list"]), "stash@{0}: On main: another wording");
    assert_eq!(project.git(["describe", "main"]), format!("v1.2.2-1-g{}", &project.commit_of("main")[..7]));
    assert_eq!(project.git(["rev-parse", "--abbrev-ref", "origin/HEAD"]), "origin/main");
    assert_eq!(project.git(["show", "main:src/auth.py"]).trim_end(), auth::SOURCE.trim_end());
}

#[test]
fn commits_have_the_same_ids_in_every_sandbox() {
    let (one, other) = (Sandbox::new(), Sandbox::new());
    assert_eq!(one.project().refs("refs/heads"), other.project().refs("refs/heads"));
}

#[test]
fn a_colleague_moves_main_without_this_clone_knowing() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(&[("a", b"1")]);
    let known = repo.commit_of("origin/main");
    let first = repo.push_commit_to_remote(&[("a", b"2")]);
    let second = repo.push_commit_to_remote(&[("b", b"3")]);
    assert_eq!(repo.commit_of("origin/main"), known);
    assert_eq!(repo.bare().commit_of("main"), second);
    assert_eq!(repo.bare().commit_of("main~1"), first);
}

#[test]
fn fake_tools_come_first_and_others_can_be_hidden() {
    let sandbox = Sandbox::new();
    let ctx = sandbox.ctx(sandbox.root());
    assert!(ctx.env.find_program("sleep").is_some());
    let fake = sandbox.fake_tool("git", "echo fake $1");
    let finished = Command::new("git").arg("x").run(&sandbox.ctx(sandbox.root())).unwrap();
    assert_eq!(finished.stdout, b"fake x\n");
    sandbox.only_programs(&["sh"]);
    let ctx = sandbox.ctx(sandbox.root());
    assert_eq!(ctx.env.find_program("sleep"), None);
    assert_eq!(ctx.env.find_program("git"), Some(fake));
}

#[test]
fn what_is_told_can_be_read_and_time_goes_on() {
    let sandbox = Sandbox::new();
    let ctx = sandbox.ctx(sandbox.root());
    ctx.warn("careful");
    ctx.say(Tone::Good, "done");
    assert_eq!(sandbox.recorder().warnings(), ["careful"]);
    assert_eq!(sandbox.recorder().said(Tone::Good), ["done"]);
    assert!(sandbox.clock().now() < ctx.now());
}

#[test]
fn the_program_under_test_runs_within_limits() {
    let sandbox = Sandbox::new();
    let program = sandbox.fake_tool("program", "pwd; echo said >&2; cat; exit 4");
    let output = sandbox.binary(program, sandbox.root()).run(["x"]);
    assert_eq!((output.code, sandbox.steady(&output.stdout).as_str()), (4, "[root]\n"));
    assert_eq!(output.stderr, "said\n");
}

#[test]
fn a_killed_program_shows_its_signal() {
    let sandbox = Sandbox::new();
    let program = sandbox.fake_tool("program", "exec sleep 30");
    let running = sandbox.binary(program, sandbox.root()).start(["x"]);
    running.signal_group(rustix::process::Signal::KILL);
    assert_eq!(running.wait().code, 128 + 9);
}

mod with_python {
    use super::*;

    #[test]
    fn the_bug_is_red_and_the_fix_is_green() {
        let sandbox = Sandbox::with_python();
        let project = sandbox.project();
        project.git(["switch", "--quiet", "--force", "main"]);
        project.write("tests/test_auth.py", auth::TESTS_WITH_NEW);
        let pytest = || Command::new("pytest").args(["-q", "-rf"]).run(&sandbox.ctx(project.path())).unwrap();
        let red = String::from_utf8(pytest().stdout).unwrap();
        assert!(
            red.contains(&format!("FAILED {}", auth::NEW_TEST)) && red.contains("1 failed, 4 passed"),
            "{red}"
        );
        project.write("src/auth.py", auth::FIXED_SOURCE);
        let green = String::from_utf8(pytest().stdout).unwrap();
        assert!(green.contains("5 passed"), "{green}");
        let flake8 = Command::new("flake8").run(&sandbox.ctx(project.path())).unwrap();
        assert!(flake8.success(), "{}", flake8.last_line());
    }
}
