//! ship: the one command after the edit; run again it goes on where it stopped.

use hotfix_core::error::Error;
use hotfix_core::git::GitError;
use hotfix_core::session::{Blocked, SessionError};
use hotfix_model::{ExitCode, Gate, MergeRequestState, ProofVerdict, Stage, SuiteVerdict};
use hotfix_testkit::till::{COMMAND, FIXED_SOURCE, NEW_TEST, SOURCE};
use hotfix_testkit::{Repo, Responder, Sandbox, World};

fn fixed<'a>(sandbox: &'a Sandbox, settings: &[(&str, &str)]) -> (Responder<'a>, Repo) {
    let repo = sandbox.till();
    let responder = settings
        .iter()
        .fold(Responder::at(sandbox, repo.path()), |responder, (key, value)| responder.with(key, value));
    responder.trust();
    responder.start("Wrong totals");
    responder.slot().write("src/till.sh", FIXED_SOURCE);
    responder.slot().write("tests/test_till.sh", NEW_TEST);
    (responder, repo)
}

fn error(responder: &Responder<'_>) -> Error {
    responder.try_ship("totals", &[]).map(|_| ()).map_err(|stopped| stopped.error).unwrap_err()
}

fn lines(responder: &Responder<'_>) -> usize {
    responder.project().store().load("1.2.3").unwrap().lines.len()
}

#[test]
fn from_the_edit_to_the_remote_in_one_command() {
    let sandbox = Sandbox::new();
    let (responder, repo) = fixed(&sandbox, &[]);
    let slot = responder.slot();
    let before = World::of(repo.path());
    let output = responder.ship("totals");
    before.assert_untouched(&World::of(repo.path()));
    assert_eq!((output.state, output.stopped_by), (Some(MergeRequestState::Pushed), None));
    assert_eq!(output.proof.as_ref().unwrap().verdict, ProofVerdict::Proven);
    assert_eq!(output.test.as_ref().unwrap().verdict, SuiteVerdict::Passed);
    let commit = output.commit.unwrap();
    assert_eq!(repo.bare().commit_of("hotfix/1.2.3"), commit);
    let tree = repo.git(["rev-parse", &format!("{commit}^{{tree}}")]);
    assert_eq!((output.test.unwrap().tree, output.proof.unwrap().green.unwrap().tree), (tree.clone(), tree));
    assert_eq!(slot.head(), repo.commit_of("main"), "the slot is given back");
    assert_eq!(output.owed.len(), 2);
    let record = responder.record();
    assert_eq!((record.stage, record.slot_in_use), (Stage::Submitted, false));
}

#[test]
fn ship_proves_and_tests_anew_whatever_ran_before() {
    let sandbox = Sandbox::new();
    let (responder, _) = fixed(&sandbox, &[]);
    let counter = sandbox.root().join("runs");
    let test = format!("echo >> '{}'\n{NEW_TEST}", counter.display());
    responder.slot().write("tests/test_till.sh", test);
    responder.prove(&[]);
    responder.test();
    std::fs::write(&counter, "").unwrap();
    let output = responder.ship("totals");
    assert_eq!(output.test.unwrap().verdict, SuiteVerdict::Passed);
    let proof = output.proof.unwrap();
    let runs = proof.red.unwrap().runs + proof.green.unwrap().runs;
    // The runs of the proof, and one of the critical tests.
    assert_eq!(std::fs::read(counter).unwrap().len(), runs as usize + 1);
    assert!(runs >= 4, "{runs}");
}

#[test]
fn shipping_twice_is_fine() {
    let sandbox = Sandbox::new();
    let (responder, repo) = fixed(&sandbox, &[]);
    responder.ship("totals");
    let (refs, before) = (repo.bare().refs(""), lines(&responder));
    let responder = responder.on("1.2.3");
    assert_eq!(responder.ship("totals").state, Some(MergeRequestState::Pushed));
    assert_eq!((repo.bare().refs(""), lines(&responder)), (refs, before));
}

#[test]
fn nothing_changed_is_wrong_usage() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = Responder::at(&sandbox, repo.path());
    responder.start("Wrong totals");
    let error = error(&responder);
    assert!(matches!(error.downcast_ref(), Some(SessionError::NothingChanged { .. })), "{error}");
}

#[test]
fn without_a_remote_it_is_said_before_anything_runs() {
    let sandbox = Sandbox::new();
    let (responder, repo) = fixed(&sandbox, &[]);
    repo.git(["remote", "remove", "origin"]);
    let error = error(&responder);
    assert!(matches!(error.downcast_ref(), Some(SessionError::NoRemote)), "{error}");
    assert!(responder.record().test.is_none());
}

