//! What tests leave behind is no part of the fix.

use super::*;

/// A fix whose test leaves a file behind, proven.
fn proven(sandbox: &Sandbox) -> (Responder<'_>, Repo) {
    let (responder, slot) = fixed(sandbox);
    slot.write("tests/test_till.sh", format!("echo x > report.xml\n{NEW_TEST}"));
    assert_eq!(responder.prove(COMMAND).verdict, ProofVerdict::Proven);
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
