//! exec: children that hang, hide, shout or stay. The judge is the process table.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use hotfix_core::exec::{Command, Ending, ExecError, Finished, LOG_LIMIT, TAIL_LIMIT};
use hotfix_testkit::{Sandbox, write_program};

fn run(sandbox: &Sandbox, command: Command) -> Finished {
    command.run(&sandbox.ctx(sandbox.root())).unwrap()
}

fn shell(line: &str) -> Command {
    Command::shell(line)
}

/// The process whose number a child wrote into a file.
fn pid_in(file: &Path) -> PathBuf {
    let number = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    Path::new("/proc").join(number.trim())
}

/// Whether the process is there, no zombie, and still is after the second a killed one may need to vanish.
fn stays(process: &Path) -> bool {
    let lives = || {
        let status = fs::read_to_string(process.join("stat")).unwrap_or_default();
        status.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
    };
    (0..100).all(|_| {
        thread::sleep(Duration::from_millis(10));
        lives()
    })
}

#[expect(clippy::disallowed_methods, reason = "the time a deadline takes is the subject")]
fn timed<T>(deed: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let result = deed();
    (result, began.elapsed())
}

#[test]
fn output_and_code_come_back() {
    let sandbox = Sandbox::new();
    let finished = run(&sandbox, shell("cat; echo err >&2; exit 3").input("in"));
    assert_eq!((finished.ending, finished.stdout.as_slice()), (Ending::Exited(3), b"in".as_slice()));
    assert_eq!((finished.stderr.as_slice(), finished.total_bytes), (b"err\n".as_slice(), 6));
    assert_eq!(finished.last_line(), "err");
}