#[test]
fn a_proof_that_fails_is_recorded_and_shown_and_does_not_block() {
    let sandbox = Sandbox::new();
    let (responder, repo) = fixed(&sandbox, &[]);
    responder.slot().write("tests/test_till.sh", "true\n");
    let output = responder.ship("totals");
    assert_eq!(output.proof.unwrap().verdict, ProofVerdict::NotRed);
    assert_eq!(repo.bare().commit_of("hotfix/1.2.3"), output.commit.unwrap());
    assert!(output.merge_request.unwrap().description.contains("## Not proven"));
}

#[test]
fn a_required_proof_blocks_with_all_that_was_found() {
    let sandbox = Sandbox::new();
    let (responder, repo) = fixed(&sandbox, &[("prove.required", "true")]);
    responder.slot().write("tests/test_till.sh", "true\n");
    let stopped = responder.try_ship("totals", &[]).map(|_| ()).unwrap_err();
    assert!(matches!(stopped.error.downcast_ref(), Some(Blocked::NotProven { .. })), "{}", stopped.error);
    let output = stopped.output.unwrap();
    assert_eq!((output.state, output.stopped_by), (None, Some(Gate::Prove)));
    assert_eq!(output.test.unwrap().verdict, SuiteVerdict::Passed);
    assert_eq!(responder.record().stage, Stage::Started);
    assert_eq!(repo.bare().refs("refs/heads").lines().count(), 1);
    responder.waive("only production shows it");
    responder.slot().write("README.md", "x");
    responder.try_ship("totals", &[(Gate::Prove, "only production shows it")]).map_err(|s| s.error).unwrap();
}

#[test]
fn failing_tests_block_and_the_next_ship_goes_on() {
    let sandbox = Sandbox::new();
    let (responder, repo) = fixed(&sandbox, &[]);
    responder.slot().write("src/till.sh", "exit 1\n");
    let error = error(&responder);
    assert!(matches!(error.downcast_ref(), Some(Blocked::Failing { .. })), "{error}");
    assert_eq!((error.exit(), responder.record().stage), (ExitCode::GATE, Stage::Started));
    assert_eq!(repo.bare().refs("refs/heads").lines().count(), 1);
    responder.slot().write("src/till.sh", FIXED_SOURCE);
    responder.ship("totals");
}

#[test]
fn a_waived_proof_stays_waived() {
    let sandbox = Sandbox::new();
    let (responder, _) = fixed(&sandbox, &[("prove.required", "true")]);
    responder.slot().git(["checkout", "--quiet", "tests/test_till.sh"]);
    responder.waive("only production shows it");
    let output = responder.ship("totals");
    assert_eq!(output.proof.unwrap().verdict, ProofVerdict::Waived);
    assert!(output.merge_request.unwrap().description.contains("only production shows it"));
}

#[test]
fn several_open_hotfixes_are_a_decision_unless_you_stand_in_one() {
    let sandbox = Sandbox::new();
    let (responder, _) = fixed(&sandbox, &[]);
    let slot = responder.slot();
    responder.start("Another alert");
    let error = error(&responder);
    let Some(SessionError::SeveralOpen { ids }) = error.downcast_ref() else { panic!("{error}") };
    assert_eq!(ids, &["1.2.3", "1.2.3-another-alert"]);
    let inside = Responder::at(&sandbox, slot.file("src"));
    assert_eq!(inside.ship("totals").id, "1.2.3");
}

#[test]
fn a_second_one_at_the_same_moment_is_told_so() {
    let sandbox = Sandbox::new();
    let (responder, _) = fixed(&sandbox, &[]);
    let result = responder.work(|_, _| {
        let error = Responder::at(&sandbox, responder.dir()).work(|_, _| Ok(())).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(SessionError::Busy { .. })), "{error}");
        Ok(())
    });
    result.unwrap();
}

#[test]
fn the_plan_names_every_step_and_changes_nothing() {
    let sandbox = Sandbox::new();
    let (responder, repo) = fixed(&sandbox, &[]);
    let slot = responder.slot();
    let (refs, files) = (repo.refs(""), World::of(slot.path()));
    let request = hotfix_core::journey::ship::Request::default();
    let plan =
        |project: &_, hotfix: &mut _| hotfix_core::journey::ship::plan_lines(project, hotfix, &request);
    let lines = responder.work(plan).unwrap();
    for step in ["prove: ", "test: ", "commit: ", "submit: ", "cleanup: "] {
        assert!(lines.iter().any(|line| line.starts_with(step)), "{step} is not in {lines:#?}");
    }
    assert_eq!(repo.refs(""), refs);
    files.assert_untouched(&World::of(slot.path()));
}

