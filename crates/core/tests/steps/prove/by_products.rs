//! What tests leave behind is no part of the fix.

use super::*;

/// A fix whose test leaves a file behind, proven and tested.
fn proven(sandbox: &Sandbox) -> (Responder<'_>, Repo) {
    let (responder, slot) = fixed(sandbox);
    slot.write("tests/test_till.sh", format!("echo x > report.xml\n{NEW_TEST}"));
    assert_eq!(responder.prove(COMMAND).verdict, ProofVerdict::Proven);
    assert!(!slot.file("report.xml").exists(), "a proof runs in the twin alone");
    responder.test();
    (responder, slot)
}

#[test]
fn what_the_tests_leave_behind_is_said_and_not_part_of_the_fix() {
    let sandbox = Sandbox::new();
    let (responder, slot) = proven(&sandbox);
    assert!(slot.file("report.xml").exists());
    let warnings = sandbox.recorder().warnings();
    assert_eq!(warnings, ["report.xml appeared while tests ran and is left out; `git add` it to keep it"]);
    responder.test();
    responder.commit("totals");
    assert_eq!(slot.git(["ls-tree", "--name-only", "HEAD", "report.xml"]), "");
}

#[test]
fn what_is_staged_is_meant() {
    let sandbox = Sandbox::new();
    let (responder, slot) = proven(&sandbox);
    slot.git(["add", "report.xml"]);
    responder.test();
    responder.commit("totals");
    assert_eq!(slot.git(["ls-tree", "--name-only", "HEAD", "report.xml"]), "report.xml");
}

#[test]
fn what_was_there_before_is_part_of_the_fix() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    slot.write("src/new.sh", "new");
    responder.prove(COMMAND);
    responder.test();
    responder.commit("totals");
    assert_eq!(slot.git(["ls-tree", "-r", "--name-only", "HEAD", "src"]), "src/new.sh\nsrc/till.sh");
}

/// A test that writes a tracked file, which is no part of the fix.
const WRITES: &str = "echo total > README.md\n";

#[test]
fn a_tracked_file_that_a_test_writes_is_named_and_no_part_of_the_fix() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    slot.write("tests/test_till.sh", format!("{WRITES}{NEW_TEST}"));
    let base = slot.git(["show", "HEAD:README.md"]);
    for _ in 0..2 {
        let report = responder.test();
        assert_eq!(report.verdict, SuiteVerdict::Passed, "{}", report.why);
    }
    let line = "README.md changed while tests ran and is left out of the fix; `git add` it to keep it";
    assert!(sandbox.recorder().warnings().iter().any(|warning| warning == line));
    responder.commit("totals");
    assert_eq!(slot.git(["show", "HEAD:README.md"]), base);
    assert_eq!(fs::read_to_string(slot.file("README.md")).unwrap(), "total\n", "the file itself stays");
}

#[test]
fn what_a_test_wrote_and_somebody_staged_is_meant() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    slot.write("tests/test_till.sh", format!("{WRITES}{NEW_TEST}"));
    responder.test();
    slot.git(["add", "README.md"]);
    responder.test();
    responder.commit("totals");
    assert_eq!(slot.git(["show", "HEAD:README.md"]), "total");
}

#[test]
fn an_edit_after_the_test_wrote_is_the_users() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    slot.write("tests/test_till.sh", format!("test -e ran || {{ touch ran; {WRITES} }}\n{NEW_TEST}"));
    responder.test();
    slot.write("README.md", "edited\n");
    responder.test();
    responder.commit("totals");
    assert_eq!(slot.git(["show", "HEAD:README.md"]), "edited");
}

#[test]
fn a_file_of_the_fix_that_changes_while_tests_run_stops_them() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    slot.write("tests/test_till.sh", format!("{NEW_TEST}\necho '# more' >> src/till.sh\n"));
    let error = responder.try_test(&hotfix_core::flow::test::Request::default()).unwrap_err();
    let Some(SessionError::ChangedMeanwhile { files }) = error.downcast_ref() else { panic!("{error}") };
    assert_eq!(files, &["src/till.sh"]);
}
