//! What proves nothing, and says why.

use super::*;

#[track_caller]
fn assert_invalid(proof: &Proof, why: &str) {
    assert_eq!(proof.verdict, ProofVerdict::Invalid, "{}", proof.why);
    assert!(proof.why.contains(why), "{}", proof.why);
    assert!(!proof.holds());
}

#[test]
fn without_a_test_and_without_a_command() {
    let sandbox = Sandbox::new();
    let (responder, slot) = started(&sandbox);
    slot.write("src/till.sh", FIXED_SOURCE);
    assert_invalid(&responder.prove(&[]), "no test was changed and no command was given");
}

#[test]
fn a_command_that_does_not_exist() {
    let sandbox = Sandbox::new();
    let (responder, _) = fixed(&sandbox);
    assert_invalid(&responder.prove(&["no-such-program"]), "no-such-program");
    assert_invalid(&responder.prove(&["sh", "-c", "no-such-program"]), "127");
}

#[test]
fn a_program_that_only_the_fix_has_is_no_red_on_base() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    slot.write("probe", "#!/bin/sh\nexit 0\n");
    slot.git(["add", "--chmod=+x", "probe"]);
    slot.git(["checkout", "--", "probe"]);
    assert_invalid(&responder.prove(&["./probe"]), "./probe");
}

#[test]
fn a_red_that_comes_and_goes() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    let counter = sandbox.root().join("runs");
    // On base the first run fails and the second passes.
    let flaky = format!(
        "grep -q sum=.price src/till.sh && test $(wc -c < '{}') = 1 && exit 1; exit 0",
        counter.display()
    );
    slot.write("tests/test_till.sh", counting(&sandbox, &flaky));
    let proof = responder.with("prove.required", "true").prove(COMMAND);
    assert!(matches!(proof.verdict, ProofVerdict::Invalid | ProofVerdict::NotRed), "{}", proof.why);
    assert_ne!(proof.red.unwrap().outcome, SideOutcome::Failed);
}

#[test]
fn a_green_that_comes_and_goes() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    let seen = sandbox.root().join("seen");
    let flaky = format!(
        "grep -q sum=.price src/till.sh && exit 1\ntest -e '{0}' && exit 0\ntouch '{0}'\nexit 1",
        seen.display()
    );
    slot.write("tests/test_till.sh", flaky);
    let proof = responder.prove(COMMAND);
    assert_invalid(&proof, "differs between two runs");
    assert_eq!(outcomes(&proof), (SideOutcome::Failed, SideOutcome::Flaky));
}

#[test]
fn tests_that_change_tracked_files_on_base() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    slot.write("tests/test_till.sh", "grep -q sum=.price src/till.sh && echo >> README.md && exit 1; exit 0");
    let proof = responder.prove(COMMAND);
    assert_invalid(&proof, "on base the tests changed files of the repository (README.md)");
    assert_eq!(responder.record().proof.as_deref(), Some(&proof));
    slot.write("tests/test_till.sh", NEW_TEST);
    assert_eq!(responder.prove(COMMAND).verdict, ProofVerdict::Proven, "the twin is clean again");
}

#[test]
fn tests_that_change_tracked_files_in_the_slot() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    slot.write("tests/test_till.sh", "grep -q sum=.price src/till.sh && exit 1; echo >> README.md");
    let error = responder.try_prove(&prove_with(COMMAND)).unwrap_err();
    let Some(SessionError::ChangedMeanwhile { files }) = error.downcast_ref() else { panic!("{error}") };
    assert_eq!(files, &["README.md"]);
    assert!(responder.record().proof.is_none());
}
