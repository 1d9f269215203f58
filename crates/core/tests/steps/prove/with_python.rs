//! Proofs by pytest.

use hotfix_testkit::auth;

use super::*;

fn started(sandbox: &Sandbox) -> (Responder<'_>, Repo) {
    let project = sandbox.project();
    let responder = Responder::at(sandbox, project.path());
    responder.start("Auth failing");
    let slot = responder.slot();
    (responder, slot)
}

#[test]
fn the_test_that_flips_is_named() {
    let sandbox = Sandbox::with_python();
    let (responder, slot) = started(&sandbox);
    slot.write("tests/test_auth.py", auth::TESTS_WITH_NEW);
    slot.write("src/auth.py", auth::FIXED_SOURCE);
    let proof = responder.prove(&[]);
    assert_eq!(proof.verdict, ProofVerdict::Proven, "{}", proof.why);
    assert_eq!(
        (proof.flipped.as_slice(), proof.runner.as_str()),
        ([auth::NEW_TEST.to_owned()].as_slice(), "pytest")
    );
    assert_eq!(proof.green.unwrap().ran, Some(3));
}

#[test]
fn a_test_that_cannot_be_loaded_on_base_counts_only_when_said_so() {
    let sandbox = Sandbox::with_python();
    let (responder, slot) = started(&sandbox);
    slot.write("src/clock.py", "NOW = 1\n");
    slot.write("tests/test_clock.py", "from src.clock import NOW\n\n\ndef test_now():\n    assert NOW\n");
    let proof = responder.prove(&[]);
    assert_eq!(proof.verdict, ProofVerdict::Invalid, "{}", proof.why);
    assert_eq!(proof.red.unwrap().outcome, SideOutcome::NotLoaded);
    let accepted = hotfix_core::flow::prove::Request { accept_load_error: true, ..prove_with(&[]) };
    let proof = responder.try_prove(&accepted).unwrap();
    assert_eq!(proof.verdict, ProofVerdict::Proven, "{}", proof.why);
    assert_eq!(proof.flipped, ["tests/test_clock.py::test_now"]);
}

#[test]
fn a_skipped_test_proves_nothing() {
    let sandbox = Sandbox::with_python();
    let (responder, slot) = started(&sandbox);
    let text = "import pytest\n\n\n@pytest.mark.skip\ndef test_skipped():\n    assert False\n";
    slot.write("tests/test_skipped.py", text);
    slot.write("src/auth.py", auth::FIXED_SOURCE);
    let proof = responder.prove(&[]);
    assert_eq!(proof.verdict, ProofVerdict::Invalid, "{}", proof.why);
    assert_eq!(proof.red.unwrap().outcome, SideOutcome::NothingRan);
}

#[test]
fn a_failure_that_base_has_as_well_does_not_stand_against_the_proof() {
    let sandbox = Sandbox::with_python();
    let (responder, slot) = started(&sandbox);
    slot.write("tests/test_auth.py", format!("{}\n\ndef test_old():\n    assert False\n", auth::TESTS));
    responder.try_ship("x", &[]).map(|_| ()).map_err(|_| ()).unwrap_err();
    slot.write("src/auth.py", auth::FIXED_SOURCE);
    slot.write(
        "tests/test_auth.py",
        format!("{}\n\ndef test_old():\n    assert False\n", auth::TESTS_WITH_NEW),
    );
    let proof = responder.prove(&[]);
    // `test_old` is new, so it is the fix's own.
    assert_eq!(proof.verdict, ProofVerdict::NotGreen, "{}", proof.why);
}
