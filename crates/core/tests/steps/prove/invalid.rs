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
    // The script belongs to the tests, so base has it as well, and it passes there.
    let proof = responder.prove(&["./probe"]);
    assert_eq!(proof.verdict, ProofVerdict::NotRed, "{}", proof.why);
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
fn what_a_run_writes_into_tracked_files_does_not_reach_the_next() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    // The first run on base would make every later one green.
    slot.write("tests/test_till.sh", "grep -q done README.md && exit 0\necho done >> README.md\nexit 1\n");
    let proof = responder.prove(COMMAND);
    assert_eq!(proof.verdict, ProofVerdict::NotGreen, "{}", proof.why);
    slot.write("tests/test_till.sh", format!("echo >> README.md\n{NEW_TEST}"));
    assert_eq!(responder.prove(COMMAND).verdict, ProofVerdict::Proven);
}
