//! What was run on one tree is told of a commit only if the commit holds that tree: a hook may have changed it, or
//! somebody edited the slot since. (A1)

use std::fs;

use hotfix_core::flow::commit;
use hotfix_core::journey::report;
use hotfix_core::session::Blocked;
use hotfix_model::{ExitCode, Gate, ProofVerdict, Stage, SuiteVerdict};
use hotfix_testkit::till::{FIXED_SOURCE, NEW_TEST, SOURCE};
use hotfix_testkit::{Repo, Responder, Sandbox, write_program};

/// A fixed till in a slot.
fn fixed(sandbox: &Sandbox) -> (Responder<'_>, Repo) {
    let repo = sandbox.till();
    let responder = Responder::at(sandbox, repo.path());
    responder.trust();
    responder.start("Wrong totals");
    let slot = responder.slot();
    slot.write("src/till.sh", FIXED_SOURCE);
    slot.write("tests/test_till.sh", NEW_TEST);
    (responder, repo)
}

fn hook(repo: &Repo, name: &str, script: &str) {
    write_program(repo.file(".git/hooks").join(name), script);
}

/// Puts the bug back.
fn breaking_hook(repo: &Repo) {
    repo.write("../broken.sh", SOURCE);
    hook(repo, "pre-commit", "cp ../broken.sh src/till.sh && git add src/till.sh");
}

const FORMATS: &str =
    "grep -q formatted src/till.sh || { echo '# formatted' >> src/till.sh; git add src/till.sh; }";

fn commits(repo: &Repo) -> String {
    repo.git(["rev-list", "--count", "main..hotfix/1.2.3"])
}

#[test]
fn a_commit_that_a_hook_broke_is_not_delivered() {
    let sandbox = Sandbox::new();
    let (responder, repo) = fixed(&sandbox);
    breaking_hook(&repo);
    let responder = responder.with("submit.merge", "direct").with("prove.required", "true");
    let main = repo.bare().commit_of("main");
    let stopped = responder.try_ship("totals", &[]).map(|_| ()).unwrap_err();
    assert!(matches!(stopped.error.downcast_ref(), Some(Blocked::Failing { .. })), "{}", stopped.error);
    assert_eq!(stopped.error.exit(), ExitCode::GATE);
    assert_eq!(repo.bare().commit_of("main"), main);
    assert_eq!(repo.bare().refs("refs/heads/hotfix"), "");
    let status = responder.status();
    assert_eq!((status.stage, status.test), (Stage::Committed, Some(SuiteVerdict::Failed)));
    assert_ne!(status.proof, Some(ProofVerdict::Proven));
    assert!(responder.try_submit().is_err(), "nor by another command");
}

#[test]
fn a_commit_that_a_hook_formatted_is_proved_and_tested_again_and_made_once() {
    let sandbox = Sandbox::new();
    let (responder, repo) = fixed(&sandbox);
    hook(&repo, "pre-commit", FORMATS);
    let output = responder.ship("totals");
    assert_eq!(commits(&repo), "1");
    let commit = output.commit.unwrap();
    assert_eq!(repo.bare().commit_of("hotfix/1.2.3"), commit);
    let tree = repo.git(["rev-parse", &format!("{commit}^{{tree}}")]);
    let (proof, test) = (output.proof.unwrap(), output.test.unwrap());
    assert_eq!((proof.verdict, proof.green.unwrap().tree), (ProofVerdict::Proven, tree.clone()));
    assert_eq!((test.verdict, test.tree), (SuiteVerdict::Passed, tree));
    assert!(repo.git(["show", "hotfix/1.2.3:src/till.sh"]).ends_with("# formatted"));
}

