//! prove: red on base, green with the fix; everything else is not proven, and says why.

mod both;

use std::fs;

use hotfix_core::flow::prove::ProveError;
use hotfix_core::session::SessionError;
use hotfix_model::proof::SideOutcome;
use hotfix_model::{ExitCode, Gate, Proof, ProofVerdict};
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
    assert_eq!((red.runs, green.runs, red.exit, green.exit), (2, 2, Some(1), Some(0)));
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

mod invalid {
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
        slot.write(
            "tests/test_till.sh",
            "grep -q sum=.price src/till.sh && echo >> README.md && exit 1; exit 0",
        );
        let error = responder.try_prove(&prove_with(COMMAND)).unwrap_err();
        let Some(ProveError::TreeChanged { files }) = error.downcast_ref() else { panic!("{error}") };
        assert_eq!(files, &["README.md"]);
        assert_eq!(error.exit(), ExitCode::GATE);
        assert!(responder.record().proof.is_none());
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

mod reuse {
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
}

/// The red side is base with exactly the test part of the change.
mod red_side {
    use super::*;

    /// Starts from `files`, does `change`, and gives the red tree's files with their content.
    fn red_tree(files: &[(&str, &[u8])], change: impl FnOnce(&Repo)) -> Vec<(String, String)> {
        let sandbox = Sandbox::new();
        let repo = sandbox.repo_with_remote(files);
        let responder = Responder::at(&sandbox, repo.path());
        responder.start("Wrong totals");
        let slot = responder.slot();
        change(&slot);
        let proof = responder.prove(&["false"]);
        let tree = proof.red.unwrap().tree;
        let names = repo.git(["ls-tree", "-r", "--name-only", &tree]);
        let content = |name: &str| repo.git(["show", &format!("{tree}:{name}")]);
        names.lines().map(|name| (name.to_owned(), content(name))).collect()
    }

    fn is(name: &str, content: &str) -> (String, String) {
        (name.to_owned(), content.to_owned())
    }

    #[test]
    fn a_deleted_test_is_gone_there() {
        let files: &[(&str, &[u8])] =
            &[("src/a.sh", b"1"), ("tests/test_a.sh", b"1"), ("tests/test_b.sh", b"1")];
        let tree = red_tree(files, |slot| {
            fs::remove_file(slot.file("tests/test_a.sh")).unwrap();
            slot.write("src/a.sh", "2");
        });
        assert_eq!(tree, [is("src/a.sh", "1"), is("tests/test_b.sh", "1")]);
    }

    #[test]
    fn a_renamed_test_has_its_new_name_there() {
        let files: &[(&str, &[u8])] = &[("src/a.sh", b"1"), ("tests/test_a.sh", b"same")];
        let tree = red_tree(files, |slot| {
            slot.git(["mv", "tests/test_a.sh", "tests/test_new.sh"]);
            slot.write("src/a.sh", "2");
        });
        assert_eq!(tree, [is("src/a.sh", "1"), is("tests/test_new.sh", "same")]);
    }

    #[test]
    fn binary_data_of_tests_is_there_and_deleted_source_is_not_deleted() {
        let files: &[(&str, &[u8])] = &[("src/a.sh", b"1"), ("src/b.sh", b"1")];
        let tree = red_tree(files, |slot| {
            slot.write("tests/data/a.bin", b"\x00\x01\x02");
            fs::remove_file(slot.file("src/b.sh")).unwrap();
        });
        assert_eq!(tree, [is("src/a.sh", "1"), is("src/b.sh", "1"), is("tests/data/a.bin", "\0\u{1}\u{2}")]);
    }

    #[test]
    fn a_folder_that_became_a_file() {
        let files: &[(&str, &[u8])] = &[("src/a.sh", b"1"), ("tests/x/test_a.sh", b"1")];
        let tree = red_tree(files, |slot| {
            fs::remove_dir_all(slot.file("tests/x")).unwrap();
            slot.write("tests/x", "a file");
            slot.write("src/a.sh", "2");
        });
        assert_eq!(tree, [is("src/a.sh", "1"), is("tests/x", "a file")]);
    }

    #[test]
    fn configured_patterns_are_tests_too() {
        let sandbox = Sandbox::new();
        let repo = sandbox.repo_with_remote(&[("src/a.sh", b"1")]);
        let responder = Responder::at(&sandbox, repo.path()).with("prove.test_patterns", "[\"probes/**\"]");
        responder.start("Wrong totals");
        responder.slot().write("probes/deep/a", "new");
        responder.slot().write("src/a.sh", "2");
        assert_eq!(responder.prove(&["false"]).test_files, ["probes/deep/a"]);
    }
}

mod by_products {
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
        assert_eq!(
            warnings,
            ["report.xml appeared while tests ran and is left out; `git add` it to keep it"]
        );
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

mod with_python {
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
}
