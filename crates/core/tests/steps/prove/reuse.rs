//! A side that was run before is not run again.

use super::*;

#[test]
fn a_side_whose_files_and_command_are_the_same_does_not_run_again() {
    let sandbox = Sandbox::new();
    let (responder, slot) = started(&sandbox);
    slot.write("tests/test_till.sh", counting(&sandbox, NEW_TEST));
    assert_eq!(responder.prove(COMMAND).verdict, ProofVerdict::RedOnly);
    assert_eq!(runs(&sandbox), 2);
    slot.write("src/till.sh", FIXED_SOURCE);
    let proof = responder.prove(COMMAND);
    assert_eq!(runs(&sandbox), 4, "only the green side ran");
    assert_eq!((proof.red.unwrap().reused, proof.green.unwrap().reused), (true, false));
    let proof = responder.prove(COMMAND);
    assert_eq!(runs(&sandbox), 4, "nothing ran");
    assert_eq!(proof.verdict, ProofVerdict::Proven);
    assert_eq!((proof.red.unwrap().reused, proof.green.unwrap().reused), (true, true));
}

#[test]
fn an_edit_of_source_runs_the_green_side_alone() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    slot.write("tests/test_till.sh", counting(&sandbox, NEW_TEST));
    responder.prove(COMMAND);
    slot.write("src/till.sh", format!("{FIXED_SOURCE}# better\n"));
    let proof = responder.prove(COMMAND);
    assert_eq!(runs(&sandbox), 6);
    assert_eq!((proof.red.unwrap().reused, proof.green.unwrap().reused), (true, false));
}

#[test]
fn an_edit_of_the_test_runs_both_sides() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    slot.write("tests/test_till.sh", counting(&sandbox, NEW_TEST));
    responder.prove(COMMAND);
    slot.write("tests/test_till.sh", counting(&sandbox, &format!("# clearer\n{NEW_TEST}")));
    let proof = responder.prove(COMMAND);
    assert_eq!(runs(&sandbox), 8);
    assert_eq!((proof.red.unwrap().reused, proof.green.unwrap().reused), (false, false));
}

#[test]
fn another_command_runs_both_sides() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    slot.write("tests/test_till.sh", counting(&sandbox, NEW_TEST));
    responder.prove(COMMAND);
    responder.prove(&["sh", "-u", "tests/test_till.sh"]);
    assert_eq!(runs(&sandbox), 8);
}