#[test]
fn a_child_may_answer_while_it_is_still_asked() {
    let sandbox = Sandbox::new();
    let question: Vec<u8> = (0..2_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    assert!(run(&sandbox, Command::new("cat").input(question.clone())).stdout == question);
}

#[test]
fn a_child_need_not_listen() {
    let sandbox = Sandbox::new();
    let finished = run(&sandbox, shell("exec <&-; echo done").input(vec![b'x'; 1_000_000]));
    assert_eq!((finished.ending, finished.stdout.as_slice()), (Ending::Exited(0), b"done\n".as_slice()));
}

#[test]
fn a_signal_is_told_from_a_code() {
    let sandbox = Sandbox::new();
    assert_eq!(run(&sandbox, shell("kill -SEGV $$")).ending, Ending::Signalled(11));
}

#[test]
fn arguments_are_no_shell() {
    let sandbox = Sandbox::new();
    let odd = ["$(id)", "`id`", "a b", "-n", "*", "'", "\n"];
    let finished = run(&sandbox, Command::new("printf").arg("%s|").args(odd));
    assert_eq!(finished.stdout, format!("{}|", odd.join("|")).into_bytes());
}

#[test]
fn a_program_that_is_missing_is_said() {
    let sandbox = Sandbox::new();
    for program in ["no-such-program", "./no-such-program", "/no/such/program"] {
        let error = Command::new(program).run(&sandbox.ctx(sandbox.root())).unwrap_err();
        assert!(matches!(error, ExecError::NotFound { .. }), "{program}: {error}");
    }
}

#[test]
fn a_path_to_a_program_means_the_folder_the_child_runs_in() {
    let sandbox = Sandbox::new();
    for folder in ["code", "home"] {
        write_program(sandbox.root().join(folder).join("probe"), format!("echo {folder}"));
    }
    let ctx = sandbox.ctx(sandbox.home());
    let finished = Command::new("./probe").dir(sandbox.code()).run(&ctx).unwrap();
    assert_eq!(finished.stdout, b"code\n");
    assert_eq!(Command::new("./probe").run(&ctx).unwrap().stdout, b"home\n");
}

#[test]
fn invalid_text_and_nul_are_kept_as_they_are() {
    let sandbox = Sandbox::new();
    let finished = run(&sandbox, shell("printf '\\377\\000x'"));
    assert_eq!(finished.stdout, b"\xff\0x");
    assert_eq!(finished.last_line(), "\u{fffd}\0x");
}

#[test]
fn nothing_comes_from_standard_input_and_no_terminal_is_there() {
    let sandbox = Sandbox::new();
    let finished = run(&sandbox, shell("cat; test -t 0; echo $?; : < /dev/tty").contained());
    assert_eq!(finished.stdout, b"1\n");
    assert!(!finished.success(), "there is no terminal to open");
}

/// Takes a second: the deadline is the subject.
mod deadline {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn ends_what_hangs_and_all_it_started() {
        let sandbox = Sandbox::new();
        let line = "sleep 60 & echo $! > child; echo began; wait";
        let (finished, took) = timed(|| run(&sandbox, shell(line).deadline(SECOND)));
        assert_eq!((finished.ending, finished.stdout.as_slice()), (Ending::TimedOut, b"began\n".as_slice()));
        assert!(took >= SECOND && took < 4 * SECOND, "{took:?}");
        assert!(!stays(&pid_in(&sandbox.root().join("child"))));
    }

    /// Takes six seconds: the time between the two signals is the subject.
    #[test]
    fn ends_what_is_silent_and_lets_go_on_what_speaks() {
        let sandbox = Sandbox::new();
        let quiet = |line: &str| run(&sandbox, shell(line).silence(Duration::from_millis(600))).ending;
        assert_eq!(quiet("echo begun; sleep 30"), Ending::TimedOut);
        assert_eq!(quiet("for i in 1 2 3 4; do sleep 0.2; echo $i; done"), Ending::Exited(0));
    }

    #[test]
    fn ends_what_ignores_the_first_signal() {
        let sandbox = Sandbox::new();
        let line = "trap '' TERM; echo $$ > child; while :; do sleep 1; done";
        let (finished, took) = timed(|| run(&sandbox, shell(line).deadline(SECOND)));
        assert_eq!(finished.ending, Ending::TimedOut);
        assert!(took >= 6 * SECOND && took < 10 * SECOND, "{took:?}");
        assert!(!stays(&pid_in(&sandbox.root().join("child"))));
    }

    #[test]
    fn lets_the_child_tidy_up() {
        let sandbox = Sandbox::new();
        let line = "trap 'echo tidy; exit 0' TERM; while :; do sleep 0.05; done";
        let finished = run(&sandbox, shell(line).deadline(SECOND));
        assert_eq!((finished.ending, finished.stdout.as_slice()), (Ending::TimedOut, b"tidy\n".as_slice()));
    }
}

mod contained {
    use super::*;

    fn assert_gone(line: &str) {
        let sandbox = Sandbox::new();
        let (finished, took) = timed(|| run(&sandbox, shell(line).contained()));
        assert!(finished.success(), "{finished:?}");
        assert!(took < Duration::from_secs(5), "{took:?}");
        assert!(!stays(&pid_in(&sandbox.root().join("child"))), "it stayed: {line}");
    }

    #[test]
    fn a_background_child_is_ended() {
        assert_gone("sleep 60 > /dev/null 2>&1 & echo $! > child");
    }

    #[test]
    fn a_child_that_holds_the_output_open_is_not_waited_for() {
        assert_gone("sleep 60 & echo $! > child");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_daemon_in_its_own_session_is_ended() {
        let daemon = "setsid sh -c 'echo $$ > child; exec sleep 60' > /dev/null 2>&1 &";
        assert_gone(&format!("{daemon} while ! test -s child; do sleep 0.01; done"));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_double_fork_is_ended() {
        let daemon = "(setsid sh -c '(setsid sh -c \"echo \\$\\$ > child; exec sleep 60\" &) &' &)";
        assert_gone(&format!("{daemon}; while ! test -s child; do sleep 0.01; done"));
    }

    #[test]
    fn secrets_are_not_in_the_environment() {
        let sandbox = Sandbox::new();
        let secrets =
            ["GITHUB_TOKEN", "GH_TOKEN", "GITLAB_TOKEN", "SSH_AUTH_SOCK", "HOTFIX_TRUST", "GITEA_TOKEN"];
        for name in secrets {
            sandbox.env_set(name, "s3cr3t");
        }
        sandbox.env_set("PLAIN", "kept");
        let seen = String::from_utf8(run(&sandbox, Command::new("env").contained()).stdout).unwrap();
        assert!(!seen.contains("s3cr3t") && seen.contains("PLAIN=kept"), "{seen}");
        let seen = String::from_utf8(run(&sandbox, Command::new("env")).stdout).unwrap();
        assert!(seen.contains("GITHUB_TOKEN=s3cr3t"), "Git may need it");
    }
}

#[test]
fn a_hundred_megabytes_are_counted_and_not_kept() {
    let sandbox = Sandbox::new();
    let log = sandbox.root().join("log");
    let line = "head -c 100000000 /dev/zero | tr '\\0' x; printf END";
    let finished = run(&sandbox, shell(line).contained().log(&log));
    assert_eq!(finished.total_bytes, 100_000_003);
    assert_eq!(finished.stdout.len(), TAIL_LIMIT);
    assert!(finished.stdout.ends_with(b"xxEND"));
    let found = fs::metadata(log).unwrap();
    assert_eq!((found.len(), found.permissions().mode() & 0o777), (LOG_LIMIT, 0o600));
}

#[test]
fn both_streams_of_a_logged_child_come_in_their_order() {
    let sandbox = Sandbox::new();
    let log = sandbox.root().join("log");
    let finished = run(&sandbox, shell("echo 1; echo 2 >&2; echo 3").log(&log));
    assert_eq!(finished.stdout, b"1\n2\n3\n");
    assert_eq!(fs::read(log).unwrap(), b"1\n2\n3\n");
}

mod cancel {
    use super::*;

    #[test]
    fn ends_the_child_at_once() {
        let sandbox = Sandbox::new();
        let ctx = sandbox.ctx(sandbox.root());
        let cancel = ctx.cancel.clone();
        let child = sandbox.root().join("child");
        let (finished, took) = thread::scope(|scope| {
            let running =
                scope.spawn(|| timed(|| shell("echo $$ > child; exec sleep 60").run(&ctx).unwrap()));
            while fs::read(&child).unwrap_or_default().is_empty() {
                thread::yield_now();
            }
            cancel.ask(15);
            running.join().unwrap()
        });
        assert_eq!(finished.ending, Ending::Cancelled);
        assert!(took < Duration::from_secs(4), "{took:?}");
        assert!(!stays(&pid_in(&child)));
    }

    #[test]
    fn asked_twice_it_waits_for_nobody() {
        let sandbox = Sandbox::new();
        let ctx = sandbox.ctx(sandbox.root());
        ctx.cancel.ask(2);
        ctx.cancel.ask(2);
        let line = "trap '' TERM; while :; do sleep 0.1; done";
        let (finished, took) = timed(|| shell(line).run(&ctx).unwrap());
        assert_eq!(finished.ending, Ending::Cancelled);
        assert!(took < Duration::from_secs(3), "{took:?}");
    }
}

#[test]
fn a_credential_is_not_shown() {
    let sandbox = Sandbox::new();
    let finished = run(&sandbox, shell("echo 'fatal: https://ada:s3cr3t@example.com/x.git' >&2; exit 1"));
    assert!(!finished.last_line().contains("s3cr3t"), "{}", finished.last_line());
}
