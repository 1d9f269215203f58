//! submit: a push for the branch and one for the record, every ref with its own lease; nothing of anybody else's is overwritten.

use std::fs;

use hotfix_core::error::Error;
use hotfix_core::forge::ForgeError;
use hotfix_core::git::GitError;
use hotfix_core::session::SessionError;
use hotfix_model::{ExitCode, Fact, MergeRequestState, OwedKind, ProofVerdict, Stage, SuiteVerdict};
use hotfix_testkit::till::{FIXED_SOURCE, NEW_TEST};
use hotfix_testkit::{Repo, Responder, Sandbox, World, write_program};

/// A fixed till in a slot.
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

fn committed<'a>(sandbox: &'a Sandbox, settings: &[(&str, &str)]) -> (Responder<'a>, Repo) {
    let (responder, repo) = fixed(sandbox, settings);
    responder.test();
    responder.commit("totals");
    (responder, repo)
}

fn ship_error(responder: &Responder<'_>) -> Error {
    responder.try_ship("totals", &[]).map(|_| ()).map_err(|stopped| stopped.error).unwrap_err()
}

const DIRECT: &[(&str, &str)] = &[("submit.merge", "direct")];

#[test]
fn branch_and_record_are_on_the_remote_after_a_push_each() {
    let sandbox = Sandbox::new();
    let (responder, repo) = committed(&sandbox, &[]);
    let bare = repo.bare();
    write_program(bare.file("hooks/pre-receive"), "cat >> pushes; echo >> pushes");
    let main = bare.commit_of("main");
    let before = World::of(repo.path());
    let output = responder.submit();
    before.assert_untouched(&World::of(repo.path()));
    let pushes = bare.read("pushes");
    let pushed: Vec<&str> = pushes.split_whitespace().filter(|word| word.starts_with("refs/")).collect();
    assert_eq!(pushed, ["refs/heads/hotfix/1.2.3", "refs/hotfix/record/1.2.3"], "the fix comes first");
    assert_eq!(bare.commit_of("refs/heads/hotfix/1.2.3"), output.commit);
    assert_eq!(bare.commit_of("main"), main);
    let record = |repo: &Repo| repo.git(["rev-parse", "refs/hotfix/record/1.2.3"]);
    assert_eq!(record(&bare), record(&repo));
    let pushed = bare.git(["cat-file", "-p", "refs/hotfix/record/1.2.3:record.json"]);
    assert!(
        pushed.contains("\"stage\": \"submitted\"") || pushed.contains("\"stage\":\"submitted\""),
        "{pushed}"
    );
    assert_eq!(bare.refs("refs/tags").lines().count(), 1, "no tag is pushed");
}

#[test]
fn the_outcome_says_what_is_so() {
    let sandbox = Sandbox::new();
    let (responder, repo) = committed(&sandbox, &[]);
    let output = responder.submit();
    assert_eq!((output.state, output.branch.as_str()), (MergeRequestState::Pushed, "hotfix/1.2.3"));
    let merge_request = &output.merge_request;
    assert_eq!((merge_request.forge.as_str(), merge_request.url.as_ref()), ("plain", None));
    assert_eq!(
        (merge_request.labels.as_slice(), merge_request.record_pushed),
        (["urgent", "needs-post-review"].map(str::to_owned).as_slice(), true)
    );
    let owed: Vec<OwedKind> = output.owed.iter().map(|owed| owed.kind).collect();
    assert_eq!(owed, [OwedKind::Review, OwedKind::Postmortem]);
    let record = responder.record();
    assert_eq!((record.stage, record.merge_request.as_ref()), (Stage::Submitted, Some(merge_request)));
    let text = fs::read_to_string(repo.file(".git/hotfix/runs/1.2.3/merge-request.md")).unwrap();
    assert_eq!(text, format!("# {}\n\n{}", merge_request.title, merge_request.description));
    assert!(text.contains("Wrong totals"), "{text}");
}

