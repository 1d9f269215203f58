//! prove: red on base, green with the fix; everything else is not proven, and says why.

mod beside;
mod both;
mod by_products;
mod invalid;
mod red_side;
mod with_python;

use std::fs;

use hotfix_core::session::SessionError;
use hotfix_model::proof::SideOutcome;
use hotfix_model::{ExitCode, Gate, Proof, ProofVerdict, SuiteVerdict};
use hotfix_testkit::responder::prove_with;
use hotfix_testkit::till::{COMMAND, FILES, FIXED_SOURCE, NEW_TEST, SOURCE, TEST};
use hotfix_testkit::{Repo, Responder, Sandbox, World};

/// A hotfix of the till that was just started.
fn started(sandbox: &Sandbox) -> (Responder<'_>, Repo) {
    let repo = sandbox.till();
    let responder = Responder::at(sandbox, repo.path());
    responder.trust();
    responder.start("Wrong totals");
    let slot = responder.slot();
    (responder, slot)
}

/// The same with the test that reproduces the bug and the fix.
fn fixed(sandbox: &Sandbox) -> (Responder<'_>, Repo) {
    let (responder, slot) = started(sandbox);
    slot.write("tests/test_till.sh", NEW_TEST);
    slot.write("src/till.sh", FIXED_SOURCE);
    (responder, slot)
}

/// A test that writes a line into a file outside of every worktree each time it runs, and then does `rest`.
fn counting(sandbox: &Sandbox, rest: &str) -> String {
    format!("echo >> '{}'\n{rest}", sandbox.root().join("runs").display())
}

fn runs(sandbox: &Sandbox) -> usize {
    fs::read(sandbox.root().join("runs")).unwrap_or_default().len()
}

fn outcomes(proof: &Proof) -> (SideOutcome, SideOutcome) {
    (proof.red.as_ref().unwrap().outcome, proof.green.as_ref().unwrap().outcome)
}

#[test]
fn red_on_base_and_green_with_the_fix_is_proven() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    let proof = responder.prove(COMMAND);
    assert_eq!(proof.verdict, ProofVerdict::Proven, "{}", proof.why);
    assert_eq!(outcomes(&proof), (SideOutcome::Failed, SideOutcome::Passed));
    let (red, green) = (proof.red.clone().unwrap(), proof.green.clone().unwrap());
    assert_eq!((red.exit, green.exit), (Some(1), Some(0)));
    assert!(red.runs >= 2 && green.runs >= 2, "{} and {}", red.runs, green.runs);
    assert_eq!(proof.test_files, ["tests/test_till.sh"]);
    assert_eq!(responder.record().proof.as_deref(), Some(&proof));
    // The trees are those that ran: base with the new test, and what lies in the slot.
    assert_eq!(slot.git(["show", &format!("{}:tests/test_till.sh", red.tree)]), NEW_TEST.trim_end());
    assert_eq!(slot.git(["show", &format!("{}:src/till.sh", red.tree)]), SOURCE.trim_end());
    assert_eq!(slot.git(["show", &format!("{}:src/till.sh", green.tree)]), FIXED_SOURCE.trim_end());
}

#[test]
fn without_a_command_the_changed_tests_prove_it() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    assert_eq!(responder.prove(&[]).verdict, ProofVerdict::Proven);
    slot.write("src/till.sh", format!("{FIXED_SOURCE}# done\n"));
    let again = responder.prove(&[]);
    assert_eq!(again.verdict, ProofVerdict::Proven, "{}", again.why);
}

#[test]
fn every_proof_runs_both_sides_whatever_ran_before() {
    let sandbox = Sandbox::new();
    let (responder, slot) = started(&sandbox);
    slot.write("tests/test_till.sh", counting(&sandbox, NEW_TEST));
    assert_eq!(responder.prove(COMMAND).verdict, ProofVerdict::RedOnly);
    slot.write("src/till.sh", FIXED_SOURCE);
    for _ in 0..2 {
        let before = runs(&sandbox);
        let proof = responder.prove(COMMAND);
        assert_eq!(proof.verdict, ProofVerdict::Proven, "{}", proof.why);
        let ran = proof.red.unwrap().runs + proof.green.unwrap().runs;
        assert_eq!(runs(&sandbox) - before, ran as usize);
        assert!(ran >= 4, "{ran}");
    }
}

