//! test: the one gate that blocks. Only what is newly broken blocks, and nothing run is not a pass.

use std::fs;

use hotfix_core::flow::test::Request;
use hotfix_core::session::{Blocked, SessionError};
use hotfix_core::suite::SuiteError;
use hotfix_model::{ExitCode, Gate, SuiteVerdict};
use hotfix_testkit::till::{FILES, FIXED_SOURCE, NEW_TEST, SOURCE};
use hotfix_testkit::{Repo, Responder, Sandbox, World};

/// A fixed till in a slot.
fn fixed(sandbox: &Sandbox) -> (Responder<'_>, Repo) {
    let repo = sandbox.till();
    let responder = Responder::at(sandbox, repo.path());
    responder.trust();
    responder.start("Wrong totals");
    let slot = responder.slot();
    slot.write("src/till.sh", FIXED_SOURCE);
    slot.write("tests/test_till.sh", NEW_TEST);
    (responder, slot)
}

#[test]
fn a_command_that_passes_is_a_pass() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    let before = World::of(slot.path());
    let report = responder.test();
    assert_eq!((report.verdict, report.ran), (SuiteVerdict::Passed, None));
    assert_eq!(responder.record().test.as_deref(), Some(&report));
    before.assert_untouched(&World::of(slot.path()));
}

#[test]
fn a_command_that_fails_with_the_fix_alone_blocks() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    slot.write("src/till.sh", "exit 1\n");
    let report = responder.test();
    assert_eq!(report.verdict, SuiteVerdict::Failed);
    let error = responder.try_commit("totals", &[]).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(Blocked::Failing { .. })), "{error}");
    assert_eq!(error.exit(), ExitCode::GATE);
}

#[test]
fn a_command_that_found_a_port_taken_runs_again() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    let seen = sandbox.root().join("seen");
    let taken = "echo 'listen EADDRINUSE: address already in use :::3000'; exit 1";
    slot.write("tests/test_till.sh", format!("test -e '{0}' || {{ touch '{0}'; {taken}; }}", seen.display()));
    let report = responder.test();
    assert_eq!(report.verdict, SuiteVerdict::Passed, "{}", report.why);
    assert!(report.failed_on_base_too.is_empty());
}

#[test]
fn a_command_that_fails_on_base_as_well_cannot_tell() {
    let sandbox = Sandbox::new();
    let mut files = FILES.to_vec();
    files.push(("tests/test_till.sh", b"false\n"));
    let repo = sandbox.repo_with_remote(&files);
    let responder = Responder::at(&sandbox, repo.path());
    responder.trust();
    responder.start("Wrong totals");
    responder.slot().write("src/till.sh", FIXED_SOURCE);
    let report = responder.test();
    assert_eq!(report.verdict, SuiteVerdict::Unknown, "{}", report.why);
    assert_eq!(report.failed_on_base_too, ["sh -c sh tests/test_till.sh"]);
    let error = responder.try_commit("totals", &[]).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(Blocked::Unknown { .. })), "{error}");
    assert_eq!(error.exit(), ExitCode::DECISION);
}

#[test]
fn tests_of_another_state_of_the_files_do_not_count() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    let error = responder.try_commit("totals", &[]).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(Blocked::NotTested)), "{error}");
    responder.test();
    slot.write("src/till.sh", SOURCE);
    let error = responder.try_commit("totals", &[]).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(Blocked::NotTested)), "{error}");
}

#[test]
fn a_command_nobody_approved_does_not_run() {
    let sandbox = Sandbox::new();
    let ran = sandbox.root().join("ran");
    let config = format!("[test]\ncommand = \"touch '{}'\"\n", ran.display());
    let mut files = FILES.to_vec();
    files.push(("hotfix.toml", config.as_bytes()));
    let repo = sandbox.repo_with_remote(&files);
    let responder = Responder::at(&sandbox, repo.path());
    responder.start("Wrong totals");
    responder.slot().write("src/till.sh", FIXED_SOURCE);
    let error = responder.try_test(&Request::default()).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(SessionError::Untrusted { .. })), "{error}");
    assert_eq!(error.exit(), ExitCode::DECISION);
    let stopped = responder.try_ship("totals", &[(Gate::Test, "no time")]);
    assert!(!ran.exists(), "the skipped gate runs nothing");
    assert_eq!(stopped.map_err(|stopped| stopped.error).unwrap().commit, responder.record().commit);
}

#[test]
fn a_command_that_the_fix_brings_does_not_run() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    slot.write("hotfix.toml", "[test]\ncommand = \"true\"\ngate = \"warn\"\n");
    slot.write("src/till.sh", "exit 1\n");
    assert_eq!(responder.test().verdict, SuiteVerdict::Failed);
    assert!(responder.try_commit("totals", &[]).is_err());
}

