//! Two sides that run at the same time and fight over something: that never becomes a verdict.

use super::*;

/// A test that needs something only one process can hold, a port say. When it first runs on both sides, `holder` holds it
/// until the other has asked for it in vain, which then says `taken` and fails. Later runs find it free.
fn fighting(sandbox: &Sandbox, holder: &str, taken: &str, test: &str) -> String {
    let at = |name: &str| sandbox.root().join(name).display().to_string();
    format!(
        "port='{port}' held='{held}' asked='{asked}'
grep -q sum=.price src/till.sh && side=base || side=fix
wait_for() {{ for _ in $(seq 3000); do test -e \"$1\" && return; sleep 0.01; done; }}
if test $side = {holder} && ! test -e \"$held\"; then
    mkdir \"$port\"; touch \"$held\"; wait_for \"$asked\"; rmdir \"$port\"
elif test $side != {holder} && ! test -e \"$asked\"; then
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

fn proof_of(holder: &str, taken: &str, test: &str) -> Proof {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    slot.write("tests/test_till.sh", fighting(&sandbox, holder, taken, test));
    let proof = responder.prove(COMMAND);
    assert!(sandbox.root().join("asked").exists(), "the sides did not run side by side");
    proof
}

#[test]
fn a_side_that_found_the_port_taken_runs_again_alone() {
    for holder in ["base", "fix"] {
        let proof = proof_of(holder, SAID, NEW_TEST);
        assert_eq!(proof.verdict, ProofVerdict::Proven, "{holder}: {}", proof.why);
        assert_eq!((proof.red.unwrap().runs, proof.green.unwrap().runs), (2, 2));
    }
}

#[test]
fn a_red_that_is_only_a_taken_port_shows_no_bug() {
    let proof = proof_of("fix", SAID, TEST);
    assert_eq!(proof.verdict, ProofVerdict::NotRed, "{}", proof.why);
}

#[test]
fn what_fails_only_beside_the_other_side_proves_nothing() {
    for (holder, test) in [("fix", TEST), ("base", NEW_TEST)] {
        let proof = proof_of(holder, SILENT, test);
        assert_eq!(proof.verdict, ProofVerdict::Invalid, "{holder}: {}", proof.why);
        assert!(proof.why.contains("differs between two runs"), "{}", proof.why);
    }
}
