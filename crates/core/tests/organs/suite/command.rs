//! Plain commands.

use std::ffi::OsString;
use std::time::Duration;

use hotfix_core::suite::{Runner, Selection, plain, shell};
use hotfix_model::{CaseOutcome, ExitCode, RunEnd};

use super::{Project, detect_in, outcomes, pytest};

fn words(command: &[&str]) -> Box<dyn Runner> {
    plain(command.iter().map(OsString::from).collect()).unwrap()
}

#[test]
fn the_exit_code_decides_where_nothing_can_be_counted() {
    let project = Project::new(&[]);
    let run = project.run(&*words(&["true"]), &Selection::Everything);
    assert_eq!((run.end, run.exit, run.counted, run.is_green()), (RunEnd::Finished, Some(0), false, true));
    let run = project.run(&*shell("echo no; exit 3").unwrap(), &Selection::Everything);
    assert_eq!((run.end, run.exit, run.counted, run.is_green()), (RunEnd::Finished, Some(3), false, false));
    assert_eq!(
        (run.tail.as_str(), run.command.as_slice()),
        ("no", ["sh", "-c", "echo no; exit 3"].map(str::to_owned).as_slice())
    );
}

#[test]
fn a_program_that_is_missing_is_never_red() {
    let project = Project::new(&[("not_executable", "")]);
    for runner in
        [words(&["no-such-program"]), shell("no-such-program").unwrap(), shell("./not_executable").unwrap()]
    {
        let run = project.run(&*runner, &Selection::Everything);
        assert_eq!(run.end, RunEnd::Crashed, "{run:#?}");
        assert!(!run.tail.is_empty());
    }
    let run = project.run(&*words(&["no-such-program"]), &Selection::Everything);
    assert_eq!(run.tail, "`no-such-program` is not installed, or not on the PATH");
    let run = project.run(&*shell("kill -SEGV $$").unwrap(), &Selection::Everything);
    assert_eq!((run.end, run.tail.as_str()), (RunEnd::Crashed, "it was ended by signal 11"));
}

#[test]
fn a_pytest_inside_is_read() {
    let _ = pytest();
    let project = Project::new(&[
        ("tests/test_a.py", "def test_a(): pass\ndef test_b(): assert 1 == 2\n"),
        ("tests/test_c.py", "def test_c(): pass\n"),
    ]);
    let direct = words(&["python3", "-m", "pytest", "tests/test_a.py"]);
    let run = project.run(&*direct, &Selection::Everything);
    let two =
        [("tests/test_a.py::test_a", CaseOutcome::Passed), ("tests/test_a.py::test_b", CaseOutcome::Failed)];
    assert_eq!(outcomes(&run), two);
    assert_eq!((run.counted, run.claimed, run.exit), (true, Some(2), Some(1)));
    assert_eq!(run.runner, "command");
    let line = "cd tests && python3 -m pytest test_a.py; python3 -m pytest test_c.py";
    let run = project.run(&*shell(line).unwrap(), &Selection::Everything);
    assert_eq!((run.cases.len(), run.counted, run.claimed, run.exit), (3, true, None, Some(0)));
    assert!(!run.is_green(), "a failed test counts whatever the exit code says");
}

#[test]
fn a_pytest_inside_that_runs_nothing_is_not_green() {
    let _ = pytest();
    let project = Project::new(&[("tests/test_a.py", "")]);
    let run = project.run(&*shell("python3 -m pytest || true").unwrap(), &Selection::Everything);
    assert_eq!((run.exit, run.counted, run.is_green()), (Some(0), true, false));
}

#[test]
fn a_command_that_hides_our_plugin_still_runs() {
    let _ = pytest();
    let project = Project::new(&[("tests/test_a.py", "def test_a(): pass\n")]);
    let run = project.run(&*shell("PYTHONPATH=. python3 -m pytest").unwrap(), &Selection::Everything);
    assert_eq!((run.exit, run.counted, run.is_green()), (Some(0), false, true), "{}", run.tail);
}

#[test]
fn the_users_own_pytest_options_are_kept_and_a_hang_inside_is_cut() {
    let _ = pytest();
    let text = "import time\ndef test_hangs(): time.sleep(60)\ndef test_other(): pass\n";
    let project = Project::new(&[("test_a.py", text)]).set("PYTEST_ADDOPTS", "-k hangs");
    let runner = words(&["python3", "-m", "pytest"]);
    let (run_limit, limit) = (Duration::from_mins(1), Some(Duration::from_secs(1)));
    let run = project.run_within(&*runner, &Selection::Everything, run_limit, limit);
    assert_eq!(outcomes(&run), [("test_a.py::test_hangs", CaseOutcome::TimedOut)]);
}

#[test]
fn a_command_that_hangs_is_stopped() {
    let project = Project::new(&[]);
    let run = project.run_within(
        &*words(&["sleep", "60"]),
        &Selection::Everything,
        Duration::from_millis(300),
        None,
    );
    assert_eq!((run.end, run.exit), (RunEnd::TimedOut, None));
}

#[test]
fn the_configured_command_wins_and_an_empty_one_is_refused() {
    let runner = detect_in(&[("pytest.ini", "")], "make test").unwrap();
    assert_eq!((runner.name(), runner.can_select()), ("command", false));
    assert_eq!(runner.command(&Selection::Everything), ["sh", "-c", "make test"]);
    assert!(runner.is_test_file("src/AuthTest.java".as_ref()));
    assert_eq!(plain(Vec::new()).err().unwrap().exit(), ExitCode::USAGE);
}