#[test]
fn the_text_to_send_is_that_of_git_request_pull() {
    let sandbox = Sandbox::new();
    let (responder, repo) = committed(&sandbox, &[]);
    let ours = responder.submit().merge_request.request_pull.unwrap();
    let url = repo.bare().path().to_str().unwrap().to_owned();
    let theirs = repo.git(["request-pull", "main", &url, "hotfix/1.2.3"]);
    assert_eq!(ours.trim_end(), theirs);
}

#[test]
fn submitting_again_changes_nothing() {
    let sandbox = Sandbox::new();
    let (responder, repo) = committed(&sandbox, &[]);
    responder.submit();
    let refs = repo.bare().refs("refs/heads");
    responder.submit();
    assert_eq!(repo.bare().refs("refs/heads"), refs);
    let record = |repo: &Repo| repo.git(["rev-parse", "refs/hotfix/record/1.2.3"]);
    assert_eq!(record(&repo.bare()), record(&repo));
}

#[test]
fn a_push_that_was_cut_after_it_arrived_is_found() {
    let sandbox = Sandbox::new();
    let (responder, repo) = committed(&sandbox, &[]);
    let commit = responder.record().commit.unwrap();
    repo.git(["push", "--quiet", "origin", "hotfix/1.2.3"]);
    assert_eq!(responder.submit().commit, commit);
    assert_eq!(responder.record().stage, Stage::Submitted);
}

#[test]
fn before_a_commit_there_is_nothing_to_submit() {
    let sandbox = Sandbox::new();
    let (responder, repo) = fixed(&sandbox, &[]);
    assert_eq!(responder.try_submit().unwrap_err().exit(), ExitCode::DECISION);
    assert_eq!(repo.bare().refs("refs/heads").lines().count(), 1);
}

#[test]
fn without_a_remote_there_is_nowhere_to_submit_to() {
    let sandbox = Sandbox::new();
    let (responder, repo) = committed(&sandbox, &[]);
    repo.git(["remote", "remove", "origin"]);
    let error = responder.try_submit().unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(SessionError::NoRemote)), "{error}");
    assert_eq!(error.exit(), ExitCode::SETUP);
}

mod refused {
    use super::*;

    #[test]
    fn a_record_that_the_remote_does_not_take_does_not_stop_the_fix() {
        let sandbox = Sandbox::new();
        let (responder, repo) = committed(&sandbox, &[]);
        let script = "case $1 in refs/heads/*) exit 0;; esac; echo 'only branches here' >&2; exit 1";
        write_program(repo.bare().file("hooks/update"), script);
        let output = responder.submit();
        assert_eq!(repo.bare().commit_of("hotfix/1.2.3"), output.commit);
        assert_eq!(repo.bare().refs("refs/hotfix"), "");
        assert!(!output.merge_request.record_pushed);
        assert!(sandbox.recorder().warnings()[0].contains("does not take the record"));
        let record = responder.record();
        assert_eq!(record.stage, Stage::Submitted);
        let request = record.merge_request.unwrap();
        assert!(!request.record_pushed, "the record says what is so");
        let text = fs::read_to_string(repo.file(".git/hotfix/runs/1.2.3/merge-request.md")).unwrap();
        for said in [request.description, text] {
            assert!(said.ends_with("is with the author: the remote does not take it.\n"), "{said}");
        }
    }

