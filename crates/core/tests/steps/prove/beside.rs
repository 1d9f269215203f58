//! The proof in the twin and the critical tests in the slot run at the same time and fight over something: that never
//! becomes a verdict.

use super::*;

/// A test that needs something only one process can hold, a port say. When it first runs in both places, `holder` holds
/// it until the other has asked for it in vain, which then says `taken` and fails. Later runs find it free.
fn fighting(sandbox: &Sandbox, holder: &str, taken: &str, test: &str) -> String {
    let at = |name: &str| sandbox.root().join(name).display().to_string();
    format!(
        "port='{port}' held='{held}' asked='{asked}'
case $PWD in *-base) place=twin;; *) place=slot;; esac
wait_for() {{ for _ in $(seq 3000); do test -e \"$1\" && return; sleep 0.01; done; }}
if test $place = {holder} && ! test -e \"$held\"; then
    mkdir \"$port\"; touch \"$held\"; wait_for \"$asked\"; rmdir \"$port\"
elif test $place != {holder} && ! test -e \"$asked\"; then
    wait_for \"$held\"
    mkdir \"$port\" 2> /dev/null || {{ touch \"$asked\"; echo '{taken}'; exit 1; }}
fi
{test}",
        port = at("port"),
        held = at("held"),
        asked = at("asked"),
    )
}

const SAID: &str = "OSError: [Errno 98] Address already in use";
const SILENT: &str = "no answer";

/// What a ship says of the proof and of the critical tests.
fn shipped(holder: &str, taken: &str, test: &str) -> (Proof, SuiteVerdict) {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    slot.write("tests/test_till.sh", fighting(&sandbox, holder, taken, test));
    responder.try_ship("totals", &[]).ok();
    assert!(sandbox.root().join("asked").exists(), "they did not run side by side");
    let record = responder.record();
    (*record.proof.clone().unwrap(), record.test.as_ref().unwrap().verdict)
}

#[test]
fn who_found_the_port_taken_runs_again_alone() {
    for holder in ["twin", "slot"] {
        let (proof, gate) = shipped(holder, SAID, NEW_TEST);
        assert_eq!(proof.verdict, ProofVerdict::Proven, "{holder}: {}", proof.why);
        assert_eq!(gate, SuiteVerdict::Passed, "{holder}");
    }
}

#[test]
fn a_red_that_is_only_a_taken_port_shows_no_bug() {
    let (proof, _) = shipped("slot", SAID, TEST);
    assert_eq!(proof.verdict, ProofVerdict::NotRed, "{}", proof.why);
}

#[test]
fn a_red_that_comes_from_what_runs_beside_it_is_no_proof() {
    let (proof, _) = shipped("slot", SILENT, TEST);
    assert_eq!(proof.verdict, ProofVerdict::Invalid, "{}", proof.why);
    assert!(proof.why.contains("something besides the change made the difference"), "{}", proof.why);
}

#[test]
fn with_exclusive_they_run_one_after_the_other() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    let busy = sandbox.root().join("busy").display().to_string();
    let test = format!("mkdir '{busy}' || exit 1\nsleep 0.2\nrmdir '{busy}'\n{NEW_TEST}");
    slot.write("tests/test_till.sh", test);
    responder
        .with("test.exclusive", "true")
        .try_ship("totals", &[])
        .map_err(|stopped| stopped.error)
        .unwrap();
}