#[test]
fn a_commit_by_itself_says_that_nothing_ran_on_it() {
    let sandbox = Sandbox::new();
    let (responder, repo) = fixed(&sandbox);
    responder.prove(&[]);
    responder.test();
    hook(&repo, "pre-commit", FORMATS);
    responder.commit("totals");
    let refused = |responder: &Responder<'_>| {
        responder.work(|project, hotfix| commit::pass_gates(project, hotfix)).unwrap_err()
    };
    let error = refused(&responder);
    assert!(matches!(error.downcast_ref(), Some(Blocked::NotTested)), "{error}");
    assert_eq!((error.exit(), responder.try_submit().unwrap_err().exit()), (ExitCode::GATE, ExitCode::GATE));
    assert_eq!(repo.bare().refs("refs/heads/hotfix"), "");
    let status = responder.status();
    assert_eq!((status.stage, status.proof, status.test), (Stage::Committed, None, None));
    responder.test();
    responder.submit();
    assert_eq!(commits(&repo), "1");
    let text = responder.record().merge_request.unwrap().description;
    assert!(text.contains("## Critical tests: passed"), "{text}");
    assert!(text.contains("## Not proven\n\nWhat was proven holds other files"), "{text}");
    let request = report::Request::default();
    let report = report::of(&responder.project(), request).unwrap();
    assert_eq!((report.hotfixes[0].proof, report.hotfixes[0].test), (None, Some(SuiteVerdict::Passed)));
}

/// The gate lets it through by the user's own setting; the text does not say more than was run.
#[test]
fn a_merge_request_says_that_the_tests_did_not_run_on_this_commit() {
    let sandbox = Sandbox::new();
    let (responder, repo) = fixed(&sandbox);
    let responder = responder.with("test.gate", "warn");
    responder.test();
    hook(&repo, "pre-commit", FORMATS);
    responder.commit("totals");
    responder.submit();
    let record = responder.record();
    let text = record.merge_request.as_ref().unwrap().description.as_str();
    assert!(text.contains("They did not run on this commit."), "{text}");
    assert!(!text.contains("Critical tests: passed"), "{text}");
    assert!(record.skipped.iter().any(|skip| skip.gate == Gate::Test), "what let it through is owed");
}

/// Another case: no hook at all. The tests ran on what was edited after the commit.
#[test]
fn tests_of_later_edits_are_no_tests_of_the_commit() {
    let sandbox = Sandbox::new();
    let (responder, repo) = fixed(&sandbox);
    responder.test();
    let committed = responder.commit("totals").commit;
    responder.slot().write("src/till.sh", format!("{FIXED_SOURCE}# more\n"));
    responder.test();
    assert_eq!(responder.status().test, None);
    let error = responder.try_submit().unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(Blocked::NotTested)), "{error}");
    let output = responder.ship("totals");
    assert_ne!(output.commit.unwrap(), committed);
    assert_eq!(commits(&repo), "2");
}

/// Another case: the hook changes only what is committed, so that the slot cannot show it.
#[test]
fn a_commit_that_the_slot_does_not_hold_is_not_delivered() {
    let sandbox = Sandbox::new();
    let (responder, repo) = fixed(&sandbox);
    repo.write("../broken.sh", SOURCE);
    let script =
        "blob=$(git hash-object -w ../broken.sh) && git update-index --cacheinfo 100644,$blob,src/till.sh";
    hook(&repo, "pre-commit", script);
    let stopped = responder.try_ship("totals", &[]).map(|_| ()).unwrap_err();
    assert!(matches!(stopped.error.downcast_ref(), Some(Blocked::NotTested)), "{}", stopped.error);
    assert_eq!(repo.bare().refs("refs/heads/hotfix"), "");
    assert_eq!(responder.slot().read("src/till.sh"), FIXED_SOURCE, "nothing of the user is lost");
}

/// Another case: a style check that blocks has not seen what the hook wrote.
#[test]
fn a_check_of_other_files_is_no_check_of_the_commit() {
    let sandbox = Sandbox::new();
    let (responder, repo) = fixed(&sandbox);
    let responder = responder.with("check.gate", "block");
    responder.check();
    responder.test();
    hook(&repo, "post-index-change", "exit 0");
    hook(&repo, "pre-commit", FORMATS);
    responder.commit("totals");
    responder.test();
    let error = responder.try_submit().unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(Blocked::NotChecked)), "{error}");
    fs::remove_file(repo.file(".git/hooks/pre-commit")).unwrap();
    responder.ship("totals");
    assert_eq!(commits(&repo), "1");
}
