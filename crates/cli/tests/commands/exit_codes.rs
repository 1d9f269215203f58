//! The exit codes of the manual, each reached by something that really happens.

use hotfix_model::ExitCode;
use hotfix_testkit::Output;

use crate::case::{ALERT, Case, SUBJECT};
use crate::signals;

#[track_caller]
fn assert_code(output: &Output, code: ExitCode) {
    assert_eq!(output.code, i32::from(code.code()), "{}{}", output.stdout, output.stderr);
}

#[test]
fn each_code_has_its_situation() {
    let case = Case::new();
    let hotfix = case.hotfix();
    assert_code(&hotfix.run(["ship"]), ExitCode::USAGE);
    assert_code(&hotfix.run(["--help"]), ExitCode::DONE);
    assert_code(&hotfix.run(["--version"]), ExitCode::DONE);
    assert_code(&hotfix.run(["start", ALERT, "--set", "test.budgt=1m"]), ExitCode::USAGE);
    assert_code(&hotfix.run(["start", ALERT]), ExitCode::DONE);
    case.edit("auth.sh", "valid() {\n    false\n}\n");
    assert_code(&hotfix.run(["ship", SUBJECT]), ExitCode::GATE);
    assert_code(&hotfix.run(["cleanup"]), ExitCode::DECISION);
    case.fix();
    let missing = ["ship", SUBJECT, "--set", "test.command=no-such-program"];
    assert_code(&hotfix.run(missing), ExitCode::GATE);
    let away = case.repo.bare().path().with_extension("away");
    std::fs::rename(case.repo.bare().path(), &away).expect("a remote");
    assert_code(&hotfix.run(["ship", SUBJECT]), ExitCode::REMOTE);
    std::fs::rename(&away, case.repo.bare().path()).expect("a remote");
    assert_code(&hotfix.run(["ship", SUBJECT]), ExitCode::DONE);
    case.assert_untouched();
    assert_code(&case.at(case.sandbox.root()).run(["status"]), ExitCode::SETUP);
}

#[test]
fn ctrl_c_has_the_code_of_its_signal() {
    let output = signals::stopped_while_tests_hang(&[signals::Signal::INT]).1;
    assert_code(&output, ExitCode::signal(2));
}