#[test]
fn a_gate_set_to_warn_does_not_block() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    slot.write("src/till.sh", "exit 1\n");
    let responder = responder.with("test.gate", "warn");
    assert_eq!(responder.test().verdict, SuiteVerdict::Failed);
    responder.commit("totals");
}

#[test]
fn a_repository_without_tests_is_said() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(&[("a", b"1")]);
    let responder = Responder::at(&sandbox, repo.path());
    responder.start("Wrong totals");
    responder.slot().write("a", "2");
    let error = responder.try_test(&Request::default()).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(SuiteError::NoRunner)), "{error}");
    responder.try_commit("totals", &[(Gate::Test, "there are none")]).unwrap();
}

#[test]
fn a_command_that_runs_past_the_budget_is_ended_and_no_pass() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    slot.write("tests/test_till.sh", "exec sleep 60\n");
    let report = responder.with("test.budget", "1s").test();
    assert_eq!(report.verdict, SuiteVerdict::Failed);
}

#[test]
fn what_tests_print_is_harmless_and_without_secrets() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    let token = format!("ghp_{}", "a1B2c3D4e5F6".repeat(3));
    slot.write("tests/test_till.sh", format!("printf 'token {token} \\033]52;c;x\\007 \\n'; exit 1\n"));
    responder.test();
    let repo = sandbox.repo_at(responder.dir());
    let record = repo.git(["cat-file", "-p", "refs/hotfix/record/1.2.3:record.json"]);
    assert!(
        !record.contains(&token) && !record.contains('\u{1b}') && !record.contains("\\u001b"),
        "{record}"
    );
    assert!(record.contains("fail"), "{record}");
}

mod with_python {
    use hotfix_testkit::auth;

    use super::*;

    fn started(sandbox: &Sandbox) -> (Responder<'_>, Repo) {
        let project = sandbox.project();
        let responder = Responder::at(sandbox, project.path());
        responder.start("Auth failing");
        let slot = responder.slot();
        slot.write("src/auth.py", auth::FIXED_SOURCE);
        (responder, slot)
    }

    #[test]
    fn all_that_fits_the_budget_runs_the_nearest_first() {
        let sandbox = Sandbox::with_python();
        let (responder, _) = started(&sandbox);
        let report = responder.test();
        assert_eq!((report.verdict, report.ran), (SuiteVerdict::Passed, Some(4)), "{}", report.why);
        assert_eq!((report.selected, report.total), (2, Some(2)));
    }

    #[test]
    fn each_file_says_why_it_is_where_it_is() {
        let sandbox = Sandbox::with_python();
        let (responder, slot) = started(&sandbox);
        let why = |path: &str| {
            let explained = responder.explain();
            let file = explained.files.into_iter().find(|file| file.path == path).unwrap();
            (file.selected, file.why)
        };
        let (selected, reasons) = why("tests/test_auth.py");
        assert!(selected && reasons.contains(&"its name says so".to_owned()), "{reasons:?}");
        // An impact map of base, as `ready --with-tests` leaves it.
        let map = serde_json::json!({
            "commit": slot.git(["rev-parse", "HEAD"]),
            "tests": { "tests/test_profile.py": { "src/auth.py": [[1, 9999]] } },
        });
        let kept = responder.project().repository.state_dir().join("impact.json");
        fs::write(&kept, map.to_string()).unwrap();
        assert_eq!(
            why("tests/test_profile.py").1.first().map(String::as_str),
            Some("runs the changed lines")
        );
        assert_eq!(responder.explain().files[0].path, "tests/test_profile.py");
        fs::write(&kept, "{").unwrap();
        assert_eq!(responder.explain().files[0].path, "tests/test_auth.py");
    }

    #[test]
    fn a_failure_that_base_has_as_well_does_not_block() {
        let sandbox = Sandbox::with_python();
        let project = sandbox.project();
        project.push_commit_to_remote(&[("tests/test_old.py", b"def test_old():\n    assert False\n")]);
        let responder = Responder::at(&sandbox, project.path());
        responder.start("Auth failing");
        responder.slot().write("src/auth.py", auth::FIXED_SOURCE);
        let report = responder.test();
        assert_eq!(report.verdict, SuiteVerdict::Passed, "{}", report.why);
        assert_eq!(report.failed_on_base_too, ["tests/test_old.py::test_old"]);
        assert!(report.failed.is_empty());
    }

    #[test]
    fn what_is_newly_broken_blocks_and_is_named() {
        let sandbox = Sandbox::with_python();
        let (responder, slot) = started(&sandbox);
        slot.write("src/auth.py", auth::FIXED_SOURCE.replace("<= now", "> now"));
        let report = responder.test();
        assert_eq!(report.verdict, SuiteVerdict::Failed);
        let failed: Vec<&str> = report.failed.iter().map(|failure| failure.test.as_str()).collect();
        let expected = [
            "tests/test_auth.py::test_fresh_token_is_accepted",
            "tests/test_profile.py::test_greeting_names_the_user",
        ];
        assert_eq!(failed, expected);
        assert!(responder.try_commit("x", &[]).is_err());
    }