    #[test]
    fn a_branch_that_the_remote_refuses_is_an_error_and_can_be_tried_again() {
        let sandbox = Sandbox::new();
        let (responder, repo) = committed(&sandbox, &[]);
        write_program(repo.bare().file("hooks/update"), "echo 'frozen until Monday' >&2; exit 1");
        let error = responder.try_submit().unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(ForgeError::Rejected { .. })), "{error}");
        assert_eq!((error.exit(), responder.record().stage), (ExitCode::REMOTE, Stage::Committed));
        fs::remove_file(repo.bare().file("hooks/update")).unwrap();
        responder.submit();
    }

    #[test]
    fn the_users_own_pre_push_hook_has_its_say() {
        let sandbox = Sandbox::new();
        let (responder, repo) = committed(&sandbox, &[]);
        write_program(repo.file(".git/hooks/pre-push"), "echo 'not from this machine' >&2; exit 1");
        let error = responder.try_submit().unwrap_err();
        assert_eq!(error.exit(), ExitCode::SETUP, "{error}");
        assert_eq!(error.why(), "not from this machine");
        assert_eq!(repo.bare().refs("refs/heads/hotfix"), "");
        assert_eq!(responder.record().stage, Stage::Committed);
    }

    #[test]
    fn a_remote_that_is_gone_can_be_tried_again() {
        let sandbox = Sandbox::new();
        let (responder, repo) = committed(&sandbox, &[]);
        let away = sandbox.code().join("away.git");
        fs::rename(repo.bare().path(), &away).unwrap();
        let error = responder.try_submit().unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(ForgeError::Unreachable { .. })), "{error}");
        assert_eq!((error.exit(), responder.record().stage), (ExitCode::REMOTE, Stage::Committed));
        fs::rename(&away, repo.bare().path()).unwrap();
        responder.ship("totals");
    }

    /// Takes a second: the deadline is the subject.
    #[test]
    fn a_push_that_hangs_is_ended_at_the_deadline() {
        let sandbox = Sandbox::new();
        let (responder, repo) = committed(&sandbox, &[]);
        write_program(repo.file(".git/hooks/pre-push"), "exec sleep 61");
        let error = responder.with("submit.timeout", "1s").try_submit().unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(ForgeError::Unreachable { .. })), "{error}");
        assert_eq!(error.exit(), ExitCode::REMOTE);
    }
}

mod taken {
    use super::*;

    /// Somebody else pushes a branch of this name. Gives their commit.
    fn somebody_took_it(repo: &Repo) -> String {
        let bare = repo.bare();
        let theirs = bare.git(["commit-tree", "-m", "theirs", "-p", "main", "main^{tree}"]);
        bare.git(["update-ref", "refs/heads/hotfix/1.2.3", &theirs]);
        theirs
    }

    #[test]
    fn a_branch_of_somebody_else_is_not_overwritten() {
        let sandbox = Sandbox::new();
        let (responder, repo) = committed(&sandbox, &[]);
        let theirs = somebody_took_it(&repo);
        let error = responder.try_submit().unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(ForgeError::BranchTaken { .. })), "{error}");
        assert_eq!(error.exit(), ExitCode::DECISION);
        assert_eq!(repo.bare().commit_of("hotfix/1.2.3"), theirs);
        assert_eq!(responder.record().stage, Stage::Committed);
    }

    #[test]
    fn not_even_when_another_start_has_fetched_it() {
        let sandbox = Sandbox::new();
        let (responder, repo) = committed(&sandbox, &[]);
        let theirs = somebody_took_it(&repo);
        Responder::at(&sandbox, repo.path()).start("Another alert");
        let error = responder.on("1.2.3").try_submit().unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(ForgeError::BranchTaken { .. })), "{error}");
        assert_eq!(repo.bare().commit_of("hotfix/1.2.3"), theirs);
    }

    #[test]
    fn a_commit_that_somebody_pushed_on_top_of_ours_is_not_overwritten() {
        let sandbox = Sandbox::new();
        let (responder, repo) = committed(&sandbox, &[]);
        responder.submit();
        let bare = repo.bare();
        let theirs = bare.git(["commit-tree", "-m", "theirs", "-p", "hotfix/1.2.3", "hotfix/1.2.3^{tree}"]);
        bare.git(["update-ref", "refs/heads/hotfix/1.2.3", &theirs]);
        responder.slot().write("README.md", "# Better\n");
        responder.test();
        responder.commit("more");
        let error = responder.try_submit().unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(ForgeError::BranchTaken { .. })), "{error}");
        assert_eq!(bare.commit_of("hotfix/1.2.3"), theirs);
    }

    #[test]
    fn more_of_the_fix_can_be_submitted() {
        let sandbox = Sandbox::new();
        let (responder, repo) = committed(&sandbox, &[]);
        responder.submit();
        responder.slot().write("README.md", "# Better\n");
        responder.test();
        let more = responder.commit("more").commit;
        assert_eq!(responder.record().stage, Stage::Committed);
        responder.submit();
        assert_eq!(repo.bare().commit_of("hotfix/1.2.3"), more);
    }

    #[test]
    fn what_a_colleague_added_to_the_record_is_kept() {
        let sandbox = Sandbox::new();
        let (responder, repo) = committed(&sandbox, &[]);
        responder.submit();
        let colleague = repo.clone_of_remote("second");
        colleague.git(["fetch", "--quiet", "origin", "refs/hotfix/record/*:refs/hotfix/record/*"]);
        let theirs = Responder::at(&sandbox, colleague.path()).on("1.2.3");
        let settled = Fact::Settled { owed: "postmortem".to_owned(), reason: None };
        theirs.work(|project, hotfix| hotfix.append(project, vec![(settled, None)], &Vec::new())).unwrap();
        colleague.git(["push", "--quiet", "--force", "origin", "refs/hotfix/record/1.2.3"]);
        Responder::at(&sandbox, repo.path()).start("Another alert");
        responder.slot_of("1.2.3").write("README.md", "# Better\n");
        let responder = responder.on("1.2.3");
        responder.test();
        responder.commit("more");
        responder.submit();
        let keys: Vec<String> = responder.record().outstanding().map(|owed| owed.key.clone()).collect();
        assert_eq!(keys, ["review"], "the post-mortem was done");
        let pushed = repo.bare().git(["cat-file", "-p", "refs/hotfix/record/1.2.3:events.jsonl"]);
        assert!(pushed.contains("\"settled\""), "{pushed}");
    }
}