#[test]
fn neither_the_user_nor_the_slot_notices() {
    let sandbox = Sandbox::new();
    let project = sandbox.project();
    let responder = Responder::at(&sandbox, project.path());
    responder.start("Auth failing");
    let slot = responder.slot();
    slot.write("tests/test_new.py", "x\n");
    slot.write("src/auth.py", "x\n");
    slot.git(["add", "src/auth.py"]);
    let (before, of_slot) = (World::of(project.path()), World::of(slot.path()));
    responder.prove(&["grep", "x", "src/auth.py"]);
    before.assert_untouched(&World::of(project.path()));
    of_slot.assert_untouched(&World::of(slot.path()));
}

#[test]
fn red_while_no_source_has_changed_is_reproduced_as_wanted() {
    let sandbox = Sandbox::new();
    let (responder, slot) = started(&sandbox);
    slot.write("tests/test_till.sh", NEW_TEST);
    let proof = responder.prove(COMMAND);
    assert_eq!(proof.verdict, ProofVerdict::RedOnly, "{}", proof.why);
    assert!(proof.green.is_none() && !proof.holds());
}

#[test]
fn what_passes_on_base_does_not_show_the_bug() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    slot.write("tests/test_till.sh", format!("{TEST}# the same as before\n"));
    assert_eq!(responder.prove(COMMAND).verdict, ProofVerdict::NotRed);
}

#[test]
fn still_red_with_the_fix_is_not_green() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    slot.write("src/till.sh", format!("{SOURCE}# not fixed\n"));
    let proof = responder.prove(COMMAND);
    assert_eq!(proof.verdict, ProofVerdict::NotGreen);
    assert_eq!(outcomes(&proof), (SideOutcome::Failed, SideOutcome::Failed));
}

#[test]
fn nothing_changed_is_wrong_usage() {
    let sandbox = Sandbox::new();
    let (responder, _) = started(&sandbox);
    let error = responder.try_prove(&prove_with(COMMAND)).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(SessionError::NothingChanged { .. })), "{error}");
    assert_eq!(error.exit(), ExitCode::USAGE);
}

#[test]
fn a_waived_proof_says_why_and_stays_owed() {
    let sandbox = Sandbox::new();
    let (responder, _) = started(&sandbox);
    let proof = responder.waive("only the load balancer shows it");
    assert_eq!(
        (proof.verdict, proof.why.as_str()),
        (ProofVerdict::Waived, "only the load balancer shows it")
    );
    assert!(proof.holds());
    let record = responder.record();
    assert_eq!(record.skipped[0].gate, Gate::Prove);
    let owed: Vec<&str> = record.outstanding().map(|owed| owed.key.as_str()).collect();
    assert_eq!(owed, ["skipped_gate:prove"]);
}

#[test]
fn the_command_is_remembered() {
    let sandbox = Sandbox::new();
    let (responder, slot) = started(&sandbox);
    slot.write("src/till.sh", FIXED_SOURCE);
    let shows = ["sh", "-c", "test \"$(sh src/till.sh 1 2)\" = 3"];
    assert_eq!(responder.prove(&shows).verdict, ProofVerdict::Proven);
    slot.write("src/till.sh", format!("{FIXED_SOURCE}# done\n"));
    let again = responder.prove(&[]);
    assert_eq!((again.verdict, again.command), (ProofVerdict::Proven, shows.map(str::to_owned).to_vec()));
}

#[test]
fn the_repositorys_command_does_not_run_before_somebody_approved_it() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(FILES);
    let responder = Responder::at(&sandbox, repo.path());
    responder.start("Wrong totals");
    let slot = responder.slot();
    slot.write("tests/test_till.sh", counting(&sandbox, NEW_TEST));
    slot.write("src/till.sh", FIXED_SOURCE);
    let error = responder.try_prove(&prove_with(&[])).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(SessionError::Untrusted { .. })), "{error}");
    assert_eq!((error.exit(), runs(&sandbox)), (ExitCode::DECISION, 0));
    assert_eq!(responder.prove(COMMAND).verdict, ProofVerdict::Proven, "what somebody typed runs");
    responder.trust();
    slot.write("src/till.sh", format!("{FIXED_SOURCE}# done\n"));
    assert_eq!(responder.prove(&[]).verdict, ProofVerdict::Proven);
}

#[test]
fn a_test_that_hangs_is_ended_by_the_limit() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    slot.write("tests/test_till.sh", "grep -q sum=.price src/till.sh && exec sleep 60; exit 0");
    let proof = responder.with("prove.timeout", "2s").with("prove.repeat", "1").prove(COMMAND);
    assert_eq!(proof.red.as_ref().unwrap().outcome, SideOutcome::TimedOut, "{}", proof.why);
    assert_eq!(proof.verdict, ProofVerdict::Proven, "a hang that the fix ends is a bug that is fixed");
}