    #[test]
    fn a_test_that_passes_when_run_again_is_flaky_and_does_not_block() {
        let sandbox = Sandbox::with_python();
        let (responder, slot) = started(&sandbox);
        let seen = sandbox.root().join("seen");
        let flaky = format!(
            "import os\n\n\ndef test_flaky():\n    first = not os.path.exists({0:?})\n    open({0:?}, 'w').close()\n    assert not first\n",
            seen.to_str().unwrap()
        );
        slot.write("tests/test_flaky.py", flaky);
        let report = responder.test();
        assert_eq!(report.verdict, SuiteVerdict::Passed, "{}", report.why);
        assert_eq!(report.flaky, ["tests/test_flaky.py::test_flaky"]);
        // Where somebody wants it, it does.
        fs::remove_file(&seen).unwrap();
        let responder = responder.with("test.flaky", "block");
        let report = responder.test();
        assert_eq!(report.verdict, SuiteVerdict::Failed, "{}", report.why);
        assert_eq!((report.failed.len(), report.flaky.len()), (0, 1));
        assert!(responder.try_commit("x", &[]).is_err());
    }

    /// A test that fights over a port with itself on base would be broken on one of both.
    #[test]
    fn what_failed_is_run_again_in_the_slot_before_base_is_asked() {
        let sandbox = Sandbox::with_python();
        let ran = sandbox.root().join("ran");
        let test = format!(
            "import os\n\n\ndef test_port():\n    with open({ran:?}, 'a+') as file:\n        file.write(os.getcwd() + '\\n')\n        file.seek(0)\n        assert len(file.readlines()) > 1\n"
        );
        let project = sandbox.project();
        project.push_commit_to_remote(&[("tests/test_port.py", test.as_bytes())]);
        let responder = Responder::at(&sandbox, project.path());
        responder.start("Auth failing");
        let slot = responder.slot();
        slot.write("src/auth.py", auth::FIXED_SOURCE);
        let report = responder.test();
        assert_eq!(report.verdict, SuiteVerdict::Passed, "{}", report.why);
        assert_eq!(report.flaky, ["tests/test_port.py::test_port"]);
        assert!(report.failed_on_base_too.is_empty());
        let places = fs::read_to_string(&ran).unwrap();
        let base = places.lines().filter(|place| place.ends_with("-base")).count();
        assert_eq!((places.lines().count(), base), (2, 0), "{places}");
    }

    #[test]
    fn nothing_run_is_not_a_pass() {
        let sandbox = Sandbox::with_python();
        let (responder, slot) = started(&sandbox);
        let skipped = "import pytest\n\npytest.skip('all', allow_module_level=True)\n";
        for path in ["tests/test_auth.py", "tests/test_profile.py"] {
            slot.write(path, skipped);
        }
        let report = responder.test();
        assert_eq!(report.verdict, SuiteVerdict::Unknown, "{}", report.why);
        for path in ["tests/test_auth.py", "tests/test_profile.py"] {
            fs::remove_file(slot.file(path)).unwrap();
        }
        let report = responder.test();
        assert_eq!(report.verdict, SuiteVerdict::Unknown, "{}", report.why);
    }

    #[test]
    fn a_file_that_cannot_be_loaded_blocks() {
        let sandbox = Sandbox::with_python();
        let (responder, slot) = started(&sandbox);
        slot.write("tests/test_new.py", "import nothing_of_that_name\n");
        let report = responder.test();
        assert_eq!(report.verdict, SuiteVerdict::Failed, "{}", report.why);
        assert!(report.why.contains("tests/test_new.py"), "{}", report.why);
    }

    /// Takes seconds: the budget is the subject.
    #[test]
    fn what_the_budget_interrupts_gets_a_turn_of_its_own_and_the_far_end_is_cut() {
        let sandbox = Sandbox::with_python();
        let (responder, slot) = started(&sandbox);
        for name in ["one", "two", "three", "four", "five", "six", "seven"] {
            let text = format!("import time\n\n\ndef test_{name}():\n    time.sleep(1)\n");
            slot.write(format!("tests/test_{name}.py"), text);
        }
        let report = responder.with("test.budget", "6s").test();
        assert_eq!(report.verdict, SuiteVerdict::Passed, "{}", report.why);
        assert!(!report.cut.is_empty(), "{report:?}");
    }

    #[test]
    fn a_test_that_hangs_with_the_fix_blocks() {
        let sandbox = Sandbox::with_python();
        let (responder, slot) = started(&sandbox);
        slot.write("src/auth.py", auth::FIXED_SOURCE.replace("import time", "import time\ntime.sleep(60)"));
        let report = responder.with("test.budget", "1s").test();
        assert_eq!(report.verdict, SuiteVerdict::Failed, "{}", report.why);
    }
}