mod direct {
    use super::*;

    #[test]
    fn the_target_is_fast_forwarded_by_the_same_push() {
        let sandbox = Sandbox::new();
        let (responder, repo) = committed(&sandbox, DIRECT);
        let output = responder.submit();
        assert_eq!(output.state, MergeRequestState::Merged);
        assert_eq!(repo.bare().commit_of("main"), output.commit);
        assert_eq!(responder.record().stage, Stage::Merged);
        let record = |repo: &Repo| repo.git(["rev-parse", "refs/hotfix/record/1.2.3"]);
        assert_eq!(record(&repo.bare()), record(&repo), "the team knows that it is merged");
    }

    #[test]
    fn a_target_that_moved_is_not_overwritten() {
        let sandbox = Sandbox::new();
        let (responder, repo) = committed(&sandbox, DIRECT);
        let theirs = repo.push_commit_to_remote(&[("other", b"x")]);
        let error = responder.try_submit().unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(ForgeError::TargetMoved { .. })), "{error}");
        assert_eq!((error.exit(), repo.bare().commit_of("main")), (ExitCode::REMOTE, theirs));
        assert_eq!(responder.record().stage, Stage::Committed);
        assert_eq!(repo.bare().refs("refs/hotfix"), "", "the team is told nothing that is not so");
    }

    #[test]
    fn ship_follows_a_target_that_moved_and_proves_and_tests_again() {
        let sandbox = Sandbox::new();
        let (responder, repo) = fixed(&sandbox, DIRECT);
        let theirs = repo.push_commit_to_remote(&[("other", b"x")]);
        let output = responder.ship("totals");
        assert_eq!(output.state, Some(MergeRequestState::Merged));
        let bare = repo.bare();
        assert_eq!(bare.commit_of("main"), output.commit.clone().unwrap());
        assert_eq!(bare.commit_of("main^"), theirs);
        assert_eq!(bare.git(["show", "main:other"]), "x");
        let record = responder.record();
        assert_eq!((record.stage, record.base.commit.as_str()), (Stage::Merged, theirs.as_str()));
        let shipped_tree = bare.git(["rev-parse", "main^{tree}"]);
        let test = output.test.unwrap();
        assert_eq!(
            (test.verdict, test.tree),
            (SuiteVerdict::Passed, shipped_tree.clone()),
            "what was merged was tested"
        );
        let proof = output.proof.unwrap();
        assert_eq!((proof.verdict, proof.green.unwrap().tree), (ProofVerdict::Proven, shipped_tree));
    }

    #[test]
    fn a_target_that_breaks_the_fix_stops_it_after_following() {
        let sandbox = Sandbox::new();
        let (responder, repo) = fixed(&sandbox, DIRECT);
        let theirs = repo.push_commit_to_remote(&[("README.md", b"# Moved\n"), ("tests/helper.sh", b"x")]);
        responder
            .slot()
            .write("tests/test_till.sh", format!("{}\ntest ! -e tests/helper.sh", NEW_TEST.trim()));
        let error = ship_error(&responder);
        assert_eq!(error.exit(), ExitCode::GATE, "{error}");
        assert_eq!(repo.bare().commit_of("main"), theirs, "main does not get what fails on it");
    }

    #[test]
    fn a_conflict_with_the_target_is_a_decision_and_nothing_is_lost() {
        let sandbox = Sandbox::new();
        let (responder, repo) = fixed(&sandbox, DIRECT);
        let theirs = repo.push_commit_to_remote(&[("src/till.sh", b"echo rewritten\n")]);
        let error = ship_error(&responder);
        let Some(GitError::Conflict { files, .. }) = error.downcast_ref() else { panic!("{error}") };
        assert_eq!(files, &["src/till.sh"]);
        assert_eq!(error.exit(), ExitCode::DECISION);
        assert_eq!(repo.bare().commit_of("main"), theirs);
        let slot = responder.slot();
        assert_eq!(slot.read("src/till.sh"), FIXED_SOURCE);
        assert_eq!(slot.git(["status", "--porcelain"]), "");
        assert_eq!(slot.head(), responder.record().commit.unwrap());
    }

    #[test]
    fn a_conflict_that_was_solved_by_hand_is_shipped() {
        let sandbox = Sandbox::new();
        let (responder, repo) = fixed(&sandbox, DIRECT);
        let theirs = repo.push_commit_to_remote(&[("src/till.sh", b"echo rewritten\n")]);
        ship_error(&responder);
        let slot = responder.slot();
        slot.try_git(["rebase", "--quiet", &theirs]).unwrap_err();
        slot.write("src/till.sh", FIXED_SOURCE);
        slot.git(["add", "src/till.sh"]);
        slot.git(["-c", "core.editor=true", "rebase", "--continue"]);
        let output = responder.ship("totals");
        assert_eq!(output.state, Some(MergeRequestState::Merged));
        assert_eq!(repo.bare().commit_of("main"), slot.git(["rev-parse", "refs/heads/hotfix/1.2.3"]));
        assert_eq!(repo.bare().commit_of("main^"), theirs);
    }

    #[test]
    fn a_target_that_moves_between_the_look_and_the_push_is_not_overwritten() {
        let sandbox = Sandbox::new();
        let (responder, repo) = fixed(&sandbox, DIRECT);
        // The remote moves its own main while the first push is under way.
        let script = "test -e moved && exit 0; touch moved\n\
                      unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES\n\
                      export GIT_AUTHOR_NAME=C GIT_AUTHOR_EMAIL=c@example.com\n\
                      export GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@example.com\n\
                      new=$(git commit-tree -m meanwhile -p main 'main^{tree}') && git update-ref refs/heads/main $new";
        write_program(repo.bare().file("hooks/pre-receive"), script);
        let output = responder.ship("totals");
        assert_eq!(output.state, Some(MergeRequestState::Merged));
        let subjects = repo.bare().git(["log", "--format=%s", "main"]);
        assert_eq!(subjects, "fix: totals\nmeanwhile\nchore: begin");
        assert_eq!(repo.bare().commit_of("hotfix/1.2.3"), repo.bare().commit_of("main"));
    }
}