/// Whatever was done by single commands before, ship does the rest, and the end is the same.
mod goes_on {
    use super::*;

    /// Does `first`, ships, and compares with what one `ship` alone leaves on the remote.
    #[track_caller]
    fn assert_same_end(first: impl FnOnce(&Responder<'_>, &Repo)) {
        let sandbox = Sandbox::new();
        let (responder, repo) = fixed(&sandbox, &[]);
        let slot = responder.slot();
        first(&responder, &repo);
        let responder = responder.on("1.2.3");
        let output = responder.ship("totals");
        let bare = repo.bare();
        assert_eq!(output.state, Some(MergeRequestState::Pushed));
        assert_eq!(bare.git(["log", "--format=%s", "hotfix/1.2.3"]), "fix: totals\nchore: begin");
        assert_eq!(bare.git(["show", "hotfix/1.2.3:src/till.sh"]), FIXED_SOURCE.trim_end());
        let record = responder.record();
        assert_eq!((record.stage, record.slot_in_use), (Stage::Submitted, false));
        assert_eq!(record.commit.unwrap(), bare.commit_of("hotfix/1.2.3"));
        assert_eq!(slot.git(["status", "--porcelain"]), "");
    }

    #[test]
    fn after_a_proof() {
        assert_same_end(|responder, _| drop(responder.prove(COMMAND)));
    }

    #[test]
    fn after_the_tests() {
        assert_same_end(|responder, _| drop(responder.test()));
    }

    #[test]
    fn after_the_commit() {
        assert_same_end(|responder, _| {
            responder.test();
            responder.commit("totals");
        });
    }

    #[test]
    fn after_the_push_was_cut() {
        assert_same_end(|responder, repo| {
            responder.test();
            responder.commit("totals");
            repo.git(["push", "--quiet", "origin", "hotfix/1.2.3"]);
        });
    }

    #[test]
    fn after_submit() {
        assert_same_end(|responder, _| {
            responder.test();
            responder.commit("totals");
            responder.submit();
        });
    }

    #[test]
    fn after_a_remote_that_did_not_answer() {
        assert_same_end(|responder, repo| {
            let away = sandbox_path(repo, "away.git");
            std::fs::rename(repo.bare().path(), &away).unwrap();
            let error = error(responder);
            assert_eq!((error.exit(), responder.record().stage), (ExitCode::REMOTE, Stage::Committed));
            std::fs::rename(&away, repo.bare().path()).unwrap();
        });
    }

    fn sandbox_path(repo: &Repo, name: &str) -> std::path::PathBuf {
        repo.path().parent().unwrap().join(name)
    }

    #[test]
    fn an_edit_after_the_commit_gets_its_own_proof_tests_and_commit() {
        let sandbox = Sandbox::new();
        let (responder, repo) = fixed(&sandbox, &[]);
        responder.slot().write("src/till.sh", SOURCE.replace("sum=$price", "sum=$((price + sum))"));
        responder.test();
        responder.commit("first");
        responder.slot().write("src/till.sh", FIXED_SOURCE);
        let output = responder.ship("second");
        let log = repo.bare().git(["log", "--format=%s", "hotfix/1.2.3"]);
        assert_eq!(log, "fix: second\nfix: first\nchore: begin");
        let tree = repo.bare().git(["rev-parse", "hotfix/1.2.3^{tree}"]);
        assert_eq!(output.test.unwrap().tree, tree);
    }
}

#[test]
fn stopped_by_a_signal_it_can_be_run_again() {
    let sandbox = Sandbox::new();
    let (responder, _) = fixed(&sandbox, &[]);
    let ctx = sandbox.ctx(responder.dir());
    ctx.cancel.ask(2);
    let stopped = Responder::at(&sandbox, responder.dir()).with_ctx(ctx);
    let code = match stopped.try_ship("totals", &[]) {
        Err(stopped) => stopped.error.exit(),
        Ok(_) => panic!("it was stopped"),
    };
    assert_eq!(code, ExitCode::signal(2));
    responder.ship("totals");
}

#[test]
fn nobody_ships_nothing() {
    let sandbox = Sandbox::new();
    let (responder, _) = fixed(&sandbox, &[]);
    std::fs::write(sandbox.home().join(".gitconfig"), "[user]\n\tuseConfigOnly = true\n").unwrap();
    let error = error(&responder);
    assert!(matches!(error.downcast_ref(), Some(GitError::NoIdentity)), "{error}");
}
